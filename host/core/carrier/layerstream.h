// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/linkstream.h"

#include <memory>

namespace fairlead::core {

/// A stream whose carrier is another stream: what it takes from above it turns into bytes for the
/// one below, and the other way round. It keeps no input of its own beyond what its protocol needs
/// to see whole, and no output while the one below has any.
///
/// Thread: the reactor of the stream below. Ownership: of that stream.
class LayerStream : public LinkStream, protected StreamOwner
{
public:
    ~LayerStream() override;

    QByteArray peerAddress() const override { return m_below->peerAddress(); }

    std::optional<Principal> peerIdentity() const override { return m_below->peerIdentity(); }

    bool isOpen() const noexcept override { return m_phase == Phase::Open; }

    Error failure() const override { return m_failure.isNull() ? m_below->failure() : m_failure; }

    IoResult read(char *buffer, std::size_t size) noexcept final;
    void finishOutput() noexcept final;
    bool isFlushed() const noexcept final;
    void abandon() noexcept final;

protected:
    LayerStream(ChunkPool &pool, std::unique_ptr<LinkStream> below);

    enum class Phase : quint8 {
        Fresh, ///< nothing was exchanged yet
        Handshaking,
        Open,
        Closing, ///< our last word is said, the peer's is not; input is dropped
        Closed,
    };

    Phase phase() const noexcept { return m_phase; }

    LinkStream &below() noexcept { return *m_below; }

    // For the protocol.

    /// The first bytes of whoever begins.
    virtual void begin() noexcept { }

    /// Reads from below and turns it into at most @p size bytes for above. Not in Closed.
    virtual IoResult readLayer(char *buffer, std::size_t size) noexcept = 0;
    /// Takes bytes from above and gives them below, as many as that takes. Only when Open.
    virtual IoResult writeLayer(const iovec *parts, int count) noexcept = 0;
    /// Says the last word, and moves on to Closing or Closed.
    virtual void sayGoodbye() noexcept = 0;

    /// Whether our side of the stream below ends with our last word, not with the peer's.
    virtual bool endsWithGoodbye() const noexcept { return false; }

    /// The stream below has sent all it had.
    virtual void handleBelowFlushed() noexcept { }

    void setOpen() noexcept;

    void setHandshaking() noexcept { m_phase = Phase::Handshaking; }

    void setClosing() noexcept { m_phase = Phase::Closing; }

    /// Neither side says more; the end is passed on below.
    void setClosed() noexcept;
    /// Closed because of @p error; what was read before it is handed on first.
    void fail(const Error &error) noexcept;

    /// Whether the stream below has nothing left to send.
    bool flushBelow() noexcept;

    // StreamOwner of the stream below
    void streamReadable() noexcept override { carrierReadable(); }

    void streamWritable() noexcept final;

    void streamFilled() noexcept final { }

    void streamReadingChanged(bool) noexcept final { }

private:
    IoResult write(const iovec *parts, int count) noexcept final;
    void finishBelow() noexcept;
    bool isOver() const noexcept;

    std::unique_ptr<LinkStream> m_below;
    Error m_failure;
    Phase m_phase = Phase::Fresh;
    bool m_finished = false; ///< finishOutput() was called
    bool m_belowFinished = false;
};

} // namespace fairlead::core
