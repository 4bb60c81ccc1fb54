// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "trust/trustbook.h"

#include "protocol/units.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace fairlead::ship {

namespace {

/// What is empty says nothing.
bool update(QByteArray &known, const QByteArray &claimed)
{
    if (claimed.isEmpty() || claimed == known)
        return false;
    known = claimed;
    return true;
}

} // namespace

TrustBook::TrustBook(const TrustLimits &limits)
    : m_limits(limits)
{ }

void TrustBook::load(std::vector<TrustedPeer> peers)
{
    m_loaded = true;
    for (TrustedPeer &stored : peers) {
        if (stored.source == TrustSource::Configuration) {
            if (const auto place = m_peers.find(stored.ski); place != m_peers.end())
                place->second.peer.claims = stored.claims;
            else
                m_remembered.insert_or_assign(stored.ski, std::move(stored));
            continue;
        }
        Entry &entry = entryOf(stored.ski);
        entry.kept = Kept{stored.source, stored.label};
        entry.storedSeenUtcMs = stored.seenUtcMs;
        entry.peer = stored;
        settle(m_peers.find(stored.ski));
    }
    for (const auto &[ski, entry] : m_peers)
        m_requests.erase(ski);
}

TrustBook::Entry &TrustBook::entryOf(const Ski &ski)
{
    const auto place = m_peers.find(ski);
    if (place != m_peers.end())
        return place->second;
    TrustedPeer peer{ski, TrustSource::Configuration, {}, {}, 0, 0};
    if (const auto known = m_remembered.find(ski); known != m_remembered.end()) {
        peer = std::move(known->second);
        m_remembered.erase(known);
    }
    const qint64 seen = peer.seenUtcMs;
    return m_peers.emplace(ski, Entry{std::move(peer), std::nullopt, {}, seen}).first->second;
}

/// The configuration goes before a decision. An entry that neither speaks for is none.
TrustBook::Entries::iterator TrustBook::settle(Entries::iterator place)
{
    Entry &entry = place->second;
    TrustedPeer &peer = entry.peer;
    if (entry.configured.empty() && !entry.kept) {
        if (m_remembered.size() < m_limits.peers)
            m_remembered.insert_or_assign(place->first, std::move(peer));
        return m_peers.erase(place);
    }
    peer.label = entry.kept ? entry.kept->label : QByteArray();
    peer.source = entry.configured.empty() ? entry.kept->source : TrustSource::Configuration;
    for (const auto &[endpoint, label] : entry.configured)
        update(peer.label, label);
    return std::next(place);
}

void TrustBook::configure(const QByteArray &endpoint, const std::vector<TrustedPeer> &peers)
{
    // Those that stay lose nothing of what is known of them.
    for (auto &[ski, entry] : m_peers)
        entry.configured.erase(endpoint);
    for (const TrustedPeer &peer : peers)
        update(entryOf(peer.ski).configured[endpoint], peer.label);
    settleAll();
    for (const TrustedPeer &peer : peers)
        m_requests.erase(peer.ski);
}

void TrustBook::confide(const QByteArray &endpoint, const Ski &ski, const QByteArray &label)
{
    entryOf(ski).configured[endpoint] = label;
    settle(m_peers.find(ski));
    m_requests.erase(ski);
}

void TrustBook::unconfigure(const QByteArray &endpoint)
{
    for (auto &[ski, entry] : m_peers)
        entry.configured.erase(endpoint);
    settleAll();
    std::erase_if(m_requests,
                  [&endpoint](const auto &one) { return one.second.endpoint == endpoint; });
}

void TrustBook::settleAll()
{
    for (auto place = m_peers.begin(); place != m_peers.end();)
        place = settle(place);
}

TrustBook::Judgement TrustBook::judge(
    const Ski &ski, const PeerClaims &claims, qint64 now, qint64 utcMs, const Entrance &entrance)
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
    if (m_loaded && !entrance.asksPeople)
        return {Trust::Rejected, false, false};
    return {Trust::Pending, false, request(ski, claims, now, entrance.endpoint)};
}

