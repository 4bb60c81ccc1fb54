// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/reasons.h"

namespace fairlead::mqtt {

/// What is wrong with a packet; links count their rejected packets by it.
enum class ErrorKind : std::uint8_t {
    None,
    BadPacketType, ///< type 0, a type the version lacks, or not the type the decoder was called for
    ReservedFlags, ///< fixed header flags, CONNECT's reserved bit, CONNACK's reserved bits
    BadVarint, ///< more than four octets, or not the shortest form
    PacketTooLarge,
    Truncated, ///< a field reaches beyond the packet's end
    TrailingBytes, ///< octets after the last field
    BadUtf8,
    BadProtocolName, ///< close without an answer
    BadProtocolVersion, ///< may be answered by CONNACK, see Connect::version
    BadConnectFlags, ///< will QoS/retain without will, will QoS 3, password without user name (3.x)
    BadQos,
    BadDup, ///< DUP set on QoS 0
    BadPacketId, ///< zero
    BadTopic, ///< empty, or with a wildcard
    BadTopicAlias,
    BadTopicFilter, ///< empty, misplaced wildcard, or ill-formed shared subscription
    BadSubscriptionOptions,
    NoFilters, ///< SUBSCRIBE, SUBACK, UNSUBSCRIBE or UNSUBACK with an empty payload
    BadReasonCode, ///< a code the standard does not allow in this packet
    BadPropertyLength, ///< property block ends beyond the packet, or in the middle of a property
    UnknownProperty,
    ForbiddenProperty, ///< not allowed in this packet, or not from this sender
    DuplicateProperty,
    BadPropertyValue, ///< right type, value that is not permitted
    BadAuthentication, ///< authentication data without method, or AUTH without method
    BadSessionPresent ///< CONNACK that refuses and still reports a session
};

inline constexpr std::size_t kErrorKindCount = 27;

/// Lower-case words with dashes, fit for a metric label: "bad-utf8".
[[nodiscard]] const char *toText(ErrorKind kind) noexcept;

/// The outcome of decoding; converts to true when there IS an error.
struct DecodeError
{
    const char *text = nullptr; ///< static English text for logs and reason strings
    ReasonCode reason = ReasonCode::Success; ///< for DISCONNECT or CONNACK on MQTT 5
    ErrorKind kind = ErrorKind::None;

    explicit constexpr operator bool() const noexcept { return kind != ErrorKind::None; }
};

} // namespace fairlead::mqtt
