// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/session.h"
#include "core/distributor/sessionkey.h"
#include "core/reactor/hostlink.h"
#include "core/reactor/reactor.h"

#include <utility>

// The side effects of a link's life, and what its follower is told of it.

namespace fairlead::core {

namespace {

// What a graceful end may take before it is cut off.
constexpr qint64 kDrainNs = 2 * kNsPerSecond;

} // namespace

bool HostLink::needsNoHandshake(const Link &) const noexcept
{
    return m_endpoint->needsNoHandshake;
}

Result<> HostLink::registerLink(Link &)
{
    // The registry and the session directory decide in one step, see admitLink().
    m_liveness->setState(State::Ready);
    m_place->setPeerKey(peerKey());
    return {};
}

// A capacity or the end of the host is told in the protocol, once it can be.
Error HostLink::checkAdmission()
{
    if (!m_refusal.isNull())
        return m_refusal;
    if (!m_identityChecked) {
        if (Error error = checkIdentity(); !error.isNull())
            return error;
    }
    if (!m_identity)
        return checkPrincipal();
    m_principal = *m_identity;
    m_sessionKey = sessionKeyOf(m_principal.name, peerKey(), m_endpoint->peerKind);
    return {};
}

Admission HostLink::admitLink(Link &, Error *error)
{
    m_reactor.timers().disarm(m_deadline);
    if (const Error refused = checkAdmission(); !refused.isNull()) {
        *error = refused;
        return Admission::Refused;
    }
    return m_reactor.sessions().acquire(*this, error);
}

void HostLink::grant(Session &session,
                     bool resumed,
                     Ticket ticket,
                     std::unique_ptr<FormerSession> former)
{
    m_session = &session;
    m_session->tellsLosses = m_endpoint->notices;
    m_resumed = resumed;
    m_grantTicket = ticket;
    m_former = std::move(former);
}

void HostLink::linkConnected(Link &)
{
    m_reactor.traffic().linksConnected.add();
    Notice notice;
    notice.kind = Notice::Kind::Lease;
    m_reactor.queueNotice(*this, std::move(notice), m_grantTicket);
    tell(LinkReport::Kind::Connected);
}

bool HostLink::mayHaveInput() const noexcept
{
    return readable || m_readDue || m_reactor.isReadingStopped();
}

void HostLink::tell(LinkReport::Kind kind, const Error &reason) noexcept
{
    if (!m_endpoint->follower || !m_endpoint->follower->follows(direction()))
        return;
    LinkReport told = report(kind);
    told.reason = reason;
    m_endpoint->follower->handleReport(std::move(told));
}

LinkReport HostLink::report(LinkReport::Kind kind) const
{
    LinkReport report;
    report.kind = kind;
    report.direction = direction();
    report.generation = generation();
    report.endpoint = m_endpoint->number;
    report.peerKey = peerKey();
    report.peerAddress = m_peerAddress;
    return report;
}

void HostLink::reportEnd()
{
    if (m_endReported || !m_endpoint->follower || !m_endpoint->follower->follows(direction()))
        return;
    m_endReported = true;
    LinkReport ended = report(LinkReport::Kind::Ended);
    ended.wasConnected = m_wasConnected;
    ended.wasRefused = m_rejected;
    ended.asksReconnect = m_asksReconnect;
    ended.reason = reason();
    ended.wasShutDown = m_wasShutDown;
    ended.hasCrashed = hasCrashed();
    ended.gaveWay = gaveWay();
    m_endpoint->follower->handleReport(std::move(ended));
}

void HostLink::linkRejected(Link &, const Error &error)
{
    m_rejected = true;
    LeaseGrant refusal;
    refusal.error = error;
    driver()->handleLease(refusal);
}

void HostLink::linkDraining(Link &)
{
    m_heartbeat.stop();
    // When the host ends, it counts who is late, and cuts them off itself.
    if (m_reactor.isReadingStopped())
        m_reactor.timers().disarm(m_deadline);
    else
        m_reactor.timers().arm(m_deadline, m_reactor.clock().now() + kDrainNs);
    driver()->handleClosing(reason());
    m_awaitsAnswer = driver()->awaitsAnswer();
    if (m_awaitsAnswer)
        streamReadable();
    // The stream's next flush ends it, also when there is nothing left to send.
    streamFilled();
}

void HostLink::linkEnding(const Link &) noexcept
{
    m_liveness->end();
}

void HostLink::stopActivities(Link &)
{
    m_reactor.timers().disarm(m_deadline);
    m_heartbeat.stop();
    m_service.stop(reason());
    if (m_stream)
        m_stream->setOwner(nullptr);
}

void HostLink::unregisterLink(Link &)
{
    if (!m_sessionKey.isEmpty())
        m_reactor.distributor().links.remove(m_sessionKey, generation());
    if (m_arbitrated)
        m_reactor.distributor().arbitration->noteEnded(m_sessionKey, generation());
}

void HostLink::withdrawLink(Link &)
{
    if (m_session) {
        Session &session = *m_session;
        m_session = nullptr;
        m_reactor.sessions().release(session, m_released.get());
    } else {
        m_reactor.sessions().withdraw(*this);
    }
}

void HostLink::closeTransport(Link &, CloseMode mode)
{
    if (!m_stream)
        return;
    m_stream->close(mode);
    if (mode == CloseMode::Drain)
        m_reactor.linger(std::move(m_stream), std::move(*m_place), m_inputEnded);
    else
        m_stream->abandon();
    m_place.reset();
}

void HostLink::linkDisconnected(Link &, bool wasConnected)
{
    m_wasConnected = wasConnected;
    if (m_parked) {
        m_notices -= int(m_parked->size());
        m_parked.reset();
    }
    if (!m_driverFailed && hasCrashed())
        notePluginError(reason());
    if (wasConnected)
        m_reactor.traffic().linksDisconnected.add();
    if (m_endpoint->logger->isEnabled(LogLevel::Debug)) {
        m_endpoint->logger->log(LogLevel::Debug,
                                "link-closed",
                                QStringLiteral("link=%1 peer=%2 reason=%3")
                                    .arg(generation())
                                    .arg(QString::fromUtf8(peerKey()), reason().toString()));
    }
    m_reactor.linkClosed(*this);
}

} // namespace fairlead::core
