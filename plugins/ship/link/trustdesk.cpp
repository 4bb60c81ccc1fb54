// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/trustdesk.h"

#include <fairlead/executor.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace fairlead::ship {

TrustDesk::TrustDesk(const TrustLimits &limits)
    : m_book(limits)
{ }

std::shared_ptr<TrustDesk> TrustDesk::unkept()
{
    auto desk = std::make_shared<TrustDesk>();
    desk->load({});
    return desk;
}

// What changed.

void TrustDesk::setListener(Executor &main, std::function<void()> changed)
{
    const std::scoped_lock locked(m_lock);
    m_main = &main;
    m_changed = std::move(changed);
}

void TrustDesk::wake()
{
    if (!m_main || std::exchange(m_isWoken, true))
        return;
    m_main->post([self = weak_from_this()] {
        if (const auto desk = self.lock())
            desk->handleWake();
    });
}

void TrustDesk::handleWake()
{
    std::function<void()> changed;
    {
        const std::scoped_lock locked(m_lock);
        m_isWoken = false;
        changed = m_changed;
    }
    changed();
}

TrustDesk::Changes TrustDesk::takeChanges()
{
    const std::scoped_lock locked(m_lock);
    return std::exchange(m_changes, {});
}

void TrustDesk::tell(const TrustVisitorPtr &visitor, Trust trust)
{
    if (visitor->m_trust == trust)
        return;
    visitor->m_trust = trust;
    if (!visitor->m_executor)
        return;
    // The link leaves before its reactor ends, and needs the lock for it.
    visitor->m_executor->post([visitor, trust] {
        if (visitor->m_follower)
            visitor->m_follower->handleTrust(trust);
    });
}

void TrustDesk::tellClaims(const Ski &ski)
{
    for (const TrustVisitorPtr &visitor : m_visitors) {
        if (visitor->ski != ski || !visitor->m_executor)
            continue;
        visitor->m_executor->post([visitor] {
            if (visitor->m_follower)
                visitor->m_follower->handleClaims();
        });
    }
}

/// Links and followers learn who is trusted now.
void TrustDesk::follow()
{
    std::set<Ski> trusted;
    for (const TrustedPeer &peer : m_book.peers())
        trusted.insert(peer.ski);
    for (const Ski &ski : m_trusted) {
        if (!trusted.contains(ski))
            m_changes.trust[ski] = false;
    }
    for (const Ski &ski : trusted) {
        if (!m_trusted.contains(ski))
            m_changes.trust[ski] = true;
    }
    m_trusted = std::move(trusted);
    for (const TrustVisitorPtr &visitor : m_visitors) {
        if (m_trusted.contains(visitor->ski))
            tell(visitor, Trust::Trusted);
        else if (visitor->m_trust == Trust::Trusted)
            tell(visitor, Trust::Rejected);
    }
    wake();
}

// Records and endpoints.

void TrustDesk::load(std::vector<TrustedPeer> peers)
{
    const std::scoped_lock locked(m_lock);
    m_book.load(std::move(peers));
    follow();
}

bool TrustDesk::isLoaded() const
{
    const std::scoped_lock locked(m_lock);
    return m_book.isLoaded();
}

quint64 TrustDesk::open(const ShipOptions &options)
{
    const std::scoped_lock locked(m_lock);
    m_endpoints[options.endpoint] = {++m_lastNumber, options.root};
    m_book.configure(options.endpoint, options.trusted);
    follow();
    return m_lastNumber;
}

void TrustDesk::close(quint64 number)
{
    const std::scoped_lock locked(m_lock);
    const auto place
        = std::find_if(m_endpoints.begin(), m_endpoints.end(), [number](const auto &one) {
              return one.second.number == number;
          });
    if (place == m_endpoints.end())
        return;
    m_book.unconfigure(place->first);
    m_endpoints.erase(place);
    follow();
}

