// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/servicerecord.h"

namespace fairlead::core {

QString serviceStatusName(ServiceStatus status)
{
    switch (status) {
    case ServiceStatus::Starting:
        return QStringLiteral("starting");
    case ServiceStatus::Running:
        return QStringLiteral("running");
    case ServiceStatus::Draining:
        return QStringLiteral("draining");
    case ServiceStatus::Unavailable:
        return QStringLiteral("unavailable");
    case ServiceStatus::Stopped:
        return QStringLiteral("stopped");
    case ServiceStatus::Failed:
        return QStringLiteral("failed");
    }
    return QStringLiteral("unknown");
}

QString heartbeatStateName(HeartbeatState state)
{
    switch (state) {
    case HeartbeatState::None:
        return QStringLiteral("none");
    case HeartbeatState::Waiting:
        return QStringLiteral("waiting");
    case HeartbeatState::Alive:
        return QStringLiteral("alive");
    case HeartbeatState::Expired:
        return QStringLiteral("expired");
    }
    return QStringLiteral("unknown");
}

} // namespace fairlead::core
