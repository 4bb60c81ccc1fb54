// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/peerconnector.h"

#include "core/endpoint/hostendpoint.h"
#include "core/endpoint/linkplacer.h"
#include "core/lifecycle/supervisor/failureclass.h"
#include "core/reactor/mainloop.h"

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

QByteArray nameOf(const HostDial::Place &place)
{
    DialAddress address;
    address.family = QHostAddress(place.host).protocol() == QAbstractSocket::IPv6Protocol
        ? DialAddress::Family::IPv6
        : DialAddress::Family::IPv4;
    address.host = place.host;
    address.port = place.port;
    return address.text().toUtf8();
}

} // namespace

PeerConnector::PeerConnector(MainLoop &loop,
                             std::shared_ptr<HostEndpoint> endpoint,
                             const Host &host,
                             DiscoverySchedule &delays,
                             Peer peer)
    : DialConnector(std::move(endpoint), host)
    , m_loop(loop)
    , m_delays(delays)
    , m_peer(std::move(peer))
{ }

PeerConnector::~PeerConnector()
{
    m_delays.cancel(delayKey());
}

QString PeerConnector::delayKey() const
{
    return QString::number(endpoint().runtime()->number);
}

void PeerConnector::setPlaces(std::vector<HostDial::Place> places)
{
    m_peer.places = std::move(places);
    m_doubtful.clear();
}

std::vector<HostDial::Place> PeerConnector::placesInTurn() const
{
    std::vector<HostDial::Place> places = m_peer.places;
    std::stable_partition(places.begin(), places.end(), [this](const HostDial::Place &place) {
        return !m_doubtful.contains(nameOf(place));
    });
    return places;
}

void PeerConnector::startDial(qint64 deadline)
{
    m_deadline = deadline;
    const quint32 attempts = m_peer.attempts();
    // A link that never stays is no fresh start.
    const quint32 sinceStable = attempts > 0 ? attempts - 1 : 0;
    m_delays.cancel(delayKey());
    (void)m_delays.trigger(delayKey(), std::max(m_failures++, sinceStable));
}

void PeerConnector::dialNow()
{
    m_dial = std::make_unique<HostDial>(m_loop, [this](const Result<HostDial::Connection> &result) {
        const std::unique_ptr<HostDial> over = std::move(m_dial);
        if (!result) {
            failed(result.error());
            return;
        }
        adopted(placer().adoptSocket(endpoint().runtime(),
                                     result->fd,
                                     result->peerAddress,
                                     Link::Direction::Dialled,
                                     generation()));
    });
    m_dial->start(placesInTurn(),
                  std::min(m_deadline, m_loop.clock().now() + m_peer.dialDeadlineNs));
}

void PeerConnector::abortDial() noexcept
{
    m_delays.cancel(delayKey());
    m_dial.reset();
}

void PeerConnector::linkIsOver(const LinkReport &report)
{
    if (report.wasConnected) {
        m_failures = 0;
        m_doubtful.clear();
        tellEnd(report);
        return;
    }
    m_doubtful.insert(report.peerAddress);
    if (report.reason.code() != ErrorCode::IdentityMismatch) {
        tellEnd(report);
        return;
    }
    // Whoever announced this place was wrong, which says nothing about the peer.
    LinkReport claim = report;
    claim.asksReconnect = true;
    claim.reason.setRetryable(true);
    const bool isAnywhereElse = std::any_of(
        m_peer.places.cbegin(), m_peer.places.cend(), [this](const HostDial::Place &place) {
            return !m_doubtful.contains(nameOf(place));
        });
    if (!isAnywhereElse)
        setRetryAfter(claim.reason, kMismatchPauseNs);
    tellEnd(claim);
}

} // namespace fairlead::core
