// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "codec/encode_p.h"
#include "codec/frame_p.h"
#include "codec/properties_p.h"
#include "codec/subscribe.h"

namespace fairlead::mqtt {

namespace {

constexpr PropertyRules kSubackRules{kAckProperties};

constexpr bool isSuback(PacketType type) noexcept
{
    return type == PacketType::Suback || type == PacketType::Unsuback;
}

DecodeError checkCodes(const Suback &packet, Version version) noexcept
{
    for (std::size_t index = 0; index < packet.codes.size(); ++index) {
        const ReasonCode code = packet.code(index);
        const bool allowed = version == Version::V5
            ? isAllowed(code, packet.type, Sender::Server)
            : code <= ReasonCode::GrantedQos2 || static_cast<std::uint8_t>(code) == kSubackFailure;
        if (!allowed) {
            return protocolError(ErrorKind::BadReasonCode,
                                 "an acknowledgement has a reason code it must not have");
        }
    }
    return {};
}

auto bodyOf(const Suback &packet, Version version) noexcept
{
    return [&packet, version](auto &out) noexcept {
        const bool wordless = version != Version::V5 && packet.type == PacketType::Unsuback;
        if (packet.packetId == 0 || !isSuback(packet.type) || (!wordless && packet.codes.empty())) {
            out.fail();
            return;
        }
        out.u16(packet.packetId);
        if (wordless) {
            return;
        }
        if (version != Version::V5) {
            for (std::size_t index = 0; index < packet.codes.size(); ++index) {
                const ReasonCode code = packet.code(index);
                out.u8(isError(code) ? kSubackFailure : static_cast<std::uint8_t>(code));
            }
            return;
        }
        putPropertyBlock(out, [&packet](auto &sink) noexcept {
            putProperty(sink, PropertyId::ReasonString, packet.reasonString);
            putUserProperties(sink, packet.properties);
        });
        out.raw(packet.codes);
    };
}

} // namespace

DecodeError decodeSuback(const Frame &frame, Version version, Suback &out) noexcept
{
    if (!isSuback(frame.type)) {
        return protocolError(ErrorKind::BadPacketType, "not the packet type expected");
    }
    if (const auto error = checkHeader(frame.type, frame.flags, version)) {
        return error;
    }
    out = Suback{};
    out.type = frame.type;
    Reader in(frame.body);
    if (!in.u16(out.packetId)) {
        return truncated();
    }
    if (out.packetId == 0) {
        return zeroPacketId();
    }
    if (version == Version::V5) {
        if (const auto error
            = readProperties(in, kSubackRules, out.properties, [&out](const Property &property) {
                  if (property.id == PropertyId::ReasonString) {
                      out.reasonString = property.value;
                  }
              })) {
            return error;
        }
    } else if (out.type == PacketType::Unsuback) {
        return in.atEnd() ? DecodeError{} : trailingBytes();
    }
    out.codes = in.rest();
    if (out.codes.empty()) {
        return protocolError(ErrorKind::NoFilters, "the packet answers no topic filter");
    }
    return checkCodes(out, version);
}

std::size_t encodedSize(const Suback &packet, Version version) noexcept
{
    return packetSize(bodyOf(packet, version));
}

bool encode(Writer &out, const Suback &packet, Version version) noexcept
{
    return putPacket(out, packet.type, 0, bodyOf(packet, version));
}

} // namespace fairlead::mqtt