bool TrustBook::request(const Ski &ski,
                        const PeerClaims &claims,
                        qint64 now,
                        const QByteArray &endpoint)
{
    const auto known = m_requests.find(ski);
    if (known != m_requests.end()) {
        known->second.endpoint = endpoint;
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
    m_requests.emplace(ski, TrustRequest{ski, claims, now, now, 1, endpoint});
    return true;
}

bool TrustBook::hasRoomFor(const Ski &ski) const
{
    return m_peers.contains(ski) || m_peers.size() < m_limits.peers;
}

bool TrustBook::accept(TrustedPeer peer)
{
    if (!hasRoomFor(peer.ski))
        return false;
    const Ski ski = peer.ski;
    m_requests.erase(ski);
    m_rejectedUntil.erase(ski);
    // Who is paired anew is known anew.
    m_remembered.erase(ski);
    const auto place = m_peers.find(ski);
    if (place == m_peers.end()) {
        const Kept kept{peer.source, peer.label};
        const qint64 seen = peer.seenUtcMs;
        m_peers.emplace(ski, Entry{std::move(peer), kept, {}, seen});
        return true;
    }
    Entry &entry = place->second;
    if (!entry.kept)
        entry.kept = Kept{peer.source, {}};
    update(entry.kept->label, peer.label);
    if (trustLevel(peer.source) > trustLevel(entry.kept->source))
        entry.kept->source = peer.source;
    if (entry.peer.addedUtcMs == 0)
        entry.peer.addedUtcMs = peer.addedUtcMs;
    settle(place);
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

TrustBook::Removal TrustBook::removalOf(const Ski &ski) const
{
    const auto place = m_peers.find(ski);
    if (place != m_peers.end())
        return place->second.configured.empty() ? Removal::Removed : Removal::Configured;
    return m_remembered.contains(ski) ? Removal::Removed : Removal::Unknown;
}

TrustBook::Removal TrustBook::remove(const Ski &ski)
{
    const Removal removal = removalOf(ski);
    if (removal == Removal::Removed) {
        m_peers.erase(ski);
        m_remembered.erase(ski);
        closeWindow();
    }
    return removal;
}

TrustBook::Learned TrustBook::learn(const Ski &ski, const PeerClaims &claims, qint64 utcMs)
{
    const auto place = m_peers.find(ski);
    if (place == m_peers.end())
        return Learned::Nothing;
    TrustedPeer &peer = place->second.peer;
    const QByteArray &known = peer.claims.shipId;
    if (!known.isEmpty() && !claims.shipId.isEmpty() && known != claims.shipId)
        return Learned::OtherIdentity;
    peer.seenUtcMs = utcMs;
    bool changed = update(peer.claims.shipId, claims.shipId);
    changed = update(peer.claims.brand, claims.brand) || changed;
    changed = update(peer.claims.model, claims.model) || changed;
    changed = update(peer.claims.type, claims.type) || changed;
    changed = update(peer.claims.path, claims.path) || changed;
    changed = update(peer.claims.places, claims.places) || changed;
    qint64 &stored = place->second.storedSeenUtcMs;
    if (!changed && utcMs - stored < m_limits.seenStepMs)
        return Learned::Nothing;
    stored = utcMs;
    return Learned::Changed;
}

void TrustBook::keepWaiting(const Ski &ski, qint64 now)
{
    if (const auto known = m_requests.find(ski); known != m_requests.end())
        known->second.lastAt = now;
}

const TrustedPeer *TrustBook::find(const Ski &ski) const
{
    const auto place = m_peers.find(ski);
    return place == m_peers.end() ? nullptr : &place->second.peer;
}

std::optional<TrustedPeer> TrustBook::recordOf(const Ski &ski) const
{
    const auto place = m_peers.find(ski);
    if (place == m_peers.end())
        return std::nullopt;
    TrustedPeer peer = place->second.peer;
    peer.source = TrustSource::Configuration;
    peer.label.clear();
    if (const std::optional<Kept> &kept = place->second.kept) {
        peer.source = kept->source;
        peer.label = kept->label;
    }
    return peer;
}

bool TrustBook::isRejected(const Ski &ski, qint64 now) const
{
    const auto found = m_rejectedUntil.find(ski);
    return found != m_rejectedUntil.end() && now < found->second;
}

std::vector<TrustedPeer> TrustBook::peers() const
{
    std::vector<TrustedPeer> all;
    all.reserve(m_peers.size());
    for (const auto &[ski, entry] : m_peers)
        all.push_back(entry.peer);
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
