// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QString>

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
    FaultSource, ///< the publisher's link ends, if this is the only subscriber of a limited stream
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

/// How the messages of one subscription are treated, once its client and the operator were heard.
struct SubscriptionOverflow
{
    OverflowPolicy policy = OverflowPolicy::Disconnect;
    quint32 patienceMs = quint32(OverflowSettings::kPatienceNs / 1'000'000);

    bool operator==(const SubscriptionOverflow &) const = default;
};

} // namespace fairlead::core
