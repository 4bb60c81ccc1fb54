// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/websocketframe.h"

#include <QtCore/QtEndian>

#include <algorithm>
#include <cstring>

namespace fairlead::core {

namespace {

constexpr quint8 kFinalBit = 0x80;
constexpr quint8 kReservedBits = 0x70;
constexpr quint8 kMaskBit = 0x80;
constexpr quint8 kOpcodeBits = 0x0F;
constexpr quint8 kLengthBits = 0x7F;
constexpr quint8 kLength16 = 126;
constexpr quint8 kLength64 = 127;
constexpr std::size_t kMaskBytes = 4;

bool isControl(WebSocketOpcode opcode) noexcept
{
    return quint8(opcode) >= quint8(WebSocketOpcode::Close);
}

} // namespace

std::size_t writeWebSocketHeader(
    char *out, WebSocketOpcode opcode, bool final, quint64 size, const WebSocketMask *mask) noexcept
{
    const quint8 maskBit = mask ? kMaskBit : 0;
    std::size_t at = 2;
    out[0] = char(quint8(opcode) | (final ? kFinalBit : 0));
    if (size < kLength16) {
        out[1] = char(maskBit | quint8(size));
    } else if (size <= 0xFFFF) {
        out[1] = char(maskBit | kLength16);
        qToBigEndian(quint16(size), out + at);
        at += sizeof(quint16);
    } else {
        out[1] = char(maskBit | kLength64);
        qToBigEndian(size, out + at);
        at += sizeof(quint64);
    }
    if (mask) {
        std::memcpy(out + at, mask->data(), kMaskBytes);
        at += kMaskBytes;
    }
    return at;
}

void applyWebSocketMask(
    char *out, const char *in, std::size_t size, const WebSocketMask &mask, quint64 offset) noexcept
{
    std::size_t at = 0;
    char turned[sizeof(quint64)];
    for (std::size_t i = 0; i < sizeof turned; ++i)
        turned[i] = mask[std::size_t(offset + i) % kMaskBytes];
    quint64 key = 0;
    std::memcpy(&key, turned, sizeof key);
    for (; size - at >= sizeof key; at += sizeof key) {
        quint64 word = 0;
        std::memcpy(&word, in + at, sizeof word);
        word ^= key;
        std::memcpy(out + at, &word, sizeof word);
    }
    for (std::size_t i = 0; at < size; ++at, ++i)
        out[at] = char(in[at] ^ turned[i]);
}

QByteArray webSocketClosePayload(quint16 code, ByteSpan reason)
{
    QByteArray payload(sizeof code, Qt::Uninitialized);
    qToBigEndian(code, payload.data());
    std::size_t size = std::min(reason.size(), kWebSocketControl - sizeof code);
    // Never the first half of a character.
    while (size > 0 && size < reason.size() && (reason[size] & 0xC0) == 0x80)
        --size;
    payload.append(reason.data(), qsizetype(size));
    return payload;
}

bool WebSocketDecoder::violate(WebSocketClose code, const char *text) noexcept
{
    m_code = code;
    m_text = text;
    return false;
}

bool WebSocketDecoder::takeHeader(const char *in, std::size_t size, std::size_t *used) noexcept
{
    while (*used < size) {
        std::size_t wanted = 2;
        if (m_headerSize >= 2) {
            const quint8 length = quint8(m_header[1]) & kLengthBits;
            wanted += length == kLength16 ? sizeof(quint16) : 0;
            wanted += length == kLength64 ? sizeof(quint64) : 0;
            wanted += m_expectsMask ? kMaskBytes : 0;
        }
        const std::size_t step = std::min(wanted - m_headerSize, size - *used);
        std::memcpy(m_header.data() + m_headerSize, in + *used, step);
        m_headerSize += step;
        *used += step;
        if (m_headerSize < 2)
            continue;
        // The first two bytes tell what is wrong before more is waited for.
        if (wanted == 2) {
            if (!checkHeader())
                return false;
            const bool isWhole = (quint8(m_header[1]) & kLengthBits) < kLength16 && !m_expectsMask;
            if (!isWhole)
                continue;
        } else if (m_headerSize < wanted) {
            continue;
        }
        return checkLength();
    }
    return true;
}

bool WebSocketDecoder::checkHeader() noexcept
{
    const quint8 first = quint8(m_header[0]);
    const quint8 second = quint8(m_header[1]);
    if (first & kReservedBits)
        return violate(WebSocketClose::ProtocolError, "a reserved bit is set");
    if (bool(second & kMaskBit) != m_expectsMask) {
        return violate(WebSocketClose::ProtocolError,
                       m_expectsMask ? "a frame is not masked" : "a frame is masked");
    }
    const auto opcode = WebSocketOpcode(first & kOpcodeBits);
    m_final = first & kFinalBit;
    switch (opcode) {
    case WebSocketOpcode::Continuation:
        if (!m_inMessage)
            return violate(WebSocketClose::ProtocolError, "nothing is there to be continued");
        break;
    case WebSocketOpcode::Binary:
    case WebSocketOpcode::Text:
        if (m_inMessage)
            return violate(WebSocketClose::ProtocolError, "a message begins inside another");
        if (opcode == WebSocketOpcode::Text)
            return violate(WebSocketClose::Unsupported, "only binary messages are taken");
        m_messageSize = 0;
        break;
    case WebSocketOpcode::Close:
    case WebSocketOpcode::Ping:
    case WebSocketOpcode::Pong:
        if (!m_final)
            return violate(WebSocketClose::ProtocolError, "a control frame is in fragments");
        if ((second & kLengthBits) > kWebSocketControl)
            return violate(WebSocketClose::ProtocolError, "a control frame is too long");
        break;
    default:
        return violate(WebSocketClose::ProtocolError, "an unknown opcode");
    }
    m_opcode = opcode;
    return true;
}

bool WebSocketDecoder::checkLength() noexcept
{
    const quint8 length = quint8(m_header[1]) & kLengthBits;
    std::size_t at = 2;
    m_size = length;
    if (length == kLength16) {
        m_size = qFromBigEndian<quint16>(m_header.data() + at);
        at += sizeof(quint16);
        if (m_size < kLength16)
            return violate(WebSocketClose::ProtocolError, "a length is not in its shortest form");
    } else if (length == kLength64) {
        m_size = qFromBigEndian<quint64>(m_header.data() + at);
        at += sizeof(quint64);
        if (m_size <= 0xFFFF || (m_size >> 63) != 0)
            return violate(WebSocketClose::ProtocolError, "a length is not in its shortest form");
    }
    if (m_expectsMask)
        std::memcpy(m_mask.data(), m_header.data() + at, kMaskBytes);
    m_headerSize = 0;
    m_done = 0;
    m_inFrame = true;
    if (isControl(m_opcode)) {
        m_controlSize = 0;
        return true;
    }
    m_inMessage = true;
    if (m_limits.message > 0 && m_size > m_limits.message - m_messageSize)
        return violate(WebSocketClose::TooBig, "a message is too large");
    m_messageSize += m_size;
    return true;
}

WebSocketDecoder::Decoded WebSocketDecoder::decode(const char *in,
                                                   std::size_t size,
                                                   char *out) noexcept
{
    Decoded decoded;
    for (;;) {
        if (!m_inFrame) {
            if (m_code != WebSocketClose::Normal || !takeHeader(in, size, &decoded.used)) {
                decoded.event = Event::Violation;
                return decoded;
            }
            if (!m_inFrame)
                return decoded;
        }
        const auto step
            = std::size_t(std::min<quint64>(m_size - m_done, quint64(size - decoded.used)));
        char *to = isControl(m_opcode) ? m_control.data() + m_controlSize : out + decoded.produced;
        if (m_expectsMask)
            applyWebSocketMask(to, in + decoded.used, step, m_mask, m_done);
        else if (to != in + decoded.used)
            std::memmove(to, in + decoded.used, step);
        decoded.used += step;
        m_done += step;
        if (isControl(m_opcode))
            m_controlSize += step;
        else
            decoded.produced += step;
        if (m_done < m_size)
            return decoded;
        m_inFrame = false;
        if (isControl(m_opcode)) {
            decoded.event = Event::Control;
            return decoded;
        }
        if (m_final) {
            m_inMessage = false;
            decoded.event = Event::MessageEnd;
            return decoded;
        }
    }
}

} // namespace fairlead::core
