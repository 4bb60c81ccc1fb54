// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/overflowsettings.h"

#include <fairlead/error.h>
#include <fairlead/lease.h>
#include <fairlead/position.h>

namespace fairlead::core {

/// The policy that holds for one subscription.
struct EffectiveOverflow
{
    OverflowPolicy policy = OverflowPolicy::Disconnect;
    qint64 patienceNs = OverflowSettings::kPatienceNs;
    bool capped = false; ///< the client asked for something else

    bool operator==(const EffectiveOverflow &) const = default;
};

/// Whose subscription it is, as far as policies care.
struct Subscribing
{
    bool isObserver = false; ///< he loses messages, nobody else suffers for him
    bool isLimited = false; ///< it leads to a stream that only so many may subscribe to
};

/// The subscription's own choice, else the session's, else the endpoint's; the operator's cap on all
/// of them.
EffectiveOverflow effectiveOverflow(const OverflowChoice &subscription,
                                    const OverflowChoice &session,
                                    const OverflowSettings &endpoint) noexcept;

/// How the messages of one subscription are treated by the host.
SubscriptionOverflow overflowOf(const OverflowChoice &asked,
                                const OverflowSettings &endpoint,
                                Subscribing who) noexcept;

/// A message that finds a queue full.
struct OverflowCase
{
    bool isAttached = false; ///< a link holds the session
    /// The publisher is held up: patience is not over, and the margin above the limit has room.
    bool mayHold = false;
    bool fits = true; ///< into the empty queue
    bool hasSource = false; ///< another session published it
    /// Of the limited stream that it came by; observers are none, 0: it came by no such stream.
    quint32 externalSubscribers = 0;
};

enum class OverflowAction : quint8 {
    UseMargin, ///< queue it above the limit: its publisher is not read from any more
    MakeRoom, ///< something that waits goes, else this message
    DropNewest, ///< this message goes
    Disconnect, ///< the link ends when it has what is queued, this message goes
    RejectPublisher, ///< the publishers are told where the protocol can
    FaultSource, ///< the publisher's link ends, this message goes
};

OverflowAction decideOverflow(OverflowPolicy policy, const OverflowCase &found) noexcept;

/// Why a link ends that overflowed: the last message it can still get, what its queue holds, and what
/// to do about it.
Error overflowError(Position last, quint64 queueMessages, quint64 queueBytes);

} // namespace fairlead::core
