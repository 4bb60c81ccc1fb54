// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/types.h"

#include <cstring>

namespace fairlead::mqtt {

[[nodiscard]] constexpr std::size_t varintSize(std::uint32_t value) noexcept
{
    return value < 0x80 ? 1U : value < 0x4000 ? 2U : value < 0x20'0000 ? 3U : 4U;
}

/// Writes into memory of the caller and never beyond it. A write that does not fit, or cannot be
/// expressed in MQTT, writes nothing and fails the writer for good; check once at the end.
class Writer
{
public:
    constexpr Writer(char *memory, std::size_t capacity) noexcept
        : m_begin(memory)
        , m_cursor(memory)
        , m_end(memory + capacity)
    { }

    template <std::size_t N>
    explicit constexpr Writer(char (&memory)[N]) noexcept
        : Writer(memory, N)
    { }

    [[nodiscard]] constexpr bool failed() const noexcept { return m_failed; }

    [[nodiscard]] constexpr std::size_t size() const noexcept
    {
        return static_cast<std::size_t>(m_cursor - m_begin);
    }

    [[nodiscard]] constexpr std::size_t room() const noexcept
    {
        return m_failed ? 0 : static_cast<std::size_t>(m_end - m_cursor);
    }

    /// What was written so far.
    [[nodiscard]] constexpr Bytes bytes() const noexcept { return {m_begin, size()}; }

    constexpr void fail() noexcept { m_failed = true; }

    /// The next @p count octets for the caller to fill, or null when they do not fit.
    [[nodiscard]] constexpr char *claim(std::size_t count) noexcept
    {
        if (count > room()) {
            m_failed = true;
            return nullptr;
        }
        char *const at = m_cursor;
        m_cursor += count;
        return at;
    }

    constexpr void u8(std::uint8_t value) noexcept
    {
        if (char *const at = claim(1)) {
            *at = static_cast<char>(value);
        }
    }

    constexpr void u16(std::uint16_t value) noexcept
    {
        if (char *const at = claim(2)) {
            at[0] = static_cast<char>(value >> 8);
            at[1] = static_cast<char>(value & 0xFF);
        }
    }

    constexpr void u32(std::uint32_t value) noexcept
    {
        if (char *const at = claim(4)) {
            at[0] = static_cast<char>(value >> 24);
            at[1] = static_cast<char>((value >> 16) & 0xFF);
            at[2] = static_cast<char>((value >> 8) & 0xFF);
            at[3] = static_cast<char>(value & 0xFF);
        }
    }

    constexpr void varint(std::uint32_t value) noexcept
    {
        if (value > kMaxRemainingLength) {
            m_failed = true;
            return;
        }
        char *at = claim(varintSize(value));
        if (at == nullptr) {
            return;
        }
        for (; value >= 0x80; value >>= 7) {
            *at++ = static_cast<char>((value & 0x7F) | 0x80);
        }
        *at = static_cast<char>(value);
    }

    void raw(Bytes value) noexcept
    {
        char *const at = claim(value.size());
        if (at != nullptr && !value.empty()) {
            std::memcpy(at, value.data(), value.size());
        }
    }

    /// Two octets of length, then the octets: a string or binary data.
    void string(Bytes value) noexcept
    {
        if (value.size() > kMaxStringSize || room() < value.size() + 2) {
            m_failed = true;
            return;
        }
        u16(static_cast<std::uint16_t>(value.size()));
        raw(value);
    }

private:
    char *m_begin;
    char *m_cursor;
    char *m_end;
    bool m_failed = false;
};

} // namespace fairlead::mqtt
