// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/clock.h>
#include <fairlead/result.h>

#include <algorithm>
#include <optional>

namespace fairlead::core {

/// How one link's life is watched: the one resolved value (HB-01). Thread: a value.
struct HeartbeatSetting
{
    static constexpr qint64 kDefaultSuspensionNs = 75 * kNsPerSecond;

    qint64 timeoutNs = 0; ///< silence after which the link counts as dead; 0: never
    qint64 probeNs = 0; ///< silence after which the peer is asked; 0: it is not asked
    qint64 graceNs = 0; ///< added for a link that has not been heard of yet
    qint64 suspensionNs = kDefaultSuspensionNs; ///< how long a request in flight excuses silence

    bool isEnabled() const noexcept { return timeoutNs > 0; }

    /// How often a link is looked at.
    qint64 checkPeriodNs() const noexcept { return std::max(kNsPerMs, timeoutNs / 3); }
};

/// All that has a say in a link's heartbeat.
struct HeartbeatWish
{
    std::optional<qint64> configuredMs = std::nullopt; ///< the operator's timeout; 0 turns it off
    std::optional<qint64> protocolMs = std::nullopt; ///< what the protocol prescribes or suggests
    std::optional<quint32> keepAliveSeconds = std::nullopt; ///< agreed with the peer; 0: none
    std::optional<qint64> probeMs = std::nullopt; ///< 0: no probes; unset: at each check
    qint64 graceMs = 0;
    std::optional<qint64> suspensionMs = std::nullopt; ///< 0: a request excuses nothing
};

/// One value per link. A keep-alive agreed with the peer binds both sides and comes first, at one
/// and a half times its length, without probes of ours and without suspension (HB-04, HB-05). Then
/// the operator's value, then the protocol's; without any the heartbeat is off. A pure function.
/// Errors: InvalidArgument (negative, beyond a year, a probe interval not below the timeout).
Result<HeartbeatSetting> resolveHeartbeat(const HeartbeatWish &wish);

} // namespace fairlead::core
