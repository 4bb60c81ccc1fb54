// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QtGlobal>

#include <fairlead/bytes.h>

#include <array>
#include <cstddef>

namespace fairlead::core {

// Frames of the WebSocket protocol (RFC 6455), without any input or output.

enum class WebSocketRole : quint8 {
    Server, ///< takes masked frames and sends plain ones
    Client, ///< the other way round
};

enum class WebSocketOpcode : quint8 {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
};

/// Why a connection ends, as its close frame says.
enum class WebSocketClose : quint16 {
    Normal = 1000,
    GoingAway = 1001,
    ProtocolError = 1002,
    Unsupported = 1003, ///< a kind of data that the protocol above does not have
    NoStatus = 1005, ///< never sent: the frame named none
    NotUtf8 = 1007,
    TooBig = 1009,
};

using WebSocketMask = std::array<char, 4>;

/// The longest header: two bytes, eight of length, four of mask.
inline constexpr std::size_t kWebSocketHeader = 14;
/// The most a control frame carries.
inline constexpr std::size_t kWebSocketControl = 125;

/// Writes a frame's header to @p out and returns its size. @p mask null: a plain frame.
std::size_t writeWebSocketHeader(char *out,
                                 WebSocketOpcode opcode,
                                 bool final,
                                 quint64 size,
                                 const WebSocketMask *mask) noexcept;

/// Copies @p size bytes from @p in to @p out (the same, or before it) and takes the mask off, or
/// puts it on; @p offset is the place of the first byte in its payload.
void applyWebSocketMask(char *out,
                        const char *in,
                        std::size_t size,
                        const WebSocketMask &mask,
                        quint64 offset) noexcept;

/// The payload of a close frame.
QByteArray webSocketClosePayload(quint16 code, ByteSpan reason);

/// Takes frames apart, whatever pieces they come in, in constant memory: payload is handed on as it
/// arrives. Thread: one.
class WebSocketDecoder
{
public:
    struct Limits
    {
        quint64 message = 0; ///< the largest, all its fragments together; 0: any
    };

    enum class Event : quint8 {
        None, ///< all of the input was used
        MessageEnd, ///< the payload so far ends a message
        Control, ///< see opcode() and control()
        Violation, ///< see code() and text(); nothing follows
    };

    struct Decoded
    {
        std::size_t used = 0;
        std::size_t produced = 0; ///< bytes of binary messages
        Event event = Event::None;
    };

    WebSocketDecoder(WebSocketRole role, const Limits &limits) noexcept
        : m_limits(limits)
        , m_expectsMask(role == WebSocketRole::Server)
    { }

    /// Up to the next event. @p out may be @p in or lie before it.
    Decoded decode(const char *in, std::size_t size, char *out) noexcept;

    WebSocketOpcode opcode() const noexcept { return m_opcode; }

    ByteSpan control() const noexcept { return {m_control.data(), m_controlSize}; }

    WebSocketClose code() const noexcept { return m_code; }

    const char *text() const noexcept { return m_text; }

    /// Whether the input may end here: between two messages.
    bool isBetweenMessages() const noexcept
    {
        return !m_inFrame && !m_inMessage && m_headerSize == 0;
    }

private:
    bool takeHeader(const char *in, std::size_t size, std::size_t *used) noexcept;
    bool checkHeader() noexcept;
    bool checkLength() noexcept;
    bool violate(WebSocketClose code, const char *text) noexcept;

    const Limits m_limits;
    std::array<char, kWebSocketHeader> m_header = {};
    std::array<char, kWebSocketControl> m_control = {};
    WebSocketMask m_mask = {};
    quint64 m_size = 0; ///< of the frame's payload
    quint64 m_done = 0; ///< of it
    quint64 m_messageSize = 0;
    const char *m_text = "";
    std::size_t m_headerSize = 0;
    std::size_t m_controlSize = 0;
    WebSocketOpcode m_opcode = WebSocketOpcode::Continuation;
    WebSocketClose m_code = WebSocketClose::Normal;
    const bool m_expectsMask;
    bool m_final = false;
    bool m_inFrame = false;
    bool m_inMessage = false;
};

} // namespace fairlead::core
