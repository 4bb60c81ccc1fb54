// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/operatormethods.h"

#include "core/config/configchange.h"
#include "core/config/jsonstrings.h"
#include "core/host.h"
#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/registry/serviceregistry.h"

#include <QtCore/QJsonArray>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace fairlead::core {

namespace {

constexpr qint64 kMaxTimeoutMs = 60'000;

QJsonArray array(const QStringList &list)
{
    return QJsonArray::fromStringList(list);
}

QJsonObject reportObject(const BroadcastReport &report)
{
    QJsonArray failures;
    for (const TargetFailure &failure : report.failures) {
        failures.append(QJsonObject{
            {QStringLiteral("target"), failure.id},
            {QStringLiteral("code"), QString::fromLatin1(errorName(failure.error.code()))},
            {QStringLiteral("text"), failure.error.text()}});
    }
    return {{QStringLiteral("outcome"), QString::fromLatin1(toText(report.outcome))},
            {QStringLiteral("correlation"), qint64(report.correlationId)},
            {QStringLiteral("acks"), array(report.acks)},
            {QStringLiteral("timeouts"), array(report.timeouts)},
            {QStringLiteral("failures"), failures},
            {QStringLiteral("skippedDead"), array(report.skippedDead)},
            {QStringLiteral("durationMs"), report.duration / kNsPerMs}};
}

std::optional<QuiesceReason> reasonOf(const QString &name)
{
    constexpr std::array kReasons
        = {QuiesceReason::IdleTimeout, QuiesceReason::HostShutdown, QuiesceReason::Maintenance};
    for (const QuiesceReason reason : kReasons) {
        if (name == QLatin1String(quiesceReasonName(reason)))
            return reason;
    }
    return std::nullopt;
}

QStringList names(const QList<EndpointSettings> &endpoints)
{
    QStringList list;
    for (const EndpointSettings &endpoint : endpoints)
        list.append(endpoint.name);
    return list;
}

} // namespace

OperatorMethods::OperatorMethods(Host &host, Reload reload)
    : m_host(host)
    , m_reload(std::move(reload))
{ }

void OperatorMethods::addTo(ControlApi &api)
{
    using Kind = Parameter::Kind;
    const std::vector<Parameter> target
        = {{QStringLiteral("targets"), Kind::StringList, false, 1, 1024},
           {QStringLiteral("timeoutMs"), Kind::Integer, false, 0, kMaxTimeoutMs}};
    const auto with = [&](Parameter parameter) {
        std::vector<Parameter> list = target;
        list.push_back(std::move(parameter));
        return list;
    };
    const auto add = [&](const char *name,
                         const std::vector<Parameter> &parameters,
                         const ControlApi::Handler &handler) {
        // Each name is added once, here.
        static_cast<void>(api.add(QString::fromLatin1(name), parameters, handler));
    };
    add("services", {}, [this](const Call &call) { services(call); });
    add("quiesce",
        with({QStringLiteral("reason"), Kind::String, false, 1, 64}),
        [this](const Call &call) { quiesce(call); });
    add("resume",
        {{QStringLiteral("target"), Kind::String, false, 1, 256}},
        [this](const Call &call) { resume(call); });
    add("release-handles",
        with({QStringLiteral("prefix"), Kind::String, true, 1, 4096}),
        [this](const Call &call) { releaseHandles(call); });
    add("reload", {}, [this](const Call &call) { reload(call); });
    const std::vector<Parameter> endpoint = {{QStringLiteral("name"), Kind::String, true, 1, 64}};
    for (const char *what : {"start", "stop", "restart"})
        add(what, endpoint, [this, what](const Call &call) {
            steer(QString::fromLatin1(what), call);
        });
}

