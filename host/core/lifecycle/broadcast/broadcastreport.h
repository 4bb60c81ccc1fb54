// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QMetaType>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/error.h>
#include <fairlead/operations.h>

#include <vector>

namespace fairlead::core {

enum class BroadcastOutcome : quint8 {
    AllAcked, ///< every live target did it; dead ones do not count
    Partial,
    NoLiveTargets, ///< nobody was there, which is not success
};

/// How one target of a broadcast ended.
enum class TargetResult : quint8 {
    Acked,
    TimedOut,
    Failed, ///< ConnectionClosed: it disconnected before it answered
    SkippedDead,
};

struct TargetFailure
{
    QString id;
    Error error;
};

/// How a broadcast ended: each target of the snapshot is in exactly one list, in the order of
/// registration (BC-02).
struct BroadcastReport
{
    quint64 correlationId = 0;
    OperationKind kind = OperationKind::Quiesce;
    QuiesceReason reason = QuiesceReason::None;
    QString pathPrefix;
    BroadcastOutcome outcome = BroadcastOutcome::NoLiveTargets;
    QStringList acks;
    QStringList timeouts;
    std::vector<TargetFailure> failures;
    QStringList skippedDead;
    qint64 startedAt = 0; ///< monotonic nanoseconds
    qint64 duration = 0;
};

/// "all-acked", "partial", "no-live-targets".
const char *toText(BroadcastOutcome outcome) noexcept;
/// "acked", "timed-out", "failed", "skipped-dead".
const char *toText(TargetResult result) noexcept;

} // namespace fairlead::core

Q_DECLARE_METATYPE(fairlead::core::BroadcastReport)
