// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framing/delimiterframer.h"

namespace fairlead::tcp {

DelimiterFramer::DelimiterFramer(const Framing &framing)
    : m_maxFrame(framing.maxFrame)
    , m_openEnded(framing.end.empty())
    , m_start(framing.start.empty() ? DelimiterMatcher() : DelimiterMatcher(framing.start))
    , m_end(framing.end.empty() ? framing.start : framing.end)
    , m_inside(framing.start.empty())
{ }

Step DelimiterFramer::decode(Bytes input)
{
    if (hasFailed())
        return failed();
    m_partial.begin();
    std::size_t used = 0;
    if (!m_inside) {
        const std::size_t before = m_matched;
        const std::size_t found = m_start.find(input, m_matched);
        if (found == DelimiterMatcher::kNone) {
            // The beginning of a start delimiter is skipped once it turns out to be none.
            skip(before + input.size() - m_matched);
            return {input.size(), Step::Status::NeedMore, FrameError::None, {}};
        }
        skip(before + found - m_start.delimiter().size());
        used = found;
        m_inside = true;
    }
    const Bytes rest = input.substr(used);
    const std::size_t found = m_end.find(rest, m_matched);
    const bool isDone = found != DelimiterMatcher::kNone;
    const Bytes piece = rest.substr(0, isDone ? found : rest.size());
    // What may be a delimiter does not count yet.
    const std::size_t outside = isDone ? m_end.delimiter().size() : m_matched;
    const std::size_t size = m_partial.size() + piece.size() - outside;
    if (size > m_maxFrame)
        return fail(FrameError::TooLong);
    used += piece.size();
    if (!isDone) {
        m_partial.append(piece);
        return {used, Step::Status::NeedMore, FrameError::None, {}};
    }
    m_inside = m_openEnded || !hasStart();
    if (m_partial.isEmpty())
        return {used, Step::Status::Frame, FrameError::None, piece.substr(0, size)};
    m_partial.append(piece);
    return {used, Step::Status::Frame, FrameError::None, m_partial.give().substr(0, size)};
}

// What was taken for the beginning of the next start delimiter is content after all.
Step DelimiterFramer::takeAll() noexcept
{
    m_matched = 0;
    m_inside = false;
    if (m_partial.size() > m_maxFrame)
        return fail(FrameError::TooLong);
    return {0, Step::Status::Frame, FrameError::None, m_partial.give()};
}

bool DelimiterFramer::awaitsGap() const noexcept
{
    return m_openEnded && m_inside;
}

Step DelimiterFramer::handleGap()
{
    if (hasFailed())
        return failed();
    m_partial.begin();
    return awaitsGap() ? takeAll() : Step();
}

Step DelimiterFramer::finish()
{
    if (hasFailed())
        return failed();
    m_partial.begin();
    if (m_openEnded)
        return awaitsGap() ? takeAll() : Step();
    // Between a start and an end even nothing is part of a frame.
    const bool isCutOff = m_inside && (hasStart() || !m_partial.isEmpty());
    return isCutOff ? fail(FrameError::Unfinished) : Step();
}

Envelope DelimiterFramer::encode(Bytes payload, std::array<char, 4> &) const
{
    if (payload.size() > m_maxFrame)
        return {FrameError::TooLong, {}, {}};
    if (!m_end.ends(payload))
        return {FrameError::HoldsDelimiter, {}, {}};
    return {
        FrameError::None, m_start.delimiter(), m_openEnded ? Bytes() : Bytes(m_end.delimiter())};
}

} // namespace fairlead::tcp
