// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/framer.h"
#include "framing/partial.h"

namespace fairlead::tcp {

/// Whatever comes until the peer is silent for a while; a longer run is cut at the maximum.
class RawFramer final : public Framer
{
public:
    explicit RawFramer(std::size_t maxFrame)
        : m_maxFrame(maxFrame)
    { }

    Step decode(Bytes input) override;
    Step handleGap() override;

    Step finish() override { return handleGap(); }

    bool awaitsGap() const noexcept override { return m_waits; }

    Envelope encode(Bytes payload, std::array<char, 4> &scratch) const override;

private:
    const std::size_t m_maxFrame;
    Partial m_partial;
    bool m_waits = false;
};

} // namespace fairlead::tcp
