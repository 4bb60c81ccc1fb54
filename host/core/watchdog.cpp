// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/watchdog.h"

#include "core/host.h"
#include "core/platform/servicenotifier.h"
#include "core/reactor/reactorthread.h"

namespace fairlead::core {

Watchdog::Watchdog(const ServiceNotifier &notifier, Host &host, MainLoop &loop)
    : m_notifier(notifier)
    , m_host(host)
    , m_loop(loop)
    , m_timer([](void *self) noexcept { static_cast<Watchdog *>(self)->look(); }, this)
    , m_missing(std::make_shared<std::atomic<int>>(0))
{
    if (notifier.watchdogInterval() > 0)
        look();
}

Watchdog::~Watchdog() = default;

void Watchdog::look() noexcept
{
    if (m_missing->load() == 0) {
        m_notifier.watchdog();
        *m_missing = int(m_host.reactors().size());
        for (const auto &thread : m_host.reactors())
            thread->reactor().post([missing = m_missing] { missing->fetch_sub(1); });
    }
    m_loop.timers().arm(m_timer, m_loop.clock().now() + m_notifier.watchdogInterval());
}

} // namespace fairlead::core
