// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>
#include <QHash>
#include <QSet>

#include <fairlead/bytes.h>
#include <fairlead/topic.h>

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace fairlead::core {

class StreamSet;

/// Who subscribes to the streams that only so many may subscribe to. A peer has one seat at a stream,
/// from the first subscription of its session that could select one of the stream's topics until the
/// last of them ends, or the session does. A session that follows upon another one of the same peer
/// sits beside that, so that a peer is never in its own way.
///
/// Thread: any. One lock, under which nothing else is called. The set of streams is fixed.
class StreamSeats
{
public:
    explicit StreamSeats(const StreamSet &streams);

    /// A session: its number, and its key, which is its peer's.
    struct Sitter
    {
        quint64 number = 0;
        QByteArray key;
    };

    /// A stream that has no seat left.
    struct Full
    {
        QByteArray stream;
        quint32 seats = 0;
    };

    /// Seats @p who wherever @p filter leads; all or nothing. Empty: done.
    std::optional<Full> claim(const Sitter &who, const TopicFilter &filter);
    /// As claim(), for who sat there before: there is always a place.
    void restore(const Sitter &who, const TopicFilter &filter);
    /// The subscription to @p filter is over. What was not claimed, or is released already, is ignored.
    void release(const Sitter &who, const TopicFilter &filter);
    /// The session is over.
    void leave(const Sitter &who);

    /// Whether @p filter leads to any of these streams.
    bool concerns(const TopicFilter &filter) const noexcept;
    /// How many peers subscribe to the stream of @p topic that has the most; 0: it is in none of
    /// these streams, or nobody does.
    quint32 subscribersOf(ByteSpan topic) const;

    struct Taken
    {
        QByteArray stream;
        quint32 seats = 0;
        quint32 taken = 0;
    };

    /// All of these streams, as configured.
    std::vector<Taken> list() const;

private:
    /// A subscription: session and filter.
    using Claim = std::pair<quint64, QByteArray>;
    /// By peer: what it has its seat for.
    using Sitting = QHash<QByteArray, QSet<Claim>>;

    struct Stream
    {
        QByteArray name;
        TopicFilter filter;
        quint32 seats = 0;
        Sitting sitting;
    };

    static void remove(Sitting *sitting, const Sitter &who, const QByteArray *filter);
    std::vector<std::size_t> ledToBy(const TopicFilter &filter) const;

    mutable std::mutex m_lock;
    std::vector<Stream> m_streams; ///< what is not in sitting is constant
};

} // namespace fairlead::core
