// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "carriertest.h"
#include "core/carrier/websocketstream.h"

#include <memory>
#include <string>
#include <string_view>

/// Both ends of a WebSocket, by hand.
namespace fairlead::test {

using Io = core::LinkStream::Io;

inline std::shared_ptr<const core::WebSocketSettings> mqttSettings(bool messages = false)
{
    core::WebSocketSettings settings;
    settings.messages = messages;
    settings.path = "/mqtt";
    settings.host = "h";
    settings.subProtocols = {"mqtt"};
    settings.maxMessage = 1 << 20;
    return std::make_shared<const core::WebSocketSettings>(settings);
}

inline const std::string kRequest
    = "GET /mqtt HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";

inline const core::WebSocketMask kMask = {'a', '\0', '\xFF', '5'};

inline std::string frame(core::WebSocketOpcode opcode, std::string_view payload, bool final = true)
{
    char header[core::kWebSocketHeader];
    std::string out(header,
                    core::writeWebSocketHeader(header, opcode, final, payload.size(), &kMask));
    std::string body(payload);
    core::applyWebSocketMask(body.data(), body.data(), body.size(), kMask, 0);
    return out + body;
}

inline std::string plain(core::WebSocketOpcode opcode, std::string_view payload)
{
    char header[core::kWebSocketHeader];
    return std::string(header,
                       core::writeWebSocketHeader(header, opcode, true, payload.size(), nullptr))
        + std::string(payload);
}

inline std::string closeFrame(quint16 code, const char *reason = "")
{
    const QByteArray payload = core::webSocketClosePayload(code, reason);
    return plain(core::WebSocketOpcode::Close, {payload.constData(), std::size_t(payload.size())});
}

/// The payload of the binary frames a server sent.
inline std::string payloadOf(const std::string &wire, std::size_t *frames = nullptr)
{
    core::WebSocketDecoder decoder(core::WebSocketRole::Client, {});
    std::string out(wire.size(), '\0');
    std::size_t from = 0;
    std::size_t size = 0;
    for (;;) {
        const auto decoded
            = decoder.decode(wire.data() + from, wire.size() - from, out.data() + size);
        from += decoded.used;
        size += decoded.produced;
        if (decoded.event == core::WebSocketDecoder::Event::MessageEnd && frames)
            ++*frames;
        if (decoded.event == core::WebSocketDecoder::Event::None
            || decoded.event == core::WebSocketDecoder::Event::Violation)
            break;
    }
    out.resize(size);
    return out;
}

struct Server
{
    explicit Server(core::WebSocketRole role = core::WebSocketRole::Server, bool messages = false)
        : wire(new WireStream(pool))
        , stream(
              pool, std::unique_ptr<core::LinkStream>(wire), role, mqttSettings(messages), random)
        , top(stream)
    { }

    void open()
    {
        wire->arrive(kRequest);
        wire->takeSent();
    }

    core::ChunkPool pool;
    CountingRandom random;
    WireStream *wire;
    core::WebSocketStream stream;
    TopReader top;
};

} // namespace fairlead::test
