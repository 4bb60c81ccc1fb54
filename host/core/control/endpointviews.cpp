// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/endpointviews.h"

#include "core/config/hostconfig.h"
#include "core/endpoint/hostendpoint.h"
#include "core/host.h"
#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/lifecycle/broadcast/quiescestate.h"
#include "core/lifecycle/supervisor/failureclass.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/observe/storeview.h"

#include <QtCore/QSet>

namespace fairlead::core {

namespace {

EndpointView viewOf(const Host &host, const EndpointSettings &settings)
{
    EndpointView view;
    view.name = settings.name;
    view.url = settings.url.toString(QUrl::RemoveUserInfo);
    view.role
        = settings.role == EndpointRole::Listen ? QStringLiteral("listen") : QStringLiteral("dial");
    view.transport = settings.transport;
    view.durability = effectiveDurability(host, settings.durability);
    return view;
}

void addStatus(EndpointView *view, const EndpointStatus &status)
{
    view->state = QString::fromLatin1(endpointStateName(status.state));
    // Also when its peer is there by the link of another endpoint.
    view->isUp = status.state == EndpointState::Running || status.state == EndpointState::Draining
        || (status.state == EndpointState::Reconnecting && isConnectedElsewhere(status.lastReason));
    view->isWanted = status.enabled && status.state != EndpointState::Stopped;
    view->since = status.since;
    view->generation = status.generation;
    view->attempts = status.attempts;
    view->peer = status.peer;
    view->reason = status.lastReason;
    if (status.nextRetryAt >= 0)
        view->nextRetry = status.nextRetryAt;
}

// It runs, and yet nobody finds work there.
void addQuiesce(EndpointView *view, const QuiesceState &quiesce)
{
    if (!quiesce.isDraining())
        return;
    view->quiesced = QString::fromLatin1(quiesceReasonName(quiesce.reason()));
    if (view->state == QLatin1String(endpointStateName(EndpointState::Running))) {
        view->state = QStringLiteral("quiesced");
        view->isUp = false;
    }
}

} // namespace

QList<EndpointView> viewEndpoints(const Host &host,
                                  const QList<EndpointSettings> &configured,
                                  const QHash<QString, Error> &failures)
{
    QHash<QString, EndpointStatus> statuses;
    for (const EndpointStatus &status : host.supervisor().statuses())
        statuses.insert(status.name, status);
    QList<EndpointView> views;
    QSet<QString> seen;
    const QList<EndpointSettings> present
        = host.endpoints().settings() + host.endpoints().foundSettings();
    for (const EndpointSettings &settings : present) {
        EndpointView view = viewOf(host, settings);
        seen.insert(settings.name);
        if (const auto endpoint = host.endpoints().find(settings.name)) {
            view.url = endpoint->shownUrl();
            view.links = endpoint->links();
            view.pluginFailures = endpoint->runtime()->pluginFailures.count();
        }
        if (const auto status = statuses.constFind(settings.name); status != statuses.constEnd())
            addStatus(&view, *status);
        if (const auto quiesce = host.broadcaster().quiesceState(settings.name))
            addQuiesce(&view, *quiesce);
        views.append(view);
    }
    for (const EndpointSettings &settings : configured) {
        if (seen.contains(settings.name) || !failures.contains(settings.name))
            continue;
        EndpointView view = viewOf(host, settings);
        view.state = QStringLiteral("failed");
        view.reason = failures.value(settings.name);
        views.append(view);
    }
    return views;
}

} // namespace fairlead::core
