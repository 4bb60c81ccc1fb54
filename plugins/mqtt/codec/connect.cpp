// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/connect.h"

#include "codec/encode_p.h"
#include "codec/frame_p.h"
#include "codec/properties_p.h"

namespace fairlead::mqtt {

namespace {

constexpr Bytes kName = "MQTT";
constexpr Bytes kOldName = "MQIsdp";

constexpr std::uint8_t kReservedFlag = 0x01;
constexpr std::uint8_t kCleanStartFlag = 0x02;
constexpr std::uint8_t kWillFlag = 0x04;
constexpr std::uint8_t kWillQosMask = 0x18;
constexpr std::uint8_t kWillQosShift = 3;
constexpr std::uint8_t kWillRetainFlag = 0x20;
constexpr std::uint8_t kPasswordFlag = 0x40;
constexpr std::uint8_t kUserNameFlag = 0x80;

constexpr PropertyRules kConnectRules{maskOf(PropertyId::SessionExpiryInterval,
                                             PropertyId::ReceiveMaximum,
                                             PropertyId::MaximumPacketSize,
                                             PropertyId::TopicAliasMaximum,
                                             PropertyId::RequestResponseInformation,
                                             PropertyId::RequestProblemInformation,
                                             PropertyId::UserProperty,
                                             PropertyId::AuthenticationMethod,
                                             PropertyId::AuthenticationData)};
constexpr PropertyRules kWillRules{
    kForwardableProperties
    | maskOf(PropertyId::WillDelayInterval, PropertyId::MessageExpiryInterval)};

void assign(Connect &out, const Property &property) noexcept
{
    switch (property.id) {
    case PropertyId::SessionExpiryInterval:
        out.sessionExpiry = property.number;
        break;
    case PropertyId::ReceiveMaximum:
        out.receiveMaximum = static_cast<std::uint16_t>(property.number);
        break;
    case PropertyId::MaximumPacketSize:
        out.maximumPacketSize = property.number;
        break;
    case PropertyId::TopicAliasMaximum:
        out.topicAliasMaximum = static_cast<std::uint16_t>(property.number);
        break;
    case PropertyId::RequestResponseInformation:
        out.requestResponseInformation = property.number != 0;
        break;
    case PropertyId::RequestProblemInformation:
        out.requestProblemInformation = property.number != 0;
        break;
    case PropertyId::AuthenticationMethod:
        out.authenticationMethod = property.value;
        break;
    case PropertyId::AuthenticationData:
        out.authenticationData = property.value;
        break;
    default:
        break;
    }
}

void assign(Will &out, const Property &property) noexcept
{
    switch (property.id) {
    case PropertyId::WillDelayInterval:
        out.delayInterval = property.number;
        break;
    case PropertyId::MessageExpiryInterval:
        out.messageExpiry = property.number;
        break;
    case PropertyId::PayloadFormatIndicator:
        out.payloadFormat = static_cast<std::uint8_t>(property.number);
        break;
    case PropertyId::ContentType:
        out.contentType = property.value;
        break;
    case PropertyId::ResponseTopic:
        out.responseTopic = property.value;
        break;
    case PropertyId::CorrelationData:
        out.correlationData = property.value;
        break;
    default:
        break;
    }
}

/// The dialect in which a client that asks for @p level understands a refusal. Bit 7 marks bridges
/// of other brokers.
constexpr Version dialectOf(std::uint8_t level) noexcept
{
    return (level & 0x7F) >= 5 ? Version::V5 : Version::V311;
}

DecodeError readProtocol(Reader &in, Connect &out) noexcept
{
    Bytes name;
    if (!in.string(name)) {
        return truncated();
    }
    if (name != kName && name != kOldName) {
        return {"the protocol name is neither MQTT nor MQIsdp",
                ReasonCode::UnsupportedProtocolVersion,
                ErrorKind::BadProtocolName};
    }
    if (!in.u8(out.protocolLevel)) {
        return truncated();
    }
    const bool known
        = name == kName ? out.protocolLevel == 4 || out.protocolLevel == 5 : out.protocolLevel == 3;
    if (!known) {
        out.version = name == kName ? dialectOf(out.protocolLevel) : Version::V31;
        return {"the protocol version is not one of 3.1, 3.1.1 and 5.0",
                ReasonCode::UnsupportedProtocolVersion,
                ErrorKind::BadProtocolVersion};
    }
    out.version = static_cast<Version>(out.protocolLevel);
    return {};
}

DecodeError checkFlags(std::uint8_t flags, Version version) noexcept
{
    if ((flags & kReservedFlag) != 0 && version != Version::V31) {
        return malformed(ErrorKind::ReservedFlags, "the reserved flag of CONNECT is set");
    }
    const bool will = (flags & kWillFlag) != 0;
    if (!will && (flags & (kWillQosMask | kWillRetainFlag)) != 0 && version != Version::V31) {
        return malformed(ErrorKind::BadConnectFlags, "CONNECT has will options but no will");
    }
    if (will && (flags & kWillQosMask) == kWillQosMask) {
        return malformed(ErrorKind::BadConnectFlags, "CONNECT has a will with QoS 3");
    }
    if ((flags & kPasswordFlag) != 0 && (flags & kUserNameFlag) == 0 && version != Version::V5) {
        return malformed(ErrorKind::BadConnectFlags, "CONNECT has a password but no user name");
    }
    return {};
}

DecodeError readWill(Reader &in, std::uint8_t flags, Version version, Will &out) noexcept
{
    out.qos = (flags & kWillQosMask) >> kWillQosShift;
    out.retain = (flags & kWillRetainFlag) != 0;
    if (version == Version::V5) {
        if (const auto error
            = readProperties(in, kWillRules, out.properties, [&out](const Property &property) {
                  assign(out, property);
              })) {
            return error;
        }
    }
    if (!in.string(out.topic)) {
        return truncated();
    }
    if (const auto error = topicNameError(checkTopicName(out.topic))) {
        return error;
    }
    return in.string(out.payload) ? DecodeError{} : truncated();
}

DecodeError readCredentials(Reader &in, std::uint8_t flags, Connect &out) noexcept
{
    // MQTT 3.1 lets the remaining length overrule the flags: early clients set them regardless.
    if (out.version == Version::V31 && in.atEnd()) {
        return {};
    }
    Bytes field;
    if ((flags & kUserNameFlag) != 0) {
        if (!in.string(field)) {
            return truncated();
        }
        if (!isValidUtf8(field)) {
            return badUtf8();
        }
        out.userName = field;
        if (out.version == Version::V31 && in.atEnd()) {
            return {};
        }
    }
    if ((flags & kPasswordFlag) != 0) {
        if (!in.string(field)) {
            return truncated();
        }
        out.password = field;
    }
    return {};
}

std::uint8_t flagsOf(const Connect &packet) noexcept
{
    unsigned flags = packet.cleanStart ? kCleanStartFlag : 0U;
    if (packet.will) {
        flags |= kWillFlag | (static_cast<unsigned>(packet.will->qos) << kWillQosShift);
        flags |= packet.will->retain ? kWillRetainFlag : 0U;
    }
    flags |= packet.userName ? kUserNameFlag : 0U;
    flags |= packet.password ? kPasswordFlag : 0U;
    return static_cast<std::uint8_t>(flags);
}

bool isPossible(const Connect &packet) noexcept
{
    const bool v5 = packet.version == Version::V5;
    return packet.version != Version::Unknown && (v5 || !packet.password || packet.userName)
        && (!packet.will || (packet.will->qos <= 2 && !packet.will->topic.empty()))
        && packet.receiveMaximum != 0
        && (!packet.authenticationData || packet.authenticationMethod);
}

template <typename Sink>
void putProperties(Sink &sink, const Connect &packet) noexcept
{
    using enum PropertyId;
    putUnlessDefault(sink, SessionExpiryInterval, packet.sessionExpiry, 0);
    putUnlessDefault(sink, ReceiveMaximum, packet.receiveMaximum, kDefaultReceiveMaximum);
    putUnlessDefault(sink, MaximumPacketSize, packet.maximumPacketSize, 0);
    putUnlessDefault(sink, TopicAliasMaximum, packet.topicAliasMaximum, 0);
    putUnlessDefault(
        sink, RequestResponseInformation, packet.requestResponseInformation ? 1U : 0U, 0);
    putUnlessDefault(
        sink, RequestProblemInformation, packet.requestProblemInformation ? 1U : 0U, 1);
    putProperty(sink, AuthenticationMethod, packet.authenticationMethod);
    putProperty(sink, AuthenticationData, packet.authenticationData);
    putUserProperties(sink, packet.properties);
}

template <typename Sink>
void putProperties(Sink &sink, const Will &will) noexcept
{
    using enum PropertyId;
    putUnlessDefault(sink, WillDelayInterval, will.delayInterval, 0);
    putProperty(sink, PayloadFormatIndicator, will.payloadFormat);
    putProperty(sink, MessageExpiryInterval, will.messageExpiry);
    putProperty(sink, ContentType, will.contentType);
    putProperty(sink, ResponseTopic, will.responseTopic);
    putProperty(sink, CorrelationData, will.correlationData);
    putUserProperties(sink, will.properties);
}

auto bodyOf(const Connect &packet) noexcept
{
    return [&packet](auto &out) noexcept {
        if (!isPossible(packet)) {
            out.fail();
            return;
        }
        const bool v5 = packet.version == Version::V5;
        out.string(packet.version == Version::V31 ? kOldName : kName);
        out.u8(static_cast<std::uint8_t>(packet.version));
        out.u8(flagsOf(packet));
        out.u16(packet.keepAlive);
        if (v5) {
            putPropertyBlock(out, [&packet](auto &sink) noexcept { putProperties(sink, packet); });
        }
        out.string(packet.clientId);
        if (packet.will) {
            const Will &will = *packet.will;
            if (v5) {
                putPropertyBlock(out, [&will](auto &sink) noexcept { putProperties(sink, will); });
            }
            out.string(will.topic);
            out.string(will.payload);
        }
        if (packet.userName) {
            out.string(*packet.userName);
        }
        if (packet.password) {
            out.string(*packet.password);
        }
    };
}

} // namespace

DecodeError decodeConnect(const Frame &frame, Connect &out) noexcept
{
    out = Connect{};
    out.version = Version::Unknown;
    out.protocolLevel = 0;
    if (const auto error = checkHeader(frame, PacketType::Connect, Version::Unknown)) {
        return error;
    }
    Reader in(frame.body);
    if (const auto error = readProtocol(in, out)) {
        return error;
    }
    if (frame.paddedLength && out.version == Version::V5) {
        return malformed(ErrorKind::BadVarint, "the remaining length is not in its shortest form");
    }
    std::uint8_t flags = 0;
    if (!in.u8(flags) || !in.u16(out.keepAlive)) {
        return truncated();
    }
    if (const auto error = checkFlags(flags, out.version)) {
        return error;
    }
    out.cleanStart = (flags & kCleanStartFlag) != 0;
    if (out.version == Version::V5) {
        if (const auto error
            = readProperties(in, kConnectRules, out.properties, [&out](const Property &property) {
                  assign(out, property);
              })) {
            return error;
        }
        if (out.authenticationData && !out.authenticationMethod) {
            return protocolError(ErrorKind::BadAuthentication,
                                 "CONNECT has authentication data but no method");
        }
    }
    if (!in.string(out.clientId)) {
        return truncated();
    }
    if (!isValidUtf8(out.clientId)) {
        return badUtf8();
    }
    if ((flags & kWillFlag) != 0) {
        if (const auto error = readWill(in, flags, out.version, out.will.emplace())) {
            return error;
        }
    }
    if (const auto error = readCredentials(in, flags, out)) {
        return error;
    }
    return in.atEnd() ? DecodeError{} : trailingBytes();
}

std::size_t encodedSize(const Connect &packet) noexcept
{
    return packetSize(bodyOf(packet));
}

bool encode(Writer &out, const Connect &packet) noexcept
{
    return putPacket(out, PacketType::Connect, 0, bodyOf(packet));
}

} // namespace fairlead::mqtt
