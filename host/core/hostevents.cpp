// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/hostevents.h"

#include "core/endpoint/endpointset.h"
#include "core/lifecycle/shutdown/shutdownreport.h"
#include "core/lifecycle/supervisor/endpointstatus.h"
#include "core/observe/eventbus.h"

#include <QtCore/QJsonArray>

#include <fairlead/clock.h>
#include <fairlead/logger.h>

namespace fairlead::core {

namespace {

std::optional<EventKind> kindOf(EndpointEvent::Kind kind)
{
    switch (kind) {
    case EndpointEvent::Kind::StateChanged:
        return EventKind::EndpointState;
    case EndpointEvent::Kind::Started:
        return EventKind::EndpointStarted;
    case EndpointEvent::Kind::Stopped:
        return EventKind::EndpointStopped;
    case EndpointEvent::Kind::Reconnected:
        return EventKind::EndpointReconnected;
    case EndpointEvent::Kind::ReconnectFailed:
        return EventKind::EndpointReconnectFailed;
    case EndpointEvent::Kind::DialStorm:
        return EventKind::DialStorm;
    case EndpointEvent::Kind::ReconnectScheduled:
        break;
    }
    return std::nullopt;
}

std::optional<EventKind> kindOf(const LinkReport &report)
{
    switch (report.kind) {
    case LinkReport::Kind::Connected:
        return EventKind::LinkConnected;
    case LinkReport::Kind::Undecided:
    case LinkReport::Kind::Verified:
        return std::nullopt;
    case LinkReport::Kind::HeartbeatExpired:
        return EventKind::HeartbeatTimeout;
    case LinkReport::Kind::Ended:
        break;
    }
    if (report.wasConnected)
        return EventKind::LinkDisconnected;
    return report.wasRefused ? EventKind::LinkRejected : EventKind::HandshakeFailed;
}

LogLevel levelOf(const EndpointEvent &event)
{
    if (event.to == EndpointState::Failed)
        return LogLevel::Error;
    return event.to == EndpointState::Reconnecting ? LogLevel::Warning : LogLevel::Info;
}

} // namespace

void logEndpointEvent(Logger &logger, const EndpointEvent &event)
{
    if (event.kind == EndpointEvent::Kind::ReconnectScheduled) {
        logger.log(LogLevel::Info,
                   "reconnect",
                   QStringLiteral("attempt=%1 in-ms=%2 reason=\"%3\"")
                       .arg(event.attempt)
                       .arg(event.delayNs / kNsPerMs)
                       .arg(event.reason.toString()));
        return;
    }
    if (event.kind != EndpointEvent::Kind::StateChanged || !logger.isEnabled(levelOf(event)))
        return;
    QString text = QStringLiteral("from=%1 to=%2")
                       .arg(QLatin1String(endpointStateName(event.from)),
                            QLatin1String(endpointStateName(event.to)));
    if (!event.reason.isNull())
        text += QStringLiteral(" reason=\"%1\"").arg(event.reason.toString());
    logger.log(levelOf(event), "endpoint-state", text);
}

void publishEndpointEvent(EventBus &bus, const EndpointEvent &event)
{
    const std::optional<EventKind> kind = kindOf(event.kind);
    if (!kind)
        return;
    bus.publish(*kind, [&](Event &out) {
        out.key = event.name.toUtf8();
        out.endpoint = event.name;
        out.generation = event.generation;
        out.monotonicNs = event.at;
        out.reason = event.reason;
        out.attempt = event.attempt;
        if (event.kind == EndpointEvent::Kind::StateChanged) {
            out.from = QLatin1String(endpointStateName(event.from));
            out.to = QLatin1String(endpointStateName(event.to));
        }
        if (event.delayNs > 0)
            out.details.insert(QStringLiteral("retryAfterMs"), event.delayNs / kNsPerMs);
    });
}

void publishStoreState(EventBus &bus, EventKind kind, const Error &reason)
{
    bus.publish(kind, [&](Event &out) { out.reason = reason; });
}

void publishShutdownPhase(EventBus &bus, const PhaseReport &report)
{
    bus.publish(EventKind::ShutdownPhase, [&](Event &out) {
        out.reason = report.error;
        out.details
            = {{QStringLiteral("phase"), QLatin1String(toText(report.phase))},
               {QStringLiteral("outcome"), QLatin1String(toText(report.outcome))},
               {QStringLiteral("durationMs"), report.duration / kNsPerMs},
               {QStringLiteral("stragglers"), QJsonArray::fromStringList(report.stragglers)}};
    });
}

namespace {

void describe(const ServiceRecord &service, Event *out)
{
    out->key = service.info.id.toUtf8();
    out->endpoint = service.info.endpoint;
    out->generation = service.generation;
}

} // namespace

void publishServiceRegistered(EventBus &bus, const ServiceRecord &service)
{
    bus.publish(EventKind::ServiceRegistered, [&](Event &out) {
        describe(service, &out);
        out.details = {{QStringLiteral("name"), service.info.key.name},
                       {QStringLiteral("version"), service.info.key.version},
                       {QStringLiteral("build"), service.info.key.build},
                       {QStringLiteral("instance"), service.info.key.instance}};
    });
}

void publishServiceUnregistered(EventBus &bus, const ServiceRecord &service, const Error &reason)
{
    bus.publish(EventKind::ServiceUnregistered, [&](Event &out) {
        describe(service, &out);
        out.reason = reason;
    });
}

void publishServiceStatus(EventBus &bus,
                          const ServiceRecord &service,
                          ServiceStatus from,
                          const Error &reason)
{
    bus.publish(EventKind::ServiceStatus, [&](Event &out) {
        describe(service, &out);
        out.from = serviceStatusName(from);
        out.to = serviceStatusName(service.status);
        out.reason = reason;
    });
}

void publishBroadcastStarted(EventBus &bus, quint64 id, OperationKind kind, int targets)
{
    bus.publish(EventKind::BroadcastStarted, [&](Event &out) {
        out.key = QByteArray::number(id);
        out.details = {{QStringLiteral("operation"), QLatin1String(operationName(kind))},
                       {QStringLiteral("targets"), targets}};
    });
}

void publishBroadcastTarget(EventBus &bus,
                            quint64 id,
                            const TargetFailure &target,
                            TargetResult result)
{
    bus.publish(EventKind::BroadcastTarget, [&](Event &out) {
        out.key = QByteArray::number(id);
        out.reason = target.error;
        out.details = {{QStringLiteral("target"), target.id},
                       {QStringLiteral("outcome"), QLatin1String(toText(result))}};
    });
}

void publishBroadcastFinished(EventBus &bus, const BroadcastReport &report)
{
    bus.publish(EventKind::BroadcastFinished, [&](Event &out) {
        out.key = QByteArray::number(report.correlationId);
        out.details = {{QStringLiteral("outcome"), QLatin1String(toText(report.outcome))},
                       {QStringLiteral("acked"), report.acks.size()},
                       {QStringLiteral("timedOut"), report.timeouts.size()},
                       {QStringLiteral("failed"), qint64(report.failures.size())},
                       {QStringLiteral("skipped"), report.skippedDead.size()}};
    });
}

void publishLinkEvent(EventBus &bus, const EndpointSet &endpoints, const LinkReport &report)
{
    publishLinkEvent(
        bus, [&endpoints](int number) { return endpoints.nameOf(number); }, report);
}

void publishLinkEvent(EventBus &bus,
                      const std::function<QString(int)> &nameOf,
                      const LinkReport &report)
{
    const std::optional<EventKind> kind = kindOf(report);
    if (!kind)
        return;
    bus.publish(*kind, [&](Event &out) {
        out.key = report.peerKey;
        out.endpoint = nameOf(report.endpoint);
        out.generation = report.generation;
        out.reason = report.reason;
        out.details.insert(QStringLiteral("peer"), QString::fromUtf8(report.peerAddress));
        out.details.insert(QStringLiteral("direction"),
                           report.direction == Link::Direction::Accepted
                               ? QStringLiteral("accepted")
                               : QStringLiteral("dialled"));
        if (*kind == EventKind::HeartbeatTimeout) {
            const QString silent = QStringLiteral("silentMs");
            out.details.insert(silent, report.reason.details().value(silent).toLongLong());
        }
    });
}

} // namespace fairlead::core
