// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/frame.h"
#include "codec/properties.h"

namespace fairlead::mqtt {

/// PUBACK, PUBREC, PUBREL or PUBCOMP: the four share one layout. 3.x has packet id only.
struct Ack
{
    PacketType type = PacketType::Puback;
    std::uint16_t packetId = 0;
    ReasonCode reason = ReasonCode::Success;
    std::optional<Bytes> reasonString;
    PropertyBlock properties; ///< encoding takes only its user properties
};

/// Decodes any of the four; `out.type` is the frame's.
[[nodiscard]] DecodeError decodeAck(const Frame &frame, Version version, Ack &out) noexcept;

/// The size of the encoded packet, in the shortest legal form; 0 when it cannot be expressed.
[[nodiscard]] std::size_t encodedSize(const Ack &packet, Version version) noexcept;
/// Writes the packet; false, and a failed writer, when it does not fit or cannot be expressed.
bool encode(Writer &out, const Ack &packet, Version version) noexcept;

} // namespace fairlead::mqtt
