// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventfeed.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace fairlead::core {

struct EventFeed::Shared
{
    Shared(EventFeed *feed, std::size_t room)
        : owner(feed)
        , capacity(room)
    { }

    /// Whether the caller has to wake the main thread.
    bool add(Event event)
    {
        if (closed) {
            ++refused;
            return false;
        }
        if (items.size() >= (isTerminal(event) ? 2 * capacity : capacity)) {
            ++lost;
            return false; // a full queue has a wake-up on its way
        }
        items.push_back({std::exchange(lost, 0), std::move(event)});
        return !std::exchange(awake, true);
    }

    EventFeed *owner; ///< main only; null once the feed is gone
    const std::size_t capacity;
    std::mutex mutex;
    // All below are guarded by the mutex.
    std::vector<Item> items;
    quint64 lost = 0;
    quint64 refused = 0;
    bool awake = false;
    bool closed = false;
};

EventFeed::EventFeed(Executor &main, Sink sink, std::size_t capacity)
    : m_main(main)
    , m_sink(std::move(sink))
    , m_shared(std::make_shared<Shared>(this, std::max<std::size_t>(capacity, 1)))
{ }

EventFeed::~EventFeed()
{
    m_shared->owner = nullptr;
}

void EventFeed::post(Event event)
{
    bool mustWake = false;
    {
        const std::scoped_lock locked(m_shared->mutex);
        mustWake = m_shared->add(std::move(event));
    }
    if (mustWake)
        wake();
}

void EventFeed::post(std::vector<Event> events)
{
    bool mustWake = false;
    {
        const std::scoped_lock locked(m_shared->mutex);
        for (Event &event : events)
            mustWake = m_shared->add(std::move(event)) || mustWake;
    }
    if (mustWake)
        wake();
}

void EventFeed::wake()
{
    m_main.post([shared = m_shared] {
        if (shared->owner)
            shared->owner->drain();
    });
}

void EventFeed::drain()
{
    std::vector<Item> items;
    quint64 lost = 0;
    {
        const std::scoped_lock locked(m_shared->mutex);
        items.swap(m_shared->items);
        lost = std::exchange(m_shared->lost, 0);
        m_shared->awake = false;
    }
    if (!items.empty() || lost != 0)
        m_sink(std::move(items), lost);
}

void EventFeed::close()
{
    {
        const std::scoped_lock locked(m_shared->mutex);
        m_shared->closed = true;
    }
    setWanted(EventKinds());
    drain();
}

quint64 EventFeed::refusedCount() const
{
    const std::scoped_lock locked(m_shared->mutex);
    return m_shared->refused;
}

} // namespace fairlead::core
