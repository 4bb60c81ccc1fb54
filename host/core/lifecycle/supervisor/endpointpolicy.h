// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/backoff.h"
#include "core/lifecycle/supervisor/crashpolicy.h"
#include "core/lifecycle/supervisor/endpointstate.h"

#include <QtCore/QString>

namespace fairlead::core {

/// How an endpoint is kept up, as configured.
struct EndpointPolicy
{
    BackOffPolicy backOff;
    CrashLimits crash;
    quint32 maxAttempts = 0; ///< to reconnect, since the link was last stable; 0: no bound
    bool reconnect = true; ///< false: a failure or a loss is final
    qint64 stabilityNs = 30 * kNsPerSecond; ///< Ready for so long makes the attempts forgotten
    qint64 dialDeadlineNs = 30 * kNsPerSecond; ///< of one dial, over all addresses; also of a bind
    qint64 handshakeDeadlineNs = 10 * kNsPerSecond; ///< after the dial, absolute
    qint64 drainDeadlineNs = 3 * kNsPerSecond;
    qint64 closeDeadlineNs = 2 * kNsPerSecond;

    /// Errors: ConfigRange.
    Result<> validate() const;

    bool operator==(const EndpointPolicy &) const = default;
};

/// What the configuration says about one endpoint.
struct EndpointPlan
{
    QString name; ///< unique in the host
    QString url;
    SupervisedRole role = SupervisedRole::Dial;
    bool enabled = true;
    /// Whose dial budget it uses; empty: its own name. Endpoints and discovery that may dial the
    /// same peer give the peer's key.
    QString budgetKey;
    EndpointPolicy policy;

    /// Errors: InvalidArgument (no name), ConfigRange.
    Result<> validate() const;
};

} // namespace fairlead::core
