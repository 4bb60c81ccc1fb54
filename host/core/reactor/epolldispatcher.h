// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "fdhandler.h"
#include "fdwatcher.h"
#include "qttimers.h"

#include <QAbstractEventDispatcher>

#include <atomic>

namespace fairlead::core {

// Work done once per turn of the loop: drain mailboxes, flush links, expire deadlines.
class TurnHandler
{
public:
    virtual ~TurnHandler() = default;

    // Called after the turn's descriptor events, timers and posted events, before the loop blocks
    // or ends. Not called again by an event loop nested in it.
    virtual void runTurn() noexcept = 0;

    // True: do not block, run another turn.
    virtual bool hasPendingWork() const noexcept = 0;

    // When to run a turn even if nothing happens, in ns of CLOCK_MONOTONIC; -1: never.
    virtual qint64 nextDeadlineNs() const noexcept = 0;
};

// Qt's event loop on epoll: the cost of a turn does not grow with the number of descriptors.
//
// Everything Qt expects of a dispatcher works (notifiers, timers, posted events, nested loops);
// beside it descriptors may be served directly and a hook runs once per turn. One dispatcher serves
// one thread; apart from wakeUp() and interrupt() all calls are made on that thread.
class EpollDispatcher : public QAbstractEventDispatcher
{
    Q_OBJECT

public:
    struct Statistics : FdWatcher::Counts
    {
        quint64 wakeUpsSent = 0; // eventfd writes: to a loop asleep
    };

    explicit EpollDispatcher(QObject *parent = nullptr);
    ~EpollDispatcher() override;

    // The calling thread's dispatcher, null if it has another kind or none.
    static EpollDispatcher *current();

    // The clock of deadlines: CLOCK_MONOTONIC in ns.
    static qint64 nowNs() noexcept;

    // events: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLPRI, EPOLLET. False with errno set when the
    // descriptor has an owner already or cannot be polled.
    bool addFd(int fd, FdHandler *handler, quint32 events)
    {
        return m_fds.add(fd, handler, events);
    }

    bool modifyFd(int fd, quint32 events) { return m_fds.modify(fd, events); }

    // Call before close(); events already fetched for it are dropped.
    void removeFd(int fd) { m_fds.remove(fd); }

    // Null removes it. The handler must outlive its registration.
    void setTurnHandler(TurnHandler *handler) noexcept { m_turnHandler = handler; }

    // Off: waits are rounded up to whole milliseconds, as on kernels without epoll_pwait2.
    void setNanosecondWaits(bool enabled) noexcept { m_fds.setNanosecondWaits(enabled); }

    Statistics statistics() const noexcept;

    bool processEvents(QEventLoop::ProcessEventsFlags flags) override;

    void registerSocketNotifier(QSocketNotifier *notifier) override;
    void unregisterSocketNotifier(QSocketNotifier *notifier) override;

    using QAbstractEventDispatcher::registerTimer;
    void registerTimer(int timerId,
                       qint64 interval,
                       Qt::TimerType timerType,
                       QObject *object) override;
    bool unregisterTimer(int timerId) override;
    bool unregisterTimers(QObject *object) override;
    QList<TimerInfo> registeredTimers(QObject *object) const override;
    int remainingTime(int timerId) override;

    void wakeUp() override;
    void interrupt() override;

private:
    enum class State : quint8 {
        Running, // at work, and nobody has asked for another turn
        Woken, // from a wake-up until the loop starts to look for what it was about
        Sleeping // blocked or about to be
    };

    bool runTurn();
    int waitAndDispatch(bool wakeUpsOnly, qint64 timeoutNs);
    bool mustNotBlock(QEventLoop::ProcessEventsFlags flags, quint64 pass) const;
    qint64 waitTimeoutNs(QEventLoop::ProcessEventsFlags flags) const;

    FdWatcher m_fds;
    QtTimers m_timers;

    // Calls of processEvents(), nested ones included.
    quint64 m_passes = 0;

    TurnHandler *m_turnHandler = nullptr;
    bool m_inTurn = false;

    std::atomic<quint64> m_wakeUpsSent = 0;
    std::atomic<bool> m_interrupted = false;
    // Starts as woken: events may have been posted before there was a dispatcher.
    std::atomic<State> m_state = State::Woken;
};

} // namespace fairlead::core
