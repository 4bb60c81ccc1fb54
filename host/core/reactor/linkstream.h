// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/outputqueue.h"

#include <QByteArray>

#include <fairlead/bytestream.h>
#include <fairlead/error.h>
#include <fairlead/security.h>

#include <optional>

struct iovec;

namespace fairlead::core {

/// Who a stream tells what happens to it: the link, later whoever lets it linger.
/// Thread: the reactor of both.
class StreamOwner
{
public:
    virtual ~StreamOwner() = default;

    /// There may be input, or its end; read until WouldBlock.
    virtual void streamReadable() noexcept = 0;
    /// The carrier takes bytes again.
    virtual void streamWritable() noexcept = 0;
    /// Something was committed and waits for the end of the turn.
    virtual void streamFilled() noexcept = 0;
    virtual void streamReadingChanged(bool reading) noexcept = 0;
};

/// A ByteStream over some carrier: keeps what is to be sent and writes it once per turn.
///
/// The carrier is a socket, a pair in memory or a simulated network; it is edge-triggered: after
/// WouldBlock the owner hears when it is worth another try.
class LinkStream : public ByteStream
{
public:
    enum class Io : quint8 {
        Done,
        WouldBlock,
        Ended,
        Failed
    };

    struct IoResult
    {
        Io status = Io::Done;
        std::size_t size = 0;
        int systemError = 0;
    };

    /// The output a stream takes before it counts as full.
    static constexpr qint64 kOutputLimit = 256 * 1024;
    /// What one turn writes of it (or one larger part).
    static constexpr std::size_t kTurnBytes = 256 * 1024;

    explicit LinkStream(ChunkPool &pool) noexcept
        : m_output(pool)
    { }

    void setOwner(StreamOwner *owner) noexcept { m_owner = owner; }

    virtual QByteArray peerAddress() const = 0;

    /// Who the carrier proved the peer to be: by its certificate, or by the system's credentials of
    /// a local socket. Nothing when it proves nothing; settled before the first byte is read.
    virtual std::optional<Principal> peerIdentity() const { return std::nullopt; }

    /// Whether bytes can be exchanged: a carrier with a handshake of its own cannot before its end.
    virtual bool isOpen() const noexcept { return true; }

    /// What a layer found wrong, in words; null when only the system says why something failed. The
    /// peer is told, so its stream is closed with Drain.
    virtual Error failure() const { return {}; }

    char *reserve(std::size_t size) noexcept final;
    void commit(std::size_t size) noexcept final;
    void append(const Message &message, std::size_t offset, std::size_t size) noexcept final;

    qint64 space() const noexcept final { return kOutputLimit - qint64(m_output.size()); }

    void setReading(bool reading) noexcept final;
    void close(CloseMode mode) noexcept final;

    bool isReading() const noexcept { return m_reading; }

    bool isOutputEmpty() const noexcept { return m_output.isEmpty(); }

    std::size_t outputSize() const noexcept { return m_output.size(); }

    /// Whether the carrier refused the last write and has not called since.
    bool isBlocked() const noexcept { return m_blocked; }

    bool isClosed() const noexcept { return m_closed; }

    /// One gathered write. Thread: the reactor, at the end of the turn.
    IoResult flush() noexcept;
    /// For a layer above: writes at once what the carrier takes, keeps the rest for flush().
    IoResult send(const iovec *parts, int count) noexcept;
    /// One read into @p buffer.
    virtual IoResult read(char *buffer, std::size_t size) noexcept = 0;
    /// No further output will follow; input may.
    virtual void finishOutput() noexcept = 0;

    /// Whether all that finishOutput() led to has left; the owner hears streamWritable() when it may.
    virtual bool isFlushed() const noexcept { return true; }

    /// Gives the carrier up; nothing is called afterwards.
    virtual void abandon() noexcept = 0;

protected:
    virtual IoResult write(const iovec *parts, int count) noexcept = 0;

    StreamOwner *owner() const noexcept { return m_owner; }

    void carrierReadable() noexcept;
    void carrierWritable() noexcept;

private:
    OutputQueue m_output;
    StreamOwner *m_owner = nullptr;
    bool m_reading = true;
    bool m_blocked = false;
    bool m_closed = false;
};

} // namespace fairlead::core
