// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// A link's beginning and its end.

#include "framing/framing.h"
#include "service/members.h"
#include "service/servicelink.h"

#include <fairlead/bytes.h>
#include <fairlead/link.h>
#include <fairlead/logger.h>
#include <fairlead/service.h>

#include <utility>

namespace fairlead::tcp {

namespace {

Error quietError(QuiesceReason reason)
{
    const bool ends = reason == QuiesceReason::HostShutdown;
    Error error(ends ? ErrorCode::ShuttingDown : ErrorCode::NotRunning,
                QStringLiteral("no new links are taken now: %1")
                    .arg(QLatin1String(quiesceReasonName(reason))));
    error.setRetryable(true);
    return error;
}

} // namespace

void ServiceLink::handleHello(const JsonValue &message, const QByteArray &operation)
{
    if (operation != "hello") {
        refuse(
            Error(ErrorCode::ProtocolViolation, QStringLiteral("the first message must be hello")));
        return;
    }
    Result<Hello> hello = readHello(message);
    if (!hello) {
        refuse(hello.error());
        return;
    }
    const QuiesceReason quiet = m_core.endpoint.quiet.load(std::memory_order_acquire);
    if (quiet != QuiesceReason::None) {
        refuse(quietError(quiet));
        return;
    }
    m_hello = std::move(*hello);
    m_core.identity = m_hello.identity;
    m_core.instance = m_hello.instance;
    m_core.features = m_hello.features;
    m_core.maxFrame = m_hello.maxFrame;
    m_core.window = m_hello.window;
    m_phase = Phase::Authenticating;
    const QByteArray user = m_hello.user.value_or(QByteArray());
    const QByteArray password = m_hello.password.value_or(QByteArray());
    Credentials credentials;
    credentials.peerKey = spanOf(m_core.identity);
    credentials.userName = spanOf(user);
    credentials.password = spanOf(password);
    credentials.hasUserName = m_hello.user.has_value();
    credentials.hasPassword = m_hello.password.has_value();
    m_hello.user.reset();
    m_hello.password.reset();
    m_core.context.bus.authenticate(credentials);
}

void ServiceLink::handleAuthenticated(const Error &error)
{
    if (m_phase != Phase::Authenticating)
        return;
    if (!error.isNull()) {
        refuse(error);
        return;
    }
    m_phase = Phase::Acquiring;
    SessionRequest request;
    request.peerKey = spanOf(m_core.identity);
    request.expirySeconds = m_hello.sessionExpiry.value_or(m_core.endpoint.options.sessionExpiry);
    request.clean = m_hello.isClean;
    request.window = quint16(m_core.window);
    m_core.context.bus.acquire(request);
}

void ServiceLink::handleLease(const LeaseGrant &grant)
{
    if (m_phase != Phase::Acquiring)
        return;
    if (!grant.lease) {
        refuse(grant.error);
        return;
    }
    m_core.lease = grant.lease;
    m_phase = Phase::Running;
    m_lines = linesOf(m_core.endpoint.options.maxFrame);
    m_service.begin();
    welcome(grant);
}

void ServiceLink::welcome(const LeaseGrant &grant)
{
    JsonLine line("welcome");
    line.number("protocol", kProtocolVersion)
        .text("identity", m_core.identity)
        .texts("features", m_core.features.names())
        .open("host")
        .text("version", m_core.endpoint.hostVersion)
        .close()
        .open("session")
        .flag("resumed", grant.resumed)
        .number("expiry", grant.expirySeconds)
        .number("window", m_core.window)
        .close();
    m_service.writeSetting(line);
    line.open("limits")
        .number("max_frame", m_core.endpoint.options.maxFrame)
        .number("call_body", ServiceSeat::kMaxCallBody)
        .number("open_calls", ServiceSeat::kMaxOpenCalls)
        .close();
    m_core.send(line);
}

// The end.

void ServiceLink::handleBye(const JsonValue &message)
{
    QString reason;
    bool endsSession = false;
    readMember(message, "reason", reason);
    readMember(message, "clean", endsSession);
    m_service.end(true);
    leave(true, endsSession);
    QString text = QStringLiteral("the peer left");
    if (!reason.isEmpty())
        text += QStringLiteral(": ") + reason;
    end(Error(ErrorCode::ConnectionClosed, text));
}

void ServiceLink::handleFenced(FenceReason reason)
{
    const bool isTaken = reason == FenceReason::TakenOver;
    m_core.lease = nullptr; // void from here on
    sayBye(isTaken ? Error(ErrorCode::Superseded,
                           QStringLiteral("another link presented the same identity"))
                   : Error(ErrorCode::Cancelled, QStringLiteral("the session was ended")));
    leave(false);
}

void ServiceLink::handleClosing(const Error &reason)
{
    sayBye(reason);
    leave(false);
}

// A peer that said nothing yet may speak another protocol.
void ServiceLink::sayBye(const Error &reason)
{
    if (m_phase == Phase::Running) {
        JsonLine line("bye");
        m_core.send(line.error(reason));
    } else if (m_phase == Phase::Authenticating || m_phase == Phase::Acquiring) {
        m_core.sendError(reason, 0);
    }
}

void ServiceLink::refuse(const Error &error)
{
    if (m_phase == Phase::Ended)
        return;
    m_core.sendError(error, 0);
    end(error);
}

void ServiceLink::leave(bool inOrder, bool endSession)
{
    if (m_phase == Phase::Ended)
        return;
    m_phase = Phase::Ended;
    m_core.context.timers.disarm(m_turnTimer);
    m_service.end(inOrder);
    if (m_core.lease) {
        ReleaseRequest release;
        release.changeExpiry = endSession;
        m_core.lease->release(release);
    }
    m_core.lease = nullptr;
}

void ServiceLink::end(const Error &error)
{
    Logger &logger = m_core.context.logger;
    if (logger.isEnabled(LogLevel::Info)) {
        logger.log(LogLevel::Info,
                   "tcp-link-ended",
                   QStringLiteral("peer=%1 address=%2 reason=%3")
                       .arg(QString::fromUtf8(m_core.identity),
                            QString::fromUtf8(m_core.context.peerAddress),
                            error.toString()));
    }
    leave(false);
    // Whatever the peer did: who is to be dialled is dialled again.
    Error reason = error;
    reason.setRetryable(true);
    Link &link = m_core.context.link;
    if (!link.fail(reason))
        link.close(reason, CloseMode::Drain, false);
}

} // namespace fairlead::tcp
