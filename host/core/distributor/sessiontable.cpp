// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/sessiontable.h"

#include "core/distributor/congestion.h"
#include "core/distributor/distributor.h"
#include "core/reactor/hostlink.h"
#include "core/registry/linkarbitration.h"

#include <fairlead/clock.h>

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

bool isSame(const StoredTestament *one, const StoredTestament *other)
{
    return one && other ? *one == *other : one == other;
}

} // namespace

Error notStoredError(const Store &store)
{
    const ErrorCode code = store.lastError().code() == ErrorCode::StorageFull
        ? ErrorCode::StorageFull
        : ErrorCode::StorageFailed;
    return Error(code, QStringLiteral("the session cannot be stored now")).setRetryable(true);
}

SessionTable::SessionTable(int reactor, Distributor &distributor, SessionHost &host)
    : m_reactor(reactor)
    , m_distributor(distributor)
    , m_host(host)
{ }

SessionTable::~SessionTable() = default;

Session *SessionTable::find(quint64 number) const noexcept
{
    const auto found = m_sessions.find(number);
    return found == m_sessions.end() ? nullptr : found->second.get();
}

Session &SessionTable::create(quint64 number, const QByteArray &key, const QByteArray &peerKey)
{
    auto session = std::make_unique<Session>(number, key, peerKey, m_distributor.limits.session);
    session->home = this;
    session->subscriber().home.store(m_reactor, std::memory_order_release);
    session->subscriber().arrived.store(m_reactor, std::memory_order_release);
    if (m_distributor.store)
        m_distributor.store->noteUsed(0, number + 1);
    return *(m_sessions[number] = std::move(session));
}

Admission SessionTable::acquire(HostLink &link, Error *error)
{
    if (isOutOfReach(link)) {
        *error = notStoredError(*m_distributor.store);
        return Admission::Refused;
    }
    const SessionDirectory::Claim claim
        = m_distributor.directory.claim(link.sessionKey(), link.swapRequest());
    if (claim.isDeferred) {
        m_distributor.arbitration->submit(link.deferredCandidate());
        return Admission::Pending;
    }
    if (claim.error.isNull() && link.isArbitrated())
        m_distributor.arbitration->noteKept(link.sessionKey(), link.generation());
    return take(link, claim, error);
}

void SessionTable::acquireHeld(HostLink &link)
{
    const SwapRequest request = link.swapRequest();
    Error error;
    switch (
        take(link,
             m_distributor.directory.claimHeld(link.sessionKey(), request.candidate, request.now),
             &error)) {
    case Admission::Pending:
        break;
    case Admission::Accepted:
        link.completeAdmission({});
        break;
    case Admission::Refused:
        link.completeAdmission(error);
        break;
    }
}

Admission SessionTable::take(HostLink &link, const SessionDirectory::Claim &claim, Error *error)
{
    if (!claim.error.isNull()) {
        *error = claim.error;
        return Admission::Refused;
    }
    if (claim.evicted)
        m_host.fenceLink(claim.evicted->reactor, claim.evicted->generation);
    if (claim.created) {
        Session &session = create(claim.number, link.sessionKey(), link.peerKey());
        *error = give(session, link, true);
        if (error->isNull())
            return Admission::Accepted;
        end(session);
        return Admission::Refused;
    }
    if (claim.home == m_reactor)
        serve(link.sessionKey(), claim.number);
    else
        m_host.serveClaim(claim.home, link.sessionKey(), claim.number);
    return Admission::Pending;
}

void SessionTable::serve(const QByteArray &key, quint64 number)
{
    Session *session = find(number);
    // Not here: it is on its way and served where it arrives.
    if (!session || !m_distributor.directory.hasClaim(key, number))
        return;
    // The holder goes first: while the claim stands, the session does not end with it.
    if (session->holder())
        session->holder()->fence(FenceReason::TakenOver);
    const auto claimant = m_distributor.directory.serve(key, number, m_reactor);
    if (!claimant)
        return;
    if (claimant->reactor != m_reactor) {
        sendAway(*session, claimant->reactor);
        return;
    }
    HostLink *link = m_host.findLink(claimant->link);
    if (!link || !link->isAlive()) {
        awaitReturn(*session);
        return;
    }
    const Error refused = give(*session, *link, false);
    if (!refused.isNull())
        awaitReturn(*session);
    link->completeAdmission(refused);
}

// Asked before a claim ends the link that holds the session: of what only its home knows see give().
bool SessionTable::isOutOfReach(const HostLink &link) const
{
    const Store *const store = m_distributor.store;
    const HostLink::Wish &wish = link.wish();
    return store && store->isDegraded() && m_host.durabilityOf(link) != Durability::Memory
        && std::min(wish.expirySeconds, m_distributor.limits.maxSessionExpiry) > 0
        && (wish.clean || !m_distributor.directory.contains(link.sessionKey()));
}

