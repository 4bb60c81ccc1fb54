// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/timers.h>

#include <vector>

namespace fairlead::core {

/// The timers of one reactor: a heap of deadlines. Arming is rare (a keep-alive checks its own last
/// activity when it fires), so logarithmic is cheap, and no deadline is rounded.
class TimerQueue final : public Timers
{
public:
    TimerQueue() = default;
    ~TimerQueue() override;

    void arm(Timer &timer, qint64 deadline) noexcept override;
    void disarm(Timer &timer) noexcept override;

    /// The earliest deadline; -1 when nothing is armed.
    qint64 nextDeadline() const noexcept;
    /// Fires what is due at @p now, at most what was armed when the call began.
    void fireDue(qint64 now) noexcept;

    std::size_t size() const noexcept { return m_heap.size(); }

private:
    void place(std::size_t slot, Timer *timer) noexcept;
    void siftUp(std::size_t slot) noexcept;
    void siftDown(std::size_t slot) noexcept;
    void removeAt(std::size_t slot) noexcept;

    std::vector<Timer *> m_heap;
};

} // namespace fairlead::core
