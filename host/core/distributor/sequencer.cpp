// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/sequencer.h"

#include "core/distributor/retainedstore.h"
#include "core/distributor/session.h"
#include "core/reactor/reactor.h"

#include <algorithm>
#include <bit>

namespace fairlead::core {

namespace {

constexpr int kLastTry = 3;

// Whose turn it is; members that can take it now come first.
SharedMemberPtr pick(SharedGroup &group)
{
    const auto &members = *group.members;
    if (members.empty())
        return {};
    const quint32 turn = group.turn.fetch_add(1, std::memory_order_relaxed);
    const SharedMemberPtr *online = nullptr;
    for (std::size_t i = 0; i < members.size(); ++i) {
        const SharedMemberPtr &member = members[(turn + i) % members.size()];
        if (!member->subscriber->online.load(std::memory_order_relaxed))
            continue;
        if (!member->subscriber->congested.load(std::memory_order_relaxed))
            return member;
        if (!online)
            online = &member;
    }
    return online ? *online : members[turn % members.size()];
}

DurableTarget owedTo(const SharedMember &member, quint32 copy)
{
    DurableTarget target;
    target.session = member.subscriber->number;
    target.copy = copy;
    target.qos = member.options.qos;
    target.retainAsPublished = member.options.retainAsPublished;
    target.showPosition = member.options.showPositions;
    target.ids = idsOf(member.terms);
    target.group
        = QByteArray(member.filter.bytes().data(), qsizetype(member.filter.bytes().size()));
    return target;
}

bool isOwed(const SharedMember &member, const Message &message) noexcept
{
    return message.qos() > 0 && member.options.qos > 0
        && member.subscriber->durable.load(std::memory_order_relaxed);
}

DurableTargets owedTo(const std::vector<SharedMemberPtr> &members, const Message &message)
{
    std::vector<DurableTarget> owed;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (isOwed(*members[i], message))
            owed.push_back(owedTo(*members[i], kSharedCopy + quint32(i)));
    }
    return owed.empty() ? DurableTargets()
                        : std::make_shared<const std::vector<DurableTarget>>(std::move(owed));
}

// A session that wants no echo of its own messages is owed them by its other subscriptions only.
DurableTargets owedWithoutEcho(const TopicMatch &match, const Message &message)
{
    const auto own = std::find_if(
        match.durableOwn.begin(), match.durableOwn.end(), [&](const DurableTarget &target) {
            return target.session == message.origin();
        });
    if (own == match.durableOwn.end())
        return match.durable;
    std::vector<DurableTarget> owed;
    for (const DurableTarget &target : *match.durable) {
        if (target.session != message.origin())
            owed.push_back(target);
        else if (own->qos > 0)
            owed.push_back(*own);
    }
    return owed.empty() ? DurableTargets()
                        : std::make_shared<const std::vector<DurableTarget>>(std::move(owed));
}

} // namespace

Sequencer::Sequencer(Position next, RetainedStore &retained, StreamSet &streams, Store *store)
    : m_epoch(next.epoch)
    , m_retained(retained)
    , m_streams(streams)
    , m_store(store)
    , m_next(next.sequence)
{ }

Sequencer::~Sequencer() = default;

void Sequencer::addReactor(Reactor *reactor)
{
    m_inboxes.push_back(std::make_unique<Inbox>());
    m_inboxes.back()->reactor = reactor;
    for (auto &inbox : m_inboxes)
        inbox->batches.resize(m_inboxes.size());
}

void Sequencer::pushLocked(int target, InboxItem item, quint64 *touched)
{
    Inbox &inbox = *m_inboxes[std::size_t(target)];
    inbox.items.push_back(std::move(item));
    *touched |= quint64(1) << target;
}

void Sequencer::collectLocked(int self,
                              std::vector<InboxItem> *inbox,
                              std::vector<Reactor *> *relieved)
{
    Inbox &mine = *m_inboxes[std::size_t(self)];
    if (inbox->empty()) {
        inbox->swap(mine.items);
    } else {
        for (InboxItem &item : mine.items)
            inbox->push_back(std::move(item));
        mine.items.clear();
    }
    mine.filled.store(false, std::memory_order_relaxed);
    for (std::size_t source = 0; source < mine.batches.size(); ++source) {
        if (mine.batches[source] >= kCredit)
            relieved->push_back(m_inboxes[source]->reactor);
        mine.batches[source] = 0;
    }
}

