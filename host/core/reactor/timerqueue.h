// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/timers.h>

#include <vector>

namespace fairlead::core {

class GuardedTimers;

/// The timers of one reactor: a heap of deadlines. Arming is rare (a keep-alive checks its own last
/// activity when it fires), so logarithmic is cheap, and no deadline is rounded.
class TimerQueue final : public Timers
{
public:
    TimerQueue() = default;
    ~TimerQueue() override;

    void arm(Timer &timer, qint64 deadline) noexcept override { arm(timer, deadline, *this); }

    void disarm(Timer &timer) noexcept override;

    /// The earliest deadline; -1 when nothing is armed.
    qint64 nextDeadline() const noexcept;
    /// Fires what is due at @p now, at most what was armed when the call began.
    void fireDue(qint64 now) noexcept;

    std::size_t size() const noexcept { return m_heap.size(); }

private:
    friend class GuardedTimers;

    void arm(Timer &timer, qint64 deadline, Timers &owner) noexcept;
    void setOwner(Timer &timer, Timers *owner) noexcept;
    void disarmAllOf(const GuardedTimers &owner) noexcept;
    void place(std::size_t slot, Timer *timer) noexcept;
    void siftUp(std::size_t slot) noexcept;
    void siftDown(std::size_t slot) noexcept;
    void removeAt(std::size_t slot) noexcept;

    std::vector<Timer *> m_heap;
};

/// A part of a queue whose timers call foreign code: each goes off through runTimer(). Destroying it
/// disarms what is still armed.
class GuardedTimers : public Timers
{
public:
    explicit GuardedTimers(TimerQueue &queue) noexcept
        : m_queue(queue)
    { }

    ~GuardedTimers() override;
    GuardedTimers(const GuardedTimers &) = delete;
    GuardedTimers &operator=(const GuardedTimers &) = delete;

    void arm(Timer &timer, qint64 deadline) noexcept final { m_queue.arm(timer, deadline, *this); }

    void disarm(Timer &timer) noexcept final { m_queue.disarm(timer); }

protected:
    /// @p timer is due and disarmed: fire() it, or not.
    virtual void runTimer(Timer &timer) noexcept = 0;

private:
    friend class TimerQueue;

    TimerQueue &m_queue;
    int m_armed = 0;
};

} // namespace fairlead::core
