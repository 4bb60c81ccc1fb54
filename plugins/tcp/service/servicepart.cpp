// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "service/servicepart.h"

#include "service/callcontent.h"
#include "service/jsontext.h"
#include "service/members.h"
#include "service/peercore.h"

#include <fairlead/clock.h>
#include <fairlead/heartbeat.h>

#include <algorithm>
#include <utility>

namespace fairlead::tcp {

namespace {

/// Broadcasts that were not answered; the oldest make way.
constexpr std::size_t kMaxReplies = 64;
/// Calls for one service that were not answered.
constexpr std::size_t kMaxCalls = 256;
/// What may wait beyond the stream's room before a call is refused: the peer does not read.
constexpr qint64 kOverdraft = 4 * 1024 * 1024;

Error notRegistered()
{
    return Error(ErrorCode::InvalidTransition, QStringLiteral("the peer is not registered"));
}

bool isAsked(const Features &features, OperationKind kind)
{
    switch (kind) {
    case OperationKind::ReleaseHandles:
        return features.releaseHandles;
    case OperationKind::Quiesce:
        return features.quiesce;
    }
    return false;
}

} // namespace

ServicePart::~ServicePart()
{
    end(false);
}

void ServicePart::begin()
{
    resolve(qint64(m_core.endpoint.options.heartbeat) * 1000, 0);
    watch();
}

// The setting that holds: what was asked for within what the operator allows (HB-01).
void ServicePart::resolve(qint64 timeoutMs, qint64 intervalMs)
{
    const qint64 longest = qint64(m_core.endpoint.options.heartbeatMax) * 1000;
    if (longest > 0 && (timeoutMs == 0 || timeoutMs > longest))
        timeoutMs = longest;
    if (timeoutMs > 0 && (intervalMs == 0 || intervalMs >= timeoutMs))
        intervalMs = std::max<qint64>(1, timeoutMs / 3);
    m_timeoutMs = timeoutMs;
    m_intervalMs = intervalMs;
}

void ServicePart::noteMessage()
{
    if (m_state == State::Registered)
        m_core.context.service->noteHeartbeat();
}

void ServicePart::end(bool inOrder)
{
    if (m_state == State::Ended)
        return;
    if (inOrder && (m_state == State::Registered || m_state == State::Registering))
        m_core.context.service->unregisterService();
    m_state = State::Ended;
    for (auto &[id, reply] : m_replies) {
        reply.fail(Error(ErrorCode::ConnectionClosed,
                         QStringLiteral("the service left before it answered")));
    }
    m_replies.clear();
    m_calls.clear();
}

// Its place among the services.

void ServicePart::registerService(const JsonValue &message, quint32 id)
{
    if (!m_core.context.service) {
        m_core.sendError(
            Error(ErrorCode::NotSupported, QStringLiteral("this host keeps no services")), id);
        return;
    }
    if (m_state != State::None) {
        m_core.sendError(
            Error(ErrorCode::InvalidTransition, QStringLiteral("the peer registered already")), id);
        return;
    }
    const ServiceOptions &options = m_core.endpoint.options;
    ServiceOffer offer;
    offer.instance = m_core.instance;
    readMember(message, "name", offer.name);
    readMember(message, "version", offer.version);
    readMember(message, "build", offer.build);
    readMember(message, "capabilities", offer.capabilities);
    readMember(message, "owns", offer.owned);
    readMember(message, "paths", offer.paths);
    offer.knowsPaths = bool(message.member("paths"));
    bool isReturning = true;
    readMember(message, "auto_reconnect", isReturning);
    offer.keepMs = isReturning ? qint64(options.keep) * 1000 : 0;
    qint64 timeoutMs = qint64(options.heartbeat) * 1000;
    qint64 intervalMs = 0;
    readNumber(message.member("heartbeat"), "timeout_ms", timeoutMs);
    readNumber(message.member("heartbeat"), "interval_ms", intervalMs);
    resolve(timeoutMs, intervalMs);
    offer.heartbeatTimeoutMs = m_timeoutMs;
    if (const Result<> asked = m_core.context.service->registerService(offer, *this); !asked) {
        m_core.sendError(asked.error(), id);
        return;
    }
    m_registerId = id;
    m_state = State::Registering;
}

void ServicePart::handleRegistered(const ServiceGrant &grant)
{
    if (m_state != State::Registering)
        return;
    if (!grant.error.isNull()) {
        m_state = State::None;
        m_core.sendError(grant.error, m_registerId);
        return;
    }
    m_state = State::Registered;
    m_generation = grant.generation;
    watch();
    JsonLine line("registered");
    if (m_registerId != 0)
        line.number("re", m_registerId);
    line.text("service", grant.id.toUtf8())
        .number("generation", qint64(grant.generation))
        .flag("returned", grant.returned);
    writeSetting(line);
    m_core.send(line);
}

void ServicePart::writeSetting(JsonLine &line) const
{
    line.open("heartbeat")
        .number("timeout_ms", m_timeoutMs)
        .number("interval_ms", m_intervalMs)
        .close();
}

void ServicePart::watch()
{
    if (!m_core.context.heartbeat)
        return;
    HeartbeatPlan plan;
    plan.timeoutMs = m_timeoutMs;
    plan.probeMs = 0;
    if (m_core.features.ping && m_timeoutMs > 0)
        plan.probeMs = m_intervalMs > 0 && m_intervalMs < m_timeoutMs ? m_intervalMs : -1;
    (void)m_core.context.heartbeat->watch(plan);
}

void ServicePart::heartbeat(const JsonValue &message, quint32 id)
{
    quint64 generation = m_generation;
    readNumber(message, "generation", generation);
    if (m_state != State::Registered) {
        m_core.sendError(notRegistered(), id);
    } else if (generation != m_generation) {
        m_core.sendError(Error(ErrorCode::Superseded,
                               QStringLiteral("this stay has the generation %1").arg(m_generation)),
                         id);
    }
}

// Operations.

void ServicePart::handleOperation(const Operation &operation, OperationReply reply)
{
    if (m_state != State::Registered) {
        reply.fail(Error(ErrorCode::NotRunning, QStringLiteral("the service is not registered")));
        return;
    }
    if (!isAsked(m_core.features, operation.kind)) {
        reply.fail(Error(ErrorCode::NotSupported,
                         QStringLiteral("the service has no part in %1")
                             .arg(QLatin1String(operationName(operation.kind)))));
        return;
    }
    JsonLine line("broadcast");
    line.number("id", qint64(operation.correlationId))
        .text("operation", Bytes(operationName(operation.kind)));
    if (operation.kind == OperationKind::Quiesce)
        line.text("reason", Bytes(quiesceReasonName(operation.reason)));
    else
        line.text("prefix", operation.pathPrefix.toUtf8());
    m_core.send(line.number("timeout_ms", leftMs(operation.deadline)));
    forgetOldReplies();
    m_replies.insert_or_assign(operation.correlationId, std::move(reply));
}

void ServicePart::handleResume()
{
    if (m_state != State::Registered || !m_core.features.quiesce)
        return;
    JsonLine line("resume");
    m_core.send(line);
}

// One that is late is told to the host all the same, which counts it.
void ServicePart::forgetOldReplies()
{
    while (m_replies.size() >= kMaxReplies)
        m_replies.erase(m_replies.begin());
}

OperationReply ServicePart::takeReply(const JsonValue &message)
{
    quint64 id = 0;
    readNumber(message, "re", id);
    const auto found = m_replies.find(id);
    if (found == m_replies.end()) {
        m_core.sendError(
            Error(ErrorCode::NotFound, QStringLiteral("broadcast %1 waits for no answer").arg(id)),
            0);
        return {};
    }
    OperationReply reply = std::move(found->second);
    m_replies.erase(found);
    return reply;
}

void ServicePart::acknowledgeBroadcast(const JsonValue &message)
{
    takeReply(message).done();
}

void ServicePart::failBroadcast(const JsonValue &message)
{
    OperationReply reply = takeReply(message);
    if (!reply.isOpen())
        return;
    reply.fail(failureOf(message.member("error")));
}

// Calls.

void ServicePart::call(const JsonValue &message, quint32 id)
{
    if (m_state != State::Registered) {
        m_core.sendError(notRegistered(), id);
        return;
    }
    const QByteArray capability = stringOf(message.member("capability"));
    const QByteArray service = textMember(message, "service").value_or(QByteArray());
    const JsonValue body = message.member("body");
    CallRequest request;
    request.capability = {capability.constData(), std::size_t(capability.size())};
    request.service = {service.constData(), std::size_t(service.size())};
    request.body = body ? body.text() : ByteSpan("null");
    request.tag = id;
    readNumber(message, "timeout_ms", request.timeoutMs);
    if (const Result<> asked = m_core.context.service->call(request); !asked)
        m_core.sendError(asked.error(), id);
}

void ServicePart::handleResult(quint32 tag, const Result<QByteArray> &result)
{
    if (m_state == State::Ended)
        return;
    if (!result) {
        m_core.sendError(result.error(), tag);
        return;
    }
    JsonLine line("result");
    line.number("re", tag);
    appendBody(line, *result);
    m_core.send(line);
}

void ServicePart::handleCall(const ServiceCall &call)
{
    if (m_state != State::Registered || m_calls.size() >= kMaxCalls || !hasRoom()) {
        m_core.context.service->answer(
            call.id,
            Error(ErrorCode::LimitReached, QStringLiteral("the service has too much to do")));
        return;
    }
    JsonLine line("call");
    line.number("id", qint64(call.id))
        .bytes("capability", {call.capability.constData(), std::size_t(call.capability.size())})
        .bytes("caller", {call.caller.constData(), std::size_t(call.caller.size())})
        .number("timeout_ms", leftMs(call.deadline));
    appendBody(line, call.body);
    m_core.send(line);
    m_calls.insert(call.id);
}

void ServicePart::handleCallDropped(quint64 id)
{
    if (m_calls.erase(id) == 0)
        return;
    JsonLine line("call_dropped");
    m_core.send(line.number("id", qint64(id)));
}

void ServicePart::answer(const JsonValue &message)
{
    quint64 id = 0;
    readNumber(message, "re", id);
    if (m_calls.erase(id) == 0) {
        m_core.sendError(
            Error(ErrorCode::NotFound, QStringLiteral("call %1 waits for no answer").arg(id)), 0);
        return;
    }
    ServiceSeat &seat = *m_core.context.service;
    if (const JsonValue error = message.member("error")) {
        seat.answer(id, failureOf(error));
        return;
    }
    const Bytes body = message.member("body").text();
    if (body.size() > std::size_t(ServiceSeat::kMaxCallBody)) {
        const Error error(
            ErrorCode::PacketTooLarge,
            QStringLiteral("the answer has more than %1 bytes").arg(ServiceSeat::kMaxCallBody));
        m_core.sendError(error, 0);
        seat.answer(id, error);
        return;
    }
    seat.answer(id, QByteArray(body.data(), qsizetype(body.size())));
}

bool ServicePart::hasRoom() const
{
    return m_core.context.stream.space() > -kOverdraft;
}

qint64 ServicePart::leftMs(qint64 deadline) const
{
    return std::max<qint64>(0, (deadline - m_core.context.clock.now()) / kNsPerMs);
}

} // namespace fairlead::tcp
