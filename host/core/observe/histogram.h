// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtGlobal>

#include <fairlead/clock.h>

#include <algorithm>
#include <array>
#include <atomic>

namespace fairlead::core {

/// How long something took, each time, counted by upper bounds. Thread: one writer, any reader.
class Histogram
{
public:
    static constexpr std::array<qint64, 14> kBoundsNs = {kNsPerMs / 4,
                                                         kNsPerMs / 2,
                                                         kNsPerMs,
                                                         5 * kNsPerMs / 2,
                                                         5 * kNsPerMs,
                                                         10 * kNsPerMs,
                                                         25 * kNsPerMs,
                                                         50 * kNsPerMs,
                                                         100 * kNsPerMs,
                                                         250 * kNsPerMs,
                                                         500 * kNsPerMs,
                                                         kNsPerSecond,
                                                         5 * kNsPerSecond,
                                                         10 * kNsPerSecond};
    /// The last is for what is above every bound.
    static constexpr std::size_t kBuckets = kBoundsNs.size() + 1;

    void add(qint64 ns) noexcept
    {
        const auto *const bound = std::lower_bound(kBoundsNs.begin(), kBoundsNs.end(), ns);
        increase(m_counts[std::size_t(bound - kBoundsNs.begin())], 1);
        increase(m_sumNs, quint64(std::max<qint64>(ns, 0)));
    }

    /// Of one bucket alone.
    quint64 count(std::size_t bucket) const noexcept
    {
        return m_counts[bucket].load(std::memory_order_relaxed);
    }

    quint64 sumNs() const noexcept { return m_sumNs.load(std::memory_order_relaxed); }

private:
    static void increase(std::atomic<quint64> &value, quint64 by) noexcept
    {
        value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }

    std::array<std::atomic<quint64>, kBuckets> m_counts = {};
    std::atomic<quint64> m_sumNs = 0;
};

/// Several of them together.
struct HistogramTotals
{
    void add(const Histogram &one) noexcept
    {
        for (std::size_t i = 0; i < counts.size(); ++i)
            counts[i] += one.count(i);
        sumNs += one.sumNs();
    }

    std::array<quint64, Histogram::kBuckets> counts = {};
    quint64 sumNs = 0;
};

} // namespace fairlead::core
