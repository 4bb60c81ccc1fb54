// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/sequencer.h"

#include "core/distributor/retainedstore.h"
#include "core/distributor/session.h"
#include "core/reactor/reactor.h"

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

} // namespace

Sequencer::Sequencer(quint32 epoch, RetainedStore &retained, TicketStore &store)
    : m_epoch(epoch)
    , m_retained(retained)
    , m_store(store)
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

Sequencer::Committed Sequencer::commit(int self,
                                       std::vector<Outgoing> *batch,
                                       const TopicIndex &index,
                                       MatchCache &cache,
                                       std::vector<InboxItem> *inbox)
{
    Committed outcome;
    quint64 touched = 0;
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
        for (Outgoing &outgoing : *batch) {
            outgoing.message.setPosition({m_epoch, m_next++});
            if (outgoing.retain)
                m_retained.store(outgoing.message);
            if (outgoing.durable) {
                TicketRecord record;
                record.message = outgoing.message;
                outcome.ticket = m_store.append(std::move(record));
            }
            for (quint64 left = outgoing.match->reactors; left != 0; left &= left - 1) {
                const int target = std::countr_zero(left);
                const bool only = (left & (left - 1)) == 0 && outgoing.match->groups.empty();
                InboxItem item;
                item.message = only ? std::move(outgoing.message) : outgoing.message;
                item.match = target == self ? outgoing.match : nullptr;
                pushLocked(target, std::move(item), &touched);
            }
            for (const std::shared_ptr<SharedGroup> &group : outgoing.match->groups) {
                SharedMemberPtr member = pick(*group);
                if (!member)
                    continue;
                InboxItem item;
                item.message = outgoing.message;
                const int target = member->subscriber->home.load(std::memory_order_relaxed);
                item.member = std::move(member);
                pushLocked(target, std::move(item), &touched);
            }
        }
        for (quint64 left = touched & ~(quint64(1) << self); left != 0; left &= left - 1) {
            int &waiting
                = m_inboxes[std::size_t(std::countr_zero(left))]->batches[std::size_t(self)];
            // Under the lock, so that the credit cannot come back first.
            if (++waiting >= kCredit)
                m_inboxes[std::size_t(self)]->reactor->starve();
        }
        collectLocked(self, inbox, &relieved);
        break;
    }
    wake(touched, self);
    for (Reactor *reactor : relieved)
        reactor->handleCredit();
    return outcome;
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
        item.member = std::move(member);
        pushLocked(target, std::move(item), &touched);
        if (target == self)
            m_inboxes[std::size_t(self)]->filled.store(true, std::memory_order_release);
    }
    wake(touched, self);
    return true;
}

} // namespace fairlead::core
