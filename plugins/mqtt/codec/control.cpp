// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/control.h"

#include "codec/encode_p.h"
#include "codec/frame_p.h"
#include "codec/properties_p.h"

namespace fairlead::mqtt {

namespace {

constexpr PropertyRules kDisconnectRules{
    kAckProperties | maskOf(PropertyId::SessionExpiryInterval, PropertyId::ServerReference)};
constexpr PropertyRules kAuthRules{
    kAckProperties | maskOf(PropertyId::AuthenticationMethod, PropertyId::AuthenticationData)};

bool hasProperties(const Disconnect &packet) noexcept
{
    return packet.sessionExpiry || packet.reasonString || packet.serverReference
        || packet.properties.has(PropertyId::UserProperty);
}

auto bodyOf(const Disconnect &packet, Version version) noexcept
{
    return [&packet, version](auto &out) noexcept {
        const bool properties = hasProperties(packet);
        if (version != Version::V5
            || (!properties && packet.reason == ReasonCode::NormalDisconnection)) {
            return;
        }
        out.u8(static_cast<std::uint8_t>(packet.reason));
        if (!properties) {
            return;
        }
        putPropertyBlock(out, [&packet](auto &sink) noexcept {
            putProperty(sink, PropertyId::SessionExpiryInterval, packet.sessionExpiry);
            putProperty(sink, PropertyId::ReasonString, packet.reasonString);
            putProperty(sink, PropertyId::ServerReference, packet.serverReference);
            putUserProperties(sink, packet.properties);
        });
    };
}

auto bodyOf(const Auth &packet, Version version) noexcept
{
    return [&packet, version](auto &out) noexcept {
        const bool bare = packet.reason == ReasonCode::Success && !packet.authenticationData
            && !packet.reasonString && !packet.properties.has(PropertyId::UserProperty);
        if (version != Version::V5 || (!packet.authenticationMethod && !bare)) {
            out.fail();
            return;
        }
        if (!packet.authenticationMethod) {
            return;
        }
        out.u8(static_cast<std::uint8_t>(packet.reason));
        putPropertyBlock(out, [&packet](auto &sink) noexcept {
            putProperty(sink, PropertyId::AuthenticationMethod, packet.authenticationMethod);
            putProperty(sink, PropertyId::AuthenticationData, packet.authenticationData);
            putProperty(sink, PropertyId::ReasonString, packet.reasonString);
            putUserProperties(sink, packet.properties);
        });
    };
}

bool encodeBare(Writer &out, PacketType type) noexcept
{
    out.u16(static_cast<std::uint16_t>(static_cast<unsigned>(type) << 12));
    return !out.failed();
}

} // namespace

DecodeError decodeDisconnect(const Frame &frame,
                             Version version,
                             Sender sender,
                             Disconnect &out) noexcept
{
    if (const auto error = checkHeader(frame, PacketType::Disconnect, version)) {
        return error;
    }
    out = Disconnect{};
    Reader in(frame.body);
    if (in.atEnd()) {
        return {};
    }
    if (version != Version::V5) {
        return trailingBytes();
    }
    std::uint8_t reason = 0;
    if (!in.u8(reason)) {
        return truncated();
    }
    out.reason = static_cast<ReasonCode>(reason);
    if (!isAllowed(out.reason, PacketType::Disconnect, sender)) {
        return protocolError(ErrorKind::BadReasonCode,
                             "DISCONNECT has a reason code its sender must not use");
    }
    if (in.atEnd()) {
        return {};
    }
    if (const auto error
        = readProperties(in, kDisconnectRules, out.properties, [&out](const Property &property) {
              switch (property.id) {
              case PropertyId::SessionExpiryInterval:
                  out.sessionExpiry = property.number;
                  break;
              case PropertyId::ReasonString:
                  out.reasonString = property.value;
                  break;
              case PropertyId::ServerReference:
                  out.serverReference = property.value;
                  break;
              default:
                  break;
              }
          })) {
        return error;
    }
    if (sender == Sender::Server && out.sessionExpiry) {
        return protocolError(ErrorKind::ForbiddenProperty,
                             "a server must not send a session expiry in DISCONNECT");
    }
    return in.atEnd() ? DecodeError{} : trailingBytes();
}

std::size_t encodedSize(const Disconnect &packet, Version version) noexcept
{
    return packetSize(bodyOf(packet, version));
}

bool encode(Writer &out, const Disconnect &packet, Version version) noexcept
{
    return putPacket(out, PacketType::Disconnect, 0, bodyOf(packet, version));
}

DecodeError decodeAuth(const Frame &frame, Version version, Sender sender, Auth &out) noexcept
{
    if (const auto error = checkHeader(frame, PacketType::Auth, version)) {
        return error;
    }
    if (version != Version::V5) {
        return malformed(ErrorKind::BadPacketType, "packet type 15 is reserved before MQTT 5");
    }
    out = Auth{};
    Reader in(frame.body);
    std::uint8_t reason = 0;
    const bool bare = !in.u8(reason);
    out.reason = static_cast<ReasonCode>(reason);
    if (!isAllowed(out.reason, PacketType::Auth, sender)) {
        return protocolError(ErrorKind::BadReasonCode,
                             "AUTH has a reason code its sender must not use");
    }
    if (bare) {
        return {};
    }
    if (!in.atEnd()) {
        if (const auto error
            = readProperties(in, kAuthRules, out.properties, [&out](const Property &property) {
                  switch (property.id) {
                  case PropertyId::AuthenticationMethod:
                      out.authenticationMethod = property.value;
                      break;
                  case PropertyId::AuthenticationData:
                      out.authenticationData = property.value;
                      break;
                  case PropertyId::ReasonString:
                      out.reasonString = property.value;
                      break;
                  default:
                      break;
                  }
              })) {
            return error;
        }
    }
    if (!in.atEnd()) {
        return trailingBytes();
    }
    if (!out.authenticationMethod) {
        return protocolError(ErrorKind::BadAuthentication, "AUTH without an authentication method");
    }
    return {};
}

std::size_t encodedSize(const Auth &packet, Version version) noexcept
{
    return packetSize(bodyOf(packet, version));
}

bool encode(Writer &out, const Auth &packet, Version version) noexcept
{
    return putPacket(out, PacketType::Auth, 0, bodyOf(packet, version));
}

DecodeError decodePing(const Frame &frame, Version version) noexcept
{
    if (frame.type != PacketType::Pingreq && frame.type != PacketType::Pingresp) {
        return protocolError(ErrorKind::BadPacketType, "not the packet type expected");
    }
    if (const auto error = checkHeader(frame.type, frame.flags, version)) {
        return error;
    }
    return frame.body.empty() ? DecodeError{} : trailingBytes();
}

bool encodePingreq(Writer &out) noexcept
{
    return encodeBare(out, PacketType::Pingreq);
}

bool encodePingresp(Writer &out) noexcept
{
    return encodeBare(out, PacketType::Pingresp);
}

} // namespace fairlead::mqtt
