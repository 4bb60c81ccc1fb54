// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/reasons.h"
#include "server/streamwriter.h"

namespace fairlead::mqtt {

/// What one acknowledgement takes at most.
inline constexpr std::size_t kAckSize = 5;

/// Writes PUBACK, PUBREC, PUBREL or PUBCOMP in its shortest form.
inline void writeAck(
    StreamWriter &out, PacketType type, quint16 id, ReasonCode reason, Version version)
{
    char *const at = out.claim(kAckSize);
    const bool withReason = version == Version::V5 && reason != ReasonCode::Success;
    at[0] = char((unsigned(type) << 4) | (type == PacketType::Pubrel ? 2U : 0U));
    at[1] = withReason ? 3 : 2;
    at[2] = char(id >> 8);
    at[3] = char(id & 0xFF);
    at[4] = char(reason);
    out.advance(withReason ? kAckSize : kAckSize - 1);
}

} // namespace fairlead::mqtt
