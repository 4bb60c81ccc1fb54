// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framewriter.h"

#include <algorithm>
#include <cstring>

namespace fairlead::loopback {

namespace {

constexpr std::size_t kMaxByeText = 1024;

/// Puts fields into memory that the stream lends, as many pieces as it takes.
class FieldWriter
{
public:
    /// @p size: of length, type and the fields that follow here; @p later: bytes of the frame that
    /// follow otherwise.
    FieldWriter(ByteStream &stream,
                FrameType type,
                std::size_t size,
                std::size_t later = 0) noexcept
        : m_stream(stream)
        , m_left(size)
    {
        putLong(quint32(size + later - (kHeadSize - 1)));
        putByte(quint8(type));
    }

    ~FieldWriter() { m_stream.commit(m_filled); }

    FieldWriter(const FieldWriter &) = delete;
    FieldWriter &operator=(const FieldWriter &) = delete;

    void putByte(quint8 value) noexcept { putNumber(value, 1); }

    void putShort(quint16 value) noexcept { putNumber(value, 2); }

    void putLong(quint32 value) noexcept { putNumber(value, 4); }

    void putText(ByteSpan text) noexcept
    {
        putShort(quint16(text.size()));
        putBytes(text);
    }

    void putBlock(ByteSpan block) noexcept
    {
        putLong(quint32(block.size()));
        putBytes(block);
    }

    void putBytes(ByteSpan bytes) noexcept
    {
        while (!bytes.empty()) {
            if (m_filled == m_room) {
                m_stream.commit(m_filled);
                m_filled = 0;
                m_room = std::min(m_left, ByteStream::kMaxReserve);
                m_memory = m_stream.reserve(m_room);
            }
            const std::size_t step = std::min(bytes.size(), m_room - m_filled);
            std::memcpy(m_memory + m_filled, bytes.data(), step);
            m_filled += step;
            m_left -= step;
            bytes.remove_prefix(step);
        }
    }

private:
    void putNumber(quint32 value, int size) noexcept
    {
        char bytes[4];
        for (int i = 0; i < size; ++i)
            bytes[i] = char(value >> 8 * (size - 1 - i));
        putBytes({bytes, std::size_t(size)});
    }

    ByteStream &m_stream;
    char *m_memory = nullptr;
    std::size_t m_left;
    std::size_t m_room = 0;
    std::size_t m_filled = 0;
};

quint8 flagsOf(const MessageFrame &frame) noexcept
{
    return quint8((frame.qos > 0 ? 1 : 0) | (frame.retain ? 2 : 0) | (frame.resent ? 4 : 0));
}

void putMessageHead(FieldWriter &fields, const MessageFrame &frame) noexcept
{
    fields.putLong(frame.id);
    fields.putByte(flagsOf(frame));
    fields.putLong(frame.expirySeconds);
    fields.putText(frame.topic);
    fields.putBlock(frame.properties);
}

} // namespace

void writeHello(ByteStream &stream, const Hello &frame) noexcept
{
    FieldWriter fields(stream, FrameType::Hello, kHeadSize + 1 + 4 + 2 + frame.name.size());
    fields.putByte(kProtocolVersion);
    fields.putLong(frame.expirySeconds);
    fields.putText(frame.name);
}

void writeWelcome(ByteStream &stream, const Welcome &frame) noexcept
{
    FieldWriter fields(stream, FrameType::Welcome, kHeadSize + 1 + 4);
    fields.putByte(frame.resumed ? 1 : 0);
    fields.putLong(frame.expirySeconds);
}

void writeSubscribe(ByteStream &stream, const SubscribeFrame &frame) noexcept
{
    FieldWriter fields(stream, FrameType::Subscribe, kHeadSize + 4 + 1 + 2 + frame.filter.size());
    fields.putLong(frame.id);
    fields.putByte(frame.qos);
    fields.putText(frame.filter);
}

void writeUnsubscribe(ByteStream &stream, const UnsubscribeFrame &frame) noexcept
{
    FieldWriter fields(stream, FrameType::Unsubscribe, kHeadSize + 4 + 2 + frame.filter.size());
    fields.putLong(frame.id);
    fields.putText(frame.filter);
}

void writePublish(ByteStream &stream, const MessageFrame &frame) noexcept
{
    FieldWriter fields(stream, FrameType::Publish, headSizeOf(frame) + frame.payload.size());
    putMessageHead(fields, frame);
    fields.putBytes(frame.payload);
}

void writeMessage(ByteStream &stream, const MessageFrame &frame, const Message &message) noexcept
{
    const std::size_t payload = message.payload().size();
    {
        FieldWriter fields(stream, FrameType::Message, headSizeOf(frame), payload);
        putMessageHead(fields, frame);
    }
    stream.append(message, 0, payload);
}

void writeDone(ByteStream &stream, const DoneFrame &frame) noexcept
{
    FieldWriter fields(stream, FrameType::Done, kHeadSize + 4 + 1);
    fields.putLong(frame.id);
    fields.putByte(quint8(frame.outcome));
}

void writeAck(ByteStream &stream, const AckFrame &frame) noexcept
{
    FieldWriter fields(stream, FrameType::Ack, kHeadSize + 4);
    fields.putLong(frame.id);
}

void writePing(ByteStream &stream) noexcept
{
    const FieldWriter fields(stream, FrameType::Ping, kHeadSize);
}

void writePong(ByteStream &stream) noexcept
{
    const FieldWriter fields(stream, FrameType::Pong, kHeadSize);
}

void writeBye(ByteStream &stream, const Bye &frame) noexcept
{
    const ByteSpan text = frame.text.substr(0, kMaxByeText);
    FieldWriter fields(stream, FrameType::Bye, kHeadSize + 2 + 2 + text.size());
    fields.putShort(quint16(frame.code));
    fields.putText(text);
}

} // namespace fairlead::loopback
