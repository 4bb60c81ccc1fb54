// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framing/lengthframer.h"

#include <algorithm>

namespace fairlead::tcp {

std::uint64_t LengthFramer::valueOf(const char *field) const noexcept
{
    std::uint64_t value = 0;
    for (std::uint8_t i = 0; i < m_width; ++i) {
        const std::uint8_t place = m_order == ByteOrder::Big ? i : std::uint8_t(m_width - 1 - i);
        value = value << 8 | std::uint8_t(field[place]);
    }
    return value;
}

Step LengthFramer::decode(Bytes input)
{
    if (hasFailed())
        return failed();
    m_partial.begin();
    std::size_t used = 0;
    if (m_fieldSize < m_width) {
        used = std::min<std::size_t>(m_width - m_fieldSize, input.size());
        std::copy_n(input.begin(), used, m_field.begin() + m_fieldSize);
        m_fieldSize = std::uint8_t(m_fieldSize + used);
        if (m_fieldSize < m_width)
            return {used, Step::Status::NeedMore, FrameError::None, {}};
        // Judged before anything is kept.
        const std::uint64_t value = valueOf(m_field.data());
        const std::uint64_t itself = m_countsItself ? m_width : 0;
        if (value < itself)
            return fail(FrameError::BadLength);
        if (value - itself > m_maxFrame)
            return fail(FrameError::TooLong);
        m_wanted = std::size_t(value - itself);
    }
    const Bytes rest = input.substr(used);
    const Bytes piece = rest.substr(0, m_wanted - m_partial.size());
    used += piece.size();
    if (m_partial.size() + piece.size() < m_wanted) {
        m_partial.append(piece);
        return {used, Step::Status::NeedMore, FrameError::None, {}};
    }
    m_fieldSize = 0;
    if (m_partial.isEmpty())
        return {used, Step::Status::Frame, FrameError::None, piece};
    m_partial.append(piece);
    return {used, Step::Status::Frame, FrameError::None, m_partial.give()};
}

Step LengthFramer::finish()
{
    if (hasFailed())
        return failed();
    return m_fieldSize == 0 ? Step() : fail(FrameError::Unfinished);
}

Envelope LengthFramer::encode(Bytes payload, std::array<char, 4> &scratch) const
{
    const std::uint64_t value = payload.size() + (m_countsItself ? m_width : 0);
    if (payload.size() > m_maxFrame || value >> (8 * m_width) != 0)
        return {FrameError::TooLong, {}, {}};
    for (std::uint8_t i = 0; i < m_width; ++i) {
        const int shift = 8 * (m_order == ByteOrder::Big ? m_width - 1 - i : i);
        scratch[i] = char(std::uint8_t(value >> shift));
    }
    return {FrameError::None, {scratch.data(), m_width}, {}};
}

} // namespace fairlead::tcp
