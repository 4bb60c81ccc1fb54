// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/framing.h"
#include "framing/partial.h"

namespace fairlead::tcp {

/// Lines that end with LF or CR LF, both on one connection.
class LineFramer final : public Framer
{
public:
    explicit LineFramer(const Framing &framing)
        : m_maxFrame(framing.maxFrame)
        , m_ending(framing.lineEnding == LineEnding::CrLf ? Bytes("\r\n") : Bytes("\n"))
    { }

    Step decode(Bytes input) override;
    Step finish() override;
    Envelope encode(Bytes payload, std::array<char, 4> &scratch) const override;

private:
    const std::size_t m_maxFrame;
    const Bytes m_ending;
    Partial m_partial;
    bool m_endsWithCr = false; ///< what came so far
};

} // namespace fairlead::tcp
