// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/bytes.h"

#include <array>
#include <compare>
#include <optional>

namespace fairlead::ship {

inline constexpr std::size_t kSkiSize = 20;

/// Who a node is: the SHA-1 of its public key. Compared as 20 bytes, so that no spelling matters.
class Ski
{
public:
    using Raw = std::array<unsigned char, kSkiSize>;

    explicit Ski(const Raw &bytes) noexcept
        : m_bytes(bytes)
    { }

    /// As a certificate holds it; nothing unless it is 20 bytes.
    [[nodiscard]] static std::optional<Ski> fromBytes(Bytes bytes) noexcept;
    /// As people type it and as mDNS, QR texts and certificates show it: 40 hex digits in any case,
    /// with blanks, dashes or colons between them.
    [[nodiscard]] static std::optional<Ski> fromText(Bytes text) noexcept;

    /// 40 lower-case hex digits: the one spelling for topics, stores and logs.
    [[nodiscard]] QByteArray toHex() const;
    /// In groups of four with blanks between them, for people to compare.
    [[nodiscard]] QByteArray toGroups() const;

    [[nodiscard]] Bytes bytes() const noexcept
    {
        return {reinterpret_cast<const char *>(m_bytes.data()), m_bytes.size()};
    }

    // The tool takes the zero of a comparison for a pointer.
    // NOLINTNEXTLINE(modernize-use-nullptr)
    friend auto operator<=>(const Ski &, const Ski &) noexcept = default;

private:
    Raw m_bytes;
};

} // namespace fairlead::ship
