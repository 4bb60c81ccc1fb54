// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/clock.h>
#include <fairlead/random.h>
#include <fairlead/result.h>

namespace fairlead::core {

/// How long to wait before the next attempt, as configured.
struct BackOffPolicy
{
    qint64 baseNs = kNsPerSecond; ///< the longest first delay
    double multiplier = 2.0; ///< per attempt, at least 1
    qint64 capNs = 30 * kNsPerSecond; ///< no delay is longer
    double jitter = 0.5; ///< the part of a delay that is drawn, 0 to 1

    bool operator==(const BackOffPolicy &) const = default;
};

/// A policy that was checked. The spread lies inside the capped value, so peers that lost their
/// links together stay apart even when every delay is at the cap (SV-06). Thread: a value.
class BackOff
{
public:
    static constexpr qint64 kShortestNs = kNsPerMs;
    static constexpr qint64 kLongestNs = 30 * 24 * 3600 * kNsPerSecond;

    /// Errors: ConfigRange, naming what is wrong (SV-07).
    static Result<BackOff> create(const BackOffPolicy &policy);

    const BackOffPolicy &policy() const noexcept { return m_policy; }

    /// The longest delay after @p n attempts: min(cap, base * multiplier^n).
    qint64 ceiling(quint32 n) const noexcept;
    /// Drawn evenly from [c * (1 - jitter), c] with c = ceiling(n); never under a millisecond.
    qint64 delay(quint32 n, Random &random) const noexcept;

private:
    explicit BackOff(const BackOffPolicy &policy) noexcept
        : m_policy(policy)
    { }

    BackOffPolicy m_policy;
};

} // namespace fairlead::core
