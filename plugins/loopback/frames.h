// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/bus.h>
#include <fairlead/bytes.h>
#include <fairlead/error.h>
#include <fairlead/result.h>

namespace fairlead::loopback {

/// The loopback protocol, version 1. A frame is four bytes length, one byte type and a body; the
/// length counts type and body. Numbers are big-endian. A text is two bytes length and UTF-8, a
/// block four bytes length and bytes.
enum class FrameType : quint8 {
    Hello = 1, ///< peer: who I am
    Welcome = 2, ///< listener: you are in
    Subscribe = 3, ///< peer; answered by Done
    Unsubscribe = 4, ///< peer; answered by Done
    Publish = 5, ///< peer; answered by Done at QoS 1
    Done = 6, ///< listener: the outcome of a request
    Message = 7, ///< listener; answered by Ack, at QoS 0 too
    Ack = 8, ///< peer: the message is dealt with
    Bye = 9, ///< either: the last frame
    Ping = 10, ///< peer: are you there; without a body
    Pong = 11, ///< listener: the answer to a Ping; without a body
};

inline constexpr quint8 kProtocolVersion = 1;
/// Length and type.
inline constexpr std::size_t kHeadSize = 5;
/// The largest frame, all of it.
inline constexpr std::size_t kMaxFrame = 16 * 1024 * 1024;
/// Whoever was not let in yet gets no more memory than this.
inline constexpr std::size_t kMaxFirstFrame = 64 * 1024;

// What the frames say. Spans point into the decoded body.

struct Hello
{
    quint32 expirySeconds = 0;
    ByteSpan name; ///< fit to be one topic level or several
};

struct Welcome
{
    quint32 expirySeconds = 0; ///< as granted
    bool resumed = false;
};

struct SubscribeFrame
{
    quint32 id = 0; ///< never 0
    ByteSpan filter; ///< not judged here: the host answers Invalid
    quint8 qos = 0;
};

struct UnsubscribeFrame
{
    quint32 id = 0; ///< never 0
    ByteSpan filter;
};

/// Publish and Message.
struct MessageFrame
{
    quint32 id = 0; ///< of Publish: 0 exactly at QoS 0; of Message: never 0
    quint32 expirySeconds = kNever;
    ByteSpan topic;
    ByteSpan properties; ///< a property block, well-formed
    ByteSpan payload;
    quint8 qos = 0;
    bool retain = false;
    bool resent = false;
};

struct DoneFrame
{
    quint32 id = 0;
    Outcome outcome = Outcome::Done;
};

struct AckFrame
{
    quint32 id = 0;
};

struct Bye
{
    ErrorCode code = ErrorCode::None;
    ByteSpan text; ///< for logs
};

/// The first frame of some input.
struct Split
{
    enum class Status : quint8 {
        NeedMore,
        Complete,
        Broken ///< a length that no frame has, or more than the limit
    };
    Status status = Status::NeedMore;
    FrameType type = FrameType::Bye; ///< may be a number that names no frame
    std::size_t size = 0; ///< of the frame, all of it; 0: not known yet
    ByteSpan body;
};

Split splitFrame(ByteSpan input, std::size_t limit) noexcept;

// Errors: ProtocolViolation, naming the frame.
Result<Hello> decodeHello(ByteSpan body);
Result<Welcome> decodeWelcome(ByteSpan body);
Result<SubscribeFrame> decodeSubscribe(ByteSpan body);
Result<UnsubscribeFrame> decodeUnsubscribe(ByteSpan body);
Result<MessageFrame> decodePublish(ByteSpan body);
Result<MessageFrame> decodeMessage(ByteSpan body);
Result<DoneFrame> decodeDone(ByteSpan body);
Result<AckFrame> decodeAck(ByteSpan body);
Result<Bye> decodeBye(ByteSpan body);
/// Ping and Pong have none.
Result<> checkNoBody(ByteSpan body);

/// The size of a Publish or Message without its payload.
std::size_t headSizeOf(const MessageFrame &frame) noexcept;

} // namespace fairlead::loopback
