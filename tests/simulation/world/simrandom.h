// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/random.h>

#include <cstddef>

namespace fairlead::sim {

/// The same numbers for the same seed (splitmix64).
class SimRandom final : public Random
{
public:
    explicit SimRandom(quint64 seed) noexcept
        : m_state(seed)
    { }

    quint64 next() noexcept override
    {
        quint64 z = (m_state += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }

    void fill(char *out, std::size_t size) noexcept override
    {
        for (std::size_t i = 0; i < size; ++i)
            out[i] = char(next());
    }

    quint64 below(quint64 bound) noexcept { return next() % bound; }

    bool chance(int percent) noexcept { return below(100) < quint64(percent); }

private:
    quint64 m_state;
};

} // namespace fairlead::sim