std::vector<TrustDesk::Board> TrustDesk::boards() const
{
    const std::scoped_lock locked(m_lock);
    std::vector<Board> all;
    for (const auto &[name, endpoint] : m_endpoints)
        all.push_back({name, endpoint.root});
    return all;
}

// Links.

TrustDesk::Arrival TrustDesk::arrive(const Ski &ski,
                                     const Entrance &entrance,
                                     Executor *executor,
                                     TrustFollower &follower,
                                     qint64 now,
                                     qint64 utcMs)
{
    auto visitor = std::make_shared<TrustVisitor>(ski, entrance.endpoint, executor);
    visitor->m_follower = &follower;
    const std::scoped_lock locked(m_lock);
    const TrustBook::Judgement judgement = m_book.judge(ski, PeerClaims(), now, utcMs, entrance);
    visitor->m_trust = judgement.trust;
    m_visitors.push_back(visitor);
    if (const auto rivals = visitorsOf(ski); rivals.size() > 1) {
        for (const TrustVisitorPtr &rival : rivals)
            rival->m_contestedUntil = now + kContestNs;
    }
    if (judgement.autoAccepted) {
        m_changes.toStore.insert(ski);
        follow();
    } else if (judgement.trust == Trust::Pending) {
        wake();
    }
    return {judgement, std::move(visitor)};
}

void TrustDesk::leave(const TrustVisitorPtr &visitor)
{
    if (!visitor)
        return;
    visitor->m_follower = nullptr;
    const std::scoped_lock locked(m_lock);
    if (std::erase(m_visitors, visitor) == 0)
        return;
    const std::vector<TrustVisitorPtr> rivals = visitorsOf(visitor->ski);
    if (rivals.size() != 1)
        return;
    const TrustVisitorPtr &last = rivals.front();
    last->m_contestedUntil = 0;
    if (!last->m_executor)
        return;
    last->m_executor->post([last] {
        if (last->m_follower)
            last->m_follower->handleAlone();
    });
}

std::vector<TrustVisitorPtr> TrustDesk::visitorsOf(const Ski &ski) const
{
    std::vector<TrustVisitorPtr> all;
    std::copy_if(m_visitors.cbegin(),
                 m_visitors.cend(),
                 std::back_inserter(all),
                 [&ski](const TrustVisitorPtr &one) { return one->ski == ski; });
    return all;
}

void TrustDesk::trustDialled(const Ski &ski, const QByteArray &endpoint)
{
    const std::scoped_lock locked(m_lock);
    m_book.confide(endpoint, ski, endpoint);
    if (!m_trusted.contains(ski))
        follow();
}

TrustBook::Learned TrustDesk::learn(const Ski &ski, const PeerClaims &claims, qint64 utcMs)
{
    const std::scoped_lock locked(m_lock);
    const TrustBook::Learned learned = m_book.learn(ski, claims, utcMs);
    if (learned == TrustBook::Learned::Changed) {
        m_changes.toStore.insert(ski);
        wake();
        tellClaims(ski);
    }
    return learned;
}

void TrustDesk::keepWaiting(const Ski &ski, qint64 now)
{
    const std::scoped_lock locked(m_lock);
    m_book.keepWaiting(ski, now);
    wake();
}

quint32 TrustDesk::wrongPins(const Ski &ski) const
{
    const std::scoped_lock locked(m_lock);
    const auto found = m_wrongPins.find(ski);
    return found == m_wrongPins.end() ? 0 : found->second;
}

void TrustDesk::noteWrongPins(const Ski &ski, quint32 count)
{
    const std::scoped_lock locked(m_lock);
    if (count > 0 && m_book.find(ski))
        m_wrongPins[ski] = count;
    else
        m_wrongPins.erase(ski);
}

QByteArray TrustDesk::peerPin(const Ski &ski) const
{
    const std::scoped_lock locked(m_lock);
    const auto found = m_peerPins.find(ski);
    return found == m_peerPins.end() ? QByteArray() : found->second;
}

