// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/reactor.h"

#include "core/distributor/congestion.h"
#include "core/reactor/lingering.h"

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr int kMaxRounds = 16;
constexpr int kAnswerRun = 64;

const void *thisThread() noexcept
{
    static thread_local char marker = 0;
    return &marker;
}

} // namespace

Reactor::Reactor(
    int number, Distributor &distributor, TurnClock &clock, Random &random, Wakeup &wakeup)
    : m_number(number)
    , m_distributor(distributor)
    , m_clock(clock)
    , m_random(random)
    , m_wakeup(wakeup)
    , m_retainedTimer([](void *self) noexcept { static_cast<Reactor *>(self)->expireRetained(); },
                      this)
    , m_historyTimer([](void *self) noexcept { static_cast<Reactor *>(self)->expireHistory(); },
                     this)
    , m_shortestAge(distributor.streams.shortestAge())
    , m_matches(distributor.index, distributor.streams, number)
    , m_sessions(number, distributor, *this)
    , m_receiveBuffer(std::make_unique<char[]>(kReceiveBytes))
    , m_batchMessages(
          std::clamp<std::size_t>(distributor.limits.session.queueMessages / 4, 1, kBatchMessages))
{
    distributor.reactors.push_back(this);
    distributor.sequencer.addReactor(this);
}

Reactor::~Reactor() = default;

void Reactor::post(std::function<void()> call)
{
    bool first = false;
    {
        const std::scoped_lock locked(m_postLock);
        first = m_posts.empty();
        m_posts.push_back(std::move(call));
        m_hasPosts.store(true, std::memory_order_release);
    }
    if (first)
        m_wakeup.wake();
}

bool Reactor::isCurrent() const noexcept
{
    return m_thread.load(std::memory_order_relaxed) == thisThread();
}

void Reactor::handleCredit() noexcept
{
    if (m_starved.exchange(false, std::memory_order_acq_rel))
        m_wakeup.wake();
}

bool Reactor::hasPendingWork() const noexcept
{
    return m_hasPosts.load(std::memory_order_acquire) || m_distributor.sequencer.hasInbox(m_number)
        || !m_batch.empty() || !m_inbox.empty() || !m_dirty.empty() || !m_filled.empty()
        || !m_overflowed.empty() || !m_faulted.empty() || hasReadable() || m_lingeringDue
        || (!m_answers.empty() && m_answers.front().batch < m_batchNumber)
        || (!m_awaiting.empty() && m_awaiting.front().ticket <= decidedUpTo());
}

void Reactor::turn() noexcept
{
    m_thread.store(thisThread(), std::memory_order_relaxed);
    m_clock.refresh();
    runPosts();
    if (m_distributor.sequencer.hasInbox(m_number))
        m_distributor.sequencer.collect(m_number, &m_inbox);
    // Also what a session that moved away left for others.
    if (!m_inbox.empty())
        distribute();
    readLinks();
    commitBatch();
    // Answers may lead to further messages and pulls; what does not settle waits for the next turn.
    for (int round = 0; round < kMaxRounds; ++round) {
        // An answer goes before what follows from it: SUBACK before the retained messages.
        const bool answered = deliverAnswers();
        const bool pulled = pullLinks();
        commitBatch();
        if (!pulled && !answered)
            break;
    }
    endOverflowed();
    flushLinks();
    flushLingering();
    m_timers.fireDue(m_clock.now());
    flushStore();
    reap();
    if (m_batch.empty() && m_inbox.empty())
        m_matches.trim();
}

void Reactor::flushStore()
{
    if (!m_distributor.store)
        return;
    commitBatch();
    m_sessions.flushRows();
    m_distributor.store->kick();
}

void Reactor::beginWaiting()
{
    m_sessions.beginWaiting();
    if (m_number == 0 && m_distributor.retained.isExpiring() && !m_retainedTimer.isArmed())
        m_timers.arm(m_retainedTimer, m_clock.now());
    // What streams kept grows too old also where nobody publishes.
    if (m_number == 0 && m_distributor.streams.loggedMask() != 0)
        expireHistory();
}

void Reactor::runPosts()
{
    if (!m_hasPosts.load(std::memory_order_acquire))
        return;
    std::vector<std::function<void()>> calls;
    {
        const std::scoped_lock locked(m_postLock);
        calls.swap(m_posts);
        m_hasPosts.store(false, std::memory_order_release);
    }
    for (const auto &call : calls)
        call();
}

// Links.

