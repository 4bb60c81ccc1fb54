// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/distributor.h"
#include "core/distributor/sessionkey.h"
#include "core/reactor/hostlink.h"
#include "core/reactor/reactor.h"

#include <QPointer>

#include <algorithm>

namespace fairlead::core {

namespace {

// Topics that only the host itself publishes to.
bool isReserved(ByteSpan topic) noexcept
{
    if (topic.empty() || topic.front() != '$')
        return false;
    return topic.starts_with("$SYS/") || topic.starts_with("$notice/")
        || topic.starts_with("$replay/") || topic.starts_with("$share/");
}

constexpr std::size_t kMaxNote = 4096;
constexpr int kParkedRun = 64;

} // namespace

// Bus.

void HostLink::authenticate(const Credentials &credentials) noexcept
{
    if (!m_endpoint->authenticator) {
        Notice notice;
        notice.kind = Notice::Kind::Authenticated;
        notice.error = Error(ErrorCode::NotAuthenticated,
                             QStringLiteral("the endpoint knows no way to authenticate"));
        m_reactor.queueNotice(*this, std::move(notice));
        return;
    }
    Reactor *reactor = &m_reactor;
    const quint64 number = generation();
    m_authenticating = true;
    m_endpoint->authenticator->authenticate(
        credentials, [reactor, number](const Error &error, const Principal &principal) {
            const auto complete = [reactor, number, error, principal] {
                if (HostLink *link = reactor->findLink(number))
                    link->completeAuthentication(error, principal);
            };
            if (reactor->isCurrent())
                complete();
            else
                reactor->post(complete);
        });
}

void HostLink::completeAuthentication(const Error &error, const Principal &principal)
{
    m_authenticating = false;
    // The session is its principal's: who says later that he is somebody else goes.
    if (error.isNull() && !m_sessionKey.isEmpty() && principal.name != m_principal.name) {
        close(Error(ErrorCode::IdentityMismatch,
                    QStringLiteral("the peer became somebody else within its session")),
              CloseMode::Drain,
              true);
        return;
    }
    if (error.isNull()) {
        m_principal = principal;
        m_authenticated = true;
    }
    Notice notice;
    notice.kind = Notice::Kind::Authenticated;
    notice.error = error;
    m_reactor.queueNotice(*this, std::move(notice));
}

void HostLink::acquire(const SessionRequest &request) noexcept
{
    if (!m_authenticated) {
        Notice notice;
        notice.kind = Notice::Kind::Lease;
        notice.error
            = Error(ErrorCode::NotAuthenticated, QStringLiteral("the peer was not authenticated"));
        m_reactor.queueNotice(*this, std::move(notice));
        return;
    }
    const QByteArray peer(request.peerKey.data(), qsizetype(request.peerKey.size()));
    setPeerKey(peer);
    m_sessionKey = sessionKeyOf(m_principal.name, peer, m_endpoint->peerKind);
    m_wish = {request.expirySeconds, request.clean};
    if (request.testament)
        m_testament = std::make_unique<StoredTestament>(*request.testament);
    if (request.doubleLinks != DoubleLinkRule::NewestWins)
        setRule(request);
    const Result<> done = succeed();
    if (!done)
        close(done.error(), CloseMode::Drain, true);
}

Flow HostLink::publish(const PublishView &view) noexcept
{
    if (!hasLease())
        return Flow::Pause;
    const bool answered = view.qos > 0 || view.receiveKey != 0;
    if (isReserved(view.topic)
        || (m_endpoint->accessControl
            && !m_endpoint->accessControl->mayPublish(
                m_principal, {peerKey().constData(), std::size_t(peerKey().size())}, view.topic))) {
        m_reactor.traffic().drop(DropReason::NotAuthorized).add();
        if (answered)
            queueCompletion(Completion::Kind::Publish, view.completionTag, Outcome::NotAuthorized);
        return Flow::Continue;
    }
    if (view.receiveKey != 0 && m_session->hasKey(view.receiveKey)) {
        queueCompletion(Completion::Kind::Publish, view.completionTag, Outcome::Duplicate);
        return Flow::Continue;
    }
    m_reactor.publish({this, &view, m_session->number()});
    if (m_holds > 0 || state() == State::Closed)
        return Flow::Pause;
    // What it sends to itself is pulled between its reads only, and no other reactor is flooded by one
    // big read: that is taken piece by piece.
    if (m_reactor.isStarved() || (m_session && m_session->isBackedUp() && m_stream->space() > 0)) {
        m_offerDue = true;
        streamReadable();
        return Flow::Pause;
    }
    return Flow::Continue;
}

// Lease.

bool HostLink::hasLease() noexcept
{
    // What the driver gave back is not its own any more, also while its link still closes.
    if (m_session && !m_released)
        return true;
    m_reactor.traffic().fencedCalls.add();
    return false;
}

void HostLink::queueCompletion(Completion::Kind kind, quint32 tag, Outcome outcome)
{
    m_reactor.queueCompletion(*this, {tag, kind, outcome}, 0);
}

int HostLink::take(Delivery *out, int max, const Window &window) noexcept
{
    if (!hasLease())
        return 0;
    // The rest of a long queue comes in the next turn: no link keeps a reactor to itself.
    max = std::min(max, m_turnBudget);
    if (max <= 0)
        streamFilled(); // also if nothing of what it took was written
    if (max <= 0 || window.bytes <= 0)
        return 0;
    const Session::Taken taken = m_session->take(
        out, max, window, m_reactor.clock().now(), m_reactor.distributor().sources());
    m_turnBudget -= taken.count;
    Traffic &traffic = m_reactor.traffic();
    traffic.delivered.add(quint64(taken.count));
    quint64 bytes = 0;
    for (int i = 0; i < taken.count; ++i)
        bytes += out[i].message ? out[i].message.payload().size() : 0;
    traffic.deliveredBytes.add(bytes);
    if (taken.expired > 0)
        traffic.drop(DropReason::Expired).add(quint64(taken.expired));
    if (m_session->awaited() != 0)
        m_reactor.awaitStore(*m_session);
    // Others have their turn before it looks through more.
    if (m_session->isSearching())
        streamFilled();
    if (m_session->congestion || m_session->isRefusing())
        m_reactor.noteTaken(*m_session);
    return taken.count;
}

void HostLink::settle(const Settle *settles, int count) noexcept
{
    if (!hasLease())
        return;
    for (int i = 0; i < count; ++i) {
        if (!m_session->settle(settles[i].handle))
            m_reactor.traffic().staleHandles.add();
        else if (settles[i].how == Settle::How::TooLarge)
            m_reactor.traffic().drop(DropReason::TooLarge).add();
    }
    if (m_session->hasWaiting())
        markDirty();
    if (m_session->congestion || m_session->isRefusing())
        m_reactor.noteTaken(*m_session);
}

void HostLink::mark(quint64 handle, quint32 tag, bool bodyDone, quint32 completionTag) noexcept
{
    if (!hasLease())
        return;
    Ticket ticket = 0;
    Outcome outcome = Outcome::Done;
    if (!m_session->mark(handle, tag, bodyDone, m_endpoint->durability, &ticket)) {
        m_reactor.traffic().staleHandles.add();
        outcome = Outcome::NoReceiver;
    }
    if (completionTag != 0)
        m_reactor.queueCompletion(*this, {completionTag, Completion::Kind::Mark, outcome}, ticket);
}

void HostLink::forgetKey(quint32 key, quint32 completionTag) noexcept
{
    if (!hasLease())
        return;
    if (!m_session->removeKey(key)) {
        queueCompletion(Completion::Kind::ForgetKey, completionTag, Outcome::NoReceiver);
        return;
    }
    Ticket ticket = 0;
    if (m_session->isDurable())
        ticket = keep(record::ForgetKey{m_session->number(), key});
    m_reactor.queueCompletion(
        *this, {completionTag, Completion::Kind::ForgetKey, Outcome::Done}, ticket);
}

Ticket HostLink::keep(StoreRecord record) noexcept
{
    const Durability level = m_endpoint->durability;
    const Ticket ticket = m_reactor.distributor().store->append(std::move(record), level);
    return level == Durability::Memory ? 0 : ticket;
}

int HostLink::receiveKeyCount() const noexcept
{
    return m_session ? m_session->keyCount() : 0;
}

void HostLink::setNote(ByteSpan note) noexcept
{
    if (!hasLease() || note.size() > kMaxNote)
        return;
    m_session->note = QByteArray(note.data(), qsizetype(note.size()));
    m_reactor.sessions().noteNote(*m_session);
}

void HostLink::release(const ReleaseRequest &request) noexcept
{
    if (hasLease())
        m_released = std::make_unique<ReleaseRequest>(request);
}

// Answers.

void HostLink::deliver(const Completion *completions, int count)
{
    m_notices -= count;
    if (state() == State::Closed)
        return;
    driver()->handleCompletions(completions, count);
    if (m_inputEnded && state() != State::Closed)
        streamReadable();
}

Completion HostLink::settled(Completion completion, Ticket ticket) const noexcept
{
    // A message that could not be kept is its publisher's again; of the rest the link cannot be sure.
    const Store *const store = m_reactor.distributor().store;
    if (ticket != 0 && store->isRefused(ticket)) {
        completion.outcome
            = completion.kind == Completion::Kind::Publish ? Outcome::Quota : Outcome::Failed;
    }
    return completion;
}

void HostLink::park(ParkedAnswer answer)
{
    if (!m_parked)
        m_parked = std::make_unique<Ring<ParkedAnswer>>();
    m_parked->pushBack(std::move(answer));
}

void HostLink::deliverParked()
{
    const Ticket decided = m_reactor.distributor().store->decidedUpTo();
    while (hasParked() && m_parked->front().ticket <= decided) {
        if (m_parked->front().notice) {
            const ParkedAnswer answer = m_parked->popFront();
            deliver(*answer.notice);
            continue;
        }
        Completion run[kParkedRun];
        int count = 0;
        while (count < kParkedRun && !m_parked->isEmpty() && !m_parked->front().notice
               && m_parked->front().ticket <= decided) {
            const ParkedAnswer answer = m_parked->popFront();
            m_reactor.noteAnswered(answer.completion, answer.since);
            run[count++] = settled(answer.completion, answer.ticket);
        }
        deliver(run, count);
    }
}

void HostLink::deliver(Notice &notice)
{
    --m_notices;
    if (state() == State::Closed)
        return;
    switch (notice.kind) {
    case Notice::Kind::Authenticated:
        driver()->handleAuthenticated(notice.error);
        m_offerDue = true;
        break;
    case Notice::Kind::Lease: {
        LeaseGrant grant;
        grant.error = notice.error;
        if (m_session && m_former && takeBackSession())
            grant.error = notStoredError(*m_reactor.distributor().store);
        if (m_session && grant.error.isNull()) {
            grant.lease = this;
            grant.resumed = m_resumed;
            grant.expirySeconds = m_session->expirySeconds;
            grant.note = {m_session->note.constData(), std::size_t(m_session->note.size())};
            m_connected = true;
        }
        driver()->handleLease(grant);
        if (m_session && m_session->hasWaiting())
            markDirty();
        m_offerDue = true;
        break;
    }
    case Notice::Kind::Subscribed:
        takeBackRefused(&notice);
        driver()->handleSubscribed(
            notice.completion.tag, notice.subscribed.data(), int(notice.subscribed.size()));
        if (m_session && m_session->hasWaiting())
            markDirty();
        break;
    case Notice::Kind::Unsubscribed:
        takeBackRefused(&notice);
        driver()->handleUnsubscribed(
            notice.completion.tag, notice.unsubscribed.data(), int(notice.unsubscribed.size()));
        break;
    case Notice::Kind::Completion:
        break;
    }
    if (state() != State::Closed && (m_offerDue || m_inputEnded))
        streamReadable();
}

} // namespace fairlead::core
