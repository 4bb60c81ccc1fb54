// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "shutdownreport.h"

#include <fairlead/clock.h>
#include <fairlead/result.h>

namespace fairlead::core {

/// How long a shutdown may take (SH-02), in nanoseconds.
///
/// What its own phases leave over is not lost: storage, where time saves data, may use all that the
/// later phases are not owed.
struct ShutdownBudgets
{
    qint64 all = 10 * kNsPerSecond;
    qint64 links = 3 * kNsPerSecond; ///< DrainOutbound and CloseLinks together
    qint64 perLink = 2 * kNsPerSecond; ///< links drain at the same time, so this is DrainOutbound's
    qint64 quiesce = kNsPerSecond;
    qint64 commitStorage = kNsPerSecond;
    qint64 closeStore = 2 * kNsPerSecond;
    qint64 other = kNsPerSecond / 2; ///< each of the rest

    /// Errors: ConfigRange for one that is negative, or when the phases are owed more than `all`.
    Result<> check() const;

    /// What @p phase is owed; CloseLinks: what DrainOutbound leaves of `links`, at least.
    qint64 of(ShutdownPhase phase) const noexcept;
    /// What the phases after @p phase are owed.
    qint64 after(ShutdownPhase phase) const noexcept;
};

} // namespace fairlead::core
