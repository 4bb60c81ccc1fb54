// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/framer.h"
#include "framing/partial.h"

namespace fairlead::tcp {

/// Frames of one size.
class FixedFramer final : public Framer
{
public:
    /// @p size is at least 1.
    explicit FixedFramer(std::size_t size)
        : m_size(size)
    { }

    Step decode(Bytes input) override;
    Step finish() override;
    Envelope encode(Bytes payload, std::array<char, 4> &scratch) const override;

private:
    const std::size_t m_size;
    Partial m_partial;
};

} // namespace fairlead::tcp
