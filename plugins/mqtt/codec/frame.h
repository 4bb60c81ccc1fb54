// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/error.h"

namespace fairlead::mqtt {

enum class FrameStatus : std::uint8_t {
    NeedMore, ///< go on reading; FrameHeader::totalSize says how much is wanted once it is known
    Complete,
    Malformed, ///< see FrameHeader::error
    TooLarge ///< longer than allowed; reported as soon as the length field is complete
};

/// What the first octets of a packet say.
struct FrameHeader
{
    FrameStatus status = FrameStatus::NeedMore;
    PacketType type = PacketType::Reserved;
    std::uint8_t flags = 0; ///< the lower four bits of the first octet
    bool paddedLength = false; ///< the length has a longer form than needed; illegal in MQTT 5
    std::uint8_t headerSize = 0; ///< 0 while the length field is incomplete
    std::uint32_t totalSize = 0; ///< header and body; 0 while the length field is incomplete
    DecodeError error; ///< set when Malformed or TooLarge
};

/// One whole packet, ready for the decoder of its type.
struct Frame
{
    PacketType type = PacketType::Reserved;
    std::uint8_t flags = 0;
    bool paddedLength = false;
    Bytes body; ///< everything after the fixed header
};

/// Looks at the packet that @p input begins with. Touches at most five octets and allocates nothing,
/// so a length field alone costs nothing. Type and flags are judged with the first octet.
/// @p maxPacketSize counts the whole packet; pass a small one for the first packet of a link.
/// @p version is Version::Unknown until CONNECT was decoded.
[[nodiscard]] FrameHeader peekFrame(Bytes input,
                                    std::uint32_t maxPacketSize,
                                    Version version) noexcept;

/// The packet itself; @p header must be Complete and come from peekFrame(@p input).
[[nodiscard]] constexpr Frame frameOf(Bytes input, const FrameHeader &header) noexcept
{
    return {header.type,
            header.flags,
            header.paddedLength,
            input.substr(header.headerSize, header.totalSize - header.headerSize)};
}

} // namespace fairlead::mqtt
