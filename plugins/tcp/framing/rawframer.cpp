// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framing/rawframer.h"

namespace fairlead::tcp {

Step RawFramer::decode(Bytes input)
{
    m_partial.begin();
    const Bytes piece = input.substr(0, m_maxFrame - m_partial.size());
    if (m_partial.size() + piece.size() < m_maxFrame) {
        m_partial.append(piece);
        m_waits = !m_partial.isEmpty();
        return {piece.size(), Step::Status::NeedMore, FrameError::None, {}};
    }
    m_waits = false;
    if (m_partial.isEmpty())
        return {piece.size(), Step::Status::Frame, FrameError::None, piece};
    m_partial.append(piece);
    return {piece.size(), Step::Status::Frame, FrameError::None, m_partial.give()};
}

Step RawFramer::handleGap()
{
    m_partial.begin();
    if (m_partial.isEmpty())
        return {};
    m_waits = false;
    return {0, Step::Status::Frame, FrameError::None, m_partial.give()};
}

Envelope RawFramer::encode(Bytes payload, std::array<char, 4> &) const
{
    return {payload.empty() ? FrameError::Empty : FrameError::None, {}, {}};
}

} // namespace fairlead::tcp
