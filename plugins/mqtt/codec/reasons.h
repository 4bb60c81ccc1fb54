// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/types.h"

#include <optional>

namespace fairlead::mqtt {

/// The reason codes of MQTT 5. Codes that share a value share an enumerator's value.
enum class ReasonCode : std::uint8_t {
    Success = 0x00,
    NormalDisconnection = 0x00,
    GrantedQos0 = 0x00,
    GrantedQos1 = 0x01,
    GrantedQos2 = 0x02,
    DisconnectWithWill = 0x04,
    NoMatchingSubscribers = 0x10,
    NoSubscriptionExisted = 0x11,
    ContinueAuthentication = 0x18,
    ReAuthenticate = 0x19,
    UnspecifiedError = 0x80,
    MalformedPacket = 0x81,
    ProtocolError = 0x82,
    ImplementationSpecificError = 0x83,
    UnsupportedProtocolVersion = 0x84,
    ClientIdentifierNotValid = 0x85,
    BadUserNameOrPassword = 0x86,
    NotAuthorized = 0x87,
    ServerUnavailable = 0x88,
    ServerBusy = 0x89,
    Banned = 0x8A,
    ServerShuttingDown = 0x8B,
    BadAuthenticationMethod = 0x8C,
    KeepAliveTimeout = 0x8D,
    SessionTakenOver = 0x8E,
    TopicFilterInvalid = 0x8F,
    TopicNameInvalid = 0x90,
    PacketIdentifierInUse = 0x91,
    PacketIdentifierNotFound = 0x92,
    ReceiveMaximumExceeded = 0x93,
    TopicAliasInvalid = 0x94,
    PacketTooLarge = 0x95,
    MessageRateTooHigh = 0x96,
    QuotaExceeded = 0x97,
    AdministrativeAction = 0x98,
    PayloadFormatInvalid = 0x99,
    RetainNotSupported = 0x9A,
    QosNotSupported = 0x9B,
    UseAnotherServer = 0x9C,
    ServerMoved = 0x9D,
    SharedSubscriptionsNotSupported = 0x9E,
    ConnectionRateExceeded = 0x9F,
    MaximumConnectTime = 0xA0,
    SubscriptionIdentifiersNotSupported = 0xA1,
    WildcardSubscriptionsNotSupported = 0xA2
};

/// The CONNACK return codes of MQTT 3.1 and 3.1.1.
enum class ConnectReturnCode : std::uint8_t {
    Accepted = 0,
    UnacceptableProtocolVersion = 1,
    IdentifierRejected = 2,
    ServerUnavailable = 3,
    BadUserNameOrPassword = 4,
    NotAuthorized = 5
};

/// The SUBACK code of MQTT 3.1.1 for a filter that was refused.
inline constexpr std::uint8_t kSubackFailure = 0x80;

/// Whether the code reports a failure (0x80 and above).
[[nodiscard]] constexpr bool isError(ReasonCode code) noexcept
{
    return static_cast<std::uint8_t>(code) >= 0x80;
}

/// A short lower-case English phrase; "unknown reason" for a value the standard does not define.
/// 0x00 reads "success".
[[nodiscard]] const char *toText(ReasonCode code) noexcept;
[[nodiscard]] const char *toText(ConnectReturnCode code) noexcept;

/// Whether MQTT 5 lets @p sender put @p code into a packet of @p type.
[[nodiscard]] bool isAllowed(ReasonCode code, PacketType type, Sender sender) noexcept;

/// The 3.x return code that says the same, or nothing when 3.x has no word for it: a 3.x client then
/// gets no CONNACK, its connection just closes.
[[nodiscard]] std::optional<ConnectReturnCode> toReturnCode(ReasonCode code) noexcept;

/// The MQTT 5 reason code that says the same; UnspecifiedError for an undefined return code.
[[nodiscard]] ReasonCode toReasonCode(ConnectReturnCode code) noexcept;

} // namespace fairlead::mqtt
