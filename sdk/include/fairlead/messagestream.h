// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/bytes.h>
#include <fairlead/export.h>

namespace fairlead {

/// What a stream has beyond its bytes when a WebSocket carries it and the plugin's metadata ask for
/// messages ("webSocket": { "messages": true }): their limits, close codes and signs of life.
///
/// LinkDriver::handleBytes() then gets one whole message at a time and uses all of it, and what was
/// committed to the ByteStream leaves as the message that endMessage() makes of it.
///
/// Thread: the link's reactor. Ownership: the host's; it outlives the link's driver. @since 0.1
class FAIRLEAD_SDK_EXPORT MessageStream
{
public:
    virtual ~MessageStream();

    /// The peer gave no code, or none yet.
    static constexpr quint16 kNoCode = 1005;

    /// What was committed since the last call is one message; nothing is none.
    virtual void endMessage() noexcept = 0;
    /// What the close frame says when the stream is closed, 1000 unless said otherwise. @p reason
    /// is UTF-8, of which at most 123 bytes are sent.
    virtual void setCloseReason(quint16 code, ByteSpan reason) noexcept = 0;
    /// The code of the peer's close frame.
    virtual quint16 peerCloseCode() const noexcept = 0;
    /// Asks the peer for a sign of life; the host answers the peer's own questions.
    virtual void ping() noexcept = 0;
    /// How many signs of life came.
    virtual quint64 pongCount() const noexcept = 0;
};

} // namespace fairlead

#define FAIRLEAD_MESSAGESTREAM_IID "org.fairlead.MessageStream/1"
