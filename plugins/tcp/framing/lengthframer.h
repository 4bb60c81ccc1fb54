// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/framing.h"
#include "framing/partial.h"

namespace fairlead::tcp {

/// A number of bytes, and as many bytes.
class LengthFramer final : public Framer
{
public:
    explicit LengthFramer(const Framing &framing)
        : m_maxFrame(framing.maxFrame)
        , m_width(framing.lengthSize)
        , m_order(framing.lengthOrder)
        , m_countsItself(framing.lengthCountsItself)
    { }

    Step decode(Bytes input) override;
    Step finish() override;
    Envelope encode(Bytes payload, std::array<char, 4> &scratch) const override;

private:
    /// The bytes of the field's value, all of them there.
    std::uint64_t valueOf(const char *field) const noexcept;

    const std::size_t m_maxFrame;
    const std::uint8_t m_width;
    const ByteOrder m_order;
    const bool m_countsItself;
    std::uint8_t m_fieldSize = 0; ///< bytes of the field that came; m_width: m_wanted is known
    std::array<char, 4> m_field{};
    std::size_t m_wanted = 0; ///< bytes of the frame
    Partial m_partial;
};

} // namespace fairlead::tcp
