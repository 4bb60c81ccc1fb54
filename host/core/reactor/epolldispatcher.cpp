// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "epolldispatcher.h"

#include <QCoreApplication>
#include <QLoggingCategory>
#include <QThread>

#include <algorithm>
#include <ctime>
#include <limits>

namespace fairlead::core {

namespace {

Q_LOGGING_CATEGORY(lcDispatcher, "fairlead.core.reactor", QtInfoMsg)

} // namespace

EpollDispatcher::EpollDispatcher(QObject *parent)
    : QAbstractEventDispatcher(parent)
{ }

EpollDispatcher::~EpollDispatcher() = default;

EpollDispatcher *EpollDispatcher::current()
{
    return qobject_cast<EpollDispatcher *>(QAbstractEventDispatcher::instance());
}

qint64 EpollDispatcher::nowNs() noexcept
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return qint64{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

EpollDispatcher::Statistics EpollDispatcher::statistics() const noexcept
{
    return {m_fds.counts(), m_wakeUpsSent.load(std::memory_order_relaxed)};
}

bool EpollDispatcher::processEvents(QEventLoop::ProcessEventsFlags flags)
{
    // Cleared before anything is drained: what is handed over from here on wakes again. In this
    // order, an interrupt whose wake-up was merged with an earlier one is seen as well.
    const bool woken = m_state.exchange(State::Running, std::memory_order_acq_rel) == State::Woken;
    const bool interrupted = m_interrupted.exchange(false, std::memory_order_acq_rel);
    const quint64 pass = ++m_passes;
    bool progress = woken;

    Q_EMIT awake();
    QCoreApplication::sendPostedEvents();
    progress |= runTurn();

    // exec() ends by interrupt() alone. Other callers wait for an effect of posted events, so
    // having delivered some is reason enough to return to them.
    const bool exec = flags.testFlag(QEventLoop::EventLoopExec);
    const bool mayBlock = flags.testFlag(QEventLoop::WaitForMoreEvents) && !interrupted
        && (exec || !woken) && !mustNotBlock(flags, pass);
    if (mayBlock) {
        Q_EMIT aboutToBlock();
    }
    if (m_interrupted.load(std::memory_order_acquire)) {
        return progress;
    }

    // Slots of aboutToBlock() may have made work.
    const bool blocks = mayBlock && !mustNotBlock(flags, pass);
    int events = waitAndDispatch(flags.testFlag(QEventLoop::ExcludeSocketNotifiers),
                                 blocks ? waitTimeoutNs(flags) : 0);
    if (!flags.testFlag(QEventLoop::X11ExcludeTimers) && m_timers.nextDeadlineNs() >= 0) {
        events += m_timers.activate(nowNs());
    }
    progress |= events > 0;

    // Between turns of exec() the next turn does this; nothing may be left behind when it ends.
    if (!exec || m_interrupted.load(std::memory_order_acquire)) {
        progress |= runTurn();
    }
    // Posted meanwhile: callers that go on while there is progress shall see those, too.
    return progress || m_state.load(std::memory_order_acquire) == State::Woken;
}

// Answers how many events were delivered.
int EpollDispatcher::waitAndDispatch(bool wakeUpsOnly, qint64 timeoutNs)
{
    State expected = State::Running;
    if (timeoutNs != 0
        && !m_state.compare_exchange_strong(
            expected, State::Sleeping, std::memory_order_acq_rel, std::memory_order_acquire)) {
        timeoutNs = 0;
    }
    int events = 0;
    if (wakeUpsOnly) {
        events = m_fds.waitForWakeUp(timeoutNs);
    } else {
        m_fds.wait(timeoutNs);
    }
    if (timeoutNs != 0) {
        expected = State::Sleeping;
        m_state.compare_exchange_strong(
            expected, State::Running, std::memory_order_acq_rel, std::memory_order_acquire);
    }
    return wakeUpsOnly ? events : m_fds.dispatch();
}

// True if the handler has more to do.
bool EpollDispatcher::runTurn()
{
    if (m_turnHandler == nullptr || m_inTurn) {
        return false;
    }
    m_inTurn = true;
    m_turnHandler->runTurn();
    m_inTurn = false;
    return m_turnHandler != nullptr && m_turnHandler->hasPendingWork();
}

bool EpollDispatcher::mustNotBlock(QEventLoop::ProcessEventsFlags flags, quint64 pass) const
{
    // A nested loop ran meanwhile: it may have taken the wake-up or interrupt meant for this one.
    if (m_passes != pass) {
        return true;
    }
    if (m_state.load(std::memory_order_acquire) == State::Woken
        || m_interrupted.load(std::memory_order_acquire)) {
        return true;
    }
    if (!flags.testFlag(QEventLoop::ExcludeSocketNotifiers) && m_fds.hasReady()) {
        return true;
    }
    // A loop nested in a turn cannot run turns; waiting for them to get done would spin.
    return !m_inTurn && m_turnHandler != nullptr && m_turnHandler->hasPendingWork();
}

qint64 EpollDispatcher::waitTimeoutNs(QEventLoop::ProcessEventsFlags flags) const
{
    qint64 deadline = -1;
    if (!flags.testFlag(QEventLoop::X11ExcludeTimers)) {
        deadline = m_timers.nextDeadlineNs();
    }
    if (m_turnHandler != nullptr && !m_inTurn) {
        const qint64 turn = m_turnHandler->nextDeadlineNs();
        if (turn >= 0 && (deadline < 0 || turn < deadline)) {
            deadline = turn;
        }
    }
    return deadline < 0 ? -1 : std::max<qint64>(deadline - nowNs(), 0);
}

void EpollDispatcher::registerSocketNotifier(QSocketNotifier *notifier)
{
    m_fds.addNotifier(notifier);
}

void EpollDispatcher::unregisterSocketNotifier(QSocketNotifier *notifier)
{
    m_fds.removeNotifier(notifier);
}

void EpollDispatcher::registerTimer(int timerId,
                                    qint64 interval,
                                    Qt::TimerType timerType,
                                    QObject *object)
{
    if (timerId < 1 || interval < 0 || object == nullptr || object->thread() != thread()
        || thread() != QThread::currentThread()) {
        qCWarning(lcDispatcher, "timer %d: bad arguments or started from another thread", timerId);
        return;
    }
    m_timers.add(timerId, interval, timerType, object, nowNs());
}

bool EpollDispatcher::unregisterTimer(int timerId)
{
    return m_timers.remove(timerId);
}

bool EpollDispatcher::unregisterTimers(QObject *object)
{
    return m_timers.removeAll(object);
}

QList<QAbstractEventDispatcher::TimerInfo> EpollDispatcher::registeredTimers(QObject *object) const
{
    return m_timers.timersOf(object);
}

int EpollDispatcher::remainingTime(int timerId)
{
    return static_cast<int>(
        std::min<qint64>(m_timers.remainingMs(timerId, nowNs()), std::numeric_limits<int>::max()));
}

void EpollDispatcher::wakeUp()
{
    // Only a sleeping loop needs the system call, and only once; its own thread never finds it so.
    if (m_state.exchange(State::Woken, std::memory_order_acq_rel) == State::Sleeping) {
        m_wakeUpsSent.fetch_add(1, std::memory_order_relaxed);
        m_fds.wake();
    }
}

void EpollDispatcher::interrupt()
{
    m_interrupted.store(true, std::memory_order_release);
    wakeUp();
}

} // namespace fairlead::core
