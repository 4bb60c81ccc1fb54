// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/ski.h"

#include <algorithm>

namespace fairlead::ship {

namespace {

constexpr Bytes kSeparators = " \t-:";

int nibble(char c) noexcept
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

} // namespace

std::optional<Ski> Ski::fromBytes(Bytes bytes) noexcept
{
    if (bytes.size() != kSkiSize)
        return std::nullopt;
    Raw raw{};
    std::transform(bytes.begin(), bytes.end(), raw.begin(), [](char c) {
        return static_cast<unsigned char>(c);
    });
    return Ski(raw);
}

std::optional<Ski> Ski::fromText(Bytes text) noexcept
{
    Raw raw{};
    std::size_t digits = 0;
    for (const char c : text) {
        if (kSeparators.find(c) != Bytes::npos)
            continue;
        const int value = nibble(c);
        if (value < 0 || digits == 2 * kSkiSize)
            return std::nullopt;
        unsigned char &byte = raw[digits / 2];
        byte = static_cast<unsigned char>(byte << 4 | value);
        ++digits;
    }
    if (digits != 2 * kSkiSize)
        return std::nullopt;
    return Ski(raw);
}

QByteArray Ski::toHex() const
{
    return copyOf(bytes()).toHex();
}

QByteArray Ski::toGroups() const
{
    QByteArray groups;
    const QByteArray hex = toHex();
    for (qsizetype i = 0; i < hex.size(); i += 4) {
        if (i > 0)
            groups.append(' ');
        groups.append(hex.mid(i, 4));
    }
    return groups;
}

} // namespace fairlead::ship
