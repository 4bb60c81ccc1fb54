// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/keepalive.h"

#include "server/linkcore.h"

#include <fairlead/clock.h>
#include <fairlead/logger.h>

namespace fairlead::mqtt {

KeepAlive::KeepAlive(LinkCore &core) noexcept
    : m_core(core)
    , m_timer([](void *self) { static_cast<KeepAlive *>(self)->handleTimeout(); }, this)
{ }

void KeepAlive::start(quint16 seconds)
{
    if (seconds == 0)
        return;
    m_patience = seconds * kNsPerSecond * 3 / 2;
    touch();
    m_core.context.timers.arm(m_timer, m_lastPacket + m_patience);
}

void KeepAlive::touch() noexcept
{
    m_lastPacket = m_core.context.clock.now();
}

void KeepAlive::handleTimeout()
{
    if (!m_core.isRunning())
        return;
    // A client that is not read cannot be heard. The bus does not say when its pause, which is
    // short, is over, so it excuses one silence only.
    if (m_core.holds != 0)
        touch();
    m_core.release(Hold::Bus);
    const qint64 deadline = m_lastPacket + m_patience;
    if (m_core.context.clock.now() < deadline) {
        m_core.context.timers.arm(m_timer, deadline);
        return;
    }
    m_core.count(Event::KeepAliveExpired);
    m_core.end(ReasonCode::KeepAliveTimeout, "nothing was received within the keep alive time");
}

} // namespace fairlead::mqtt
