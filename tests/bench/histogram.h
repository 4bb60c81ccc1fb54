// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace fairlead::bench {

// Latencies in ns, 64 buckets per power of two: never more than 1.6 % off, no allocation.
class Histogram
{
public:
    void add(std::uint64_t ns)
    {
        ++m_buckets[indexOf(ns)];
        ++m_count;
        m_maximum = ns > m_maximum ? ns : m_maximum;
    }

    void merge(const Histogram &other);

    std::uint64_t count() const { return m_count; }

    std::uint64_t maximum() const { return m_maximum; }

    // The value that the given share (0 to 1) of all values does not exceed; 0 when empty.
    std::uint64_t quantile(double share) const;

private:
    static constexpr unsigned kSubBits = 6;
    static constexpr std::uint64_t kSubCount = 1U << kSubBits;

    static std::size_t indexOf(std::uint64_t ns)
    {
        if (ns < kSubCount) {
            return ns;
        }
        const auto shift = static_cast<unsigned>(std::bit_width(ns)) - kSubBits - 1;
        return (static_cast<std::size_t>(shift) << kSubBits) + (ns >> shift);
    }

    static std::uint64_t upperBound(std::size_t index);

    std::array<std::uint64_t, (64 - kSubBits + 1) * kSubCount> m_buckets{};
    std::uint64_t m_count = 0;
    std::uint64_t m_maximum = 0;
};

} // namespace fairlead::bench
