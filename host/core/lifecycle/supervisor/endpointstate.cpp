// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/endpointstate.h"

#include <QtCore/QString>

namespace fairlead::core {

namespace {

constexpr unsigned bit(EndpointState state) noexcept
{
    return 1U << unsigned(state);
}

constexpr unsigned successors(EndpointState from) noexcept
{
    using S = EndpointState;
    switch (from) {
    case S::Idle:
        return bit(S::Starting) | bit(S::Stopping);
    case S::Starting:
        return bit(S::Running) | bit(S::Reconnecting) | bit(S::Stopping) | bit(S::Failed);
    case S::Running:
        return bit(S::Reconnecting) | bit(S::Draining) | bit(S::Stopping) | bit(S::Failed);
    case S::Reconnecting:
        return bit(S::Running) | bit(S::Stopping) | bit(S::Failed);
    case S::Draining:
        return bit(S::Stopping);
    case S::Stopping:
        return bit(S::Stopped);
    case S::Stopped:
        return bit(S::Starting);
    case S::Failed:
        return bit(S::Starting) | bit(S::Stopping);
    }
    return 0;
}

} // namespace

const char *endpointStateName(EndpointState state) noexcept
{
    switch (state) {
    case EndpointState::Idle:
        return "idle";
    case EndpointState::Starting:
        return "starting";
    case EndpointState::Running:
        return "running";
    case EndpointState::Reconnecting:
        return "reconnecting";
    case EndpointState::Draining:
        return "draining";
    case EndpointState::Stopping:
        return "stopping";
    case EndpointState::Stopped:
        return "stopped";
    case EndpointState::Failed:
        return "failed";
    }
    return "unknown";
}

const char *supervisedRoleName(SupervisedRole role) noexcept
{
    switch (role) {
    case SupervisedRole::Dial:
        return "dial";
    case SupervisedRole::Listen:
        return "listen";
    case SupervisedRole::Passive:
        return "passive";
    }
    return "unknown";
}

Result<bool> checkTransition(EndpointState from, EndpointState to)
{
    if (from == to)
        return false;
    if ((successors(from) & bit(to)) != 0)
        return true;
    return Error(
        ErrorCode::InvalidTransition,
        QStringLiteral("an endpoint cannot go from %1 to %2")
            .arg(QLatin1String(endpointStateName(from)), QLatin1String(endpointStateName(to))));
}

} // namespace fairlead::core
