// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/eventfeed.h"
#include "core/observe/eventreader.h"

#include <fairlead/clock.h>
#include <fairlead/executor.h>
#include <fairlead/result.h>

#include <deque>
#include <memory>
#include <vector>

namespace fairlead::core {

struct EventReaderOptions
{
    EventFilter filter;
    std::size_t capacity = 1024;
    bool history = false; ///< begin with what the bus remembers
};

struct EventBusStats
{
    quint64 published = 0; ///< built and numbered; what nobody wants is not counted
    quint64 lostInFeed = 0;
    quint64 refused = 0; ///< posted to the feed after close()
    qsizetype readers = 0;
    qsizetype history = 0;
};

/// The events of the host's control plane, in one order, to any number of readers (OB-01..OB-03).
///
/// Nothing is built while nobody wants it: publish() asks before it calls back. The history counts
/// as a reader; it is off until somebody turns it on. Readers are told in a later turn, once for
/// all that happened.
///
/// Thread: main; other threads use feed(). Ownership: the host's; readers may outlive it.
class EventBus
{
public:
    static constexpr std::size_t kMaxCapacity = 65536;
    static constexpr std::size_t kMaxReaders = 256;
    static constexpr qsizetype kDefaultHistory = 256;

    EventBus(const Clock &clock, Executor &main);
    ~EventBus();
    EventBus(const EventBus &) = delete;
    EventBus &operator=(const EventBus &) = delete;

    bool isWanted(EventKind kind) const noexcept { return m_wanted.contains(kind); }

    /// Publishes an event of @p kind, built by @p fill, which gets the Event to complete; not
    /// called when nobody wants the kind.
    template <typename Fill>
    void publish(EventKind kind, Fill &&fill)
    {
        if (!isWanted(kind))
            return;
        Event event;
        event.kind = kind;
        fill(event);
        append(std::move(event));
    }

    /// Errors: InvalidArgument (capacity), LimitReached (readers), ShuttingDown.
    Result<std::unique_ptr<EventReader>> subscribe(const EventReaderOptions &options);

    /// Remembers the last @p count events for later readers; 0 forgets them.
    void setHistory(qsizetype count);

    EventFeed &feed() noexcept { return m_feed; }

    /// Tells readers now what they have to take, rather than in a later turn.
    void flush();
    /// What was posted goes out, Closed follows as the last event of every reader, and readers are
    /// told before the call returns (from inside a reader's slot: before that turn ends).
    void close();

    bool isClosed() const noexcept { return m_closed; }

    EventBusStats stats() const;

private:
    friend class EventReader;

    struct Wake
    {
        EventBus *bus;
        bool posted = false;
    };

    void append(Event event);
    void appendLost(quint64 count);
    void takeFeed(std::vector<EventFeed::Item> items, quint64 lostAfter);
    void leave(EventReader &reader);
    void schedule(EventReader &reader);
    void tell(int passes);
    /// Whether there was anybody to tell, and the bus still is.
    bool tellOnce();
    void updateWanted();
    void stamp(Event &event);

    const Clock &m_clock;
    Executor &m_main;
    EventKinds m_wanted;
    std::vector<EventReader *> m_readers; ///< null where one left while others are told
    std::deque<EventPtr> m_history;
    qsizetype m_historyLimit = 0;
    quint64 m_number = 0;
    quint64 m_published = 0;
    quint64 m_lostInFeed = 0;
    bool m_telling = false;
    bool m_flushAgain = false;
    bool m_closed = false;
    std::shared_ptr<Wake> m_wake;
    EventFeed m_feed;
};

} // namespace fairlead::core
