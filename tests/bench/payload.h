// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace fairlead::bench {

// What every payload carries: who sent it, its number and when. Both ends are on one machine, so
// host byte order will do. The number's complement closes the payload, which shows truncation and
// bytes of two messages mixed.
struct Stamp
{
    std::uint32_t magic = 0;
    std::uint32_t run = 0;
    std::uint32_t publisher = 0;
    std::uint32_t size = 0;
    std::uint64_t sequence = 0;
    std::uint64_t sentNs = 0;
};

inline constexpr std::uint32_t kStampMagic = 0x31424C46;
inline constexpr std::size_t kMinimumPayload = sizeof(Stamp) + sizeof(std::uint64_t);

inline void writeStamp(std::uint8_t *payload, const Stamp &stamp)
{
    std::memcpy(payload, &stamp, sizeof stamp);
    const std::uint64_t trailer = ~stamp.sequence;
    std::memcpy(payload + stamp.size - sizeof trailer, &trailer, sizeof trailer);
}

// False when the payload is not one that this run sent.
inline bool readStamp(std::span<const std::uint8_t> payload, std::uint32_t run, Stamp &stamp)
{
    if (payload.size() < kMinimumPayload) {
        return false;
    }
    std::uint64_t trailer = 0;
    std::memcpy(&stamp, payload.data(), sizeof stamp);
    std::memcpy(&trailer, payload.data() + payload.size() - sizeof trailer, sizeof trailer);
    return stamp.magic == kStampMagic && stamp.run == run && stamp.size == payload.size()
        && trailer == ~stamp.sequence;
}

} // namespace fairlead::bench
