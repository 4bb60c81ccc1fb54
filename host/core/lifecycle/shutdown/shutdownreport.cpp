// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "shutdownreport.h"

#include <QtCore/QJsonArray>

#include <fairlead/clock.h>

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr int kReportVersion = 1;

double milliseconds(qint64 ns)
{
    return double(ns) / double(kNsPerMs);
}

QJsonObject phaseJson(const PhaseReport &phase)
{
    QJsonObject json{{QStringLiteral("name"), QLatin1String(toText(phase.phase))},
                     {QStringLiteral("outcome"), QLatin1String(toText(phase.outcome))},
                     {QStringLiteral("startMs"), milliseconds(phase.start)},
                     {QStringLiteral("durationMs"), milliseconds(phase.duration)},
                     {QStringLiteral("budgetMs"), milliseconds(phase.budget)}};
    if (!phase.error.isNull()) {
        json[QStringLiteral("error")]
            = QJsonObject{{QStringLiteral("code"), QLatin1String(errorName(phase.error.code()))},
                          {QStringLiteral("text"), phase.error.text()}};
    }
    if (phase.stragglerCount > 0) {
        json[QStringLiteral("stragglers")] = QJsonArray::fromStringList(phase.stragglers);
        json[QStringLiteral("stragglerCount")] = phase.stragglerCount;
    }
    return json;
}

} // namespace

const char *toText(ShutdownPhase phase) noexcept
{
    switch (phase) {
    case ShutdownPhase::RefuseNew:
        return "refuse-new";
    case ShutdownPhase::CancelAttempts:
        return "cancel-attempts";
    case ShutdownPhase::StopListeners:
        return "stop-listeners";
    case ShutdownPhase::Quiesce:
        return "quiesce";
    case ShutdownPhase::StopReading:
        return "stop-reading";
    case ShutdownPhase::CommitStorage:
        return "commit-storage";
    case ShutdownPhase::DrainOutbound:
        return "drain-outbound";
    case ShutdownPhase::CloseLinks:
        return "close-links";
    case ShutdownPhase::CompleteLeases:
        return "complete-leases";
    case ShutdownPhase::CloseStore:
        return "close-store";
    case ShutdownPhase::FlushEvents:
        return "flush-events";
    case ShutdownPhase::UnloadPlugins:
        return "unload-plugins";
    }
    return "unknown";
}

const char *toText(PhaseOutcome outcome) noexcept
{
    switch (outcome) {
    case PhaseOutcome::Done:
        return "done";
    case PhaseOutcome::Failed:
        return "failed";
    case PhaseOutcome::OverBudget:
        return "over-budget";
    case PhaseOutcome::Empty:
        return "empty";
    }
    return "unknown";
}

bool ShutdownReport::isClean() const noexcept
{
    return std::none_of(phases.begin(), phases.end(), [](const PhaseReport &phase) {
        return phase.outcome == PhaseOutcome::Failed || phase.outcome == PhaseOutcome::OverBudget;
    });
}

QJsonObject ShutdownReport::toJson() const
{
    QJsonArray list;
    for (const PhaseReport &phase : phases)
        list << phaseJson(phase);
    return {{QStringLiteral("version"), kReportVersion},
            {QStringLiteral("reason"), reason},
            {QStringLiteral("startedUtcMs"), utcMs},
            {QStringLiteral("totalMs"), milliseconds(total)},
            {QStringLiteral("clean"), isClean()},
            {QStringLiteral("phases"), list}};
}

} // namespace fairlead::core
