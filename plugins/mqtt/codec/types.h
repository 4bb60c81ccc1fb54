// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// The MQTT codec: bytes to packets and back, for MQTT 3.1, 3.1.1 and 5.0, in both directions.
/// No sockets, no allocation, no exceptions; decoded packets are views into the caller's frame.
namespace fairlead::mqtt {

/// A borrowed run of octets; valid as long as the memory it was decoded from.
using Bytes = std::string_view;

/// The protocol spoken on a link. The value is the protocol level on the wire.
enum class Version : std::uint8_t {
    Unknown = 0, ///< before CONNECT
    V31 = 3,
    V311 = 4,
    V5 = 5
};

enum class PacketType : std::uint8_t {
    Reserved = 0,
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Pubrec = 5,
    Pubrel = 6,
    Pubcomp = 7,
    Subscribe = 8,
    Suback = 9,
    Unsubscribe = 10,
    Unsuback = 11,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
    Auth = 15
};

/// Who sent the packet that is decoded: some contents are legal in one direction only.
enum class Sender : std::uint8_t {
    Client,
    Server
};

inline constexpr std::uint32_t kMaxRemainingLength = 268'435'455;
inline constexpr std::uint32_t kMaxHeaderSize = 5;
/// The largest packet MQTT can express.
inline constexpr std::uint32_t kMaxPacketSize = kMaxRemainingLength + kMaxHeaderSize;
inline constexpr std::uint32_t kMaxSubscriptionIdentifier = 268'435'455;
inline constexpr std::size_t kMaxStringSize = 65'535;
inline constexpr std::uint16_t kDefaultReceiveMaximum = 65'535;
inline constexpr std::uint32_t kSessionNeverExpires = 0xFFFF'FFFF;

/// The name of a packet type as the standard writes it: "PUBLISH".
[[nodiscard]] const char *toText(PacketType type) noexcept;

/// Whether @p sender may send @p type at all in @p version.
[[nodiscard]] bool maySend(Sender sender, PacketType type, Version version) noexcept;

} // namespace fairlead::mqtt
