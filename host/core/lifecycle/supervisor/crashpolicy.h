// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/clock.h>

namespace fairlead::core {

struct CrashLimits
{
    qint64 windowNs = 30 * kNsPerSecond; ///< two crashes within it are one too many
    qint64 retryNs = 250 * kNsPerMs; ///< the wait after the first
    qint64 unavailableNs = 30 * kNsPerSecond; ///< the wait after the second

    bool operator==(const CrashLimits &) const = default;
};

/// What follows when an endpoint's code crashed: one quick retry, then a pause (SV-15).
/// Thread: a value.
class CrashPolicy
{
public:
    explicit CrashPolicy(const CrashLimits &limits = CrashLimits()) noexcept
        : m_limits(limits)
    { }

    /// How long to wait before the next try.
    qint64 crashed(qint64 now) noexcept
    {
        const bool again = m_lastCrash >= 0 && now - m_lastCrash < m_limits.windowNs;
        m_lastCrash = now;
        m_unavailableUntil = again ? now + m_limits.unavailableNs : -1;
        return again ? m_limits.unavailableNs : m_limits.retryNs;
    }

    /// Health was verified: the next crash is a first one.
    void reset() noexcept
    {
        m_lastCrash = -1;
        m_unavailableUntil = -1;
    }

    /// Monotonic; -1 when the last crash did not make it unavailable.
    qint64 unavailableUntil() const noexcept { return m_unavailableUntil; }

private:
    CrashLimits m_limits;
    qint64 m_lastCrash = -1;
    qint64 m_unavailableUntil = -1;
};

} // namespace fairlead::core
