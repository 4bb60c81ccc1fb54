// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/overflowpolicy.h"

#include <fairlead/clock.h>

#include <algorithm>
#include <optional>

namespace fairlead::core {

namespace {

/// Empty for Default, which is no choice.
std::optional<OverflowPolicy> policyOf(Overflow choice) noexcept
{
    switch (choice) {
    case Overflow::Default:
        break;
    case Overflow::Disconnect:
        return OverflowPolicy::Disconnect;
    case Overflow::DropOldest:
        return OverflowPolicy::DropOldest;
    case Overflow::DropNewest:
        return OverflowPolicy::DropNewest;
    case Overflow::LatestPerTopic:
        return OverflowPolicy::LatestPerTopic;
    case Overflow::Reject:
        return OverflowPolicy::Reject;
    case Overflow::BlockUpTo:
        return OverflowPolicy::BlockUpTo;
    }
    return std::nullopt;
}

} // namespace

EffectiveOverflow effectiveOverflow(const OverflowChoice &subscription,
                                    const OverflowChoice &session,
                                    const OverflowSettings &endpoint) noexcept
{
    EffectiveOverflow effective;
    effective.policy = endpoint.policy;
    effective.patienceNs = std::min(endpoint.patienceNs, OverflowSettings::kPatienceNs);
    if (endpoint.policy == OverflowPolicy::BlockUpTo)
        effective.patienceNs = endpoint.patienceNs;
    for (const OverflowChoice *choice : {&subscription, &session}) {
        const std::optional<OverflowPolicy> policy = policyOf(choice->policy);
        if (!policy)
            continue;
        if (*policy != endpoint.policy && !endpoint.allows(*policy)) {
            effective.capped = true;
            continue;
        }
        effective.policy = *policy;
        if (*policy != OverflowPolicy::BlockUpTo) {
            effective.patienceNs = std::min(endpoint.patienceNs, OverflowSettings::kPatienceNs);
            return effective;
        }
        const qint64 wanted = choice->patienceMs * kNsPerMs;
        effective.capped = effective.capped || wanted > endpoint.patienceNs;
        effective.patienceNs
            = wanted == 0 ? endpoint.patienceNs : std::min(wanted, endpoint.patienceNs);
        return effective;
    }
    return effective;
}

SubscriptionOverflow overflowOf(const OverflowChoice &asked,
                                const OverflowSettings &endpoint,
                                Subscribing who) noexcept
{
    const EffectiveOverflow effective = effectiveOverflow(asked, {}, endpoint);
    SubscriptionOverflow overflow;
    overflow.policy = effective.policy;
    overflow.patienceMs = quint32(effective.patienceNs / kNsPerMs);
    if (overflow.policy == OverflowPolicy::FaultSource && !who.isLimited)
        overflow.policy = OverflowPolicy::Disconnect;
    if (who.isObserver && overflow.policy != OverflowPolicy::DropNewest
        && overflow.policy != OverflowPolicy::LatestPerTopic) {
        overflow.policy = OverflowPolicy::DropOldest;
    }
    return overflow;
}

OverflowAction decideOverflow(OverflowPolicy policy, const OverflowCase &found) noexcept
{
    if (found.isAttached && found.mayHold && found.fits)
        return OverflowAction::UseMargin;
    switch (policy) {
    case OverflowPolicy::Disconnect:
    case OverflowPolicy::BlockUpTo:
        break;
    case OverflowPolicy::DropOldest:
    case OverflowPolicy::LatestPerTopic:
        return found.fits ? OverflowAction::MakeRoom : OverflowAction::DropNewest;
    case OverflowPolicy::DropNewest:
        return OverflowAction::DropNewest;
    case OverflowPolicy::Reject:
        return OverflowAction::RejectPublisher;
    case OverflowPolicy::FaultSource:
        // Others must not lose their source because of one of them.
        if (found.isAttached && found.fits && found.hasSource && found.externalSubscribers == 1)
            return OverflowAction::FaultSource;
        break;
    }
    // A message that never fits would part the peer from its queue again and again.
    if (!found.fits)
        return OverflowAction::DropNewest;
    return found.isAttached ? OverflowAction::Disconnect : OverflowAction::MakeRoom;
}

Error overflowError(Position last, quint64 queueMessages, quint64 queueBytes)
{
    Error error(
        ErrorCode::QueueOverflow,
        QStringLiteral("the peer reads more slowly than its queue fills (%1 messages, %2 bytes); "
                       "read faster, subscribe to less, choose another overflow policy, or raise "
                       "queue_messages and queue_bytes")
            .arg(queueMessages)
            .arg(queueBytes));
    error.setDetail(QStringLiteral("last_sequence"), last.sequence);
    error.setDetail(QStringLiteral("epoch"), last.epoch);
    error.setDetail(QStringLiteral("queue_messages"), queueMessages);
    error.setDetail(QStringLiteral("queue_bytes"), queueBytes);
    return error;
}

} // namespace fairlead::core
