// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framing/fixedframer.h"

namespace fairlead::tcp {

Step FixedFramer::decode(Bytes input)
{
    if (hasFailed())
        return failed();
    m_partial.begin();
    const Bytes piece = input.substr(0, m_size - m_partial.size());
    if (m_partial.size() + piece.size() < m_size) {
        m_partial.append(piece);
        return {piece.size(), Step::Status::NeedMore, FrameError::None, {}};
    }
    if (m_partial.isEmpty())
        return {piece.size(), Step::Status::Frame, FrameError::None, piece};
    m_partial.append(piece);
    return {piece.size(), Step::Status::Frame, FrameError::None, m_partial.give()};
}

Step FixedFramer::finish()
{
    if (hasFailed())
        return failed();
    m_partial.begin();
    return m_partial.isEmpty() ? Step() : fail(FrameError::Unfinished);
}

Envelope FixedFramer::encode(Bytes payload, std::array<char, 4> &) const
{
    return {payload.size() == m_size ? FrameError::None : FrameError::WrongSize, {}, {}};
}

} // namespace fairlead::tcp
