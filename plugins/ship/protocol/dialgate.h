// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/endreason.h"
#include "protocol/ski.h"

namespace fairlead::ship {

/// What is known of a peer when something asks for a dial: an announcement, a lost connection, a user.
/// Whether and how two connections that stand are reduced to one is the registry's question.
struct DialFacts
{
    Ski own;
    Ski peer;
    bool desired = false; ///< trusted, or chosen by a user
    bool dialling = false; ///< a dial to this peer runs, whatever its address
    bool live = false; ///< a connection to it stands, whoever opened it
    bool userAsked = false; ///< just now: nothing that happened before holds it back
    EndReason lastEnd = EndReason::None; ///< of the connection before
    qint64 lastEndAt = 0; ///< monotonic nanoseconds
};

enum class DialVerdict : quint8 {
    Dial,
    Later, ///< not before DialDecision::earliest
    Self, ///< the announcement is our own
    NotDesired,
    AlreadyDialling,
    AlreadyLive,
    NotByItself ///< how the last connection ended leaves it to a user
};

struct DialDecision
{
    DialVerdict verdict = DialVerdict::Dial;
    qint64 earliest = 0; ///< with Later
};

[[nodiscard]] DialDecision judgeDial(const DialFacts &facts, qint64 now) noexcept;

/// Whether an accepted connection from @p peer that was authenticated ends our own dial to it. Only
/// one side may do that: when both did, each would end the connection that the other one keeps.
[[nodiscard]] bool endsOwnDial(const Ski &own, const Ski &peer) noexcept;

/// How long a peer is left alone that has to change its mind first.
inline constexpr quint32 kSlowRedialMs = 60'000;

} // namespace fairlead::ship
