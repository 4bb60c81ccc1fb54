// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/overflowpolicy.h"

#include <algorithm>
#include <optional>

namespace fairlead::core {

namespace {

constexpr qint64 kNsPerMs = 1'000'000;

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

OverflowAction giveUpOne(const OverflowCase &found) noexcept
{
    return found.hasOwn && found.fits ? OverflowAction::DropOldest : OverflowAction::DropNewest;
}

OverflowAction disconnect(const OverflowCase &found) noexcept
{
    // A message that never fits would part the peer from its queue again and again.
    return found.isAttached && found.fits ? OverflowAction::Disconnect : giveUpOne(found);
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

OverflowAction decideOverflow(OverflowPolicy policy, const OverflowCase &found) noexcept
{
    if (found.isInternal)
        return giveUpOne(found);
    if (found.isAttached && found.mayHold && found.fits)
        return OverflowAction::HoldPublisher;
    switch (policy) {
    case OverflowPolicy::Disconnect:
    case OverflowPolicy::BlockUpTo:
        break;
    case OverflowPolicy::DropOldest:
        return giveUpOne(found);
    case OverflowPolicy::DropNewest:
        return OverflowAction::DropNewest;
    case OverflowPolicy::LatestPerTopic:
        return found.hasSameTopic && found.fits ? OverflowAction::ReplaceSameTopic
                                                : giveUpOne(found);
    case OverflowPolicy::Reject:
        return OverflowAction::RejectPublisher;
    case OverflowPolicy::FaultSource:
        // Others must not lose their source because of one of them.
        if (found.isAttached && found.fits && found.hasSource && found.externalReceivers == 1)
            return OverflowAction::FaultSource;
        break;
    }
    return disconnect(found);
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
