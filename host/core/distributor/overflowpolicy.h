// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QString>
#include <QStringList>

#include <fairlead/error.h>
#include <fairlead/lease.h>
#include <fairlead/position.h>

#include <optional>

namespace fairlead::core {

/// What an operator may decree for a full queue; what a client may ask for is Overflow.
enum class OverflowPolicy : quint8 {
    Disconnect,
    DropOldest,
    DropNewest,
    LatestPerTopic,
    Reject,
    BlockUpTo,
    FaultSource, ///< the publisher's link ends, if this is the only session it has to serve
};

/// The name as configuration, control and metrics have it.
const char *overflowPolicyName(OverflowPolicy policy) noexcept;
std::optional<OverflowPolicy> overflowPolicyNamed(const QString &name) noexcept;

/// What an endpoint's operator says about the queues of its sessions.
struct OverflowSettings
{
    OverflowPolicy policy = OverflowPolicy::Disconnect; ///< of who chooses nothing
    /// What clients may choose, a bit per OverflowPolicy. Refusing publishers is not among it unless
    /// the operator says so, since one full queue would then fail a message for everybody.
    quint8 allowed = kHarmless;
    /// How long a publisher waits for a reader at most, before any policy acts; 0: not at all.
    qint64 patienceNs = kPatienceNs;

    static constexpr quint8 bitOf(OverflowPolicy policy) noexcept
    {
        return quint8(1U << unsigned(policy));
    }

    bool allows(OverflowPolicy one) const noexcept { return (allowed & bitOf(one)) != 0; }

    bool operator==(const OverflowSettings &) const = default;

    static constexpr qint64 kPatienceNs = 250'000'000;
    static constexpr quint8 kHarmless = quint8((1U << unsigned(OverflowPolicy::Disconnect))
                                               | (1U << unsigned(OverflowPolicy::DropOldest))
                                               | (1U << unsigned(OverflowPolicy::DropNewest))
                                               | (1U << unsigned(OverflowPolicy::LatestPerTopic))
                                               | (1U << unsigned(OverflowPolicy::BlockUpTo)));
};

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
