// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/hostconfig.h"

#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QStringList>

namespace fairlead::core {

/// What a reload has to do: endpoints by name, and the keys that a running host cannot change.
struct ConfigChange
{
    QStringList removed;
    QList<EndpointSettings> replaced; ///< another endpoint of the same name
    QList<EndpointSettings> added;
    QStringList unchanged; ///< these keep their links
    QStringList applied; ///< keys of the host that take effect at once, as "host.log_level"
    QStringList needRestart; ///< keys of the host that take effect with the next start

    bool isEmpty() const noexcept
    {
        return removed.isEmpty() && replaced.isEmpty() && added.isEmpty() && applied.isEmpty()
            && needRestart.isEmpty();
    }

    /// Endpoints that run, and those wanted. Where a setting was written is no change.
    void compareEndpoints(const QList<EndpointSettings> &running,
                          const QList<EndpointSettings> &wanted);
    /// The tables of the host, [host], [limits] and their like, with every default filled in.
    void compareHost(const QJsonObject &running, const QJsonObject &wanted);
};

} // namespace fairlead::core
