// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/controlapi.h"
#include "core/control/controltime.h"
#include "core/control/readiness.h"

namespace fairlead::core {

class Host;
class HostView;
class MainLoop;

/// The methods about the running host: version, status, health, endpoints, plugins. Thread: main.
/// Ownership: outlives the API's use of it.
class HostMethods
{
public:
    /// The protocol's version; it grows when something that was there changes its meaning.
    static constexpr int kProtocol = 1;

    HostMethods(MainLoop &loop, Host &host, const HostView &view, QString version);

    void addTo(ControlApi &api);

    // Also what HTTP shows.
    const Readiness &readiness() const noexcept { return m_readiness; }

    QJsonObject status() const;

    qint64 startedAt() const noexcept { return m_started; }

private:
    QJsonObject versionFacts(const ControlApi &api) const;
    QJsonArray endpoints() const;
    QJsonArray plugins() const;

    MainLoop &m_loop;
    Host &m_host;
    const HostView &m_view;
    const QString m_version;
    const qint64 m_started;
    const ControlTime m_time;
    const Readiness m_readiness;
};

} // namespace fairlead::core