Error SessionTable::give(Session &session, HostLink &link, bool fresh)
{
    Session *given = &session;
    Store *const store = m_distributor.store;
    const Durability level = m_host.durabilityOf(link);
    const HostLink::Wish &wish = link.wish();
    const quint32 expirySeconds
        = std::min(wish.expirySeconds, m_distributor.limits.maxSessionExpiry);
    const bool resumed = !fresh && !wish.clean && session.expirySeconds > 0;
    const bool endsStored = !fresh && !resumed && session.isDurable();
    const bool changes = resumed ? session.isDurable()
            && (session.expirySeconds != expirySeconds
                || !isSame(session.testament.get(), link.testament()))
                                 : endsStored || (store && expirySeconds > 0);
    if (changes && level != Durability::Memory && store->isDegraded())
        return notStoredError(*store);
    if (!fresh && !resumed)
        given = &restart(session);
    m_host.timers().disarm(given->expiryTimer);
    m_host.timers().disarm(given->testamentTimer);
    std::unique_ptr<FormerSession> former;
    if (changes) {
        former = std::make_unique<FormerSession>();
        former->expirySeconds = given->expirySeconds;
        former->testament = std::move(given->testament);
    }
    given->expirySeconds = expirySeconds;
    given->testament = link.takeTestament();
    given->attach(&link);
    if (!resumed && store && given->expirySeconds > 0)
        given->makeDurable(*store);
    Ticket ticket = 0;
    // A clean start is granted when nothing of the former session can come back [MQTT-3.1.2-4].
    if (endsStored)
        ticket = removeGone(level);
    if (given->isDurable()) {
        ticket
            = store->append(record::PutSession{std::make_unique<SessionRow>(rowOf(*given))}, level);
    }
    // What is stored already is granted whatever becomes of the row.
    link.grant(*given, resumed, level == Durability::Memory ? 0 : ticket, std::move(former));
    return {};
}

SessionRow SessionTable::rowOf(const Session &session) const
{
    SessionRow row;
    row.number = session.number();
    row.key = session.key();
    row.peerKey = session.peerKey();
    row.expirySeconds = session.expirySeconds;
    row.note = session.note;
    if (session.testament)
        row.testament = *session.testament;
    if (!session.holder() && session.expirySeconds != kNever) {
        const qint64 left = session.expiryTimer.isArmed()
            ? session.expiryTimer.deadline() - m_host.clock().now()
            : qint64(session.expirySeconds) * kNsPerSecond;
        row.expiresUtcMs = m_host.clock().utcMs() + left / kNsPerMs;
    }
    return row;
}

void SessionTable::noteChanged(const Session &session)
{
    if (session.isDurable())
        m_changed.push_back(session.number());
}

void SessionTable::flushRows()
{
    if (m_changed.empty() && m_gone.empty())
        return;
    std::sort(m_changed.begin(), m_changed.end());
    m_changed.erase(std::unique(m_changed.begin(), m_changed.end()), m_changed.end());
    for (const quint64 number : m_changed) {
        if (const Session *session = find(number)) {
            m_distributor.store->append(
                record::PutSession{std::make_unique<SessionRow>(rowOf(*session))},
                Durability::Memory);
        }
    }
    removeGone(Durability::Memory);
    m_changed.clear();
}

Ticket SessionTable::removeGone(Durability level)
{
    Ticket last = 0;
    for (const quint64 number : m_gone)
        last = m_distributor.store->append(record::RemoveSession{number}, level);
    m_gone.clear();
    return last;
}

Session &SessionTable::restore(const SessionRow &row)
{
    Session &session = create(row.number, row.key, row.peerKey);
    m_distributor.directory.restore(row.key, row.number, m_reactor);
    session.expirySeconds = row.expirySeconds;
    session.note = row.note;
    if (row.testament)
        session.testament = std::make_unique<StoredTestament>(*row.testament);
    session.makeDurable(*m_distributor.store);
    m_waiting.emplace_back(row.number, row.expiresUtcMs);
    return session;
}

void SessionTable::beginWaiting()
{
    const auto waiting = std::exchange(m_waiting, {});
    for (const auto &[number, expiresUtcMs] : waiting) {
        Session *session = find(number);
        if (!session || session->holder())
            continue;
        if (expiresUtcMs >= 0 && session->expirySeconds != kNever) {
            // A clock that was set back lengthens nothing.
            const qint64 span = qint64(session->expirySeconds) * kNsPerSecond;
            const qint64 left
                = std::clamp<qint64>((expiresUtcMs - m_host.clock().utcMs()) * kNsPerMs, 0, span);
            m_host.timers().arm(session->expiryTimer, m_host.clock().now() + left);
        }
        awaitReturn(*session);
    }
}