void TrustDesk::forgetPeerPin(const Ski &ski)
{
    const std::scoped_lock locked(m_lock);
    m_peerPins.erase(ski);
}

// Questions.

std::optional<TrustedPeer> TrustDesk::find(const Ski &ski) const
{
    const std::scoped_lock locked(m_lock);
    const TrustedPeer *peer = m_book.find(ski);
    return peer ? std::optional(*peer) : std::nullopt;
}

std::optional<TrustedPeer> TrustDesk::recordOf(const Ski &ski) const
{
    const std::scoped_lock locked(m_lock);
    return m_book.recordOf(ski);
}

TrustBook::Removal TrustDesk::removalOf(const Ski &ski) const
{
    const std::scoped_lock locked(m_lock);
    return m_book.removalOf(ski);
}

bool TrustDesk::hasRoomFor(const Ski &ski) const
{
    const std::scoped_lock locked(m_lock);
    return m_book.hasRoomFor(ski);
}

std::vector<TrustRequest> TrustDesk::requests(qint64 now) const
{
    const std::scoped_lock locked(m_lock);
    return m_book.requests(now);
}

std::map<Ski, qint64> TrustDesk::rejected(qint64 now) const
{
    const std::scoped_lock locked(m_lock);
    std::map<Ski, qint64> all = m_book.rejected();
    std::erase_if(all, [now](const auto &one) { return now >= one.second; });
    return all;
}

std::vector<TrustedPeer> TrustDesk::peers() const
{
    const std::scoped_lock locked(m_lock);
    return m_book.peers();
}

std::vector<TrustVisitorPtr> TrustDesk::visitors() const
{
    const std::scoped_lock locked(m_lock);
    return m_visitors;
}

bool TrustDesk::isWindowOpen(qint64 now) const
{
    const std::scoped_lock locked(m_lock);
    return m_book.isWindowOpen(now);
}

// Decisions.

bool TrustDesk::accept(const TrustedPeer &peer)
{
    const std::scoped_lock locked(m_lock);
    const bool hasPlace = m_book.accept(peer);
    follow();
    tellClaims(peer.ski);
    return hasPlace;
}

void TrustDesk::reject(const Ski &ski, qint64 now)
{
    const std::scoped_lock locked(m_lock);
    m_book.reject(ski, now);
    m_peerPins.erase(ski);
    for (const TrustVisitorPtr &visitor : m_visitors) {
        if (visitor->ski == ski && visitor->m_trust == Trust::Pending)
            tell(visitor, Trust::Rejected);
    }
    wake();
}

TrustBook::Removal TrustDesk::remove(const Ski &ski)
{
    const std::scoped_lock locked(m_lock);
    const TrustBook::Removal removal = m_book.remove(ski);
    if (removal == TrustBook::Removal::Removed) {
        m_peerPins.erase(ski);
        m_wrongPins.erase(ski);
        follow();
    }
    return removal;
}

void TrustDesk::openWindow(qint64 milliseconds, qint64 now)
{
    const std::scoped_lock locked(m_lock);
    m_book.openWindow(milliseconds, now);
    wake();
}

void TrustDesk::closeWindow()
{
    const std::scoped_lock locked(m_lock);
    m_book.closeWindow();
    wake();
}

int TrustDesk::enterPin(const Ski &ski, const QByteArray &pin)
{
    const std::scoped_lock locked(m_lock);
    m_peerPins[ski] = pin;
    int told = 0;
    for (const TrustVisitorPtr &visitor : m_visitors) {
        if (visitor->ski != ski || !visitor->m_executor)
            continue;
        ++told;
        visitor->m_executor->post([visitor, pin] {
            if (visitor->m_follower)
                visitor->m_follower->handlePin(pin);
        });
    }
    return told;
}

} // namespace fairlead::ship
