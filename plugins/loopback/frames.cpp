// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "frames.h"

#include "fieldreader.h"

#include <fairlead/properties.h>
#include <fairlead/topic.h>

namespace fairlead::loopback {

namespace {

constexpr quint8 kQosFlag = 1;
constexpr quint8 kRetainFlag = 2;
constexpr quint8 kResentFlag = 4;

Error violation(const char *what)
{
    return Error(ErrorCode::ProtocolViolation, QString::fromLatin1(what));
}

bool isPropertyBlock(ByteSpan block) noexcept
{
    PropertyReader reader(block);
    Property property;
    while (reader.next(&property)) { }
    return reader.isValid();
}

Result<MessageFrame> decodeCarried(ByteSpan body)
{
    FieldReader fields(body);
    MessageFrame frame;
    frame.id = fields.readLong();
    const quint8 flags = fields.readByte();
    frame.expirySeconds = fields.readLong();
    frame.topic = fields.readText();
    frame.properties = fields.readBlock();
    frame.payload = fields.readRest();
    frame.qos = flags & kQosFlag;
    frame.retain = (flags & kRetainFlag) != 0;
    frame.resent = (flags & kResentFlag) != 0;
    if (!fields.isComplete())
        return violation("a message ends inside a field");
    if ((flags & ~(kQosFlag | kRetainFlag | kResentFlag)) != 0)
        return violation("a message has a flag that means nothing");
    if (!isValidTopicName(frame.topic))
        return violation("a message has a topic that is no topic name");
    if (!isPropertyBlock(frame.properties))
        return violation("a message has a malformed property block");
    return frame;
}

} // namespace

Split splitFrame(ByteSpan input, std::size_t limit) noexcept
{
    Split split;
    if (input.size() < kHeadSize)
        return split;
    FieldReader head(input.substr(0, kHeadSize));
    const std::size_t length = head.readLong();
    split.type = FrameType(head.readByte());
    // The length counts the type, so none is 0; judged before anything waits for the rest.
    if (length == 0 || length + kHeadSize - 1 > limit) {
        split.status = Split::Status::Broken;
        return split;
    }
    split.size = length + kHeadSize - 1;
    if (input.size() < split.size)
        return split;
    split.status = Split::Status::Complete;
    split.body = input.substr(kHeadSize, split.size - kHeadSize);
    return split;
}

Result<Hello> decodeHello(ByteSpan body)
{
    FieldReader fields(body);
    const quint8 version = fields.readByte();
    // Of another version nothing more is known, not even that the frame is too short.
    if (!body.empty() && version != kProtocolVersion) {
        return Error(ErrorCode::VersionRefused,
                     QStringLiteral("the peer speaks version %1 of the protocol, only 1 is served")
                         .arg(version));
    }
    Hello hello;
    hello.expirySeconds = fields.readLong();
    hello.name = fields.readText();
    if (!fields.isComplete())
        return violation("hello has a wrong size");
    if (!isValidTopicName(hello.name))
        return violation("hello has a name that cannot stand in a topic");
    return hello;
}

Result<Welcome> decodeWelcome(ByteSpan body)
{
    FieldReader fields(body);
    Welcome welcome;
    const quint8 resumed = fields.readByte();
    welcome.resumed = resumed == 1;
    welcome.expirySeconds = fields.readLong();
    if (!fields.isComplete() || resumed > 1)
        return violation("welcome is malformed");
    return welcome;
}

Result<SubscribeFrame> decodeSubscribe(ByteSpan body)
{
    FieldReader fields(body);
    SubscribeFrame frame;
    frame.id = fields.readLong();
    frame.qos = fields.readByte();
    frame.filter = fields.readText();
    if (!fields.isComplete() || frame.id == 0 || frame.qos > 1)
        return violation("subscribe is malformed");
    return frame;
}

Result<UnsubscribeFrame> decodeUnsubscribe(ByteSpan body)
{
    FieldReader fields(body);
    UnsubscribeFrame frame;
    frame.id = fields.readLong();
    frame.filter = fields.readText();
    if (!fields.isComplete() || frame.id == 0)
        return violation("unsubscribe is malformed");
    return frame;
}

Result<MessageFrame> decodePublish(ByteSpan body)
{
    const Result<MessageFrame> frame = decodeCarried(body);
    if (frame && (frame->id == 0) != (frame->qos == 0))
        return violation("publish has an id exactly at QoS 1");
    return frame;
}

Result<MessageFrame> decodeMessage(ByteSpan body)
{
    const Result<MessageFrame> frame = decodeCarried(body);
    if (frame && frame->id == 0)
        return violation("a message has the id 0");
    return frame;
}

Result<DoneFrame> decodeDone(ByteSpan body)
{
    FieldReader fields(body);
    DoneFrame frame;
    frame.id = fields.readLong();
    const quint8 outcome = fields.readByte();
    frame.outcome = Outcome(outcome);
    if (!fields.isComplete() || outcome > quint8(Outcome::Failed))
        return violation("done is malformed");
    return frame;
}

Result<AckFrame> decodeAck(ByteSpan body)
{
    FieldReader fields(body);
    AckFrame frame;
    frame.id = fields.readLong();
    if (!fields.isComplete())
        return violation("ack has a wrong size");
    return frame;
}

Result<Bye> decodeBye(ByteSpan body)
{
    FieldReader fields(body);
    Bye bye;
    bye.code = ErrorCode(fields.readShort());
    bye.text = fields.readText();
    if (!fields.isComplete())
        return violation("bye has a wrong size");
    return bye;
}

Result<> checkNoBody(ByteSpan body)
{
    if (!body.empty())
        return violation("ping and pong have no body");
    return {};
}

std::size_t headSizeOf(const MessageFrame &frame) noexcept
{
    return kHeadSize + 4 + 1 + 4 + 2 + frame.topic.size() + 4 + frame.properties.size();
}

} // namespace fairlead::loopback
