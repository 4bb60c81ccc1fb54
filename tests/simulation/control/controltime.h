// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/timerqueue.h"

#include <fairlead/clock.h>
#include <fairlead/random.h>

#include <algorithm>

namespace fairlead::sim {

/// The control plane's time: it stands until the test moves it.
class ControlTime final : public Clock
{
public:
    qint64 now() const noexcept override { return m_now; }

    qint64 utcMs() const noexcept override { return m_now / kNsPerMs; }

    core::TimerQueue &timers() noexcept { return m_timers; }

    /// When the next timer is due; -1 when none is armed.
    qint64 nextDeadline() const noexcept { return m_timers.nextDeadline(); }

    /// Moves on to @p time without a look at the timers.
    void moveTo(qint64 time) noexcept { m_now = std::max(m_now, time); }

    void fireDue() noexcept { m_timers.fireDue(m_now); }

    /// Moves on to @p time, firing what is due on the way.
    void runTo(qint64 time) noexcept
    {
        for (qint64 next = nextDeadline(); next >= 0 && next <= time; next = nextDeadline()) {
            moveTo(next);
            fireDue();
        }
        moveTo(time);
    }

private:
    qint64 m_now = 1000 * kNsPerSecond;
    core::TimerQueue m_timers;
};

/// The same numbers for the same seed (splitmix64).
class ControlRandom final : public Random
{
public:
    explicit ControlRandom(quint64 seed) noexcept
        : m_state(seed)
    { }

    quint64 next() noexcept override
    {
        quint64 z = (m_state += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }

    void fill(char *out, std::size_t size) noexcept override
    {
        for (std::size_t i = 0; i < size; ++i)
            out[i] = char(next());
    }

    quint64 below(quint64 bound) noexcept { return next() % bound; }

    bool chance(int percent) noexcept { return below(100) < quint64(percent); }

private:
    quint64 m_state;
};

} // namespace fairlead::sim
