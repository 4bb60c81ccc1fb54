// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/delimitermatcher.h"
#include "framing/framing.h"
#include "framing/partial.h"

namespace fairlead::tcp {

/// Frames between a start and an end delimiter, before an end delimiter, or after a start delimiter
/// up to the next one, an idle gap or the end. What lies outside is skipped and counted.
class DelimiterFramer final : public Framer
{
public:
    explicit DelimiterFramer(const Framing &framing);

    Step decode(Bytes input) override;
    Step handleGap() override;
    Step finish() override;
    bool awaitsGap() const noexcept override;
    Envelope encode(Bytes payload, std::array<char, 4> &scratch) const override;

private:
    bool hasStart() const noexcept { return !m_start.delimiter().empty(); }

    Step takeAll() noexcept;

    const std::size_t m_maxFrame;
    const bool m_openEnded; ///< a frame ends where the next one starts
    const DelimiterMatcher m_start;
    const DelimiterMatcher m_end; ///< what ends a frame
    Partial m_partial; ///< with the beginning of an end delimiter, if it may be one
    std::size_t m_matched = 0; ///< of the delimiter that is looked for
    bool m_inside;
};

} // namespace fairlead::tcp
