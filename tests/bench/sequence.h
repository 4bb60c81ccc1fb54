// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace fairlead::bench {

enum class Arrival {
    InOrder,
    Late,
    Duplicate
};

// Knows which numbers of one publisher have come. The usual case, the next number, is one compare.
class SequenceTracker
{
public:
    Arrival note(std::uint64_t sequence)
    {
        if (sequence == m_next) {
            ++m_next;
            return Arrival::InOrder;
        }
        return noteUnexpected(sequence);
    }

    // How many of the first `sent` numbers have not come.
    std::uint64_t missing(std::uint64_t sent) const;

private:
    Arrival noteUnexpected(std::uint64_t sequence);

    std::uint64_t m_next = 0;
    // Half-open ranges below m_next that have not come, ascending.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> m_gaps;
};

} // namespace fairlead::bench
