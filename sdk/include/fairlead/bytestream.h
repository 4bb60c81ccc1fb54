// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/bytes.h>
#include <fairlead/export.h>
#include <fairlead/message.h>

namespace fairlead {

/// How a stream ends.
enum class CloseMode : quint8 {
    Drain, ///< what was committed is sent first, within the host's linger time
    Abort, ///< at once
};

/// One direction-pair of ordered bytes to a peer: a TCP, TLS or WebSocket connection, a pair in
/// memory or a simulated one. Written bytes leave in one gathered write at the end of the turn.
///
/// Thread: the link's reactor. Ownership: the host's; it outlives the link's driver. @since 0.1
class FAIRLEAD_SDK_EXPORT ByteStream
{
public:
    virtual ~ByteStream();

    /// The most bytes one reserve() may ask for.
    static constexpr std::size_t kMaxReserve = 64 * 1024;

    /// Writable memory of at least @p size (<= kMaxReserve) bytes, valid until the next call on
    /// this stream. After close() it is memory that goes nowhere.
    virtual char *reserve(std::size_t size) noexcept = 0;
    /// Appends the first @p size bytes of the last reserve() to what will be sent.
    virtual void commit(std::size_t size) noexcept = 0;
    /// Appends @p size bytes of the payload of @p message from @p offset on, by reference when
    /// that is cheaper than a copy.
    virtual void append(const Message &message, std::size_t offset, std::size_t size) noexcept = 0;
    /// Bytes it takes before it counts as full; may be negative. A full stream is not pulled and
    /// not read, but still takes what answers input that was read before.
    virtual qint64 space() const noexcept = 0;
    /// Stops or goes on reading from the peer; unread bytes wait in the carrier.
    virtual void setReading(bool reading) noexcept = 0;
    /// Ends the stream; idempotent.
    virtual void close(CloseMode mode) noexcept = 0;
};

} // namespace fairlead

#define FAIRLEAD_BYTESTREAM_IID "org.fairlead.ByteStream/1"
