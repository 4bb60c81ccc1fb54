// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/export.h>
#include <fairlead/result.h>

namespace fairlead {

/// How the life of a link is watched. Frozen with FAIRLEAD_HEARTBEAT_IID.
struct HeartbeatPlan
{
    /// Silence of the peer after which the link is lost; 0: never.
    qint64 timeoutMs = 0;
    /// Silence after which LinkDriver::handleProbeDue() comes, again and again until something is
    /// heard; 0: it does not. Negative: at each third of the timeout.
    qint64 probeMs = -1;
    /// Added to the timeout for as long as nothing was heard at all.
    qint64 graceMs = 0;
    /// How long a request in flight excuses silence at most.
    qint64 suspensionMs = 75'000;
};

/// Watches whether the peer of one link is still there. Whatever bytes come in count, the host sees
/// them by itself. A peer that was silent for too long is lost: the link ends with HeartbeatTimeout,
/// without a last frame, and a dialled endpoint dials again.
///
/// Thread: the link's reactor. Ownership: the host's; lives as long as the link. @since 0.1
class FAIRLEAD_SDK_EXPORT Heartbeat
{
public:
    virtual ~Heartbeat();

    /// Begins, or begins anew with another plan. Errors: InvalidArgument (negative, beyond a year, a
    /// probe interval not below the timeout), InvalidTransition (the link is not Ready).
    virtual Result<> watch(const HeartbeatPlan &plan) = 0;
    /// The peer was asked for something that may take it long, and was silent for that reason until
    /// endRequest(). Not for pings. They nest. Errors: NotFound (nothing is watched),
    /// InvalidTransition (expired, or none is in flight).
    virtual Result<> beginRequest() = 0;
    virtual Result<> endRequest() = 0;
};

} // namespace fairlead

#define FAIRLEAD_HEARTBEAT_IID "org.fairlead.Heartbeat/1"
