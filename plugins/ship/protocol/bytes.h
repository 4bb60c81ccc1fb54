// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <string_view>

namespace fairlead::ship {

/// A borrowed run of bytes, valid as long as what it was taken from.
using Bytes = std::string_view;

[[nodiscard]] inline Bytes viewOf(const QByteArray &data) noexcept
{
    return {data.constData(), static_cast<std::size_t>(data.size())};
}

[[nodiscard]] inline QByteArray copyOf(Bytes data)
{
    return {data.data(), static_cast<qsizetype>(data.size())};
}

[[nodiscard]] constexpr bool isDigit(char c) noexcept
{
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool isHexDigit(char c) noexcept
{
    return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Appends without the temporary that a QByteArray made of @p data would be.
inline void append(QByteArray &out, Bytes data)
{
    out.append(data.data(), static_cast<qsizetype>(data.size()));
}

} // namespace fairlead::ship
