// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventbuffer.h"

#include <QtCore/QJsonObject>

#include <algorithm>
#include <iterator>

namespace fairlead::core {

namespace {

EventPtr lagEvent(const LostEvents &lost)
{
    const auto event = std::make_shared<Event>();
    event->kind = EventKind::Lag;
    event->number = lost.last;
    event->monotonicNs = lost.monotonicNs;
    event->utcMs = lost.utcMs;
    event->details = {{QStringLiteral("count"), qint64(lost.count)},
                      {QStringLiteral("first"), qint64(lost.first)},
                      {QStringLiteral("last"), qint64(lost.last)}};
    return event;
}

} // namespace

void LostEvents::add(const LostEvents &more) noexcept
{
    if (more.count == 0)
        return;
    first = count == 0 ? more.first : std::min(first, more.first);
    count += more.count;
    if (more.last >= last) {
        last = more.last;
        monotonicNs = more.monotonicNs;
        utcMs = more.utcMs;
    }
}

EventBuffer::EventBuffer(std::size_t capacity)
    : m_capacity(std::max<std::size_t>(capacity, 1))
{ }

void EventBuffer::push(EventPtr event)
{
    if (m_live.size() >= m_capacity)
        giveWay();
    m_live.push_back({std::exchange(m_tail, LostEvents()), std::move(event)});
}

void EventBuffer::pushLost(const LostEvents &lost)
{
    m_tail.add(lost);
    m_lostCount += lost.count;
}

EventPtr EventBuffer::take()
{
    const auto takeHole = [](LostEvents &hole) -> EventPtr {
        return hole.count == 0 ? nullptr : lagEvent(std::exchange(hole, LostEvents()));
    };
    if (!m_kept.empty()) {
        const auto first = m_kept.begin();
        if (EventPtr lag = takeHole(first->lostBefore))
            return lag;
        forget(first);
        EventPtr event = std::move(first->event);
        m_kept.erase(first);
        return event;
    }
    if (!m_live.empty()) {
        // What was lost in the queue and what was lost before it meet here: one hole.
        m_hole.add(std::exchange(m_live.front().lostBefore, LostEvents()));
        if (EventPtr lag = takeHole(m_hole))
            return lag;
        EventPtr event = std::move(m_live.front().event);
        m_live.pop_front();
        return event;
    }
    m_hole.add(std::exchange(m_tail, LostEvents()));
    return takeHole(m_hole);
}

bool EventBuffer::isEmpty() const noexcept
{
    return m_kept.empty() && m_live.empty() && m_hole.count == 0 && m_tail.count == 0;
}

void EventBuffer::giveWay()
{
    Entry entry = std::move(m_live.front());
    m_live.pop_front();
    m_hole.add(entry.lostBefore);
    if (!isTerminal(*entry.event)) {
        lose(m_hole, *entry.event);
        return;
    }
    entry.lostBefore = std::exchange(m_hole, LostEvents());
    keep(std::move(entry));
}

void EventBuffer::keep(Entry entry)
{
    const Subject subject = subjectOf(*entry.event);
    const auto older = m_latest.constFind(subject);
    const bool hasOlder = older != m_latest.constEnd();
    const Kept::iterator olderAt = hasOlder ? older.value() : m_kept.end();
    m_kept.push_back(std::move(entry));
    m_latest.insert(subject, std::prev(m_kept.end()));
    if (m_kept.size() <= m_capacity)
        return;
    if (hasOlder)
        dropKept(olderAt);
    else if (m_kept.size() > kTerminalLimit)
        dropKept(m_kept.begin());
}

void EventBuffer::dropKept(Kept::iterator at)
{
    LostEvents &hole = std::next(at)->lostBefore; // the newest is never dropped
    hole.add(at->lostBefore);
    lose(hole, *at->event);
    forget(at);
    m_kept.erase(at);
}

void EventBuffer::forget(Kept::iterator at)
{
    const auto latest = m_latest.find(subjectOf(*at->event));
    if (latest != m_latest.end() && latest.value() == at)
        m_latest.erase(latest);
}

void EventBuffer::lose(LostEvents &hole, const Event &event)
{
    hole.add({1, event.number, event.number, event.monotonicNs, event.utcMs});
    ++m_lostCount;
}

} // namespace fairlead::core
