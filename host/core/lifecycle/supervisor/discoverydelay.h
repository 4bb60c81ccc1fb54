// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

#include <fairlead/clock.h>
#include <fairlead/random.h>
#include <fairlead/timers.h>

#include <functional>
#include <map>

namespace fairlead::core {

/// How long to wait before dialling a peer that announced itself, so that two hosts that find each
/// other do not dial in the same moment: from 0-3 s, 3-10 s, then always 10-20 s (SV-13).
qint64 drawDiscoveryDelay(quint32 attempt, Random &random) noexcept;

/// The dials that wait for their discovery delay, at most one per key. Thread: main.
class DiscoverySchedule
{
public:
    enum class Outcome : quint8 {
        Due, ///< the delay was zero: due() was called
        Scheduled,
        Pending, ///< one is waiting already; this trigger changes nothing
        Full
    };

    /// @p due is called without an entry left for the key: it may trigger again.
    DiscoverySchedule(const Clock &clock,
                      Timers &timers,
                      Random &random,
                      std::function<void(const QString &key)> due,
                      std::size_t limit = 1024);
    DiscoverySchedule(const DiscoverySchedule &) = delete;
    DiscoverySchedule &operator=(const DiscoverySchedule &) = delete;
    ~DiscoverySchedule();

    /// @p attempt: how many dials of this peer have failed so far.
    Outcome trigger(const QString &key, quint32 attempt);
    /// Whether one was waiting.
    bool cancel(const QString &key);
    void cancelAll();

    std::size_t size() const noexcept { return m_pending.size(); }

private:
    struct Pending
    {
        Pending(DiscoverySchedule &owner, const QString &key);
        DiscoverySchedule &schedule;
        const QString key;
        Timer timer;
    };

    void fire(const QString &key);

    const Clock &m_clock;
    Timers &m_timers;
    Random &m_random;
    std::function<void(const QString &)> m_due;
    const std::size_t m_limit;
    std::map<QString, Pending> m_pending;
};

} // namespace fairlead::core
