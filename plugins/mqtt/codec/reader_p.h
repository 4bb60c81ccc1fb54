// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/types.h"

namespace fairlead::mqtt {

enum class VarintStatus : std::uint8_t {
    Ok,
    Truncated,
    Bad
};

/// Takes fields off the front of a packet; a read that does not fit takes nothing and says false.
class Reader
{
public:
    explicit constexpr Reader(Bytes input) noexcept
        : m_cursor(input.data())
        , m_end(input.data() + input.size())
    { }

    [[nodiscard]] constexpr std::size_t left() const noexcept
    {
        return static_cast<std::size_t>(m_end - m_cursor);
    }

    [[nodiscard]] constexpr bool atEnd() const noexcept { return m_cursor == m_end; }

    [[nodiscard]] constexpr Bytes rest() const noexcept { return {m_cursor, left()}; }

    [[nodiscard]] constexpr bool u8(std::uint8_t &out) noexcept
    {
        if (atEnd()) {
            return false;
        }
        out = octet(0);
        ++m_cursor;
        return true;
    }

    /// Takes the next octet if it is zero.
    [[nodiscard]] constexpr bool skipZero() noexcept
    {
        const bool zero = !atEnd() && *m_cursor == 0;
        m_cursor += zero ? 1 : 0;
        return zero;
    }

    [[nodiscard]] constexpr bool u16(std::uint16_t &out) noexcept
    {
        if (left() < 2) {
            return false;
        }
        out = static_cast<std::uint16_t>((octet(0) << 8) | octet(1));
        m_cursor += 2;
        return true;
    }

    [[nodiscard]] constexpr bool u32(std::uint32_t &out) noexcept
    {
        if (left() < 4) {
            return false;
        }
        out = (std::uint32_t{octet(0)} << 24) | (std::uint32_t{octet(1)} << 16)
            | (std::uint32_t{octet(2)} << 8) | octet(3);
        m_cursor += 4;
        return true;
    }

    [[nodiscard]] constexpr bool take(std::size_t count, Bytes &out) noexcept
    {
        if (left() < count) {
            return false;
        }
        out = {m_cursor, count};
        m_cursor += count;
        return true;
    }

    /// Two octets of length and that many octets.
    [[nodiscard]] constexpr bool string(Bytes &out) noexcept
    {
        if (left() < 2) {
            return false;
        }
        const std::size_t size = (std::size_t{octet(0)} << 8) | octet(1);
        if (left() - 2 < size) {
            return false;
        }
        out = {m_cursor + 2, size};
        m_cursor += 2 + size;
        return true;
    }

    /// A variable byte integer in its shortest form.
    [[nodiscard]] constexpr VarintStatus varint(std::uint32_t &out) noexcept
    {
        std::uint32_t value = 0;
        for (unsigned index = 0; index < 4; ++index) {
            if (index == left()) {
                return VarintStatus::Truncated;
            }
            const std::uint8_t next = octet(index);
            value |= std::uint32_t{next & 0x7FU} << (7 * index);
            if (next < 0x80) {
                if (next == 0 && index > 0) {
                    return VarintStatus::Bad;
                }
                out = value;
                m_cursor += index + 1;
                return VarintStatus::Ok;
            }
        }
        return VarintStatus::Bad;
    }

private:
    [[nodiscard]] constexpr std::uint8_t octet(std::size_t index) const noexcept
    {
        return static_cast<std::uint8_t>(m_cursor[index]);
    }

    const char *m_cursor;
    const char *m_end;
};

} // namespace fairlead::mqtt
