// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QAbstractEventDispatcher>
#include <QHash>
#include <QList>

#include <vector>

namespace fairlead::core {

// The QObject timers of one thread: a heap by due time, O(log n) to start, stop and fire.
// A timer never fires early; coarse ones are moved up to 5 % (very coarse: to the next full second)
// later so that they expire together.
class QtTimers
{
public:
    QtTimers() = default;
    ~QtTimers();
    Q_DISABLE_COPY_MOVE(QtTimers)

    void add(int id, qint64 intervalMs, Qt::TimerType type, QObject *object, qint64 nowNs);
    bool remove(int id);
    bool removeAll(QObject *object);

    QList<QAbstractEventDispatcher::TimerInfo> timersOf(QObject *object) const;

    // -1: no such timer.
    qint64 remainingMs(int id, qint64 nowNs) const;

    // -1: nothing to wait for. A timer whose handler is running does not count.
    qint64 nextDeadlineNs() const noexcept;

    // Fires what is due, each timer at most once, none that was started by another's handler.
    // Answers how many with an interval above zero fired.
    int activate(qint64 nowNs);

private:
    struct Timer;

    static bool earlier(const Timer *a, const Timer *b) noexcept;
    static void schedule(Timer *timer, qint64 idealNs) noexcept;
    void push(Timer *timer);
    void take(Timer *timer);
    void siftUp(std::size_t index);
    void siftDown(std::size_t index);
    void place(std::size_t index, Timer *timer) noexcept;
    void destroy(Timer *timer);

    std::vector<Timer *> m_heap;
    QHash<int, Timer *> m_byId;
    // Head of each object's list, linked through the timers.
    QHash<QObject *, Timer *> m_byObject;
    quint64 m_nextOrder = 0;
};

} // namespace fairlead::core
