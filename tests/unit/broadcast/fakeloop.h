// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/timerqueue.h"

#include <fairlead/clock.h>
#include <fairlead/executor.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace fairlead::test {

/// The main thread's loop with a clock that the test moves.
class FakeLoop final : public Clock, public Executor
{
public:
    qint64 now() const noexcept override { return m_now; }

    qint64 utcMs() const noexcept override { return m_now / kNsPerMs; }

    void post(std::function<void()> call) override
    {
        const std::lock_guard lock(m_mutex);
        m_calls.push_back(std::move(call));
    }

    bool isCurrent() const noexcept override { return true; }

    /// Runs what was posted, and what that posts.
    void run()
    {
        while (std::function<void()> call = next())
            call();
    }

    /// Moves the clock on, timer by timer.
    void advance(qint64 by)
    {
        run();
        const qint64 end = m_now + by;
        for (;;) {
            const qint64 deadline = timers.nextDeadline();
            if (deadline < 0 || deadline > end)
                break;
            m_now = std::max(m_now, deadline);
            timers.fireDue(m_now);
            run();
        }
        m_now = end;
        run();
    }

    core::TimerQueue timers;

private:
    std::function<void()> next()
    {
        const std::lock_guard lock(m_mutex);
        if (m_calls.empty())
            return {};
        std::function<void()> call = std::move(m_calls.front());
        m_calls.pop_front();
        return call;
    }

    qint64 m_now = kNsPerSecond;
    std::mutex m_mutex;
    std::deque<std::function<void()>> m_calls;
};

} // namespace fairlead::test
