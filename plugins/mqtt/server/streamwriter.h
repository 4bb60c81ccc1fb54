// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/bytestream.h>

#include <algorithm>

namespace fairlead::mqtt {

/// Puts many small frames into one reserve() and one commit(). No other call on the stream may come
/// between claim() and flush().
class StreamWriter
{
public:
    /// @p expected: about how many bytes will be written; a hint for the first reserve().
    explicit StreamWriter(ByteStream &stream, std::size_t expected = 0) noexcept
        : m_stream(stream)
        , m_expected(expected)
    { }

    ~StreamWriter() { flush(); }

    StreamWriter(const StreamWriter &) = delete;
    StreamWriter &operator=(const StreamWriter &) = delete;

    /// Memory for one frame of at most @p size (<= ByteStream::kMaxReserve) bytes.
    char *claim(std::size_t size) noexcept
    {
        if (m_room < size) {
            flush();
            m_room = std::min(std::max(size, m_expected), ByteStream::kMaxReserve);
            m_begin = m_at = m_stream.reserve(m_room);
        }
        return m_at;
    }

    /// The frame in the last claim() has @p size bytes.
    void advance(std::size_t size) noexcept
    {
        m_at += size;
        m_room -= size;
        m_expected -= std::min(m_expected, size);
    }

    void flush() noexcept
    {
        if (m_at != m_begin)
            m_stream.commit(std::size_t(m_at - m_begin));
        m_begin = m_at = nullptr;
        m_room = 0;
    }

    ByteStream &stream() const noexcept { return m_stream; }

private:
    ByteStream &m_stream;
    char *m_begin = nullptr;
    char *m_at = nullptr;
    std::size_t m_room = 0;
    std::size_t m_expected;
};

} // namespace fairlead::mqtt
