// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/dialgate.h"

#include "protocol/units.h"

namespace fairlead::ship {

namespace {

qint64 pauseAfter(EndReason reason) noexcept
{
    if (reason == EndReason::None)
        return 0;
    return (redialAfter(reason) == Redial::Slowly ? kSlowRedialMs : kRedialPauseMs) * kNsPerMs;
}

} // namespace

DialDecision judgeDial(const DialFacts &facts, qint64 now) noexcept
{
    if (facts.own == facts.peer)
        return {DialVerdict::Self, 0};
    if (!facts.desired)
        return {DialVerdict::NotDesired, 0};
    if (facts.live)
        return {DialVerdict::AlreadyLive, 0};
    if (facts.dialling)
        return {DialVerdict::AlreadyDialling, 0};
    const bool held = facts.lastEnd != EndReason::None && !facts.userAsked;
    if (held && redialAfter(facts.lastEnd) == Redial::Never
        && facts.lastEnd != EndReason::Duplicate) {
        return {DialVerdict::NotByItself, 0};
    }
    // Even a user's dial meets a peer that still holds the connection before.
    const qint64 pause = facts.userAsked ? kRedialPauseMs * kNsPerMs : pauseAfter(facts.lastEnd);
    const qint64 earliest = facts.lastEndAt + pause;
    if (facts.lastEnd != EndReason::None && now < earliest)
        return {DialVerdict::Later, earliest};
    return {DialVerdict::Dial, 0};
}

bool endsOwnDial(const Ski &own, const Ski &peer) noexcept
{
    return own > peer;
}

} // namespace fairlead::ship
