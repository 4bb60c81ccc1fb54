// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/frame.h"
#include "codec/properties.h"

#include <span>

namespace fairlead::mqtt {

/// A received PUBLISH; every view points into the frame.
struct Publish
{
    Bytes topic; ///< empty only with a topic alias
    Bytes payload;
    PropertyBlock properties;
    std::uint32_t messageExpiry = 0; ///< seconds; only if hasMessageExpiry
    std::uint16_t packetId = 0; ///< 0 at QoS 0, never 0 otherwise
    std::uint16_t topicAlias = 0; ///< 0 = none
    std::uint8_t qos = 0;
    bool dup = false;
    bool retain = false;
    bool hasMessageExpiry = false;
    std::uint8_t payloadFormat = 0; ///< 1 = the payload claims to be UTF-8
    std::optional<Bytes> contentType;
    std::optional<Bytes> responseTopic;
    std::optional<Bytes> correlationData;
};

/// Decodes a PUBLISH in one pass. Whether the alias is within the limit is for the caller to judge.
/// @p out is unspecified after an error.
[[nodiscard]] DecodeError decodePublish(const Frame &frame,
                                        Version version,
                                        Sender sender,
                                        Publish &out) noexcept;

/// Everything of an outgoing PUBLISH but the payload's octets. MQTT 3.x ignores the property members.
struct PublishHead
{
    Bytes topic; ///< empty with an alias the receiver knows
    std::size_t payloadSize = 0;
    std::uint16_t packetId = 0; ///< ignored at QoS 0
    std::uint16_t topicAlias = 0; ///< 0 = none
    std::uint8_t qos = 0;
    bool dup = false;
    bool retain = false;
    bool hasMessageExpiry = false;
    std::uint32_t messageExpiry = 0;
    std::span<const std::uint32_t> subscriptionIdentifiers;
    Bytes ownProperties; ///< encoded user properties of this hop, before those that follow
    Bytes forwardable; ///< encoded properties to follow, octet for octet
};

/// The octets before the payload; 0 when the packet cannot be expressed in MQTT. The whole packet is
/// this plus PublishHead::payloadSize: compare that with the peer's maximum packet size.
[[nodiscard]] std::size_t publishHeadSize(const PublishHead &head, Version version) noexcept;

struct WrittenHead
{
    std::size_t size = 0; ///< 0 when it did not fit or cannot be expressed; the writer then failed
    std::size_t packetIdOffset = 0; ///< from the packet's first octet; 0 at QoS 0
};

/// Writes everything before the payload. The caller appends the payload, by copy or by reference.
WrittenHead writePublishHead(Writer &out, const PublishHead &head, Version version) noexcept;

/// Overwrites the packet id of an encoded PUBLISH.
inline void patchPacketId(char *packet, std::size_t packetIdOffset, std::uint16_t id) noexcept
{
    packet[packetIdOffset] = static_cast<char>(id >> 8);
    packet[packetIdOffset + 1] = static_cast<char>(id & 0xFF);
}

/// Sets the DUP flag of an encoded PUBLISH.
inline void patchDup(char *packet) noexcept
{
    packet[0] = static_cast<char>(static_cast<unsigned char>(packet[0]) | 0x08U);
}

} // namespace fairlead::mqtt
