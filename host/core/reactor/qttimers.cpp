// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "qttimers.h"

#include <QCoreApplication>
#include <QEvent>

#include <fairlead/clock.h>

#include <algorithm>
#include <bit>
#include <limits>

namespace fairlead::core {

namespace {

constexpr qint64 kVeryCoarseNs = 1'000 * kNsPerMs;
constexpr qint64 kEndOfTime = std::numeric_limits<qint64>::max();
constexpr std::size_t kNotInHeap = std::numeric_limits<std::size_t>::max();

qint64 addSaturated(qint64 a, qint64 b)
{
    return a > kEndOfTime - b ? kEndOfTime : a + b;
}

// Due times are rounded up to multiples of this. Powers of two nest, so timers of different
// intervals still meet.
qint64 granuleNs(qint64 intervalNs, Qt::TimerType type)
{
    constexpr qint64 kShares = 20;
    if (type == Qt::PreciseTimer || intervalNs == 0) {
        return 1;
    }
    if (type == Qt::VeryCoarseTimer || intervalNs >= kShares * kVeryCoarseNs) {
        return kVeryCoarseNs;
    }
    const qint64 ms = intervalNs / (kShares * kNsPerMs);
    return ms < 1 ? 1 : static_cast<qint64>(std::bit_floor(static_cast<quint64>(ms))) * kNsPerMs;
}

} // namespace

struct QtTimers::Timer
{
    int id = 0;
    Qt::TimerType type = Qt::CoarseTimer;
    qint64 intervalMs = 0;
    qint64 intervalNs = 0;
    qint64 idealNs = 0;
    qint64 dueNs = 0;
    quint64 order = 0;
    std::size_t heapIndex = kNotInHeap;
    QObject *object = nullptr;
    Timer *previousOfObject = nullptr;
    Timer *nextOfObject = nullptr;
    // Set while the handler runs; cleared through it when the timer dies meanwhile.
    Timer **running = nullptr;
};

QtTimers::~QtTimers()
{
    for (Timer *timer : std::as_const(m_byId)) {
        if (timer->running != nullptr) {
            *timer->running = nullptr;
        }
        delete timer;
    }
}

bool QtTimers::earlier(const Timer *a, const Timer *b) noexcept
{
    return a->dueNs != b->dueNs ? a->dueNs < b->dueNs : a->order < b->order;
}

void QtTimers::schedule(Timer *timer, qint64 idealNs) noexcept
{
    timer->idealNs = idealNs;
    const qint64 granule = granuleNs(timer->intervalNs, timer->type);
    timer->dueNs = granule == 1 || idealNs > kEndOfTime - granule
        ? idealNs
        : (idealNs + granule - 1) / granule * granule;
}

void QtTimers::place(std::size_t index, Timer *timer) noexcept
{
    m_heap[index] = timer;
    timer->heapIndex = index;
}

void QtTimers::siftUp(std::size_t index)
{
    Timer *timer = m_heap[index];
    while (index > 0 && earlier(timer, m_heap[(index - 1) / 2])) {
        place(index, m_heap[(index - 1) / 2]);
        index = (index - 1) / 2;
    }
    place(index, timer);
}

void QtTimers::siftDown(std::size_t index)
{
    Timer *timer = m_heap[index];
    for (std::size_t child = 2 * index + 1; child < m_heap.size(); child = 2 * index + 1) {
        if (child + 1 < m_heap.size() && earlier(m_heap[child + 1], m_heap[child])) {
            ++child;
        }
        if (!earlier(m_heap[child], timer)) {
            break;
        }
        place(index, m_heap[child]);
        index = child;
    }
    place(index, timer);
}

void QtTimers::push(Timer *timer)
{
    timer->order = m_nextOrder++;
    m_heap.push_back(timer);
    siftUp(m_heap.size() - 1);
}

void QtTimers::take(Timer *timer)
{
    const std::size_t index = timer->heapIndex;
    if (index == kNotInHeap) {
        return;
    }
    timer->heapIndex = kNotInHeap;
    Timer *last = m_heap.back();
    m_heap.pop_back();
    if (last != timer) {
        place(index, last);
        siftUp(index);
        siftDown(last->heapIndex);
    }
}

void QtTimers::add(int id, qint64 intervalMs, Qt::TimerType type, QObject *object, qint64 nowNs)
{
    auto *timer = new Timer;
    timer->id = id;
    timer->type = type;
    timer->intervalMs = intervalMs;
    timer->intervalNs = intervalMs > kEndOfTime / kNsPerMs ? kEndOfTime : intervalMs * kNsPerMs;
    timer->object = object;
    Timer *&head = m_byObject[object];
    timer->nextOfObject = head;
    if (head != nullptr) {
        head->previousOfObject = timer;
    }
    head = timer;
    m_byId.insert(id, timer);
    schedule(timer, addSaturated(nowNs, timer->intervalNs));
    push(timer);
}

void QtTimers::destroy(Timer *timer)
{
    take(timer);
    if (timer->running != nullptr) {
        *timer->running = nullptr;
    }
    if (timer->nextOfObject != nullptr) {
        timer->nextOfObject->previousOfObject = timer->previousOfObject;
    }
    if (timer->previousOfObject != nullptr) {
        timer->previousOfObject->nextOfObject = timer->nextOfObject;
    } else if (timer->nextOfObject != nullptr) {
        m_byObject[timer->object] = timer->nextOfObject;
    } else {
        m_byObject.remove(timer->object);
    }
    m_byId.remove(timer->id);
    delete timer;
}

bool QtTimers::remove(int id)
{
    Timer *timer = m_byId.value(id);
    if (timer == nullptr) {
        return false;
    }
    destroy(timer);
    return true;
}

bool QtTimers::removeAll(QObject *object)
{
    Timer *timer = m_byObject.value(object);
    if (timer == nullptr) {
        return false;
    }
    while (timer != nullptr) {
        Timer *next = timer->nextOfObject;
        destroy(timer);
        timer = next;
    }
    return true;
}

QList<QAbstractEventDispatcher::TimerInfo> QtTimers::timersOf(QObject *object) const
{
    QList<QAbstractEventDispatcher::TimerInfo> list;
    for (const Timer *timer = m_byObject.value(object); timer != nullptr;
         timer = timer->nextOfObject) {
        const auto interval = std::min<qint64>(timer->intervalMs, std::numeric_limits<int>::max());
        list.append({timer->id, static_cast<int>(interval), timer->type});
    }
    return list;
}

qint64 QtTimers::remainingMs(int id, qint64 nowNs) const
{
    const Timer *timer = m_byId.value(id);
    if (timer == nullptr) {
        return -1;
    }
    const qint64 left = std::max<qint64>(timer->dueNs - nowNs, 0);
    return left / kNsPerMs + (left % kNsPerMs != 0 ? 1 : 0);
}

qint64 QtTimers::nextDeadlineNs() const noexcept
{
    return m_heap.empty() ? -1 : m_heap.front()->dueNs;
}

int QtTimers::activate(qint64 nowNs)
{
    int fired = 0;
    // Whatever is started or restarted from here on sorts behind and waits for the next pass, so
    // a busy timer starves neither descriptors nor other timers.
    const quint64 limit = m_nextOrder;
    while (!m_heap.empty() && m_heap.front()->dueNs <= nowNs && m_heap.front()->order < limit) {
        Timer *timer = m_heap.front();
        // Out of the heap while its handler runs: a nested event loop neither fires it again nor
        // wakes for it.
        take(timer);
        qint64 next = addSaturated(timer->idealNs, timer->intervalNs);
        if (next < nowNs) {
            next = addSaturated(nowNs, timer->intervalNs);
        }
        schedule(timer, next);
        if (timer->intervalNs > 0) {
            ++fired;
        }
        timer->running = &timer;
        QTimerEvent event(timer->id);
        QCoreApplication::sendEvent(timer->object, &event);
        if (timer != nullptr) {
            timer->running = nullptr;
            push(timer);
        }
    }
    return fired;
}

} // namespace fairlead::core
