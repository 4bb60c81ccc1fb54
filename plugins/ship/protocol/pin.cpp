// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/pin.h"

#include <algorithm>

namespace fairlead::ship {

namespace {

constexpr std::size_t kMinDigits = 8;
constexpr std::size_t kMaxDigits = 16;

/// Bit 5 is what tells the cases apart, and every digit has it.
constexpr unsigned folded(char c) noexcept
{
    return static_cast<unsigned char>(c) | 0x20U;
}

} // namespace

bool isPin(Bytes text) noexcept
{
    return text.size() >= kMinDigits && text.size() <= kMaxDigits
        && std::all_of(text.begin(), text.end(), isHexDigit);
}

bool isSamePin(Bytes pin, Bytes expected) noexcept
{
    if (!isPin(pin) || !isPin(expected) || pin.size() != expected.size())
        return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < pin.size(); ++i)
        difference |= folded(pin[i]) ^ folded(expected[i]);
    return difference == 0;
}

} // namespace fairlead::ship
