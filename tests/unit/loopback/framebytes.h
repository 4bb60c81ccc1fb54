// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framewriter.h"

#include <string>
#include <utility>
#include <vector>

namespace fairlead::loopback {

/// A stream that only collects.
class CollectingStream final : public ByteStream
{
public:
    char *reserve(std::size_t size) noexcept override
    {
        m_reserved.resize(size);
        return m_reserved.data();
    }

    void commit(std::size_t size) noexcept override { bytes.append(m_reserved.data(), size); }

    void append(const Message &message, std::size_t offset, std::size_t size) noexcept override
    {
        bytes += message.payload().substr(offset, size);
    }

    qint64 space() const noexcept override { return 256 * 1024; }

    void setReading(bool) noexcept override { }

    void close(CloseMode) noexcept override { }

    std::string bytes;

private:
    std::string m_reserved;
};

/// The bytes of one frame.
template <typename Write>
std::string bytesOf(Write write)
{
    CollectingStream stream;
    write(stream);
    return stream.bytes;
}

inline std::string helloBytes(const std::string &name, quint32 expirySeconds = 0)
{
    return bytesOf([&](ByteStream &stream) { writeHello(stream, {expirySeconds, name}); });
}

inline std::string subscribeBytes(quint32 id, const std::string &filter, quint8 qos = 0)
{
    return bytesOf([&](ByteStream &stream) { writeSubscribe(stream, {id, filter, qos}); });
}

inline std::string unsubscribeBytes(quint32 id, const std::string &filter)
{
    return bytesOf([&](ByteStream &stream) { writeUnsubscribe(stream, {id, filter}); });
}

inline std::string publishBytes(quint32 id, const std::string &topic, const std::string &payload)
{
    MessageFrame frame;
    frame.id = id;
    frame.qos = id == 0 ? 0 : 1;
    frame.topic = topic;
    frame.payload = payload;
    return bytesOf([&](ByteStream &stream) { writePublish(stream, frame); });
}

inline std::string ackBytes(quint32 id)
{
    return bytesOf([&](ByteStream &stream) { writeAck(stream, {id}); });
}

inline std::string byeBytes(ErrorCode code = ErrorCode::None, const std::string &text = {})
{
    return bytesOf([&](ByteStream &stream) { writeBye(stream, {code, text}); });
}

/// The frames in @p bytes; what is cut off at the end stays there.
inline std::vector<std::pair<FrameType, std::string>> takeFrames(std::string *bytes)
{
    std::vector<std::pair<FrameType, std::string>> frames;
    for (;;) {
        const Split split = splitFrame(*bytes, kMaxFrame);
        if (split.status != Split::Status::Complete)
            return frames;
        frames.emplace_back(split.type, split.body);
        bytes->erase(0, split.size);
    }
}

} // namespace fairlead::loopback
