// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventbus.h"

#include "core/observe/eventguard.h"

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

// Readers that take little at a time are asked again; one that takes nothing must not hang us.
constexpr int kMaxPasses = 1024;

} // namespace

EventBus::EventBus(const Clock &clock, Executor &main)
    : m_clock(clock)
    , m_main(main)
    , m_wake(std::make_shared<Wake>(Wake{this}))
    , m_feed(main, [this](std::vector<EventFeed::Item> items, quint64 lostAfter) {
        takeFeed(std::move(items), lostAfter);
    })
{ }

EventBus::~EventBus()
{
    // Nobody is called from here; who looks finds Closed as the last event.
    if (!m_closed)
        m_telling = true;
    close();
    m_wake->bus = nullptr;
    for (EventReader *reader : m_readers) {
        if (reader)
            reader->m_bus = nullptr;
    }
}

Result<std::unique_ptr<EventReader>> EventBus::subscribe(const EventReaderOptions &options)
{
    if (options.capacity == 0 || options.capacity > kMaxCapacity) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("an event reader holds 1 to %1 events, not %2")
                         .arg(kMaxCapacity)
                         .arg(options.capacity));
    }
    if (m_closed)
        return Error(ErrorCode::ShuttingDown, QStringLiteral("the event bus is closed"));
    const auto left = std::count(m_readers.begin(), m_readers.end(), nullptr);
    if (m_readers.size() - std::size_t(left) >= kMaxReaders) {
        return Error(ErrorCode::LimitReached,
                     QStringLiteral("%1 readers follow the events already").arg(kMaxReaders));
    }
    std::unique_ptr<EventReader> reader(new EventReader(*this, options.filter, options.capacity));
    m_readers.push_back(reader.get());
    updateWanted();
    if (options.history) {
        for (const EventPtr &event : m_history) {
            if (reader->m_filter.matches(*event))
                reader->m_buffer.push(event);
        }
        reader->requestReady();
    }
    return reader;
}

void EventBus::setHistory(qsizetype count)
{
    m_historyLimit = m_closed ? 0 : std::max<qsizetype>(count, 0);
    while (qsizetype(m_history.size()) > m_historyLimit)
        m_history.pop_front();
    updateWanted();
}

void EventBus::updateWanted()
{
    quint64 bits = 0;
    if (m_historyLimit > 0)
        bits = EventKinds::all().bits();
    for (const EventReader *reader : m_readers) {
        if (reader)
            bits |= reader->m_filter.kinds.bits();
    }
    m_wanted = EventKinds::fromBits(m_closed ? 0 : bits);
    m_feed.setWanted(m_wanted);
}

void EventBus::stamp(Event &event)
{
    const qint64 now = m_clock.now();
    if (event.monotonicNs == 0)
        event.monotonicNs = now;
    if (event.utcMs == 0)
        event.utcMs = m_clock.utcMs() - (now - event.monotonicNs) / kNsPerMs;
    event.number = ++m_number;
}

void EventBus::append(Event event)
{
    Q_ASSERT(m_main.isCurrent());
    stamp(event);
    guardDetails(event.details);
    ++m_published;
    const EventPtr shared = std::make_shared<const Event>(std::move(event));
    for (EventReader *reader : m_readers) {
        if (!reader || !reader->m_filter.matches(*shared))
            continue;
        reader->m_buffer.push(shared);
        schedule(*reader);
    }
    if (m_historyLimit == 0)
        return;
    if (qsizetype(m_history.size()) >= m_historyLimit)
        m_history.pop_front();
    m_history.push_back(shared);
}

void EventBus::appendLost(quint64 count)
{
    if (count == 0)
        return;
    const LostEvents lost{count, m_number + 1, m_number + count, m_clock.now(), m_clock.utcMs()};
    m_number = lost.last;
    m_lostInFeed += count;
    for (EventReader *reader : m_readers) {
        if (!reader)
            continue;
        reader->m_buffer.pushLost(lost);
        schedule(*reader);
    }
}

void EventBus::takeFeed(std::vector<EventFeed::Item> items, quint64 lostAfter)
{
    for (EventFeed::Item &item : items) {
        appendLost(item.lostBefore);
        if (isWanted(item.event.kind))
            append(std::move(item.event));
    }
    appendLost(lostAfter);
}

void EventBus::leave(EventReader &reader)
{
    const auto at = std::find(m_readers.begin(), m_readers.end(), &reader);
    if (m_telling)
        *at = nullptr;
    else
        m_readers.erase(at);
    updateWanted();
}

void EventBus::schedule(EventReader &reader)
{
    reader.m_pending = true;
    if (std::exchange(m_wake->posted, true))
        return;
    m_main.post([wake = m_wake] {
        wake->posted = false;
        if (wake->bus)
            wake->bus->tell(1);
    });
}

void EventBus::tell(int passes)
{
    for (int pass = 0; pass < passes && tellOnce(); ++pass) {
        if (std::exchange(m_flushAgain, false))
            passes = kMaxPasses;
    }
}

bool EventBus::tellOnce()
{
    if (m_telling)
        return false;
    m_telling = true;
    const std::shared_ptr<Wake> wake = m_wake; // outlives a bus that a reader destroys
    bool told = false;
    const std::size_t count = m_readers.size(); // who joins meanwhile has a turn of its own
    for (std::size_t i = 0; i < count; ++i) {
        EventReader *reader = m_readers[i];
        if (!reader || !std::exchange(reader->m_pending, false) || reader->isEmpty())
            continue;
        told = true;
        Q_EMIT reader->ready();
        if (!wake->bus)
            return false;
    }
    m_telling = false;
    m_readers.erase(std::remove(m_readers.begin(), m_readers.end(), nullptr), m_readers.end());
    return told;
}

void EventBus::flush()
{
    if (m_telling) {
        m_flushAgain = true;
        return;
    }
    tell(kMaxPasses);
}

void EventBus::close()
{
    if (m_closed)
        return;
    m_feed.close();
    Event last;
    last.kind = EventKind::Closed;
    append(std::move(last));
    m_closed = true;
    updateWanted();
    flush();
}

EventBusStats EventBus::stats() const
{
    EventBusStats stats;
    stats.published = m_published;
    stats.lostInFeed = m_lostInFeed;
    stats.refused = m_feed.refusedCount();
    stats.readers = qsizetype(m_readers.size())
        - qsizetype(std::count(m_readers.begin(), m_readers.end(), nullptr));
    stats.history = qsizetype(m_history.size());
    return stats;
}

} // namespace fairlead::core
