// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/properties.h"

#include <concepts>

namespace fairlead::mqtt {

/// A packet whose diagnostics, reason string and user properties, may be left out.
template <typename Packet>
concept HasDiagnostics = requires(Packet &packet, Version version)
{
    packet.reasonString.reset();
    packet.properties = PropertyBlock{};
    {
        encodedSize(packet, version)
        } -> std::same_as<std::size_t>;
};

/// Leaves out user properties, then the reason string, until the packet fits @p maximumPacketSize
/// (0 = no limit). False when it is still too large, or cannot be expressed: it must not be sent.
/// With @p wanted false both go at once: that is what a client asked for with Request Problem
/// Information 0. (CONNACK and DISCONNECT may carry them all the same: pass true.)
template <HasDiagnostics Packet>
[[nodiscard]] bool fitDiagnostics(Packet &packet,
                                  Version version,
                                  std::uint32_t maximumPacketSize,
                                  bool wanted) noexcept
{
    if (!wanted) {
        packet.properties = {};
        packet.reasonString.reset();
    }
    const auto fits = [&]() noexcept {
        const std::size_t size = encodedSize(packet, version);
        return size != 0 && (maximumPacketSize == 0 || size <= maximumPacketSize);
    };
    if (fits()) {
        return true;
    }
    packet.properties = {};
    if (fits()) {
        return true;
    }
    packet.reasonString.reset();
    return fits();
}

} // namespace fairlead::mqtt
