// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// The reactor's part of the message path: batch, commit, distribution.

#include "core/reactor/reactor.h"

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr qint64 kRetainedNs = kNsPerSecond;
constexpr int kRetainedRound = 1024;
constexpr qint64 kHistoryStepNs = kNsPerMs;

Debt debtOf(const InboxItem &item) noexcept
{
    return {item.copy, item.isAwaited, item.isLogged, item.ticket};
}

LocalTarget::Way wayOf(const SharedMemberPtr &member)
{
    LocalTarget::Way way;
    way.by = Matched(member);
    way.qos = member->options.qos;
    way.retainAsPublished = member->options.retainAsPublished;
    way.showPosition = member->options.showPositions;
    return way;
}

} // namespace

void Reactor::publish(const Publication &publication)
{
    const PublishView &view = *publication.view;
    HostLink *link = publication.link;
    const bool answered = link && (view.qos > 0 || view.receiveKey != 0);
    if (link) {
        m_traffic.published.add();
        m_traffic.publishedBytes.add(view.payload.size());
    }
    TopicMatch *match = m_matches.find(view.topic);
    bool retain = view.retain;
    if (retain && !view.payload.empty()
        && !m_distributor.retained.admits(
            view.topic, view.topic.size() + view.properties.size() + view.payload.size())) {
        m_traffic.drop(DropReason::RetainedFull).add();
        if (answered) {
            queueCompletion(
                *link, {view.completionTag, Completion::Kind::Publish, Outcome::Quota}, 0);
            return;
        }
        retain = false;
    }
    if (answered && !match->rejecting.empty() && match->isRefused()) {
        m_traffic.drop(DropReason::Rejected).add();
        queueCompletion(*link, {view.completionTag, Completion::Kind::Publish, Outcome::Quota}, 0);
        return;
    }
    if (answered && refuses(publication, *match)) {
        m_traffic.drop(DropReason::StoreRefused).add();
        queueCompletion(*link, {view.completionTag, Completion::Kind::Publish, Outcome::Quota}, 0);
        return;
    }
    const bool keepsKey = view.receiveKey != 0 && link && link->session()->isDurable();
    int index = -1;
    if (match->hasReceiver() || match->streams != 0 || retain || keepsKey) {
        MessageFields fields;
        fields.topic = view.topic;
        fields.properties = view.properties;
        fields.payload = view.payload;
        fields.origin = publication.origin;
        fields.qos = view.qos;
        fields.retain = view.retain;
        if (view.expirySeconds != kNever)
            fields.expiryDeadline = m_clock.now() + qint64(view.expirySeconds) * kNsPerSecond;
        if (retain && view.expirySeconds != kNever && !m_retainedTimer.isArmed())
            m_timers.arm(m_retainedTimer, m_clock.now() + kRetainedNs);
        if (match->streams != 0 && m_shortestAge > 0 && !m_historyTimer.isArmed())
            m_timers.arm(m_historyTimer, m_clock.now() + m_shortestAge);
        m_batchStreams |= match->streams;
        Outgoing outgoing;
        outgoing.message = Message(fields);
        outgoing.match = match;
        outgoing.retain = retain;
        if (keepsKey) {
            outgoing.keySession = link->session()->number();
            outgoing.key = view.receiveKey;
        }
        if (answered)
            outgoing.level = link->endpoint().durability;
        else if (view.qos == 2)
            outgoing.level = Durability::Disk;
        index = int(m_batch.size());
        m_batch.push_back(std::move(outgoing));
        m_batchBytes += m_batch.back().message.size();
    }
    if (view.receiveKey != 0 && link)
        link->session()->addKey(view.receiveKey);
    if (answered) {
        const Outcome outcome = match->hasReceiver() ? Outcome::Done : Outcome::NoReceiver;
        queueCompletion(*link, {view.completionTag, Completion::Kind::Publish, outcome}, 0);
        m_answers.back().batch = m_batchNumber;
        m_answers.back().index = index;
    }
    if (m_batch.size() >= m_batchMessages || m_batchBytes >= kBatchBytes)
        commitBatch();
}

// Whether what could not be kept would have to be: told at once, and nobody gets it.
bool Reactor::refuses(const Publication &publication, const TopicMatch &match) const noexcept
{
    const Store *const store = m_distributor.store;
    return store && store->isDegraded()
        && publication.link->endpoint().durability != Durability::Memory
        && (publication.view->retain || match.durable || !match.groups.empty()
            || (match.streams & m_distributor.streams.loggedMask()) != 0
            || (publication.view->receiveKey != 0 && publication.link->session()->isDurable()));
}

void Reactor::commitBatch()
{
    // Committed also when empty: answers that wait for this batch are due.
    if (m_batch.empty()) {
        if (!m_answers.empty())
            ++m_batchNumber;
        return;
    }
    m_distributor.sequencer.commit(
        m_number, m_clock.now(), &m_batch, m_distributor.index, m_matches, &m_inbox);
    if (m_distributor.store) {
        for (auto answer = m_answers.rbegin();
             answer != m_answers.rend() && (answer->batch == m_batchNumber || answer->batch == 0);
             ++answer) {
            if (answer->batch == m_batchNumber && answer->index >= 0)
                answer->ticket = m_batch[std::size_t(answer->index)].ticket;
        }
        for (const Outgoing &outgoing : m_batch) {
            if (outgoing.keySession == 0 || outgoing.ticket == 0)
                continue;
            if (Session *session = m_sessions.find(outgoing.keySession))
                session->noteKeyTicket(outgoing.key, outgoing.ticket);
        }
    }
    if ((m_batchStreams & m_distributor.streams.loggedMask()) != 0)
        m_distributor.log.trim(m_batchStreams, false);
    m_batchStreams = 0;
    m_batch.clear();
    m_batchBytes = 0;
    ++m_batchNumber;
    distribute();
}

