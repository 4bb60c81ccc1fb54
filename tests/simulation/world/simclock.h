// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/reactor.h"
#include "core/reactor/timerqueue.h"

#include <algorithm>

namespace fairlead::sim {

/// Time that stands until it is told to go on.
class SimClock : public core::TurnClock
{
public:
    void refresh() noexcept override { }

    qint64 now() const noexcept override { return m_now; }

    qint64 utcMs() const noexcept override { return kStartUtcMs + m_now / kNsPerMs; }

    void advance(qint64 ns) noexcept { m_now += ns; }

    /// Never back.
    void moveTo(qint64 time) noexcept { m_now = std::max(m_now, time); }

private:
    static constexpr qint64 kStartUtcMs = 1'700'000'000'000;
    qint64 m_now = kNsPerSecond;
};

/// That time with the timers on it.
class SimTime final : public SimClock
{
public:
    core::TimerQueue &timers() noexcept { return m_timers; }

    /// When the next timer is due; -1 when none is armed.
    qint64 nextDeadline() const noexcept { return m_timers.nextDeadline(); }

    void fireDue() noexcept { m_timers.fireDue(now()); }

    /// Moves on to @p time, firing what is due on the way, each timer at its own time.
    void runTo(qint64 time) noexcept
    {
        for (qint64 next = nextDeadline(); next >= 0 && next <= time; next = nextDeadline()) {
            moveTo(next);
            fireDue();
        }
        moveTo(time);
    }

private:
    core::TimerQueue m_timers;
};

} // namespace fairlead::sim