void Sequencer::wake(quint64 touched, int self)
{
    touched &= ~(quint64(1) << self);
    for (; touched != 0; touched &= touched - 1) {
        Inbox &inbox = *m_inboxes[std::size_t(std::countr_zero(touched))];
        if (!inbox.filled.exchange(true, std::memory_order_acq_rel))
            inbox.reactor->wake();
    }
}

quint64 Sequencer::lastSequence()
{
    const std::scoped_lock locked(m_lock);
    return m_next - 1;
}

// Gives one message its place and hands it to streams, retained entries, reactors and the store.
void Sequencer::commitLocked(int self,
                             Outgoing *outgoing,
                             StreamSet::Batch *history,
                             quint64 *touched)
{
    outgoing->message.setPosition({m_epoch, m_next++});
    const TopicMatch &match = *outgoing->match;
    std::vector<SharedMemberPtr> members;
    for (const std::shared_ptr<SharedGroup> &group : match.groups) {
        if (SharedMemberPtr member = pick(*group))
            members.push_back(std::move(member));
    }
    const quint32 slotBits = m_streams.slotsOf(match.streams);
    Ticket stored = 0;
    if (m_store)
        stored = storeLocked(*outgoing, owedTo(members, outgoing->message), slotBits);
    if (outgoing->level != Durability::Memory)
        outgoing->ticket = stored;
    if (match.streams != 0) {
        outgoing->dropped
            = history->append(match.streams, outgoing->message, slotBits != 0 ? stored : 0);
    }
    if (outgoing->retain)
        m_retained.store(outgoing->message);
    const bool isAwaited = outgoing->message.qos() == 2 && outgoing->ticket != 0;
    const Ticket ticket = isAwaited || slotBits != 0 ? stored : 0;
    for (quint64 left = match.reactors; left != 0; left &= left - 1) {
        const int target = std::countr_zero(left);
        const bool only = (left & (left - 1)) == 0 && members.empty();
        InboxItem item;
        item.message = only ? std::move(outgoing->message) : outgoing->message;
        item.match = target == self ? outgoing->match : nullptr;
        item.isAwaited = isAwaited;
        item.isLogged = slotBits != 0;
        item.ticket = ticket;
        pushLocked(target, std::move(item), touched);
    }
    quint32 copy = kSharedCopy;
    for (SharedMemberPtr &member : members) {
        InboxItem item;
        item.copy = copy++;
        item.message = outgoing->message;
        item.isAwaited = isAwaited;
        item.isLogged = slotBits != 0;
        item.ticket = ticket;
        const int target = member->subscriber->home.load(std::memory_order_relaxed);
        item.member = std::move(member);
        pushLocked(target, std::move(item), touched);
    }
}

// Queues what must outlive the process; the ticket is 0 when nothing must.
Ticket Sequencer::storeLocked(const Outgoing &outgoing, DurableTargets shared, quint32 slotBits)
{
    const Message &message = outgoing.message;
    const TopicMatch &match = *outgoing.match;
    const bool isOwed = message.qos() > 0 && (match.durable || shared);
    // What the host says of itself is said anew by its next start.
    const bool isKept = outgoing.retain && !message.topic().starts_with("$SYS/");
    if (!isOwed && !isKept && outgoing.keySession == 0 && slotBits == 0)
        return 0;
    record::PutMessage put;
    put.message = message;
    if (message.qos() > 0) {
        put.targets = match.durableOwn.empty() ? match.durable : owedWithoutEcho(match, message);
        put.shared = std::move(shared);
    }
    put.keySession = outgoing.keySession;
    put.key = outgoing.key;
    put.retained = isKept;
    put.streams = slotBits;
    // A log is one that a loss of power leaves whole, whatever its publishers wait for.
    const bool isAwaited = outgoing.level != Durability::Memory;
    return m_store->append(
        std::move(put), slotBits != 0 ? Durability::Disk : outgoing.level, isAwaited);
}

