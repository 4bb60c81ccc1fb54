// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/bytes.h>

namespace fairlead::loopback {

/// Reads fields from the front of a body. Reading past the end yields zeros and empty spans and is
/// remembered, so that a decoder asks once, at its end.
class FieldReader
{
public:
    explicit FieldReader(ByteSpan body) noexcept
        : m_rest(body)
    { }

    quint8 readByte() noexcept { return quint8(readNumber(1)); }

    quint16 readShort() noexcept { return quint16(readNumber(2)); }

    quint32 readLong() noexcept { return readNumber(4); }

    /// Two bytes length and as many bytes.
    ByteSpan readText() noexcept { return readBytes(readShort()); }

    /// Four bytes length and as many bytes.
    ByteSpan readBlock() noexcept { return readBytes(readLong()); }

    ByteSpan readRest() noexcept { return readBytes(m_rest.size()); }

    /// Whether every field was there and nothing is left.
    bool isComplete() const noexcept { return m_good && m_rest.empty(); }

private:
    ByteSpan readBytes(std::size_t size) noexcept
    {
        if (size > m_rest.size()) {
            m_good = false;
            m_rest = {};
            return {};
        }
        const ByteSpan bytes = m_rest.substr(0, size);
        m_rest.remove_prefix(size);
        return bytes;
    }

    quint32 readNumber(std::size_t size) noexcept
    {
        quint32 number = 0;
        for (const char byte : readBytes(size))
            number = number << 8 | quint8(byte);
        return number;
    }

    ByteSpan m_rest;
    bool m_good = true;
};

} // namespace fairlead::loopback