void OperatorMethods::services(const Call &call) const
{
    QJsonArray list;
    for (const ServiceRecord &service : m_host.services().snapshot()) {
        list.append(QJsonObject{
            {QStringLiteral("id"), service.info.id},
            {QStringLiteral("name"), service.info.key.name},
            {QStringLiteral("version"), service.info.key.version},
            {QStringLiteral("status"), serviceStatusName(service.status)},
            {QStringLiteral("transport"), service.info.transport},
            {QStringLiteral("endpoint"), service.info.endpoint},
            {QStringLiteral("capabilities"), array(service.info.capabilities)},
            {QStringLiteral("heartbeat"), heartbeatStateName(service.heartbeat)},
            {QStringLiteral("generation"), qint64(service.generation)},
        });
    }
    call.reply->succeed(QJsonObject{{QStringLiteral("services"), list}});
}

void OperatorMethods::broadcast(const BroadcastRequest &request, const Call &call) const
{
    BroadcastRequest asked = request;
    asked.targets = stringsOf(call.params.value(QStringLiteral("targets")));
    if (call.params.contains(QStringLiteral("timeoutMs")))
        asked.timeout = call.params.value(QStringLiteral("timeoutMs")).toInteger() * kNsPerMs;
    const Result<quint64> started
        = m_host.broadcaster().start(asked, [reply = call.reply](const BroadcastReport &report) {
              reply->succeed(reportObject(report));
          });
    if (!started)
        call.reply->fail(started.error());
}

void OperatorMethods::quiesce(const Call &call) const
{
    const QString name
        = call.params.value(QStringLiteral("reason")).toString(QStringLiteral("maintenance"));
    const std::optional<QuiesceReason> reason = reasonOf(name);
    if (!reason) {
        call.reply->fail(
            Error(ErrorCode::InvalidArgument,
                  QStringLiteral("\"%1\" is no reason; there are idle-timeout, host-shutdown and "
                                 "maintenance")
                      .arg(name)));
        return;
    }
    BroadcastRequest request;
    request.kind = OperationKind::Quiesce;
    request.reason = *reason;
    broadcast(request, call);
}

void OperatorMethods::resume(const Call &call) const
{
    const Result<> done
        = m_host.broadcaster().resume(call.params.value(QStringLiteral("target")).toString());
    if (done)
        call.reply->succeed(QJsonObject{{QStringLiteral("resumed"), true}});
    else
        call.reply->fail(done.error());
}

void OperatorMethods::releaseHandles(const Call &call) const
{
    BroadcastRequest request;
    request.kind = OperationKind::ReleaseHandles;
    request.pathPrefix = call.params.value(QStringLiteral("prefix")).toString();
    broadcast(request, call);
}

void OperatorMethods::reload(const Call &call) const
{
    const Result<ConfigChange> changed = m_reload();
    if (!changed) {
        call.reply->fail(changed.error());
        return;
    }
    call.reply->succeed(QJsonObject{{QStringLiteral("added"), array(names(changed->added))},
                                    {QStringLiteral("removed"), array(changed->removed)},
                                    {QStringLiteral("replaced"), array(names(changed->replaced))},
                                    {QStringLiteral("unchanged"), array(changed->unchanged)},
                                    {QStringLiteral("applied"), array(changed->applied)},
                                    {QStringLiteral("needRestart"), array(changed->needRestart)}});
}

void OperatorMethods::steer(const QString &what, const Call &call) const
{
    const QString name = call.params.value(QStringLiteral("name")).toString();
    SupervisedEndpoint *endpoint = m_host.supervisor().find(name);
    if (!endpoint) {
        call.reply->fail(
            Error(ErrorCode::NotFound, QStringLiteral("there is no endpoint \"%1\"").arg(name)));
        return;
    }
    Result<> done;
    if (what == QLatin1String("start"))
        done = endpoint->start();
    else if (what == QLatin1String("restart"))
        done = endpoint->restart();
    else
        endpoint->stop();
    if (!done) {
        call.reply->fail(done.error());
        return;
    }
    call.reply->succeed(
        QJsonObject{{QStringLiteral("name"), name},
                    {QStringLiteral("state"),
                     QString::fromLatin1(endpointStateName(endpoint->status().state))}});
}

} // namespace fairlead::core
