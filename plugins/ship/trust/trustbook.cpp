// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "trust/trustbook.h"

#include <algorithm>
#include <utility>

namespace fairlead::ship {

namespace {

constexpr qint64 kNsPerMs = 1'000'000;

/// What is empty says nothing.
bool update(QByteArray &known, const QByteArray &claimed)
{
    if (claimed.isEmpty() || claimed == known)
        return false;
    known = claimed;
    return true;
}

} // namespace

TrustBook::TrustBook(bool askPeople, const TrustLimits &limits)
    : m_askPeople(askPeople)
    , m_limits(limits)
{ }

void TrustBook::load(std::vector<TrustedPeer> peers)
{
    m_loaded = true;
    for (TrustedPeer &peer : peers) {
        const auto place = m_peers.find(peer.ski);
        if (place == m_peers.end()) {
            m_peers.emplace(peer.ski, std::move(peer));
        } else if (peer.source == TrustSource::Configuration) {
            // The configuration confirms what the store knows more of.
            place->second.source = peer.source;
            update(place->second.label, peer.label);
        }
    }
    for (const auto &[ski, peer] : m_peers)
        m_requests.erase(ski);
}

TrustBook::Judgement TrustBook::judge(const Ski &ski,
                                      const PeerClaims &claims,
                                      qint64 now,
                                      qint64 utcMs)
{
    forgetOld(now);
    if (m_peers.contains(ski))
        return {Trust::Trusted, false, false};
    if (m_loaded && m_rejectedUntil.contains(ski))
        return {Trust::Rejected, false, false};
    if (m_loaded && isWindowOpen(now)) {
        TrustedPeer peer{ski, TrustSource::AutoAccept, {}, claims, utcMs, utcMs};
        if (accept(std::move(peer))) {
            closeWindow();
            return {Trust::Trusted, true, false};
        }
    }
    if (m_loaded && !m_askPeople)
        return {Trust::Rejected, false, false};
    return {Trust::Pending, false, request(ski, claims, now)};
}

bool TrustBook::request(const Ski &ski, const PeerClaims &claims, qint64 now)
{
    const auto known = m_requests.find(ski);
    if (known != m_requests.end()) {
        known->second.claims = claims;
        known->second.lastAt = now;
        ++known->second.attempts;
        return false;
    }
    if (m_limits.requests == 0)
        return false;
    if (m_requests.size() >= m_limits.requests) {
        m_requests.erase(std::min_element(
            m_requests.begin(), m_requests.end(), [](const auto &left, const auto &right) {
                return left.second.lastAt < right.second.lastAt;
            }));
    }
    m_requests.emplace(ski, TrustRequest{ski, claims, now, now, 1});
    return true;
}

bool TrustBook::accept(TrustedPeer peer)
{
    const auto place = m_peers.find(peer.ski);
    if (place == m_peers.end() && m_peers.size() >= m_limits.peers)
        return false;
    m_requests.erase(peer.ski);
    m_rejectedUntil.erase(peer.ski);
    if (place == m_peers.end()) {
        m_peers.emplace(peer.ski, std::move(peer));
        return true;
    }
    update(place->second.label, peer.label);
    if (trustLevel(peer.source) > trustLevel(place->second.source))
        place->second.source = peer.source;
    return true;
}

void TrustBook::reject(const Ski &ski, qint64 now)
{
    m_requests.erase(ski);
    // Bounded like the requests: an entry per rejection that a person made.
    if (m_rejectedUntil.size() >= m_limits.requests && !m_rejectedUntil.empty()) {
        m_rejectedUntil.erase(std::min_element(
            m_rejectedUntil.begin(),
            m_rejectedUntil.end(),
            [](const auto &left, const auto &right) { return left.second < right.second; }));
    }
    m_rejectedUntil[ski] = now + m_limits.rejectedMs * kNsPerMs;
}

TrustBook::Removal TrustBook::remove(const Ski &ski, qint64 now)
{
    const auto place = m_peers.find(ski);
    if (place == m_peers.end())
        return Removal::Unknown;
    if (place->second.source == TrustSource::Configuration)
        return Removal::Configured;
    m_peers.erase(place);
    reject(ski, now);
    return Removal::Removed;
}

TrustBook::Learned TrustBook::learn(const Ski &ski, const PeerClaims &claims, qint64 utcMs)
{
    const auto place = m_peers.find(ski);
    if (place == m_peers.end())
        return Learned::Nothing;
    TrustedPeer &peer = place->second;
    const QByteArray &known = peer.claims.shipId;
    if (!known.isEmpty() && !claims.shipId.isEmpty() && known != claims.shipId)
        return Learned::OtherIdentity;
    peer.seenUtcMs = utcMs;
    bool changed = update(peer.claims.shipId, claims.shipId);
    changed = update(peer.claims.brand, claims.brand) || changed;
    changed = update(peer.claims.model, claims.model) || changed;
    changed = update(peer.claims.type, claims.type) || changed;
    return changed ? Learned::Changed : Learned::Nothing;
}

const TrustedPeer *TrustBook::find(const Ski &ski) const
{
    const auto place = m_peers.find(ski);
    return place == m_peers.end() ? nullptr : &place->second;
}

std::vector<TrustedPeer> TrustBook::peers() const
{
    std::vector<TrustedPeer> all;
    all.reserve(m_peers.size());
    for (const auto &[ski, peer] : m_peers)
        all.push_back(peer);
    return all;
}

std::vector<TrustRequest> TrustBook::requests(qint64 now) const
{
    std::vector<TrustRequest> waiting;
    for (const auto &[ski, request] : m_requests) {
        if (now - request.lastAt < m_limits.requestKeepMs * kNsPerMs)
            waiting.push_back(request);
    }
    return waiting;
}

void TrustBook::forgetOld(qint64 now)
{
    std::erase_if(m_requests, [this, now](const auto &entry) {
        return now - entry.second.lastAt >= m_limits.requestKeepMs * kNsPerMs;
    });
    std::erase_if(m_rejectedUntil, [now](const auto &entry) { return now >= entry.second; });
}

void TrustBook::openWindow(qint64 milliseconds, qint64 now)
{
    m_windowUntil = now + std::clamp<qint64>(milliseconds, 0, kMaxWindowMs) * kNsPerMs;
}

void TrustBook::closeWindow() noexcept
{
    m_windowUntil = 0;
}

bool TrustBook::isWindowOpen(qint64 now) const noexcept
{
    return now < m_windowUntil;
}

} // namespace fairlead::ship
