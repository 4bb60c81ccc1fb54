// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/readiness.h"

#include "core/control/hostview.h"
#include "core/control/reactorquery.h"

#include <QtCore/QJsonArray>

namespace fairlead::core {

Readiness::Readiness(MainLoop &loop, Host &host, const HostView &view)
    : m_loop(loop)
    , m_host(host)
    , m_view(view)
{ }

Health Readiness::now() const
{
    Health health;
    const HostView::State state = m_view.state();
    health.state = QString::fromLatin1(stateName(state));
    health.reasons = m_view.reasons();
    bool serves = false;
    const QList<EndpointView> endpoints = m_view.endpoints();
    for (const EndpointView &endpoint : endpoints) {
        serves = serves || endpoint.isUp;
        if (!endpoint.isWanted)
            continue;
        health.checks.append({QStringLiteral("endpoint ") + endpoint.name, endpoint.isUp});
        if (endpoint.isUp)
            continue;
        QString reason = QStringLiteral("endpoint \"%1\" is %2").arg(endpoint.name, endpoint.state);
        // Why its last link ended has nothing to do with it when it was told to take no work.
        if (!endpoint.quiesced.isEmpty())
            reason += QStringLiteral(": ") + endpoint.quiesced;
        else if (!endpoint.reason.isNull())
            reason += QStringLiteral(": ") + endpoint.reason.text();
        health.reasons.append(reason);
    }
    if (state == HostView::State::Starting || state == HostView::State::Stopping)
        health.reasons.prepend(QStringLiteral("the host is %1").arg(health.state));
    if (!serves)
        health.reasons.append(QStringLiteral("no endpoint serves"));
    bool keeps = true;
    if (HostStore *store = m_host.store()) {
        // The view says why.
        keeps = !store->store().isDegraded();
        health.checks.append({QStringLiteral("store"), keeps});
    }
    health.ready = serves && keeps && state != HostView::State::Starting
        && state != HostView::State::Stopping;
    return health;
}

void Readiness::check(const Done &done) const
{
    askReactors<bool>(
        m_loop,
        m_host,
        [](Reactor &) { return true; },
        [this, done](const std::vector<std::optional<bool>> &answers) {
            Health health = now();
            for (std::size_t i = 0; i < answers.size(); ++i) {
                health.checks.append({QStringLiteral("reactor %1").arg(i), answers[i].has_value()});
                if (answers[i])
                    continue;
                health.alive = false;
                health.ready = false;
                health.reasons.append(QStringLiteral("reactor %1 has not turned for %2 s")
                                          .arg(i)
                                          .arg(kReactorNs / kNsPerSecond));
            }
            done(health);
        });
}

QJsonObject Health::toJson(bool verbose) const
{
    QJsonObject out{{QStringLiteral("alive"), alive},
                    {QStringLiteral("ready"), ready},
                    {QStringLiteral("state"), state},
                    {QStringLiteral("reasons"), QJsonArray::fromStringList(reasons)}};
    if (!verbose)
        return out;
    QJsonObject all;
    for (const Check &check : checks) {
        all.insert(check.name, check.passed ? QStringLiteral("ok") : QStringLiteral("failed"));
    }
    out.insert(QStringLiteral("checks"), all);
    return out;
}

} // namespace fairlead::core
