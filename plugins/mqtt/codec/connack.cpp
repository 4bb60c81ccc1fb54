// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/connect.h"
#include "codec/encode_p.h"
#include "codec/frame_p.h"
#include "codec/properties_p.h"

namespace fairlead::mqtt {

namespace {

constexpr PropertyRules kConnackRules{kAckProperties
                                      | maskOf(PropertyId::SessionExpiryInterval,
                                               PropertyId::ReceiveMaximum,
                                               PropertyId::MaximumQos,
                                               PropertyId::RetainAvailable,
                                               PropertyId::MaximumPacketSize,
                                               PropertyId::AssignedClientIdentifier,
                                               PropertyId::TopicAliasMaximum,
                                               PropertyId::WildcardSubscriptionAvailable,
                                               PropertyId::SubscriptionIdentifierAvailable,
                                               PropertyId::SharedSubscriptionAvailable,
                                               PropertyId::ServerKeepAlive,
                                               PropertyId::ResponseInformation,
                                               PropertyId::ServerReference,
                                               PropertyId::AuthenticationMethod,
                                               PropertyId::AuthenticationData)};

void assign(Connack &out, const Property &property) noexcept
{
    switch (property.id) {
    case PropertyId::SessionExpiryInterval:
        out.sessionExpiry = property.number;
        break;
    case PropertyId::ReceiveMaximum:
        out.receiveMaximum = static_cast<std::uint16_t>(property.number);
        break;
    case PropertyId::MaximumQos:
        out.maximumQos = static_cast<std::uint8_t>(property.number);
        break;
    case PropertyId::RetainAvailable:
        out.retainAvailable = property.number != 0;
        break;
    case PropertyId::MaximumPacketSize:
        out.maximumPacketSize = property.number;
        break;
    case PropertyId::AssignedClientIdentifier:
        out.assignedClientId = property.value;
        break;
    case PropertyId::TopicAliasMaximum:
        out.topicAliasMaximum = static_cast<std::uint16_t>(property.number);
        break;
    case PropertyId::ReasonString:
        out.reasonString = property.value;
        break;
    case PropertyId::WildcardSubscriptionAvailable:
        out.wildcardSubscriptionAvailable = property.number != 0;
        break;
    case PropertyId::SubscriptionIdentifierAvailable:
        out.subscriptionIdentifierAvailable = property.number != 0;
        break;
    case PropertyId::SharedSubscriptionAvailable:
        out.sharedSubscriptionAvailable = property.number != 0;
        break;
    case PropertyId::ServerKeepAlive:
        out.serverKeepAlive = static_cast<std::uint16_t>(property.number);
        break;
    case PropertyId::ResponseInformation:
        out.responseInformation = property.value;
        break;
    case PropertyId::ServerReference:
        out.serverReference = property.value;
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

DecodeError decodeCode(std::uint8_t code, Version version, bool bare, Connack &out) noexcept
{
    constexpr auto kLastReturnCode = static_cast<std::uint8_t>(ConnectReturnCode::NotAuthorized);
    constexpr auto kBadVersion
        = static_cast<std::uint8_t>(ConnectReturnCode::UnacceptableProtocolVersion);
    if (version == Version::V5 && !(bare && code == kBadVersion)) {
        out.reason = static_cast<ReasonCode>(code);
        if (!isAllowed(out.reason, PacketType::Connack, Sender::Server)) {
            return protocolError(ErrorKind::BadReasonCode, "CONNACK has an unknown reason code");
        }
        return {};
    }
    if (code > kLastReturnCode) {
        return protocolError(ErrorKind::BadReasonCode, "CONNACK has an unknown return code");
    }
    out.reason = toReasonCode(static_cast<ConnectReturnCode>(code));
    return {};
}

template <typename Sink>
void putProperties(Sink &sink, const Connack &packet) noexcept
{
    using enum PropertyId;
    putProperty(sink, SessionExpiryInterval, packet.sessionExpiry);
    putUnlessDefault(sink, ReceiveMaximum, packet.receiveMaximum, kDefaultReceiveMaximum);
    putUnlessDefault(sink, MaximumQos, packet.maximumQos, 2);
    putUnlessDefault(sink, RetainAvailable, packet.retainAvailable ? 1U : 0U, 1);
    putUnlessDefault(sink, MaximumPacketSize, packet.maximumPacketSize, 0);
    putProperty(sink, AssignedClientIdentifier, packet.assignedClientId);
    putUnlessDefault(sink, TopicAliasMaximum, packet.topicAliasMaximum, 0);
    putProperty(sink, ReasonString, packet.reasonString);
    putUnlessDefault(
        sink, WildcardSubscriptionAvailable, packet.wildcardSubscriptionAvailable ? 1U : 0U, 1);
    putUnlessDefault(
        sink, SubscriptionIdentifierAvailable, packet.subscriptionIdentifierAvailable ? 1U : 0U, 1);
    putUnlessDefault(
        sink, SharedSubscriptionAvailable, packet.sharedSubscriptionAvailable ? 1U : 0U, 1);
    putProperty(sink, ServerKeepAlive, packet.serverKeepAlive);
    putProperty(sink, ResponseInformation, packet.responseInformation);
    putProperty(sink, ServerReference, packet.serverReference);
    putProperty(sink, AuthenticationMethod, packet.authenticationMethod);
    putProperty(sink, AuthenticationData, packet.authenticationData);
    putUserProperties(sink, packet.properties);
}

auto bodyOf(const Connack &packet, Version version) noexcept
{
    return [&packet, version](auto &out) noexcept {
        const bool refused = packet.reason != ReasonCode::Success;
        if ((refused && packet.sessionPresent) || packet.receiveMaximum == 0
            || packet.maximumQos > 2
            || (packet.authenticationData && !packet.authenticationMethod)) {
            out.fail();
            return;
        }
        out.u8(packet.sessionPresent && version != Version::V31 ? 1 : 0);
        if (version != Version::V5) {
            const auto code
                = toReturnCode(packet.reason).value_or(ConnectReturnCode::ServerUnavailable);
            out.u8(static_cast<std::uint8_t>(code));
            return;
        }
        out.u8(static_cast<std::uint8_t>(packet.reason));
        putPropertyBlock(out, [&packet](auto &sink) noexcept { putProperties(sink, packet); });
    };
}

} // namespace

DecodeError decodeConnack(const Frame &frame, Version version, Connack &out) noexcept
{
    if (const auto error = checkHeader(frame, PacketType::Connack, version)) {
        return error;
    }
    out = Connack{};
    Reader in(frame.body);
    std::uint8_t flags = 0;
    std::uint8_t code = 0;
    if (!in.u8(flags) || !in.u8(code)) {
        return truncated();
    }
    if (version != Version::V31) {
        if (flags > 1) {
            return malformed(ErrorKind::ReservedFlags, "the reserved flags of CONNACK are set");
        }
        out.sessionPresent = flags != 0;
    }
    const bool bare = in.atEnd();
    if (const auto error = decodeCode(code, version, bare, out)) {
        return error;
    }
    if (out.sessionPresent && out.reason != ReasonCode::Success) {
        return protocolError(ErrorKind::BadSessionPresent,
                             "CONNACK refuses the connection and reports a session");
    }
    if (bare && out.reason == ReasonCode::UnsupportedProtocolVersion) {
        return {};
    }
    if (version == Version::V5) {
        if (const auto error
            = readProperties(in, kConnackRules, out.properties, [&out](const Property &property) {
                  assign(out, property);
              })) {
            return error;
        }
        if (out.authenticationData && !out.authenticationMethod) {
            return protocolError(ErrorKind::BadAuthentication,
                                 "CONNACK has authentication data but no method");
        }
    }
    return in.atEnd() ? DecodeError{} : trailingBytes();
}

std::size_t encodedSize(const Connack &packet, Version version) noexcept
{
    return packetSize(bodyOf(packet, version));
}

bool encode(Writer &out, const Connack &packet, Version version) noexcept
{
    return putPacket(out, PacketType::Connack, 0, bodyOf(packet, version));
}

} // namespace fairlead::mqtt
