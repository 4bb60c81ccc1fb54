// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/error.h"

namespace fairlead::mqtt {

[[nodiscard]] constexpr DecodeError malformed(ErrorKind kind, const char *text) noexcept
{
    return {text, ReasonCode::MalformedPacket, kind};
}

[[nodiscard]] constexpr DecodeError protocolError(ErrorKind kind, const char *text) noexcept
{
    return {text, ReasonCode::ProtocolError, kind};
}

[[nodiscard]] constexpr DecodeError truncated() noexcept
{
    return malformed(ErrorKind::Truncated, "a field reaches beyond the end of the packet");
}

[[nodiscard]] constexpr DecodeError trailingBytes() noexcept
{
    return malformed(ErrorKind::TrailingBytes, "octets after the last field");
}

[[nodiscard]] constexpr DecodeError zeroPacketId() noexcept
{
    return protocolError(ErrorKind::BadPacketId, "packet identifier is zero");
}

[[nodiscard]] constexpr DecodeError badUtf8() noexcept
{
    return malformed(ErrorKind::BadUtf8, "a string is not valid UTF-8");
}

} // namespace fairlead::mqtt
