// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QHash>

#include <fairlead/events.h>

#include <deque>
#include <list>
#include <memory>
#include <utility>

namespace fairlead::core {

using EventPtr = std::shared_ptr<const Event>;

/// Events that a reader does not get: one hole in its stream.
struct LostEvents
{
    quint64 count = 0;
    quint64 first = 0; ///< number of the first one, and of the last; others between may have come
    quint64 last = 0;
    qint64 monotonicNs = 0; ///< of the last
    qint64 utcMs = 0;

    void add(const LostEvents &more) noexcept;
};

/// The bounded queue of one reader (OB-03).
///
/// When it is full the oldest events give way, and a Lag event stands where they were. Terminal
/// ones stay in their place: up to the capacity all of them, beyond it the latest of each key and
/// kind, and never more than kTerminalLimit. Thread: main.
class EventBuffer
{
public:
    static constexpr std::size_t kTerminalLimit = 65536;

    explicit EventBuffer(std::size_t capacity);

    void push(EventPtr event);
    /// Events that were lost on their way here.
    void pushLost(const LostEvents &lost);
    /// The next event, a Lag event where some are missing; null when there is none.
    EventPtr take();

    bool isEmpty() const noexcept;

    /// Events held, Lag events not counted.
    std::size_t size() const noexcept { return m_kept.size() + m_live.size(); }

    /// Lost so far, announced or about to be.
    quint64 lostCount() const noexcept { return m_lostCount; }

private:
    struct Entry
    {
        LostEvents lostBefore;
        EventPtr event;
    };

    using Kept = std::list<Entry>;
    using Subject = std::pair<quint8, QByteArray>;

    static Subject subjectOf(const Event &event) { return {quint8(event.kind), event.key}; }

    void giveWay();
    void keep(Entry entry);
    void dropKept(Kept::iterator at);
    void forget(Kept::iterator at);
    void lose(LostEvents &hole, const Event &event);

    // The stream, oldest first: m_kept, m_hole, m_live, m_tail.
    const std::size_t m_capacity;
    Kept m_kept; ///< terminal events that the others before and after gave way to
    LostEvents m_hole;
    std::deque<Entry> m_live;
    LostEvents m_tail;
    QHash<Subject, Kept::iterator> m_latest; ///< of m_kept
    quint64 m_lostCount = 0;
};

} // namespace fairlead::core