void Sequencer::commit(int self,
                       qint64 now,
                       std::vector<Outgoing> *batch,
                       const TopicIndex &index,
                       MatchCache &cache,
                       std::vector<InboxItem> *inbox)
{
    quint64 touched = 0;
    quint64 next = 0;
    std::vector<Reactor *> relieved;
    for (int attempt = 1;; ++attempt) {
        // After some tries against a stream of subscription changes, hold them off.
        std::shared_lock<std::shared_mutex> reading;
        if (attempt >= kLastTry) {
            reading = index.readLock();
            for (const Outgoing &outgoing : *batch) {
                if (!cache.isCurrent(*outgoing.match))
                    cache.refreshLocked(outgoing.message.topic(), outgoing.match);
            }
        }
        std::unique_lock locked(m_lock);
        bool current = true;
        for (const Outgoing &outgoing : *batch)
            current = current && cache.isCurrent(*outgoing.match);
        if (!current) {
            locked.unlock();
            for (const Outgoing &outgoing : *batch) {
                if (!cache.isCurrent(*outgoing.match))
                    cache.refresh(outgoing.message.topic(), outgoing.match);
            }
            continue;
        }
        {
            StreamSet::Batch history(m_streams, now);
            for (Outgoing &outgoing : *batch)
                commitLocked(self, &outgoing, &history, &touched);
        }
        for (quint64 left = touched & ~(quint64(1) << self); left != 0; left &= left - 1) {
            int &waiting
                = m_inboxes[std::size_t(std::countr_zero(left))]->batches[std::size_t(self)];
            // Under the lock, so that the credit cannot come back first.
            if (++waiting >= kCredit)
                m_inboxes[std::size_t(self)]->reactor->starve();
        }
        collectLocked(self, inbox, &relieved);
        next = m_next;
        break;
    }
    wake(touched, self);
    for (Reactor *reactor : relieved)
        reactor->handleCredit();
    if (m_store)
        m_store->noteUsed(next, 0);
}

void Sequencer::collect(int self, std::vector<InboxItem> *inbox)
{
    std::vector<Reactor *> relieved;
    {
        const std::unique_lock locked(m_lock);
        collectLocked(self, inbox, &relieved);
    }
    for (Reactor *reactor : relieved)
        reactor->handleCredit();
}

void Sequencer::moveSession(int self, int home, TopicIndex &index, const HandOver &handOver)
{
    quint64 touched = 0;
    std::vector<Reactor *> relieved;
    {
        // What is handed over is matched; the index' lock goes before this one.
        const std::shared_lock reading = index.readLock();
        const std::unique_lock locked(m_lock);
        std::vector<InboxItem> inbox;
        collectLocked(self, &inbox, &relieved);
        InboxItem item;
        item.arriving = handOver(&inbox);
        Subscriber &subscriber = item.arriving->subscriber();
        subscriber.arrived.store(-1, std::memory_order_release);
        item.arriving->setLiveFrom(m_next);
        index.rehomeLocked(subscriber, home);
        pushLocked(home, std::move(item), &touched);
    }
    wake(touched, self);
    for (Reactor *reactor : relieved)
        reactor->handleCredit();
}

bool Sequencer::redirect(const Message &message, SharedGroup &group, int self)
{
    quint64 touched = 0;
    {
        const std::unique_lock locked(m_lock);
        SharedMemberPtr member = pick(group);
        if (!member)
            return false;
        const int target = member->subscriber->home.load(std::memory_order_relaxed);
        InboxItem item;
        item.message = message;
        item.copy = kRedirectedCopy + (m_redirected++ % kRedirectedCopy);
        if (m_store && isOwed(*member, message)) {
            const Ticket ticket
                = m_store->append(record::AddTarget{message, owedTo(*member, item.copy)},
                                  message.qos() == 2 ? Durability::Disk : Durability::Memory);
            item.ticket = message.qos() == 2 ? ticket : 0;
        }
        item.member = std::move(member);
        pushLocked(target, std::move(item), &touched);
        if (target == self)
            m_inboxes[std::size_t(self)]->filled.store(true, std::memory_order_release);
    }
    wake(touched, self);
    return true;
}

} // namespace fairlead::core