HostLink *Reactor::adopt(EndpointRuntimePtr endpoint,
                         std::unique_ptr<LinkStream> stream,
                         Link::Direction direction,
                         quint64 generation,
                         const Error &refusal)
{
    if (generation == 0)
        generation = m_distributor.generations.next();
    auto link = std::make_unique<HostLink>(
        *this, std::move(endpoint), direction, generation, std::move(stream), refusal);
    HostLink *raw = link.get();
    m_links.emplace(generation, std::move(link));
    m_traffic.linksAccepted.add();
    if (!raw->start()) {
        // It may take one later: when its quiesce is over, for one.
        raw->close(Error(ErrorCode::NotSupported, QStringLiteral("the plugin refused the link"))
                       .setRetryable(true),
                   CloseMode::Abort,
                   false);
        return nullptr;
    }
    raw->streamStarted();
    return raw;
}

HostLink *Reactor::findLink(quint64 generation) noexcept
{
    const auto found = m_links.find(generation);
    return found == m_links.end() ? nullptr : found->second.get();
}

std::size_t Reactor::shutDownLinks(const Error &reason, int endpoint)
{
    std::vector<HostLink *> open;
    for (const auto &[generation, link] : m_links) {
        if (link->state() != Link::State::Closed
            && (endpoint < 0 || link->endpoint().number == endpoint)) {
            open.push_back(link.get());
        }
    }
    for (HostLink *link : open)
        link->shutDown(reason);
    return open.size();
}

void Reactor::abandonLinks(const Error &reason)
{
    for (const auto &[generation, link] : m_links)
        link->close(reason, CloseMode::Abort, true);
    m_lingering.clear();
}

void Reactor::linkClosed(HostLink &link)
{
    m_traffic.linksClosed.add();
    m_closed.push_back(link.generation());
}

void Reactor::linger(std::unique_ptr<LinkStream> stream, LinkPlace place, bool inputEnded)
{
    m_lingering.push_back(
        std::make_unique<Lingering>(*this, std::move(stream), std::move(place), inputEnded));
    m_lingeringDue = true;
}

void Reactor::reap()
{
    if (!m_closed.empty()) {
        std::erase_if(m_closed, [this](quint64 generation) {
            const auto found = m_links.find(generation);
            if (found == m_links.end())
                return true;
            found->second->reportEnd();
            if (!found->second->isQuiet())
                return false;
            m_links.erase(found);
            return true;
        });
    }
    m_sessions.reap();
}

// Who has not consumed what was sent to it, or cannot write it down, is not sent more.
bool Reactor::mayRead() const noexcept
{
    return !m_readingStopped && !isStarved()
        && !(m_distributor.store && m_distributor.store->isCongested());
}

// When nobody is read any more, whoever awaits the peer's last word still is.
bool Reactor::hasReadable() const noexcept
{
    if (mayRead())
        return !m_readable.empty();
    return m_readingStopped
        && std::any_of(m_readable.cbegin(), m_readable.cend(), [](const HostLink *link) {
               return link->awaitsAnswer();
           });
}

void Reactor::readLinks()
{
    if (!hasReadable())
        return;
    std::vector<HostLink *> links;
    links.swap(m_readable);
    for (HostLink *link : links) {
        if (!mayRead() && !(m_readingStopped && link->awaitsAnswer())) {
            m_readable.push_back(link);
            continue;
        }
        link->readable = false;
        if (link->state() != Link::State::Closed)
            link->readOnce();
    }
    if (m_readable.empty()) {
        links.clear();
        m_readable.swap(links); // keeps the room
    }
}

bool Reactor::pullLinks()
{
    if (m_dirty.empty())
        return false;
    std::vector<HostLink *> links;
    links.swap(m_dirty);
    for (HostLink *link : links) {
        link->dirty = false;
        link->pull();
    }
    if (m_dirty.empty()) {
        links.clear();
        m_dirty.swap(links);
    }
    return true;
}

void Reactor::flushLinks()
{
    if (m_filled.empty())
        return;
    std::vector<HostLink *> links;
    links.swap(m_filled);
    for (HostLink *link : links) {
        link->filled = false;
        if (link->state() != Link::State::Closed)
            link->flush();
    }
    if (m_filled.empty()) {
        links.clear();
        m_filled.swap(links);
    }
}

void Reactor::flushLingering()
{
    if (!m_lingeringDue)
        return;
    m_lingeringDue = false;
    for (const auto &lingering : m_lingering)
        lingering->step();
    std::erase_if(m_lingering, [](const auto &lingering) { return lingering->isDone(); });
}

// Answers.

void Reactor::queueNotice(HostLink &link, HostLink::Notice notice, Ticket ticket)
{
    Answer answer;
    answer.link = &link;
    answer.notice = std::make_unique<HostLink::Notice>(std::move(notice));
    answer.ticket = ticket;
    link.noticeQueued();
    m_answers.push_back(std::move(answer));
}

