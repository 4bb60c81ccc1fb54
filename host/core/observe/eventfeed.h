// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/eventfilter.h"

#include <fairlead/executor.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace fairlead::core {

/// How events that happen on reactor and other threads reach the bus: a bounded queue and one
/// pending wake-up of the main thread, however many are posted.
///
/// Thread: post() and isWanted() any, the rest main. When the queue is full an ordinary event is
/// counted as lost at its place; terminal ones have as much room again.
class EventFeed
{
public:
    static constexpr std::size_t kDefaultCapacity = 8192;

    struct Item
    {
        quint64 lostBefore = 0;
        Event event;
    };

    /// Gets what was posted, in order, on main; @p lostAfter were lost behind the last item.
    using Sink = std::function<void(std::vector<Item> items, quint64 lostAfter)>;

    EventFeed(Executor &main, Sink sink, std::size_t capacity = kDefaultCapacity);
    ~EventFeed();
    EventFeed(const EventFeed &) = delete;
    EventFeed &operator=(const EventFeed &) = delete;

    bool isWanted(EventKind kind) const noexcept
    {
        return EventKinds::fromBits(m_wanted.load(std::memory_order_relaxed)).contains(kind);
    }

    /// Builds and posts an event if anybody wants its kind. @p now: when it happened, monotonic
    /// nanoseconds of the calling thread's clock. @p fill gets the Event to complete.
    template <typename Fill>
    void post(EventKind kind, qint64 now, Fill &&fill)
    {
        if (!isWanted(kind))
            return;
        Event event;
        event.kind = kind;
        event.monotonicNs = now;
        fill(event);
        post(std::move(event));
    }

    void post(Event event);
    void post(std::vector<Event> events);

    void setWanted(EventKinds kinds) noexcept
    {
        m_wanted.store(kinds.bits(), std::memory_order_relaxed);
    }

    /// Hands over what is queued now.
    void drain();
    /// Drains and refuses all that comes later.
    void close();

    /// Events that came after close().
    quint64 refusedCount() const;

private:
    struct Shared;

    void wake();

    Executor &m_main;
    const Sink m_sink;
    std::atomic<quint64> m_wanted = 0;
    std::shared_ptr<Shared> m_shared;
};

} // namespace fairlead::core
