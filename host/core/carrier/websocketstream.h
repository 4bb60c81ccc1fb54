// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/carrier/layerstream.h"
#include "core/carrier/websocketframe.h"
#include "core/carrier/websocketupgrade.h"

#include <fairlead/messagestream.h>
#include <fairlead/random.h>

#include <array>
#include <deque>
#include <memory>
#include <vector>

namespace fairlead::core {

/// A WebSocket (RFC 6455) over a stream: binary messages carry the bytes, wherever they are cut.
/// Payload is decoded in the reader's buffer and sent from the writer's chunks, so that an idle
/// connection holds no buffer. A server role answers the upgrade, a client role asks for it.
///
/// Where the protocol above counts on messages (WebSocketSettings::messages), what was committed
/// leaves as the messages that endMessage() makes of it, and readMessage() gives whole ones.
class WebSocketStream final : public LayerStream, public MessageStream
{
public:
    WebSocketStream(ChunkPool &pool,
                    std::unique_ptr<LinkStream> below,
                    WebSocketRole role,
                    std::shared_ptr<const WebSocketSettings> settings,
                    Random &random);

    /// What both sides agreed on, once open.
    const QByteArray &subProtocol() const noexcept { return m_subProtocol; }

    struct MessageRead
    {
        IoResult result; ///< as of read()
        ByteSpan message; ///< null: none; valid until the next call
        bool hasLife = false; ///< the peer gave a sign of life
    };

    /// One message at a time; @p buffer is for what is read on the way.
    MessageRead readMessage(char *buffer, std::size_t size) noexcept;

    // MessageStream
    void endMessage() noexcept override;
    void setCloseReason(quint16 code, ByteSpan reason) noexcept override;

    quint16 peerCloseCode() const noexcept override { return m_peerCode; }

    void ping() noexcept override;

    quint64 pongCount() const noexcept override { return m_pongs; }

private:
    struct Control
    {
        std::array<char, kWebSocketControl> bytes = {};
        std::size_t size = 0;
    };

    /// What only protocols with messages have.
    struct Messages
    {
        std::vector<char> input; ///< payload, from the oldest message that was not taken
        std::vector<std::size_t> ends; ///< in it, of whole messages
        std::size_t taken = 0; ///< of those
        std::deque<std::size_t> output; ///< sizes of what was ended and not sent
        std::size_t outputSize = 0; ///< of them together
        bool inFragments = false; ///< a part of the first of them was sent
    };

    /// The upgrade, gone once it is over.
    struct Upgrade
    {
        QByteArray head;
        QByteArray nonce;
    };

    void begin() noexcept override;
    IoResult readLayer(char *buffer, std::size_t size) noexcept override;
    IoResult writeLayer(const iovec *parts, int count) noexcept override;
    void sayGoodbye() noexcept override;
    void handleBelowFlushed() noexcept override;

    std::size_t takeUpgrade(const char *in, std::size_t size) noexcept;
    void endUpgrade();
    std::size_t decode(char *buffer, std::size_t begin, std::size_t end) noexcept;
    void handleControl() noexcept;
    void handleClose(ByteSpan payload) noexcept;
    void violate(WebSocketClose code, const char *text) noexcept;
    void sendControl(WebSocketOpcode opcode, ByteSpan payload) noexcept;
    void sendClose(WebSocketClose code, ByteSpan reason) noexcept;
    void sendPong() noexcept;
    std::size_t sendable(std::size_t committed) const noexcept;
    std::size_t frameLimit() const noexcept;
    std::size_t beginFrame(char *header, std::size_t size, const WebSocketMask *mask) noexcept;
    IoResult writePlain(const iovec *parts, int count) noexcept;
    IoResult writeMasked(const iovec *parts, int count) noexcept;

    const std::shared_ptr<const WebSocketSettings> m_settings;
    Random &m_random;
    std::unique_ptr<Upgrade> m_upgrade;
    std::unique_ptr<Control> m_pong; ///< the answer to the last ping, while it waits
    std::unique_ptr<Messages> m_messages;
    QByteArray m_subProtocol;
    QByteArray m_closePayload;
    WebSocketDecoder m_decoder;
    quint64 m_pongs = 0;
    quint16 m_peerCode = kNoCode;
    const WebSocketRole m_role;
    bool m_pingDue = false;
};

} // namespace fairlead::core
