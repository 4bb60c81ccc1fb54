// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "shutdownbudgets.h"

#include <algorithm>

namespace fairlead::core {

Result<> ShutdownBudgets::check() const
{
    const auto values = {all, links, perLink, quiesce, commitStorage, closeStore, other};
    if (std::any_of(values.begin(), values.end(), [](qint64 value) { return value < 0; }))
        return Error(ErrorCode::ConfigRange, QStringLiteral("a shutdown budget is negative"));
    if (perLink > links) {
        return Error(ErrorCode::ConfigRange,
                     QStringLiteral("the shutdown budget of one link exceeds that of all links"));
    }
    if (const qint64 owed = of(ShutdownPhase::RefuseNew) + after(ShutdownPhase::RefuseNew);
        owed > all) {
        return Error(
            ErrorCode::ConfigRange,
            QStringLiteral("the shutdown budgets of the phases, %1 ms, exceed the %2 ms of "
                           "all")
                .arg(owed / kNsPerMs)
                .arg(all / kNsPerMs));
    }
    return {};
}

qint64 ShutdownBudgets::of(ShutdownPhase phase) const noexcept
{
    switch (phase) {
    case ShutdownPhase::RefuseNew:
        return 0; // a flag, nothing to wait for
    case ShutdownPhase::Quiesce:
        return quiesce;
    case ShutdownPhase::CommitStorage:
        return commitStorage;
    case ShutdownPhase::DrainOutbound:
        return perLink;
    case ShutdownPhase::CloseLinks:
        return links - perLink;
    case ShutdownPhase::CloseStore:
        return closeStore;
    case ShutdownPhase::CancelAttempts:
    case ShutdownPhase::StopListeners:
    case ShutdownPhase::StopReading:
    case ShutdownPhase::CompleteLeases:
    case ShutdownPhase::FlushEvents:
    case ShutdownPhase::UnloadPlugins:
        return other;
    }
    return 0;
}

qint64 ShutdownBudgets::after(ShutdownPhase phase) const noexcept
{
    qint64 sum = 0;
    for (int i = int(phase) + 1; i < kShutdownPhaseCount; ++i)
        sum += of(ShutdownPhase(i));
    return sum;
}

} // namespace fairlead::core
