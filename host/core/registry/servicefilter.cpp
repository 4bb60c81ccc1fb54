// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/servicefilter.h"

#include <algorithm>

namespace fairlead::core {

bool ServiceFilter::matches(const ServiceRecord &record) const
{
    const auto isSame = [](const std::optional<QString> &wanted, const QString &is) {
        return !wanted || *wanted == is;
    };
    const ServiceInfo &info = record.info;
    return (statuses.isEmpty() || statuses.contains(record.status))
        && (heartbeats.isEmpty() || heartbeats.contains(record.heartbeat))
        && std::all_of(
               capabilities.begin(),
               capabilities.end(),
               [&info](const QString &wanted) { return info.capabilities.contains(wanted); })
        && isSame(transport, info.transport) && isSame(endpoint, info.endpoint)
        && isSame(name, info.key.name) && isSame(version, info.key.version)
        && isSame(build, info.key.build) && isSame(instance, info.key.instance)
        && (!owns || info.owned.contains(*owns));
}

} // namespace fairlead::core
