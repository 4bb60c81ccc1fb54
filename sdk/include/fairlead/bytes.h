// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <cstddef>
#include <string_view>

namespace fairlead {

/// A borrowed run of bytes: not owned, not terminated, valid as long as the call that passed it
/// says. Text on the bus is UTF-8. @since 0.1
using ByteSpan = std::string_view;

/// @p bytes borrowed: valid until they change or go. @since 0.1
[[nodiscard]] inline ByteSpan spanOf(const QByteArray &bytes) noexcept
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

/// @p bytes as the caller's own. @since 0.1
[[nodiscard]] inline QByteArray copyOf(ByteSpan bytes)
{
    return {bytes.data(), qsizetype(bytes.size())};
}

} // namespace fairlead