Session &SessionTable::restart(Session &session)
{
    const quint64 number = m_distributor.directory.renumber(session.key(), session.number());
    const QByteArray key = session.key();
    const QByteArray peerKey = session.peerKey();
    bury(session);
    return create(number, key, peerKey);
}

void SessionTable::end(Session &session)
{
    if (m_distributor.directory.remove(session.key(), session.number()))
        bury(session);
}

void SessionTable::bury(Session &session)
{
    publishTestament(session);
    m_host.timers().disarm(session.expiryTimer);
    m_host.relieve(session);
    for (const Session::Subscribed &subscribed : std::as_const(session.subscriptions()))
        m_distributor.index.unsubscribe(session.subscriber(), subscribed.filter);
    m_distributor.seats.leave({session.number(), session.key()});
    session.subscriptions().clear();
    session.bequeathShared([this](const Message &message, const SharedMember &member) {
        m_host.redirect(message, member);
    });
    if (session.isDurable())
        m_gone.push_back(session.number());
    const auto found = m_sessions.find(session.number());
    m_ended.push_back(std::move(found->second));
    m_sessions.erase(found);
    m_host.localSessionsChanged();
}

void SessionTable::sendAway(Session &session, int reactor)
{
    m_host.timers().disarm(session.expiryTimer);
    m_host.timers().disarm(session.testamentTimer);
    m_host.relieve(session);
    // Its former holder's last word goes before the first of the next one, which lives elsewhere.
    m_host.commitBatch();
    flushRows();
    m_distributor.sequencer.moveSession(m_reactor, reactor, m_distributor.index, [&](auto *inbox) {
        m_host.handOver(session, inbox);
        const auto found = m_sessions.find(session.number());
        std::unique_ptr<Session> moving = std::move(found->second);
        m_sessions.erase(found);
        moving->home = nullptr;
        m_host.localSessionsChanged();
        return moving;
    });
}

void SessionTable::arrive(std::unique_ptr<Session> session)
{
    Session &here = *session;
    here.home = this;
    m_sessions[here.number()] = std::move(session);
    here.subscriber().arrived.store(m_reactor, std::memory_order_release);
    m_host.localSessionsChanged();
    if (m_distributor.directory.hasClaim(here.key(), here.number()))
        serve(here.key(), here.number());
    else
        awaitReturn(here);
}

void SessionTable::release(Session &session, const ReleaseRequest *request)
{
    session.detach();
    m_host.relieve(session);
    if (request) {
        if (request->changeExpiry)
            session.expirySeconds
                = std::min(request->expirySeconds, m_distributor.limits.maxSessionExpiry);
        if (!request->publishTestament)
            session.testament.reset();
    }
    // What comes from now on waits for it; history does not.
    if (session.expirySeconds > 0)
        session.goLive(m_distributor.index);
    awaitReturn(session);
}

void SessionTable::takeBack(Session &session, FormerSession former)
{
    session.expirySeconds = former.expirySeconds;
    session.testament = std::move(former.testament);
    release(session, nullptr);
}

void SessionTable::awaitReturn(Session &session)
{
    const qint64 now = m_host.clock().now();
    if (session.expirySeconds == 0) {
        end(session);
        return;
    }
    noteChanged(session);
    if (session.expirySeconds != kNever && !session.expiryTimer.isArmed())
        m_host.timers().arm(session.expiryTimer,
                            now + qint64(session.expirySeconds) * kNsPerSecond);
    if (!session.testament || session.testamentTimer.isArmed())
        return;
    const quint32 delay = std::min(session.testament->delaySeconds, session.expirySeconds);
    if (delay == 0)
        publishTestament(session);
    else if (delay != kNever)
        m_host.timers().arm(session.testamentTimer, now + qint64(delay) * kNsPerSecond);
}

void SessionTable::withdraw(const HostLink &link)
{
    m_distributor.directory.withdraw(link.sessionKey(), link.generation());
}

void SessionTable::handleExpired(Session &session)
{
    if (session.holder())
        return;
    m_host.countExpired();
    end(session);
}

void SessionTable::publishTestament(Session &session)
{
    m_host.timers().disarm(session.testamentTimer);
    if (!session.testament)
        return;
    const std::unique_ptr<StoredTestament> testament = std::move(session.testament);
    noteChanged(session);
    m_host.publishTestament(*testament, session.number());
}

void SessionTable::forEach(const std::function<void(Session &)> &visit)
{
    for (const auto &[number, session] : m_sessions)
        visit(*session);
}

} // namespace fairlead::core
