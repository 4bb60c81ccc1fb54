// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/replayring.h"
#include "core/distributor/streamspec.h"

#include <QByteArray>

#include <fairlead/topic.h>

#include <array>
#include <memory>
#include <mutex>
#include <vector>

namespace fairlead::core {

/// The streams of the host: the default one, of every topic, and those configured. A topic may be in
/// several of them. Topics that start with `$` are in none.
///
/// Thread: any; the set is fixed once it is made, the rings have their own locks. Streams are
/// numbered from 0, the default one first.
class StreamSet
{
public:
    /// @p specs: as configured, at most kMostStreams - 1 others than the default one,
    /// names differ; one of the default stream's name sets
    /// the terms of that, its filter counts for nothing. @p lostUpTo: the last sequence before this
    /// run.
    explicit StreamSet(std::vector<StreamSpec> specs = {}, quint64 lostUpTo = 0);

    int count() const noexcept { return int(m_streams.size()); }

    const StreamSpec &spec(int stream) const noexcept { return at(stream).spec; }

    ReplayRing &ring(int stream) noexcept { return at(stream).ring; }

    /// The stream of that name; -1: none.
    int named(const QByteArray &name) const noexcept;
    /// A durable stream begins with what its log has: @p lostUpTo is what that has not.
    void restore(int stream, quint64 lostUpTo);

    /// The streams that keep @p topic, a bit each. To be remembered with the topic.
    quint32 maskOf(ByteSpan topic) const noexcept;

    /// Those of them that are meant to outlive the process.
    quint32 durableMask() const noexcept { return m_durable; }

    /// Those whose messages are stored; see StreamLog.
    quint32 loggedMask() const noexcept { return m_logged; }

    /// Before the first message: those of @p stream are stored with the bit @p slot.
    void setSlot(int stream, int slot) noexcept;

    /// The slots of the logged ones among @p streams, a bit each.
    quint32 slotsOf(quint32 streams) const noexcept
    {
        streams &= m_logged;
        return streams == 0 ? 0 : slotBits(streams);
    }

    /// The stream that answers for the past of @p filter: one that has all of it, durable before not,
    /// then the most special, then one that was configured. -1: none has, for topics that start with `$`.
    int answering(const TopicFilter &filter) const noexcept;
    /// As ReplayRing::extent(). @p head: the host's last sequence, which a stream that keeps nothing
    /// does not learn itself.
    ReplayExtent extent(int stream, qint64 now, quint64 head);

    /// The shortest time after which one of them drops a message for its age; -1: none does.
    qint64 shortestAge() const noexcept;
    /// Drops what is too old in all of them; the time of the next call, -1: none is needed.
    qint64 expire(qint64 now);

    /// Gives messages to their streams, with each ring locked once from its first message until the
    /// end. Lives under the sequencer's lock.
    class Batch
    {
    public:
        Batch(StreamSet &streams, qint64 now) noexcept
            : m_streams(streams)
            , m_now(now)
        { }

        Batch(const Batch &) = delete;
        Batch &operator=(const Batch &) = delete;

        /// @p mask: maskOf() its topic. @p ticket: of what is stored of it for those that are logged.
        /// Yields a message that had to go, as ReplayRing::appendLocked().
        Message append(quint32 mask, const Message &message, Ticket ticket = 0);

    private:
        StreamSet &m_streams;
        const qint64 m_now;
        quint32 m_locked = 0;
        std::array<std::unique_lock<std::mutex>, std::size_t(kMostStreams)> m_locks;
    };

private:
    struct Stream
    {
        Stream(const StreamSpec &terms, quint64 lostUpTo)
            : spec(terms)
            , ring(spec.limits, lostUpTo)
        { }

        StreamSpec spec;
        ReplayRing ring;
        int slot = 0; ///< of one that is logged
    };

    void add(const StreamSpec &spec, quint64 lostUpTo);
    quint32 slotBits(quint32 streams) const noexcept;

    Stream &at(int stream) const noexcept { return *m_streams[std::size_t(stream)]; }

    std::vector<std::unique_ptr<Stream>> m_streams;
    quint32 m_durable = 0;
    quint32 m_logged = 0;
};

} // namespace fairlead::core
