// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framing/lineframer.h"

namespace fairlead::tcp {

Step LineFramer::decode(Bytes input)
{
    if (hasFailed())
        return failed();
    m_partial.begin();
    const std::size_t lf = input.find('\n');
    const Bytes piece = input.substr(0, lf);
    if (!piece.empty())
        m_endsWithCr = piece.back() == '\r';
    // A CR may turn out to belong to the ending.
    const std::size_t size = m_partial.size() + piece.size() - (m_endsWithCr ? 1 : 0);
    if (size > m_maxFrame)
        return fail(FrameError::TooLong);
    if (lf == Bytes::npos) {
        m_partial.append(piece);
        return {input.size(), Step::Status::NeedMore, FrameError::None, {}};
    }
    m_endsWithCr = false;
    if (m_partial.isEmpty())
        return {lf + 1, Step::Status::Frame, FrameError::None, piece.substr(0, size)};
    m_partial.append(piece);
    return {lf + 1, Step::Status::Frame, FrameError::None, m_partial.give().substr(0, size)};
}

Step LineFramer::finish()
{
    if (hasFailed())
        return failed();
    m_partial.begin();
    return m_partial.isEmpty() ? Step() : fail(FrameError::Unfinished);
}

Envelope LineFramer::encode(Bytes payload, std::array<char, 4> &) const
{
    if (payload.size() > m_maxFrame)
        return {FrameError::TooLong, {}, {}};
    // A CR at the end would be read as part of the ending.
    if (payload.find('\n') != Bytes::npos || payload.ends_with('\r'))
        return {FrameError::HoldsDelimiter, {}, {}};
    return {FrameError::None, {}, m_ending};
}

} // namespace fairlead::tcp
