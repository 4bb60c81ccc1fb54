// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/timerqueue.h"

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr std::size_t kArity = 4;

} // namespace

TimerQueue::~TimerQueue()
{
    for (Timer *timer : m_heap)
        setOwner(*timer, nullptr);
}

void TimerQueue::setOwner(Timer &timer, Timers *owner) noexcept
{
    Timers *&held = timersOf(timer);
    if (held && held != this)
        --static_cast<GuardedTimers *>(held)->m_armed;
    held = owner;
    if (owner && owner != this)
        ++static_cast<GuardedTimers *>(owner)->m_armed;
}

void TimerQueue::place(std::size_t slot, Timer *timer) noexcept
{
    m_heap[slot] = timer;
    slotOf(*timer) = static_cast<quint32>(slot);
}

void TimerQueue::siftUp(std::size_t slot) noexcept
{
    Timer *timer = m_heap[slot];
    while (slot > 0) {
        const std::size_t parent = (slot - 1) / kArity;
        if (m_heap[parent]->deadline() <= timer->deadline())
            break;
        place(slot, m_heap[parent]);
        slot = parent;
    }
    place(slot, timer);
}

void TimerQueue::siftDown(std::size_t slot) noexcept
{
    Timer *timer = m_heap[slot];
    for (;;) {
        const std::size_t first = slot * kArity + 1;
        if (first >= m_heap.size())
            break;
        std::size_t best = first;
        const std::size_t end = std::min(first + kArity, m_heap.size());
        for (std::size_t child = first + 1; child < end; ++child) {
            if (m_heap[child]->deadline() < m_heap[best]->deadline())
                best = child;
        }
        if (timer->deadline() <= m_heap[best]->deadline())
            break;
        place(slot, m_heap[best]);
        slot = best;
    }
    place(slot, timer);
}

void TimerQueue::removeAt(std::size_t slot) noexcept
{
    setOwner(*m_heap[slot], nullptr);
    Timer *last = m_heap.back();
    m_heap.pop_back();
    if (slot == m_heap.size())
        return;
    place(slot, last);
    siftUp(slot);
    siftDown(slotOf(*last));
}

void TimerQueue::arm(Timer &timer, qint64 deadline, Timers &owner) noexcept
{
    if (timer.isArmed()) {
        setOwner(timer, &owner);
        deadlineOf(timer) = deadline;
        siftUp(slotOf(timer));
        siftDown(slotOf(timer));
        return;
    }
    setOwner(timer, &owner);
    deadlineOf(timer) = deadline;
    m_heap.push_back(&timer);
    siftUp(m_heap.size() - 1);
}

void TimerQueue::disarm(Timer &timer) noexcept
{
    if (timer.isArmed())
        removeAt(slotOf(timer));
}

qint64 TimerQueue::nextDeadline() const noexcept
{
    return m_heap.empty() ? -1 : m_heap.front()->deadline();
}

void TimerQueue::fireDue(qint64 now) noexcept
{
    // A callback that arms itself again for the past waits for the next turn: no starvation.
    std::size_t budget = m_heap.size();
    while (budget-- > 0 && !m_heap.empty() && m_heap.front()->deadline() <= now) {
        Timer *timer = m_heap.front();
        Timers *owner = timersOf(*timer);
        removeAt(0);
        if (owner == this)
            fire(*timer);
        else
            static_cast<GuardedTimers *>(owner)->runTimer(*timer);
    }
}

void TimerQueue::disarmAllOf(const GuardedTimers &owner) noexcept
{
    while (owner.m_armed > 0) {
        const auto found = std::find_if(m_heap.begin(), m_heap.end(), [&owner](Timer *timer) {
            return timersOf(*timer) == &owner;
        });
        removeAt(std::size_t(found - m_heap.begin()));
    }
}

GuardedTimers::~GuardedTimers()
{
    m_queue.disarmAllOf(*this);
}

} // namespace fairlead::core
