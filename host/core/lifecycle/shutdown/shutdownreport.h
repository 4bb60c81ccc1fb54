// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonObject>
#include <QtCore/QMetaType>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/error.h>

#include <vector>

namespace fairlead::core {

/// The phases of a shutdown, in their order (SH-01).
enum class ShutdownPhase : quint8 {
    RefuseNew, ///< the closing flag is up: admission answers ShuttingDown, ready is false
    CancelAttempts, ///< tickets and dials
    StopListeners, ///< and discovery
    Quiesce, ///< broadcast
    StopReading,
    CommitStorage, ///< the last group, and the acknowledgements that it frees
    DrainOutbound,
    CloseLinks,
    CompleteLeases,
    CloseStore, ///< checkpoint first
    FlushEvents, ///< `closed` is the last of them
    UnloadPlugins,
};

inline constexpr int kShutdownPhaseCount = 12;

/// "refuse-new", "cancel-attempts" and so on.
const char *toText(ShutdownPhase phase) noexcept;

enum class PhaseOutcome : quint8 {
    Done,
    Failed, ///< see the error
    OverBudget, ///< cut off, see the stragglers
    Empty, ///< there was nothing to do
};

/// "done", "failed", "over-budget", "empty".
const char *toText(PhaseOutcome outcome) noexcept;

struct PhaseReport
{
    ShutdownPhase phase = ShutdownPhase::RefuseNew;
    PhaseOutcome outcome = PhaseOutcome::Empty;
    qint64 start = 0; ///< nanoseconds since the shutdown began
    qint64 duration = 0;
    qint64 budget = 0;
    Error error;
    QStringList stragglers; ///< the first of them
    qsizetype stragglerCount = 0; ///< all of them
};

/// What a shutdown did, phase by phase (SH-02).
struct ShutdownReport
{
    static constexpr qsizetype kMaxNamed = 100; ///< stragglers named per phase

    QString reason;
    qint64 utcMs = 0; ///< when it began, for people
    qint64 total = 0; ///< nanoseconds
    std::vector<PhaseReport> phases; ///< in their order

    /// No phase failed or was cut off.
    bool isClean() const noexcept;
    /// {"version", "reason", "startedUtcMs", "totalMs", "clean", "phases": [{"name", "outcome",
    /// "startMs", "durationMs", "budgetMs", "error"?, "stragglers"?, "stragglerCount"?}]}; times are
    /// milliseconds, with fractions.
    QJsonObject toJson() const;
};

} // namespace fairlead::core

Q_DECLARE_METATYPE(fairlead::core::PhaseReport)
Q_DECLARE_METATYPE(fairlead::core::ShutdownReport)
