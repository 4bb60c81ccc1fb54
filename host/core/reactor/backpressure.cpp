// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// What the reactor does when a session does not keep up: first its publishers are held, then its
// overflow policy acts.

#include "core/distributor/congestion.h"
#include "core/distributor/overflowpolicy.h"
#include "core/reactor/reactor.h"

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr std::size_t kRejectMargin = 2048;

// How long the publishers of a session wait for it.
qint64 patienceOf(const LocalTarget::Way &way) noexcept
{
    const MatchTerms *terms = way.by.terms();
    if (!terms)
        return Congestion::kPatienceNs;
    return std::max<qint64>(qint64(terms->overflow.patienceMs) * kNsPerMs, kNsPerMs);
}

void noteOnce(std::vector<quint64> *list, quint64 number)
{
    if (std::find(list->begin(), list->end(), number) == list->end())
        list->push_back(number);
}

} // namespace

void Reactor::noteQueued(Session &session, const Message &message, const LocalTarget::Way &way)
{
    HostLink *link = session.holder();
    if (!link)
        return;
    link->markDirty();
    if (session.isHalfFull() && link->stream() && link->stream()->space() <= 0)
        noteCongestion(session, message.origin(), patienceOf(way));
}

void Reactor::handleFull(Session &session,
                         const Message &message,
                         const LocalTarget::Way &way,
                         Debt debt)
{
    HostLink *link = session.holder();
    if (link && !link->isInDriver()) {
        // A big read never overflows a reader that has room.
        link->pull();
        if (session.push(message, way, debt) != Session::Push::Full) {
            noteQueued(session, message, way);
            return;
        }
        link = session.holder();
    }
    if (link && link->stream() && link->stream()->space() <= 0)
        noteCongestion(session, message.origin(), patienceOf(way));
    const quint64 before = session.lostMessages();
    applyOverflow(session, message, way, debt);
    m_traffic.drop(DropReason::QueueFull).add(session.lostMessages() - before);
    if (link)
        link->markDirty();
}

// What its publishers had on their way before they could be held up still has a place with a reader who
// may yet read: a batch of our own, and two of every other reactor.
bool Reactor::hasMargin(const Session &session) const noexcept
{
    if (!session.congestion || session.congestion->stalled)
        return false;
    const std::size_t batches = 2 * m_distributor.reactors.size() - 1;
    const SessionLimits &limits = session.limits();
    return session.queuedMessages() < limits.queueMessages + batches * m_batchMessages
        && session.queuedBytes() < limits.queueBytes + quint64(batches * kBatchBytes);
}

void Reactor::applyOverflow(Session &session,
                            const Message &message,
                            const LocalTarget::Way &way,
                            Debt debt)
{
    const MatchTerms *terms = way.by.terms();
    const OverflowPolicy policy = terms ? terms->overflow.policy : OverflowPolicy::Disconnect;
    OverflowCase found;
    found.isAttached = session.holder() != nullptr;
    found.mayHold = hasMargin(session);
    found.fits = message.size() <= session.limits().queueBytes;
    found.hasSource = message.origin() != 0 && message.origin() != session.number();
    if (policy == OverflowPolicy::FaultSource)
        found.externalSubscribers = m_distributor.seats.subscribersOf(message.topic());
    switch (decideOverflow(policy, found)) {
    case OverflowAction::UseMargin:
        session.pushOver(message, way, debt);
        return;
    case OverflowAction::MakeRoom:
        while (session.makeRoom(message, way)) {
            if (session.push(message, way, debt) != Session::Push::Full)
                return;
        }
        break;
    case OverflowAction::DropNewest:
        break;
    case OverflowAction::Disconnect:
        noteOnce(&m_overflowed, session.holder()->generation());
        break;
    case OverflowAction::RejectPublisher:
        // Its publishers are told from now on, if it ever gets room again; what was on its way still
        // has a place.
        if (found.fits)
            session.subscriber().refusing.store(true, std::memory_order_relaxed);
        if (message.qos() > 0
            && session.queuedMessages() < session.limits().queueMessages + kRejectMargin) {
            session.pushOver(message, way, debt);
            return;
        }
        break;
    case OverflowAction::FaultSource:
        noteOnce(&m_faulted, message.origin());
        break;
    }
    session.forgo(message, way, debt);
}

void Reactor::endOverflowed()
{
    std::vector<quint64> links;
    links.swap(m_overflowed);
    for (const quint64 generation : links) {
        HostLink *link = findLink(generation);
        if (!link || !link->session())
            continue;
        const Session &session = *link->session();
        link->shutDown(overflowError({m_distributor.sequencer.epoch(), session.lastQueued()},
                                     session.limits().queueMessages,
                                     session.limits().queueBytes));
    }
    std::vector<quint64> sources;
    sources.swap(m_faulted);
    for (const quint64 origin : sources) {
        atHomeOf(origin, [](HostLink &link) {
            link.shutDown(Error(ErrorCode::LimitReached,
                                QStringLiteral("the only subscriber of this stream reads more "
                                               "slowly than it is published to")));
        });
    }
}

void Reactor::noteCongestion(Session &session, quint64 origin, qint64 patience)
{
    // Who only watches is waited for by nobody.
    if (session.isObserver())
        return;
    if (!session.congestion) {
        session.congestion = std::make_unique<Congestion>(
            [](void *self) noexcept {
                auto *congested = static_cast<Session *>(self);
                congested->home->handlePatienceOver(*congested);
            },
            &session);
        session.subscriber().congested.store(true, std::memory_order_relaxed);
        m_timers.arm(session.congestion->patience, m_clock.now() + patience);
    }
    Congestion &congestion = *session.congestion;
    if (congestion.stalled || origin == 0
        || std::find(congestion.held.begin(), congestion.held.end(), origin)
            != congestion.held.end()) {
        return;
    }
    congestion.held.push_back(origin);
    hold(origin, true);
}

void Reactor::hold(quint64 origin, bool held)
{
    atHomeOf(origin, [held](HostLink &link) {
        if (held)
            link.hold();
        else
            link.unhold();
    });
}

// Does something to the link of the session that published, wherever it lives, if it has one.
void Reactor::atHomeOf(quint64 origin, const std::function<void(HostLink &)> &call)
{
    const auto apply = [origin, call](Reactor &there) {
        Session *publisher = there.m_sessions.find(origin);
        if (publisher && publisher->holder())
            call(*publisher->holder());
    };
    const int home = m_sessions.find(origin) ? m_number : m_distributor.directory.homeOf(origin);
    if (home < 0)
        return;
    Reactor &there = *m_distributor.reactors[std::size_t(home)];
    if (home == m_number)
        apply(there);
    else
        there.post([&there, apply] { apply(there); });
}

void Reactor::noteTaken(Session &session)
{
    if (session.congestion && session.isBelowQuarter())
        relieve(session);
    std::atomic<bool> &refusing = session.subscriber().refusing;
    if (refusing.load(std::memory_order_relaxed) && !session.isHalfFull())
        refusing.store(false, std::memory_order_relaxed);
}

void Reactor::relieve(Session &session)
{
    if (!session.congestion)
        return;
    const std::unique_ptr<Congestion> congestion = std::move(session.congestion);
    session.subscriber().congested.store(false, std::memory_order_relaxed);
    for (const quint64 origin : congestion->held)
        hold(origin, false);
}

void Reactor::endPatience(Session &session)
{
    Congestion &congestion = *session.congestion;
    congestion.stalled = true;
    std::vector<quint64> held;
    held.swap(congestion.held);
    for (const quint64 origin : held)
        hold(origin, false);
}

} // namespace fairlead::core
