// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/controlapi.h"
#include "core/control/reactorviews.h"

#include <fairlead/clock.h>

#include <functional>
#include <memory>
#include <vector>

namespace fairlead::core {

class Host;
class HostView;
class MainLoop;

/// The methods about the running host: version, status, health, endpoints, links, sessions,
/// plugins, disconnect. Thread: main. Ownership: outlives the API's use of it.
class HostMethods
{
public:
    /// The protocol's version; it grows when something that was there changes its meaning.
    static constexpr int kProtocol = 1;
    static constexpr qint64 kMaxPage = 1000;
    /// Reactors that have not answered by then are left out.
    static constexpr qint64 kReactorNs = 2 * kNsPerSecond;

    HostMethods(MainLoop &loop, Host &host, const HostView &view, QString version);

    void addTo(ControlApi &api);

    // Also what HTTP shows.
    struct Health
    {
        bool alive = true; ///< every loop turns
        bool ready = true;
        QString state;
        QStringList reasons;

        /// What was looked at.
        struct Check
        {
            QString name;
            bool passed = true;
        };

        QList<Check> checks;

        QJsonObject toJson(bool verbose) const;
    };

    using HealthDone = std::function<void(const Health &)>;

    /// Asks every reactor.
    void checkHealth(const HealthDone &done) const;
    /// Without asking the reactors.
    Health readiness() const;

    QJsonObject status() const;

    qint64 startedAt() const noexcept { return m_started; }

private:
    QJsonObject versionFacts(const ControlApi &api) const;
    QJsonArray endpoints() const;
    QJsonArray plugins() const;
    void listLinks(const Call &call) const;
    void listSessions(const Call &call) const;
    void disconnect(const Call &call) const;

    /// Values of every reactor, in their order.
    template <typename Value>
    void ask(const std::function<Value(Reactor &)> &question,
             const std::function<void(std::vector<std::optional<Value>>)> &done) const;

    QString timeOf(qint64 monotonicNs) const;
    static double ageOf(qint64 monotonicNs);

    MainLoop &m_loop;
    Host &m_host;
    const HostView &m_view;
    const QString m_version;
    const qint64 m_started;
    /// What the time of day has ahead of the monotonic one; held, so that the same moment is always
    /// told alike, until somebody sets the clock.
    mutable qint64 m_utcOffsetNs;
};

} // namespace fairlead::core
