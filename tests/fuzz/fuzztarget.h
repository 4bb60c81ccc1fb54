// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// How a fuzz target reads its input, and tells what must not be.
namespace fairlead::fuzz {

[[noreturn]] inline void report(const char *what, std::string_view detail = {})
{
    std::fprintf(stderr, "%s: %.*s\n", what, int(detail.size()), detail.data());
    std::abort();
}

inline std::string_view viewOf(const std::uint8_t *data, std::size_t size)
{
    return {reinterpret_cast<const char *>(data), size};
}

inline std::string_view viewOf(const QByteArray &bytes)
{
    return {bytes.constData(), std::size_t(bytes.size())};
}

/// The first byte of the input, and the input without it; 0 when there is none.
inline unsigned takeByte(std::string_view &input)
{
    if (input.empty())
        return 0;
    const auto byte = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    return byte;
}

} // namespace fairlead::fuzz
