// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/frame.h"
#include "codec/properties.h"

namespace fairlead::mqtt {

/// The will of a CONNECT. When encoding, only the user properties of `properties` are taken, the
/// other properties come from the members.
struct Will
{
    Bytes topic;
    Bytes payload;
    std::uint8_t qos = 0;
    bool retain = false;
    std::uint32_t delayInterval = 0; ///< seconds
    std::optional<std::uint32_t> messageExpiry;
    std::optional<std::uint8_t> payloadFormat;
    std::optional<Bytes> contentType;
    std::optional<Bytes> responseTopic;
    std::optional<Bytes> correlationData;
    PropertyBlock properties;
};

/// CONNECT. Members hold the standard's default where a property is absent; when encoding, defaults
/// are left out and only the user properties of `properties` are taken.
struct Connect
{
    Version version = Version::V5;
    std::uint8_t protocolLevel = 5; ///< the octet received; ignored when encoding
    bool cleanStart = true; ///< "clean session" in 3.x
    std::uint16_t keepAlive = 0; ///< seconds, 0 = off
    Bytes clientId; ///< as sent: whether it may be empty or that long is the server's decision
    std::optional<Bytes> userName;
    std::optional<Bytes> password;
    std::optional<Will> will;
    std::uint32_t sessionExpiry = 0; ///< seconds; kSessionNeverExpires = for ever
    std::uint16_t receiveMaximum = kDefaultReceiveMaximum;
    std::uint16_t topicAliasMaximum = 0;
    std::uint32_t maximumPacketSize = 0; ///< 0 = no limit stated
    bool requestResponseInformation = false;
    bool requestProblemInformation = true;
    std::optional<Bytes> authenticationMethod;
    std::optional<Bytes> authenticationData;
    PropertyBlock properties;
};

/// Decodes a CONNECT. After ErrorKind::BadProtocolVersion, and after any later error,
/// Connect::version says in which dialect a CONNACK can be written (toReturnCode(reason) for 3.x:
/// 0x01 for a bad version); after ErrorKind::BadProtocolName it is Unknown: close without an answer.
/// Which of the versions are welcome is the server's decision.
[[nodiscard]] DecodeError decodeConnect(const Frame &frame, Connect &out) noexcept;

/// The size of the encoded packet; 0 when it cannot be expressed in MQTT.
[[nodiscard]] std::size_t encodedSize(const Connect &packet) noexcept;
/// Writes the packet; false, and a failed writer, when it does not fit or cannot be expressed.
bool encode(Writer &out, const Connect &packet) noexcept;

/// CONNACK. For 3.x `reason` is translated from and to the return codes, and an error 3.x has no
/// word for is written as "server unavailable".
struct Connack
{
    bool sessionPresent = false;
    ReasonCode reason = ReasonCode::Success;
    std::optional<std::uint32_t> sessionExpiry; ///< absent: what CONNECT asked for
    std::uint16_t receiveMaximum = kDefaultReceiveMaximum;
    std::uint8_t maximumQos = 2;
    bool retainAvailable = true;
    std::uint32_t maximumPacketSize = 0; ///< 0 = no limit stated
    std::optional<Bytes> assignedClientId;
    std::uint16_t topicAliasMaximum = 0;
    std::optional<Bytes> reasonString;
    bool wildcardSubscriptionAvailable = true;
    bool subscriptionIdentifierAvailable = true;
    bool sharedSubscriptionAvailable = true;
    std::optional<std::uint16_t> serverKeepAlive;
    std::optional<Bytes> responseInformation;
    std::optional<Bytes> serverReference;
    std::optional<Bytes> authenticationMethod;
    std::optional<Bytes> authenticationData;
    PropertyBlock properties; ///< encoding takes only its user properties
};

/// Decodes a CONNACK. The 3.x answer "unacceptable protocol version" is understood in MQTT 5 as well:
/// it is what a server says that does not know MQTT 5.
[[nodiscard]] DecodeError decodeConnack(const Frame &frame, Version version, Connack &out) noexcept;
[[nodiscard]] std::size_t encodedSize(const Connack &packet, Version version) noexcept;
bool encode(Writer &out, const Connack &packet, Version version) noexcept;

} // namespace fairlead::mqtt
