// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "utf8_p.h"

#include <QtCore/QtGlobal>

#include <cstring>

namespace fairlead {

namespace {

bool isTail(unsigned char byte) noexcept
{
    return (byte & 0xC0U) == 0x80U;
}

/// Length of the well-formed sequence of more than one byte at @p at, 0: none.
std::size_t multiByteLength(const unsigned char *at, std::size_t left) noexcept
{
    const unsigned char lead = at[0];
    if (lead < 0xC2 || lead > 0xF4 || left < 2)
        return 0;
    // The second byte is where overlong forms, surrogates and too large code points show.
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    switch (lead) {
    case 0xE0:
        low = 0xA0;
        break;
    case 0xED:
        high = 0x9F;
        break;
    case 0xF0:
        low = 0x90;
        break;
    case 0xF4:
        high = 0x8F;
        break;
    default:
        break;
    }
    if (at[1] < low || at[1] > high)
        return 0;
    if (lead < 0xE0)
        return 2;
    if (left < 3 || !isTail(at[2]))
        return 0;
    if (lead < 0xF0)
        return 3;
    return left >= 4 && isTail(at[3]) ? 4 : 0;
}

/// Whether eight bytes are all in 0x01..0x7F.
bool isPlainAscii(quint64 word) noexcept
{
    constexpr quint64 kOnes = 0x0101010101010101ULL;
    constexpr quint64 kHighs = 0x8080808080808080ULL;
    // Below 0x80 everywhere, taking one off each byte borrows only where a byte is zero.
    return (word & kHighs) == 0 && ((word - kOnes) & kHighs) == 0;
}

} // namespace

bool isPlainUtf8(ByteSpan text) noexcept
{
    const auto *at = reinterpret_cast<const unsigned char *>(text.data());
    std::size_t left = text.size();
    while (left > 0) {
        if (left >= sizeof(quint64)) {
            quint64 word = 0;
            std::memcpy(&word, at, sizeof(word));
            if (isPlainAscii(word)) {
                at += sizeof(word);
                left -= sizeof(word);
                continue;
            }
        }
        std::size_t length = 1;
        if (*at >= 0x80)
            length = multiByteLength(at, left);
        else if (*at == 0)
            length = 0;
        if (length == 0)
            return false;
        at += length;
        left -= length;
    }
    return true;
}

} // namespace fairlead
