// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/servicerecord.h"

namespace fairlead::core {

QString serviceStatusName(ServiceStatus status)
{
    switch (status) {
    case ServiceStatus::Starting:
        return QStringLiteral("Starting");
    case ServiceStatus::Running:
        return QStringLiteral("Running");
    case ServiceStatus::Draining:
        return QStringLiteral("Draining");
    case ServiceStatus::Unavailable:
        return QStringLiteral("Unavailable");
    case ServiceStatus::Stopped:
        return QStringLiteral("Stopped");
    case ServiceStatus::Failed:
        return QStringLiteral("Failed");
    }
    return QStringLiteral("Unknown");
}

QString heartbeatStateName(HeartbeatState state)
{
    switch (state) {
    case HeartbeatState::None:
        return QStringLiteral("None");
    case HeartbeatState::Waiting:
        return QStringLiteral("Waiting");
    case HeartbeatState::Alive:
        return QStringLiteral("Alive");
    case HeartbeatState::Expired:
        return QStringLiteral("Expired");
    }
    return QStringLiteral("Unknown");
}

} // namespace fairlead::core