void Reactor::distribute()
{
    if (m_distributing)
        return;
    m_distributing = true;
    for (; m_inboxNext < m_inbox.size(); ++m_inboxNext) {
        InboxItem item = std::move(m_inbox[m_inboxNext]);
        distributeItem(item);
    }
    m_inbox.clear();
    m_inboxNext = 0;
    m_distributing = false;
}

void Reactor::distributeItem(InboxItem &item)
{
    if (item.arriving) {
        // The item after this one may be for it already.
        ++m_inboxNext;
        m_sessions.arrive(std::move(item.arriving));
        --m_inboxNext;
        return;
    }
    if (item.member) {
        Session *session = m_sessions.find(item.member->subscriber->number);
        if (!session) {
            redirect(item.message, *item.member);
            return;
        }
        push(*session, item.message, wayOf(item.member), debtOf(item));
        pushToFull(item.message);
        return;
    }
    const ByteSpan topic = item.message.topic();
    TopicMatch *match = item.match;
    if (!match)
        match = m_matches.find(topic);
    else if (!m_matches.isCurrent(*match))
        m_matches.refresh(topic, match);
    for (const LocalTarget &target : match->locals)
        distributeTo(item, target);
    pushToFull(item.message);
}

void Reactor::distributeTo(const InboxItem &item, const LocalTarget &target)
{
    Session &session = *target.session;
    const Message &message = item.message;
    if (message.sequence() < target.since || message.sequence() < session.liveFrom())
        return;
    const bool own = message.origin() == session.number();
    const LocalTarget::Way &way = own ? target.own : target.all;
    if (way.open)
        push(session, message, way, debtOf(item));
}

// What expired is not shown anyway; this gives its memory back.
void Reactor::expireRetained() noexcept
{
    std::vector<Message> gone;
    m_distributor.retained.expire(m_clock.now(), kRetainedRound, &gone);
    for (const Message &message : gone) {
        if (!m_distributor.store)
            break;
        const ByteSpan topic = message.topic();
        m_distributor.store->append(
            record::ClearRetained{QByteArray(topic.data(), qsizetype(topic.size())),
                                  message.sequence()},
            Durability::Memory);
    }
    if (m_distributor.retained.isExpiring())
        m_timers.arm(m_retainedTimer, m_clock.now() + kRetainedNs);
}

// A stream that nobody publishes to gives its memory back too (RP-01).
void Reactor::expireHistory() noexcept
{
    const qint64 next = m_distributor.streams.expire(m_clock.now());
    m_distributor.log.trim(m_distributor.streams.loggedMask(), true);
    if (next >= 0)
        m_timers.arm(m_historyTimer, std::max(next, m_clock.now() + kHistoryStepNs));
}

void Reactor::push(Session &session, const Message &message, const LocalTarget::Way &way, Debt debt)
{
    switch (session.push(message, way, debt)) {
    case Session::Push::Skipped:
        return;
    case Session::Push::Full:
        m_full.push_back({session.number(), way, debt});
        return;
    case Session::Push::Queued:
        break;
    }
    noteQueued(session, message, way);
}

// After the receivers of a message were gone through: a pull runs the driver, which may change them.
void Reactor::pushToFull(const Message &message)
{
    std::vector<FullTarget> full;
    full.swap(m_full);
    for (const FullTarget &target : full) {
        if (Session *session = m_sessions.find(target.session))
            handleFull(*session, message, target.way, target.debt);
    }
}

void Reactor::redirect(const Message &message, const SharedMember &member)
{
    const std::shared_ptr<SharedGroup> group = m_distributor.index.group(member.filter);
    if (!group || !m_distributor.sequencer.redirect(message, *group, m_number))
        m_traffic.drop(DropReason::NoMember).add();
}

void Reactor::handOver(Session &session, std::vector<InboxItem> *inbox)
{
    for (InboxItem &item : *inbox)
        m_inbox.push_back(std::move(item));
    inbox->clear();
    for (std::size_t i = m_inboxNext; i < m_inbox.size(); ++i) {
        const InboxItem &item = m_inbox[i];
        if (item.arriving || !item.message)
            continue;
        if (item.member) {
            if (item.member->subscriber->number == session.number()) {
                push(session, item.message, wayOf(item.member), debtOf(item));
                pushToFull(item.message);
                m_inbox[i].message = Message();
            }
            continue;
        }
        const TopicMatch *match = m_matches.findLocked(item.message.topic());
        for (const LocalTarget &target : match->locals) {
            if (target.session == &session)
                distributeTo(item, target);
        }
        pushToFull(item.message);
    }
}

} // namespace fairlead::core
