// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "histogram.h"

#include <algorithm>
#include <cmath>

namespace fairlead::bench {

void Histogram::merge(const Histogram &other)
{
    for (std::size_t index = 0; index < m_buckets.size(); ++index) {
        m_buckets[index] += other.m_buckets[index];
    }
    m_count += other.m_count;
    m_maximum = std::max(m_maximum, other.m_maximum);
}

std::uint64_t Histogram::quantile(double share) const
{
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(m_count)));
    std::uint64_t seen = 0;
    for (std::size_t index = 0; index < m_buckets.size(); ++index) {
        seen += m_buckets[index];
        if (seen >= rank && seen > 0) {
            return std::min(upperBound(index), m_maximum);
        }
    }
    return 0;
}

std::uint64_t Histogram::upperBound(std::size_t index)
{
    if (index < 2 * kSubCount) {
        return index;
    }
    const std::size_t shift = (index >> kSubBits) - 1;
    const std::uint64_t mantissa = index - (shift << kSubBits);
    return ((mantissa + 1) << shift) - 1;
}

} // namespace fairlead::bench
