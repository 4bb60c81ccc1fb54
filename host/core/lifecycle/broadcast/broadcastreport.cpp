// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "broadcastreport.h"

namespace fairlead::core {

const char *toText(BroadcastOutcome outcome) noexcept
{
    switch (outcome) {
    case BroadcastOutcome::AllAcked:
        return "all-acked";
    case BroadcastOutcome::Partial:
        return "partial";
    case BroadcastOutcome::NoLiveTargets:
        return "no-live-targets";
    }
    return "unknown";
}

const char *toText(TargetResult result) noexcept
{
    switch (result) {
    case TargetResult::Acked:
        return "acked";
    case TargetResult::TimedOut:
        return "timed-out";
    case TargetResult::Failed:
        return "failed";
    case TargetResult::SkippedDead:
        return "skipped-dead";
    }
    return "unknown";
}

} // namespace fairlead::core
