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

/// The subscription's own choice, else the session's, else the endpoint's; the operator's cap on all
/// of them.
EffectiveOverflow effectiveOverflow(const OverflowChoice &subscription,
                                    const OverflowChoice &session,
                                    const OverflowSettings &endpoint) noexcept;

/// A message that finds a queue full.
struct OverflowCase
{
    bool isAttached = false; ///< a link holds the session
    bool isInternal = false; ///< the host's own observer
    /// The publisher can be held up: patience is not over, and the margin above the limit has room.
    bool mayHold = false;
    bool fits = true; ///< into the empty queue
    bool hasOwn = false; ///< a message of the same subscription waits, not in flight
    bool hasSameTopic = false; ///< and one of the same topic
    bool hasSource = false; ///< a link published it
    int externalReceivers = 1; ///< sessions that it is for, the host's own observers not counted
};

enum class OverflowAction : quint8 {
    HoldPublisher, ///< queue it in the margin, stop reading from its publisher
    DropOldest, ///< the oldest waiting one of this subscription goes; then ask again
    DropNewest, ///< this message goes
    ReplaceSameTopic, ///< the waiting one of its topic goes; then ask again
    Disconnect, ///< the link ends when it has what is queued, this message goes
    RejectPublisher, ///< nobody gets it, the publisher is told where the protocol can
    FaultSource, ///< the publisher's link ends, this message goes
};

OverflowAction decideOverflow(OverflowPolicy policy, const OverflowCase &found) noexcept;

/// Why a link ends that overflowed: the last message it can still get, what its queue holds, and what
/// to do about it.
Error overflowError(Position last, quint64 queueMessages, quint64 queueBytes);

} // namespace fairlead::core
