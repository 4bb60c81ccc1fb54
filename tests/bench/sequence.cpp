// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "sequence.h"

#include <algorithm>

namespace fairlead::bench {

Arrival SequenceTracker::noteUnexpected(std::uint64_t sequence)
{
    if (sequence > m_next) {
        m_gaps.emplace_back(m_next, sequence);
        m_next = sequence + 1;
        return Arrival::InOrder;
    }
    const auto after = std::upper_bound(
        m_gaps.begin(), m_gaps.end(), sequence, [](std::uint64_t value, const auto &gap) {
            return value < gap.first;
        });
    if (after == m_gaps.begin()) {
        return Arrival::Duplicate;
    }
    const auto gap = std::prev(after);
    if (sequence >= gap->second) {
        return Arrival::Duplicate;
    }
    const std::uint64_t end = gap->second;
    gap->second = sequence;
    const bool headEmpty = gap->first == gap->second;
    if (sequence + 1 < end) {
        if (headEmpty) {
            *gap = {sequence + 1, end};
        } else {
            m_gaps.insert(after, {sequence + 1, end});
        }
    } else if (headEmpty) {
        m_gaps.erase(gap);
    }
    return Arrival::Late;
}

std::uint64_t SequenceTracker::missing(std::uint64_t sent) const
{
    std::uint64_t count = sent > m_next ? sent - m_next : 0;
    for (const auto &[begin, end] : m_gaps) {
        count += end - begin;
    }
    return count;
}

} // namespace fairlead::bench
