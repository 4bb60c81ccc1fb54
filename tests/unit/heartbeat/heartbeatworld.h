// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/heartbeat/heartbeatmonitor.h"
#include "core/reactor/timerqueue.h"

#include <functional>
#include <vector>

inline constexpr qint64 kMs = fairlead::kNsPerMs;
inline constexpr qint64 kSecond = fairlead::kNsPerSecond;

/// Monotonic and wall time that the test moves apart from each other.
class FakeClock final : public fairlead::Clock
{
public:
    qint64 now() const noexcept override { return m_now; }

    qint64 utcMs() const noexcept override { return m_utcMs; }

    void setNow(qint64 now) noexcept { m_now = now; }

    void jumpWall(qint64 ms) noexcept { m_utcMs += ms; }

private:
    qint64 m_now = kSecond;
    qint64 m_utcMs = 1'700'000'000'000;
};

/// A monitor on time that stands still until it is told to go on.
struct HeartbeatWorld : fairlead::core::HeartbeatHandler
{
    FakeClock clock;
    fairlead::core::TimerQueue timers;
    std::unique_ptr<fairlead::core::HeartbeatMonitor> monitor
        = std::make_unique<fairlead::core::HeartbeatMonitor>(clock, timers, *this);
    std::vector<qint64> probes; ///< when, since the world began
    std::vector<qint64> expiries;
    std::vector<quint64> expired; ///< generations
    fairlead::Error reason;
    std::function<void()> onProbe;
    std::function<void()> onExpiry;
    int timeouts = 0; ///< how often the timer fired

    qint64 elapsed() const { return clock.now() - kSecond; }

    /// Moves on, with every timer at its very time.
    void advance(qint64 ns)
    {
        const qint64 end = clock.now() + ns;
        for (;;) {
            const qint64 next = timers.nextDeadline();
            if (next < 0 || next > end)
                break;
            clock.setNow(std::max(next, clock.now()));
            ++timeouts;
            timers.fireDue(clock.now());
        }
        clock.setNow(end);
    }

    void start(quint64 generation, const fairlead::core::HeartbeatWish &wish)
    {
        monitor->start(
            generation,
            fairlead::core::resolveHeartbeat(wish).value_or(fairlead::core::HeartbeatSetting()));
    }

    void handleProbeDue(quint64) noexcept override
    {
        probes.push_back(elapsed());
        if (onProbe)
            onProbe();
    }

    void handleHeartbeatExpired(quint64 generation, const fairlead::Error &why) noexcept override
    {
        expiries.push_back(elapsed());
        expired.push_back(generation);
        reason = why;
        if (onExpiry)
            onExpiry();
    }
};
