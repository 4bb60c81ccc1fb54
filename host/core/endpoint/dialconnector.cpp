// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/dialconnector.h"

#include "core/carrier/carrierstack.h"
#include "core/endpoint/doublelinkdesk.h"
#include "core/endpoint/hostendpoint.h"
#include "core/endpoint/linkend.h"
#include "core/endpoint/linkplacer.h"
#include "core/endpoint/linkreports.h"
#include "core/lifecycle/supervisor/failureclass.h"

#include <utility>

namespace fairlead::core {

namespace {

/// How often is looked whether the other link of the peer is still there.
constexpr qint64 kLookAgainNs = 2 * kNsPerSecond;
constexpr qint64 kOtherPathNs = 100 * kNsPerMs;

/// Who an endpoint dials, as it has to prove; empty when anybody may be there.
QByteArray principalOf(const HostEndpoint &endpoint)
{
    const std::optional<TlsSettings> &tls = endpoint.settings().layers.tls;
    return tls ? tls->peerKeyId : QByteArray();
}

} // namespace

DialConnector::DialConnector(std::shared_ptr<HostEndpoint> endpoint, const Host &host)
    : m_endpoint(std::move(endpoint))
    , m_host(host)
{
    m_host.reports.setRoute(m_endpoint->runtime()->number,
                            [this](const LinkReport &report) { handleReport(report); });
    if (!m_host.doubleLinks)
        return;
    m_connected = QObject::connect(m_host.doubleLinks,
                                   &DoubleLinkDesk::peerConnected,
                                   m_host.doubleLinks,
                                   [this](const QByteArray &principal, quint64 winner) {
                                       handleConnected(principal, winner);
                                   });
}

DialConnector::~DialConnector()
{
    QObject::disconnect(m_connected);
    m_host.reports.removeRoute(m_endpoint->runtime()->number);
}

// One link to a peer is enough, whoever dialled it.
Result<> DialConnector::checkAttempt() const
{
    if (m_host.doubleLinks && m_host.doubleLinks->isTaken(principalOf(*m_endpoint)))
        return connectedElsewhere(kLookAgainNs);
    return {};
}

// From the handshake on it may be the link that the peer keeps: then it is for the registry to judge.
void DialConnector::handleConnected(const QByteArray &principal, quint64 winner)
{
    if (m_stage != Stage::Dialling || winner == m_generation
        || principal != principalOf(*m_endpoint)) {
        return;
    }
    abortDial();
    m_stage = Stage::Idle;
    receiver().attemptFailed(m_generation, connectedElsewhere(kLookAgainNs), EndCause::GaveWay);
}

void DialConnector::connect(quint64 generation, qint64 deadline)
{
    if (const auto prepared = m_endpoint->prepare(); !prepared) {
        receiver().attemptFailed(generation, prepared.error(), causeOf(prepared.error()));
        return;
    }
    m_generation = generation;
    m_stage = Stage::Dialling;
    startDial(deadline);
}

void DialConnector::cancel(quint64 generation)
{
    if (generation != m_generation)
        return;
    switch (std::exchange(m_stage, Stage::Idle)) {
    case Stage::Idle:
        break;
    case Stage::Dialling:
        abortDial();
        break;
    case Stage::Handshaking:
    case Stage::Ready:
        LinkPlacer::end(*m_reactor,
                        generation,
                        Error(ErrorCode::Cancelled, QStringLiteral("the attempt was cancelled")),
                        true);
        break;
    }
}

void DialConnector::close(quint64 generation, const Error &reason)
{
    if (generation != m_generation || m_stage != Stage::Ready)
        return;
    const Error why = reason.isNull()
        ? Error(ErrorCode::Cancelled, QStringLiteral("the endpoint is being stopped"))
        : reason;
    LinkPlacer::end(*m_reactor, generation, why, false);
}

void DialConnector::adopted(Reactor &reactor)
{
    m_reactor = &reactor;
    m_stage = Stage::Handshaking;
    receiver().dialFinished(m_generation);
}

void DialConnector::failed(const Error &error, EndCause cause)
{
    m_stage = Stage::Idle;
    receiver().attemptFailed(m_generation, error, cause);
}

void DialConnector::handleReport(const LinkReport &report)
{
    if (report.generation != m_generation)
        return;
    switch (report.kind) {
    case LinkReport::Kind::Undecided:
        if (m_stage == Stage::Handshaking)
            receiver().verdictPending(report.generation);
        break;
    case LinkReport::Kind::Connected:
        becomeReady(report);
        break;
    case LinkReport::Kind::Verified:
        if (m_stage == Stage::Ready)
            receiver().healthVerified(report.generation);
        break;
    case LinkReport::Kind::HeartbeatExpired:
        break; // its end follows, and says the same
    case LinkReport::Kind::Ended:
        linkIsOver(withOtherPath(report));
        break;
    }
}

LinkReport DialConnector::withOtherPath(const LinkReport &report) const
{
    LinkReport told = report;
    const std::shared_ptr<CarrierStack> &carrier = m_endpoint->runtime()->carrier;
    const bool isRefused = !report.wasConnected && carrier
        && report.reason.details().contains(QStringLiteral("status"));
    if (isRefused && carrier->takeOtherPath())
        setRetryAfter(told.reason, kOtherPathNs);
    return told;
}

void DialConnector::becomeReady(const LinkReport &report)
{
    if (m_stage != Stage::Handshaking)
        return;
    m_stage = Stage::Ready;
    const QByteArray &peer = report.peerKey.isEmpty() ? report.peerAddress : report.peerKey;
    if (!receiver().linkReady(m_generation, QString::fromUtf8(peer)))
        cancel(report.generation);
}

void DialConnector::tellEnd(const LinkReport &report)
{
    if (report.generation != m_generation)
        return;
    EndCause cause = endCauseOf(report);
    // The peer may be the one that decided which of two links stays.
    if (cause == EndCause::Lost && m_host.doubleLinks
        && m_host.doubleLinks->isConnected(principalOf(*m_endpoint)))
        cause = EndCause::GaveWay;
    const Error reason
        = cause == EndCause::GaveWay ? connectedElsewhere(kLookAgainNs) : report.reason;
    switch (std::exchange(m_stage, Stage::Idle)) {
    case Stage::Idle:
    case Stage::Dialling:
        break;
    case Stage::Handshaking:
        receiver().attemptFailed(report.generation, reason, cause);
        break;
    case Stage::Ready:
        receiver().linkEnded(report.generation, reason, cause);
        break;
    }
}

} // namespace fairlead::core
