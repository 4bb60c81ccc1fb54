// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/hostlink.h"
#include "core/reactor/reactor.h"

#include <fairlead/bytes.h>

#include <utility>

// A link among others of its peer.

namespace fairlead::core {

void HostLink::setRule(const SessionRequest &request)
{
    if (!m_reactor.distributor().arbitration)
        return;
    m_arbitrated = std::make_unique<Arbitrated>();
    m_arbitrated->ownId = QByteArray(request.ownId.data(), qsizetype(request.ownId.size()));
    m_arbitrated->peerId = peerKey();
    // The peer is known from here on, and so is that it has two links.
    m_arbitrated->since = m_reactor.clock().now();
}

SwapRequest HostLink::swapRequest() const
{
    SwapRequest request;
    request.candidate.generation = generation();
    request.candidate.liveness = m_liveness;
    request.candidate.reactor = m_reactor.number();
    request.candidate.endpoint = m_endpoint->number;
    request.candidate.direction = direction();
    request.candidate.since = m_since;
    request.now = m_reactor.clock().now();
    if (m_endpoint->maxLinks > 0)
        request.endpointLimit = qsizetype(m_endpoint->maxLinks);
    if (m_arbitrated) {
        request.policy = [](const DoubleLinkCase &links) { return specRecency(links); };
        request.ownId = spanOf(m_arbitrated->ownId);
        request.peerId = spanOf(m_arbitrated->peerId);
        request.candidate.since = m_arbitrated->since;
    }
    return request;
}

DeferredCandidate HostLink::deferredCandidate()
{
    tell(LinkReport::Kind::Undecided);
    DeferredCandidate candidate = {swapRequest(), m_arbitrated->ownId, m_arbitrated->peerId};
    candidate.request.key = m_sessionKey;
    return candidate;
}

void HostLink::judge(const Error &refusal)
{
    if (state() != State::Ready)
        return;
    if (refusal.isNull())
        m_reactor.sessions().acquireHeld(*this);
    else
        completeAdmission(refusal);
}

void HostLink::probe()
{
    if (state() != State::Ready)
        return;
    if (!m_arbitrated) {
        // Nobody asked for it to be watched: it counts as alive.
        m_reactor.distributor().arbitration->noteHeard(m_sessionKey, generation());
        return;
    }
    m_arbitrated->isProbed = true;
    // What waits here unread may be the answer.
    if (m_readDue || m_reactor.isReadingStopped())
        answerProbe();
    else
        driver()->handleProbeDue();
}

void HostLink::answerProbe() noexcept
{
    if (std::exchange(m_arbitrated->isProbed, false))
        m_reactor.distributor().arbitration->noteHeard(m_sessionKey, generation());
}

bool HostLink::gaveWay() const
{
    const ErrorCode code = reason().code();
    return m_arbitrated && (code == ErrorCode::AlreadyExists || code == ErrorCode::Superseded);
}

} // namespace fairlead::core