void Reactor::queueCompletion(HostLink &link, const Completion &completion, Ticket ticket)
{
    Answer answer;
    answer.link = &link;
    answer.completion = completion;
    answer.since = m_clock.now();
    answer.ticket = ticket;
    link.noticeQueued();
    m_answers.push_back(std::move(answer));
}

void Reactor::noteAnswered(const Completion &completion, qint64 since) noexcept
{
    if (completion.kind == Completion::Kind::Publish)
        m_traffic.publishToAck.add(m_clock.now() - since);
}

Ticket Reactor::decidedUpTo() const noexcept
{
    return m_distributor.store ? m_distributor.store->decidedUpTo() : 0;
}

// One whose ticket is decided waits behind one whose is not, and leaves with it.
void Reactor::park(Answer answer, Ticket decided)
{
    if (answer.ticket > decided)
        m_awaiting.push_back({answer.ticket, answer.link->generation(), 0});
    answer.link->park({std::move(answer.notice), answer.completion, answer.ticket, answer.since});
}

void Reactor::awaitStore(const Session &session)
{
    m_awaiting.push_back({session.awaited(), 0, session.number()});
}

// The store moved on: answers that waited for it leave, sessions that did go on.
void Reactor::deliverDecided(Ticket decided)
{
    while (!m_awaiting.empty() && m_awaiting.front().ticket <= decided) {
        const Awaiting awaiting = m_awaiting.front();
        m_awaiting.pop_front();
        if (awaiting.link != 0) {
            if (HostLink *link = findLink(awaiting.link))
                link->deliverParked();
        } else if (Session *session = m_sessions.find(awaiting.session)) {
            session->handleStored();
            if (session->holder())
                session->holder()->markDirty();
        }
    }
}

bool Reactor::deliverAnswers()
{
    // Read once: what the store decides meanwhile it tells afterwards.
    const Ticket decided = decidedUpTo();
    const bool isDue = !m_awaiting.empty() && m_awaiting.front().ticket <= decided;
    if (isDue)
        deliverDecided(decided);
    bool any = isDue;
    while (!m_answers.empty() && m_answers.front().batch < m_batchNumber) {
        any = true;
        HostLink *link = m_answers.front().link;
        if (link->hasParked() || m_answers.front().ticket > decided) {
            park(std::move(m_answers.front()), decided);
            m_answers.pop_front();
            continue;
        }
        if (m_answers.front().notice) {
            const std::unique_ptr<HostLink::Notice> notice = std::move(m_answers.front().notice);
            m_answers.pop_front();
            link->deliver(*notice);
            continue;
        }
        Completion run[kAnswerRun];
        int count = 0;
        while (count < kAnswerRun && !m_answers.empty() && m_answers.front().link == link
               && !m_answers.front().notice && m_answers.front().batch < m_batchNumber
               && m_answers.front().ticket <= decided) {
            const Answer &answer = m_answers.front();
            noteAnswered(answer.completion, answer.since);
            run[count++] = link->settled(answer.completion, answer.ticket);
            m_answers.pop_front();
        }
        link->deliver(run, count);
    }
    return any;
}

// Sessions.

void Reactor::fenceLink(int reactor, quint64 generation)
{
    const auto fence = [](Reactor &there, quint64 number) {
        if (HostLink *link = there.findLink(number))
            link->fence(FenceReason::TakenOver);
    };
    Reactor &there = *m_distributor.reactors[std::size_t(reactor)];
    if (reactor == m_number)
        fence(there, generation);
    else
        there.post([&there, generation, fence] { fence(there, generation); });
}

Durability Reactor::durabilityOf(const HostLink &link) const noexcept
{
    return link.endpoint().durability;
}

void Reactor::serveClaim(int reactor, const QByteArray &key, quint64 number)
{
    Reactor &there = *m_distributor.reactors[std::size_t(reactor)];
    there.post([&there, key, number] { there.m_sessions.serve(key, number); });
}

void Reactor::publishTestament(const StoredTestament &testament, quint64 origin)
{
    PublishView view;
    view.topic = {testament.topic.constData(), std::size_t(testament.topic.size())};
    view.properties = {testament.properties.constData(), std::size_t(testament.properties.size())};
    view.payload = {testament.payload.constData(), std::size_t(testament.payload.size())};
    view.expirySeconds = testament.expirySeconds;
    view.qos = testament.qos;
    view.retain = testament.retain;
    publish({nullptr, &view, origin});
}

} // namespace fairlead::core
