// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/doublelinkdesk.h"

#include "core/distributor/distributor.h"
#include "core/distributor/sessionkey.h"
#include "core/reactor/hostlink.h"
#include "core/reactor/reactor.h"

#include <fairlead/executor.h>

#include <utility>

namespace fairlead::core {

/// Outlives the desk in calls that are posted already.
struct DoubleLinkDesk::Shared
{
    DoubleLinkDesk *desk = nullptr; ///< main thread only
};

DoubleLinkDesk::DoubleLinkDesk(Executor &main,
                               const Clock &clock,
                               Timers &timers,
                               Distributor &distributor)
    : m_main(main)
    , m_clock(clock)
    , m_distributor(distributor)
    , m_shared(std::make_shared<Shared>())
    , m_arbiter(distributor.links, clock, timers, *this)
{
    m_shared->desk = this;
    connect(&m_arbiter,
            &DoubleLinkArbiter::kept,
            this,
            [this](const QByteArray &, quint64 generation) { tell(generation, Error()); });
    connect(&m_arbiter,
            &DoubleLinkArbiter::rejected,
            this,
            [this](const QByteArray &, quint64 generation, const Error &error) {
                tell(generation, error);
            });
    connect(&m_arbiter, &DoubleLinkArbiter::evicted, this, &DoubleLinkDesk::evict);
    connect(&m_arbiter, &DoubleLinkArbiter::dialsSuperseded, this, &DoubleLinkDesk::noteConnected);
}

DoubleLinkDesk::~DoubleLinkDesk()
{
    m_shared->desk = nullptr;
}

bool DoubleLinkDesk::isConnected(const QByteArray &principal) const
{
    const auto peer = m_peers.constFind(principal);
    return peer != m_peers.cend() && m_distributor.links.find(peer->key, m_clock.now());
}

bool DoubleLinkDesk::isTaken(const QByteArray &principal) const
{
    const auto peer = m_peers.constFind(principal);
    return isConnected(principal)
        || (peer != m_peers.cend() && peer->leftAt >= 0 && m_clock.now() - peer->leftAt < kPauseNs);
}

void DoubleLinkDesk::close(const Error &reason)
{
    m_arbiter.close(reason);
}

// From the reactors.

void DoubleLinkDesk::toMain(std::function<void(DoubleLinkDesk &)> call) noexcept
{
    m_main.post([shared = m_shared, call = std::move(call)] {
        if (shared->desk)
            call(*shared->desk);
    });
}

void DoubleLinkDesk::submit(DeferredCandidate candidate) noexcept
{
    toMain([candidate = std::move(candidate)](DoubleLinkDesk &desk) { desk.ask(candidate); });
}

void DoubleLinkDesk::noteKept(const QByteArray &key, quint64 generation) noexcept
{
    toMain([key, generation](DoubleLinkDesk &desk) { desk.noteConnected(key, generation); });
}

void DoubleLinkDesk::noteEnded(const QByteArray &key, quint64 generation) noexcept
{
    toMain([key, generation](DoubleLinkDesk &desk) {
        desk.m_arbiter.linkEnded(key, generation);
        desk.forget(key);
    });
}

void DoubleLinkDesk::noteHeard(const QByteArray &key, quint64 generation) noexcept
{
    toMain([key, generation](DoubleLinkDesk &desk) { desk.m_arbiter.heard(key, generation); });
}

// To the reactors.

void DoubleLinkDesk::ask(const DeferredCandidate &candidate)
{
    SwapRequest request = candidate.request;
    request.ownId = {candidate.ownId.constData(), std::size_t(candidate.ownId.size())};
    request.peerId = {candidate.peerId.constData(), std::size_t(candidate.peerId.size())};
    m_undecided.insert(request.candidate.generation, request.candidate.reactor);
    m_arbiter.submit(request);
}

void DoubleLinkDesk::tell(quint64 generation, const Error &refusal)
{
    const auto waiting = m_undecided.constFind(generation);
    if (waiting == m_undecided.cend())
        return;
    const int reactor = *waiting;
    m_undecided.erase(waiting);
    atLink(reactor, generation, [refusal](HostLink &link) { link.judge(refusal); });
}

void DoubleLinkDesk::evict(const QByteArray &key, const LinkRef &loser)
{
    m_undecided.remove(loser.generation);
    const auto fence = [this, loser] {
        atLink(loser.reactor, loser.generation, [](HostLink &link) {
            link.fence(FenceReason::TakenOver);
        });
    };
    // Behind the winner's claim: a session that is claimed moves, one that nobody has might end.
    const std::optional<LinkRef> winner = m_distributor.links.find(key, m_clock.now());
    if (winner)
        m_distributor.reactors[std::size_t(winner->reactor)]->post(fence);
    else
        fence();
}

void DoubleLinkDesk::probe(const QByteArray &, const LinkRef &link)
{
    atLink(link.reactor, link.generation, [](HostLink &one) { one.probe(); });
}

void DoubleLinkDesk::atLink(int reactor, quint64 generation, std::function<void(HostLink &)> call)
{
    Reactor &there = *m_distributor.reactors[std::size_t(reactor)];
    there.post([&there, generation, call = std::move(call)] {
        if (HostLink *link = there.findLink(generation))
            call(*link);
    });
}

// Who is connected.

void DoubleLinkDesk::noteConnected(const QByteArray &key, quint64 winner)
{
    // It may have left in the meantime, and been forgotten.
    if (!m_distributor.links.find(key, m_clock.now()))
        return;
    const QByteArray principal = principalOf(key);
    m_peers.insert(principal, {key, -1});
    Q_EMIT peerConnected(principal, winner);
}

void DoubleLinkDesk::forget(const QByteArray &key)
{
    const qint64 now = m_clock.now();
    const auto peer = m_peers.find(principalOf(key));
    if (peer != m_peers.end() && peer->leftAt < 0 && !m_distributor.links.find(peer->key, now))
        peer->leftAt = now;
    m_peers.removeIf([now](const QHash<QByteArray, Peer>::iterator &one) {
        return one->leftAt >= 0 && now - one->leftAt >= kPauseNs;
    });
}

} // namespace fairlead::core
