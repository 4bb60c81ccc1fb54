// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/ring.h"
#include "core/distributor/streamspec.h"
#include "core/store/ticket.h"

#include <fairlead/message.h>
#include <fairlead/topic.h>

#include <array>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

namespace fairlead::core {

/// What there is of a stream's history.
struct ReplayExtent
{
    quint64 oldest = 0; ///< sequence of the first that is kept; 0: none is
    quint64 newest = 0; ///< everything up to here was given to the stream, kept or not
    quint64 lostUpTo = 0; ///< at this sequence something was lost, and maybe before; 0: nothing was

    /// Whether something that came after @p sequence is gone.
    bool hasLostAfter(quint64 sequence) const noexcept { return sequence < lostUpTo; }

    bool operator==(const ReplayExtent &) const = default;
};

/// A place in a stream; everything up to @c after was seen.
struct ReplayCursor
{
    TopicFilter filter;
    quint64 after = 0;
    quint64 before = std::numeric_limits<quint64>::max(); ///< what is here and later is not for it
};

/// What one look at a stream yielded, beside the messages.
struct ReplayPage
{
    bool more = false; ///< something newer than the cursor is there now
    int expired = 0; ///< messages left out because their time was over
    quint64 lostFirst = 0; ///< not 0: gone before the cursor came to them, up to lostLast
    quint64 lostLast = 0;
    Ticket ticket = 0; ///< of a durable stream: nobody is shown the page before this is decided
};

/// The search for the last @c left messages that a filter selects, backwards page by page.
struct ReplaySeek
{
    TopicFilter filter;
    quint64 left = 0;
    quint64 before = std::numeric_limits<quint64>::max(); ///< from here on everything was looked at
    quint64 after = 0; ///< the answer: a cursor that starts here
};

/// The recent past of one stream: references to its messages in sequence order, bounded by count, age
/// and bytes, oldest out first. Sequences ascend, but not without holes.
///
/// Thread: any; it has its own mutex, which nobody holds longer than it takes to copy a page of
/// references. Lock order: the sequencer, then this. Appends come in sequence order, from under the
/// sequencer's lock, before the fan-out: who resumes inside a delivery finds the message here.
class ReplayRing
{
public:
    /// @p lostUpTo: the sequence before the first that may come; earlier ones are not here.
    explicit ReplayRing(const ReplayLimits &limits, quint64 lostUpTo = 0) noexcept;
    ~ReplayRing();
    ReplayRing(const ReplayRing &) = delete;
    ReplayRing &operator=(const ReplayRing &) = delete;

    const ReplayLimits &limits() const noexcept { return m_limits; }

    /// For a batch of appendLocked().
    std::unique_lock<std::mutex> lock() const { return std::unique_lock(m_lock); }

    /// Keeps a reference to @p message, and drops what is now too much; yields the last of that, so
    /// that it can be freed without the lock. Allocates only while it grows.
    /// @p ticket: of what is stored of it for this stream.
    Message appendLocked(const Message &message, qint64 now, Ticket ticket = 0);
    void append(const Message &message, qint64 now);

    /// The next page into @p out (appended): at most kPage messages are looked at, or as many as have
    /// kPageBytes together; those that the cursor's filter selects and that have not expired are in
    /// it, in order. The cursor moves on.
    ReplayPage read(ReplayCursor *cursor, qint64 now, std::vector<Message> *out);
    /// Whether nothing newer than @p after came. Exact while the caller holds the sequencer's lock.
    bool isCaughtUp(quint64 after) const;

    ReplayExtent extent(qint64 now);
    /// Looks at one page; true when @p seek has its answer.
    bool seekLast(ReplaySeek *seek, qint64 now);
    /// The cursor for what came at @p since or later.
    quint64 seekTime(qint64 since) const;

    /// Drops what is too old; the time of the next call, -1: none is needed. At most kPage go at once,
    /// then the answer is @p now.
    qint64 expire(qint64 now);
    /// As ReplayExtent::lostUpTo, if something was dropped since the last call, and unless @p all if
    /// much was; else 0.
    quint64 takeDropped(bool all);
    /// When the oldest one gets too old; -1: never.
    qint64 deadline() const;

    quint64 count() const;
    /// What the messages and their places here take.
    quint64 bytes() const;

    static constexpr int kPage = 256;
    static constexpr std::size_t kPageBytes = 256 * 1024;
    /// What a message takes beside its own bytes.
    static constexpr quint64 kOverhead = 96;

private:
    struct Entry
    {
        Message message;
        quint64 sequence = 0;
        qint64 at = 0;
        Ticket ticket = 0;
    };

    static constexpr std::size_t kBlock = 256;
    using Block = std::array<Entry, kBlock>;

    Entry &entry(std::size_t index) noexcept;
    const Entry &entry(std::size_t index) const noexcept;
    /// Index of the first entry after @p sequence.
    std::size_t indexAfter(quint64 sequence) const noexcept;
    bool isTooOld(const Entry &entry, qint64 now) const noexcept;
    Message dropOldestLocked() noexcept;
    int expireLocked(qint64 now, std::array<Message, std::size_t(kPage)> *dropped) noexcept;

    const ReplayLimits m_limits;
    mutable std::mutex m_lock;
    Ring<std::unique_ptr<Block>> m_blocks; ///< fixed in size, so that no append moves what is there
    std::unique_ptr<Block> m_spare;
    std::size_t m_front = 0; ///< in the first block
    std::size_t m_size = 0;
    quint64 m_bytes = 0;
    quint64 m_newest = 0;
    quint64 m_lostUpTo = 0;
    quint64 m_dropped = 0; ///< since takeDropped()
    quint64 m_droppedBytes = 0;
    qint64 m_lastTime = std::numeric_limits<qint64>::min();
};

} // namespace fairlead::core
