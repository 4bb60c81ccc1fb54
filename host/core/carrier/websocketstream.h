// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/carrier/layerstream.h"
#include "core/carrier/websocketframe.h"
#include "core/carrier/websocketupgrade.h"

#include <fairlead/random.h>

#include <array>
#include <memory>

namespace fairlead::core {

/// A WebSocket (RFC 6455) over a stream: binary messages carry the bytes, wherever they are cut.
/// Payload is decoded in the reader's buffer and sent from the writer's chunks, so that an idle
/// connection holds no buffer. A server role answers the upgrade, a client role asks for it.
class WebSocketStream final : public LayerStream
{
public:
    WebSocketStream(ChunkPool &pool,
                    std::unique_ptr<LinkStream> below,
                    WebSocketRole role,
                    std::shared_ptr<const WebSocketSettings> settings,
                    Random &random);

    /// What both sides agreed on, once open.
    const QByteArray &subProtocol() const noexcept { return m_subProtocol; }

private:
    struct Control
    {
        std::array<char, kWebSocketControl> bytes = {};
        std::size_t size = 0;
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
    IoResult writePlain(const iovec *parts, int count) noexcept;
    IoResult writeMasked(const iovec *parts, int count) noexcept;

    const std::shared_ptr<const WebSocketSettings> m_settings;
    Random &m_random;
    std::unique_ptr<Upgrade> m_upgrade;
    std::unique_ptr<Control> m_pong; ///< the answer to the last ping, while it waits
    QByteArray m_subProtocol;
    WebSocketDecoder m_decoder;
    const WebSocketRole m_role;
};

} // namespace fairlead::core
