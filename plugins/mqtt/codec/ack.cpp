// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/ack.h"

#include "codec/encode_p.h"
#include "codec/frame_p.h"
#include "codec/properties_p.h"

namespace fairlead::mqtt {

namespace {

constexpr PropertyRules kAckRules{kAckProperties};

constexpr bool isAck(PacketType type) noexcept
{
    return type == PacketType::Puback || type == PacketType::Pubrec || type == PacketType::Pubrel
        || type == PacketType::Pubcomp;
}

/// The body, shortened where the standard allows it.
auto bodyOf(const Ack &packet, Version version) noexcept
{
    return [&packet, version](auto &out) noexcept {
        if (packet.packetId == 0 || !isAck(packet.type)) {
            out.fail();
            return;
        }
        out.u16(packet.packetId);
        const bool bare = !packet.reasonString && !packet.properties.has(PropertyId::UserProperty);
        if (version != Version::V5 || (bare && packet.reason == ReasonCode::Success)) {
            return;
        }
        out.u8(static_cast<std::uint8_t>(packet.reason));
        if (bare) {
            return;
        }
        putPropertyBlock(out, [&packet](auto &sink) noexcept {
            putProperty(sink, PropertyId::ReasonString, packet.reasonString);
            putUserProperties(sink, packet.properties);
        });
    };
}

} // namespace

DecodeError decodeAck(const Frame &frame, Version version, Ack &out) noexcept
{
    if (!isAck(frame.type)) {
        return protocolError(ErrorKind::BadPacketType, "not the packet type expected");
    }
    if (const auto error = checkHeader(frame.type, frame.flags, version)) {
        return error;
    }
    out = Ack{};
    out.type = frame.type;
    Reader in(frame.body);
    if (!in.u16(out.packetId)) {
        return truncated();
    }
    if (out.packetId == 0) {
        return zeroPacketId();
    }
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
    if (!isAllowed(out.reason, frame.type, Sender::Client)) {
        return protocolError(ErrorKind::BadReasonCode,
                             "an acknowledgement has a reason code it must not have");
    }
    if (in.atEnd()) {
        return {};
    }
    if (const auto error
        = readProperties(in, kAckRules, out.properties, [&out](const Property &property) {
              if (property.id == PropertyId::ReasonString) {
                  out.reasonString = property.value;
              }
          })) {
        return error;
    }
    return in.atEnd() ? DecodeError{} : trailingBytes();
}

std::size_t encodedSize(const Ack &packet, Version version) noexcept
{
    return packetSize(bodyOf(packet, version));
}

bool encode(Writer &out, const Ack &packet, Version version) noexcept
{
    const std::uint8_t flags = packet.type == PacketType::Pubrel ? 0x02 : 0x00;
    return putPacket(out, packet.type, flags, bodyOf(packet, version));
}

} // namespace fairlead::mqtt
