// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/action.h"

#include <fairlead/timers.h>

#include <array>

namespace fairlead::ship {

/// Told which of a connection's timers is due.
class ProtocolTimersUser
{
public:
    virtual ~ProtocolTimersUser() = default;

    virtual void handleTimer(TimerId timer) = 0;
};

/// The timers that the protocol arms, on those of the link's reactor.
class ProtocolTimers
{
public:
    /// Both outlive it.
    ProtocolTimers(ProtocolTimersUser &user, Timers &timers);

    void arm(TimerId timer, qint64 deadline) noexcept;
    void disarm(TimerId timer) noexcept;

private:
    struct Place
    {
        Place(ProtocolTimersUser &user, TimerId id) noexcept;

        ProtocolTimersUser &user;
        TimerId id;
        Timer timer;
    };

    Place &place(TimerId timer) noexcept { return m_places[static_cast<std::size_t>(timer)]; }

    Timers &m_timers;
    std::array<Place, kTimerCount> m_places;
};

} // namespace fairlead::ship
