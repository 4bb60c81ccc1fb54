// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/frame.h"
#include "codec/properties.h"

namespace fairlead::mqtt {

/// DISCONNECT. 3.x has neither reason nor properties.
struct Disconnect
{
    ReasonCode reason = ReasonCode::NormalDisconnection;
    std::optional<std::uint32_t> sessionExpiry; ///< from clients only
    std::optional<Bytes> reasonString;
    std::optional<Bytes> serverReference;
    PropertyBlock properties; ///< encoding takes only its user properties
};

[[nodiscard]] DecodeError decodeDisconnect(const Frame &frame,
                                           Version version,
                                           Sender sender,
                                           Disconnect &out) noexcept;
/// The size of the encoded packet, in the shortest legal form; 0 when it cannot be expressed.
[[nodiscard]] std::size_t encodedSize(const Disconnect &packet, Version version) noexcept;
/// Writes the packet; false, and a failed writer, when it does not fit or cannot be expressed.
bool encode(Writer &out, const Disconnect &packet, Version version) noexcept;

/// AUTH, MQTT 5 only.
struct Auth
{
    ReasonCode reason = ReasonCode::Success;
    std::optional<Bytes> authenticationMethod; ///< absent only in the form without any body
    std::optional<Bytes> authenticationData;
    std::optional<Bytes> reasonString;
    PropertyBlock properties; ///< encoding takes only its user properties
};

[[nodiscard]] DecodeError decodeAuth(const Frame &frame,
                                     Version version,
                                     Sender sender,
                                     Auth &out) noexcept;
/// 0 also in 3.x, which has no AUTH.
[[nodiscard]] std::size_t encodedSize(const Auth &packet, Version version) noexcept;
bool encode(Writer &out, const Auth &packet, Version version) noexcept;

/// Checks a PINGREQ or PINGRESP: both are bare headers.
[[nodiscard]] DecodeError decodePing(const Frame &frame, Version version) noexcept;
inline constexpr std::size_t kPingSize = 2;
bool encodePingreq(Writer &out) noexcept;
bool encodePingresp(Writer &out) noexcept;

} // namespace fairlead::mqtt
