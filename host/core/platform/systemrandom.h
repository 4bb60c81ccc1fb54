// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/random.h>

#include <array>

namespace fairlead::core {

/// Randomness from the system: fill() asks it each time, next() runs a fast generator (xoshiro256++)
/// that the system seeded, for choices that need not be unpredictable. Thread: one reactor.
class SystemRandom final : public Random
{
public:
    SystemRandom() noexcept;

    quint64 next() noexcept override;
    void fill(char *out, std::size_t size) noexcept override;

private:
    std::array<quint64, 4> m_state;
};

} // namespace fairlead::core
