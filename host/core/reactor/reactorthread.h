// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/platform/systemclock.h"
#include "core/platform/systemrandom.h"
#include "core/reactor/epolldispatcher.h"
#include "core/reactor/reactor.h"

#include <QThread>

#include <memory>

namespace fairlead::core {

/// A thread whose event loop turns one reactor. Thread: main, but for the reactor's own promises.
class ReactorThread final : public QThread, private TurnHandler, private Wakeup
{
public:
    ReactorThread(int number, Distributor &distributor);
    ~ReactorThread() override;

    Reactor &reactor() noexcept { return *m_reactor; }

    EpollDispatcher &dispatcher() noexcept { return *m_dispatcher; }

    /// Ends the loop and waits for the thread.
    void stop();

private:
    class Time final : public TurnClock
    {
    public:
        void refresh() noexcept override { m_system.refresh(); }

        qint64 now() const noexcept override { return m_system.now(); }

        qint64 utcMs() const noexcept override { return m_system.utcMs(); }

    private:
        SystemClock m_system;
    };

    void run() override;

    void runTurn() noexcept override { m_reactor->turn(); }

    bool hasPendingWork() const noexcept override { return m_reactor->hasPendingWork(); }

    qint64 nextDeadlineNs() const noexcept override { return m_reactor->nextDeadline(); }

    void wake() noexcept override { m_dispatcher->wakeUp(); }

    EpollDispatcher *m_dispatcher; ///< the thread's
    Time m_clock;
    SystemRandom m_random;
    std::unique_ptr<Reactor> m_reactor;
};

} // namespace fairlead::core
