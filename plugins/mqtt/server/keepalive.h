// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/timers.h>

namespace fairlead::mqtt {

class LinkCore;

/// Ends a link whose client was silent for one and a half times its keep alive.
class KeepAlive
{
public:
    explicit KeepAlive(LinkCore &core) noexcept;

    /// @p seconds 0: never.
    void start(quint16 seconds);
    /// Packets came in this turn. The timer is left alone: it looks at this when it fires.
    void touch() noexcept;

private:
    void handleTimeout();

    LinkCore &m_core;
    qint64 m_lastPacket = 0;
    qint64 m_patience = 0;
    Timer m_timer;
};

} // namespace fairlead::mqtt
