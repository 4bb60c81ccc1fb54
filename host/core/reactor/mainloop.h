// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/platform/systemclock.h"
#include "core/reactor/epolldispatcher.h"
#include "core/reactor/timerqueue.h"

#include <fairlead/executor.h>

#include <functional>
#include <mutex>
#include <vector>

namespace fairlead::core {

/// Timers, clock and posted calls of the control plane, on the main thread's event loop.
/// Thread: main, but for post().
class MainLoop final : public Executor, private TurnHandler
{
public:
    /// @p dispatcher is the main thread's.
    explicit MainLoop(EpollDispatcher &dispatcher);
    ~MainLoop() override;

    void post(std::function<void()> call) override;
    bool isCurrent() const noexcept override;

    Timers &timers() noexcept { return m_timers; }

    const Clock &clock() const noexcept { return m_clock; }

    Clock &clock() noexcept { return m_clock; }

    EpollDispatcher &dispatcher() noexcept { return m_dispatcher; }

    /// @p handler is told when @p fd can be read, until unwatch(); both outlive that. False when there
    /// is no room for another.
    bool watch(int fd, FdHandler &handler);
    void unwatch(int fd);

private:
    void runTurn() noexcept override;
    bool hasPendingWork() const noexcept override;

    qint64 nextDeadlineNs() const noexcept override { return m_timers.nextDeadline(); }

    EpollDispatcher &m_dispatcher;
    SystemClock m_clock;
    TimerQueue m_timers;
    const Qt::HANDLE m_thread;
    mutable std::mutex m_lock;
    std::vector<std::function<void()>> m_posts;
};

} // namespace fairlead::core
