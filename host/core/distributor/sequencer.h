// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/matchcache.h"
#include "core/distributor/streamset.h"
#include "core/store/store.h"

#include <fairlead/message.h>

#include <functional>
#include <mutex>
#include <vector>

namespace fairlead::core {

class Reactor;
class RetainedStore;
class Session;

/// One message on its way into the history.
struct Outgoing
{
    Message message;
    Message dropped; ///< gone from a stream in its place, freed with the batch
    TopicMatch *match = nullptr;
    bool retain = false; ///< replaces the topic's retained entry
    quint64 keySession = 0; ///< not 0: the session whose receive key is kept with it
    quint32 key = 0;
    Durability level = Durability::Memory; ///< what its publisher waits for
    Ticket ticket = 0; ///< of what is stored of it, once committed; 0: nobody has to wait
};

/// One message, or one session, for a reactor.
struct InboxItem
{
    Message message;
    SharedMemberPtr member; ///< set: only for this member of a shared group
    TopicMatch *match = nullptr; ///< only in the inbox of the reactor that matched it
    quint32 copy = 0; ///< see DurableTarget
    bool isAwaited = false; ///< see Debt
    bool isLogged = false; ///< see Debt
    Ticket ticket = 0;
    std::unique_ptr<Session> arriving; ///< a session moves here; later items may be for it
};

/// Gives every message its place in the host's one history, in one short lock per batch, so that
/// each reactor's inbox is in sequence order.
///
/// Thread: any. Foreign code never runs under the lock.
class Sequencer
{
public:
    /// @p store null: nothing outlives the process.
    Sequencer(Position next, RetainedStore &retained, StreamSet &streams, Store *store);
    ~Sequencer();

    /// Adds the next reactor; all are added before the first commit.
    void addReactor(Reactor *reactor);

    int reactorCount() const noexcept { return int(m_inboxes.size()); }

    std::unique_lock<std::mutex> lock() { return std::unique_lock(m_lock); }

    quint64 nextSequenceLocked() const noexcept { return m_next; }

    quint32 epoch() const noexcept { return m_epoch; }

    /// The last sequence that was given; 0: none yet.
    quint64 lastSequence();

    /// Commits @p batch of reactor @p self and swaps its inbox into @p inbox (appended). Its streams
    /// have a message before anybody gets it.
    void commit(int self,
                qint64 now,
                std::vector<Outgoing> *batch,
                const TopicIndex &index,
                MatchCache &cache,
                std::vector<InboxItem> *inbox);
    /// Swaps the inbox of @p self out without a batch.
    void collect(int self, std::vector<InboxItem> *inbox);

    bool hasInbox(int self) const noexcept
    {
        return m_inboxes[std::size_t(self)]->filled.load(std::memory_order_acquire);
    }

    /// Moves a session: under the index' read lock and this one, @p handOver gives it what @p self still has for it and
    /// yields it; then it is the next item of its home's inbox.
    using HandOver = std::function<std::unique_ptr<Session>(std::vector<InboxItem> *)>;
    void moveSession(int self, int home, TopicIndex &index, const HandOver &handOver);
    /// Gives a message of a shared group to another member; false when none is left.
    bool redirect(const Message &message, SharedGroup &group, int self);

private:
    struct Inbox
    {
        Reactor *reactor = nullptr;
        std::vector<InboxItem> items;
        std::vector<int> batches; ///< per source, not consumed yet
        std::atomic<bool> filled = false;
    };

    void collectLocked(int self, std::vector<InboxItem> *inbox, std::vector<Reactor *> *relieved);
    void commitLocked(int self, Outgoing *outgoing, StreamSet::Batch *history, quint64 *touched);
    Ticket storeLocked(const Outgoing &outgoing, DurableTargets shared, quint32 slotBits);
    void pushLocked(int target, InboxItem item, quint64 *touched);
    void wake(quint64 touched, int self);

    static constexpr int kCredit = 2;

    const quint32 m_epoch;
    RetainedStore &m_retained;
    StreamSet &m_streams;
    Store *const m_store;
    std::mutex m_lock;
    quint64 m_next;
    quint32 m_redirected = 0;
    std::vector<std::unique_ptr<Inbox>> m_inboxes;
};

} // namespace fairlead::core
