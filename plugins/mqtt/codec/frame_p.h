// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/error_p.h"
#include "codec/frame.h"
#include "codec/topic.h"

namespace fairlead::mqtt {

/// Judges type and flags of a fixed header. MQTT 3.1 gives the flags a meaning in PUBLISH only and
/// lets clients set DUP on SUBSCRIBE, UNSUBSCRIBE and PUBREL, so elsewhere it ignores them.
[[nodiscard]] DecodeError checkHeader(PacketType type,
                                      std::uint8_t flags,
                                      Version version) noexcept;

/// The same for a frame that must be of the type @p expected.
[[nodiscard]] inline DecodeError checkHeader(const Frame &frame,
                                             PacketType expected,
                                             Version version) noexcept
{
    if (frame.type != expected) {
        return protocolError(ErrorKind::BadPacketType, "not the packet type expected");
    }
    return checkHeader(frame.type, frame.flags, version);
}

/// What a failed check of a topic name amounts to.
[[nodiscard]] DecodeError topicNameError(TopicCheck check) noexcept;

} // namespace fairlead::mqtt
