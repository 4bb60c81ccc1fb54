// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/storageengine.h"

namespace fairlead::core {

/// The same numbers for the same seed (splitmix64).
class Dice
{
public:
    explicit Dice(quint64 seed) noexcept
        : m_state(seed)
    { }

    quint64 next() noexcept
    {
        quint64 z = (m_state += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31U);
    }

    quint64 below(quint64 bound) noexcept { return next() % bound; }

    bool chance(int percent) noexcept { return below(100) < quint64(percent); }

    QByteArray bytes(int most);

private:
    quint64 m_state;
};

/// A batch of every kind of rows over so few keys that puts and removals meet. Nothing is in it
/// twice, and whether it is to be synced is up to the caller.
EngineBatch randomBatch(Dice &dice);

} // namespace fairlead::core
