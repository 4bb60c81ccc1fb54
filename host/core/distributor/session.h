// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/gapnotice.h"
#include "core/distributor/matchcache.h"
#include "core/distributor/pendingqueue.h"
#include "core/distributor/replaywalk.h"
#include "core/distributor/retainedstore.h"
#include "core/distributor/ring.h"
#include "core/distributor/sessionkey.h"
#include "core/distributor/testament.h"
#include "core/distributor/unstoredchanges.h"
#include "core/store/store.h"

#include <QByteArray>
#include <QHash>
#include <QSet>

#include <fairlead/lease.h>
#include <fairlead/timers.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>

namespace fairlead::core {

class HostLink;
class SessionTable;
struct Congestion;

/// Where a session finds what came before its live messages.
struct SessionSources
{
    const RetainedStore &retained;
    StreamSet &streams;
    TopicIndex &index;
    const Store *store; ///< null: nothing is stored
};

/// What one session may hold.
struct SessionLimits
{
    quint32 queueMessages = 10'000;
    quint64 queueBytes = quint64(64) * 1024 * 1024;
    quint32 subscriptions = 10'000;
    /// Topic levels of all its filters together: what they cost in the index.
    quint32 filterLevels = 131'072;
};

/// What a peer is owed: subscriptions, queue, deliveries in flight, receive keys, testament,
/// expiry. Outlives links.
///
/// Thread: its home reactor, where it moves by value of its pointer. Ownership: that reactor's.
class Session
{
public:
    Session(quint64 number, QByteArray key, QByteArray peerKey, const SessionLimits &limits);
    ~Session();
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    quint64 number() const noexcept { return m_subscriber->number; }

    const QByteArray &key() const noexcept { return m_key; }

    const QByteArray &peerKey() const noexcept { return m_peerKey; }

    bool isObserver() const noexcept { return m_isObserver; }

    Subscriber &subscriber() const noexcept { return *m_subscriber; }

    const SubscriberPtr &subscriberPtr() const noexcept { return m_subscriber; }

    /// The link that holds the lease; null while detached.
    HostLink *holder() const noexcept { return m_holder; }

    /// What it is owed outlives the process: kept in @p store from here on. Before its first
    /// subscription.
    void makeDurable(Store &store) noexcept;

    bool isDurable() const noexcept { return m_store != nullptr; }

    void attach(HostLink *holder);
    /// The link is gone: what it took and did not settle is due again.
    void detach();

    // Queue.
    enum class Push : quint8 {
        Queued,
        Skipped,
        Full
    };
    /// Appends a live message; @p way says how this session gets it.
    Push push(const Message &message, const LocalTarget::Way &way, Debt debt);
    /// As push(), beyond its limits.
    void pushOver(const Message &message, const LocalTarget::Way &way, Debt debt);
    /// Gives what push() found no room for up, and owes a notice of it.
    void forgo(const Message &message, const LocalTarget::Way &way, Debt debt);
    /// Makes room for @p message by what the policies of those that wait give up; false when nothing
    /// more can go.
    bool makeRoom(const Message &message, const LocalTarget::Way &way);

    /// Something the session was owed when the host ended.
    struct Owed
    {
        Message message; ///< its body counts unless bodyDone
        Matched by;
        quint32 copy = 0;
        quint32 tag = 0;
        quint8 qos = 0;
        bool retain = false;
        bool showPosition = false;
        bool isTagged = false; ///< a link marked it, so that it was sent
        bool bodyDone = false;
    };

    /// Takes @p owed up again; in the order of sequences, before anything is pushed.
    void restore(const Owed &owed);

    /// Older sequences were handled where the session came from.
    void setLiveFrom(quint64 sequence) noexcept { m_liveFrom = sequence; }

    quint64 liveFrom() const noexcept { return m_liveFrom; }

    std::size_t queuedMessages() const noexcept { return m_pending.size() + m_unsettled; }

    quint64 queuedBytes() const noexcept { return m_bytes; }

    /// The place of the last message that it can still get; 0: it waits for none.
    quint64 lastQueued() const noexcept;

    std::size_t inFlight() const noexcept { return m_unsettled; }

    bool isHalfFull() const noexcept
    {
        return queuedMessages() >= m_limits.queueMessages / 2 || m_bytes >= m_limits.queueBytes / 2;
    }

    bool isBelowQuarter() const noexcept
    {
        return queuedMessages() < m_limits.queueMessages / 4 && m_bytes < m_limits.queueBytes / 4;
    }

    const SessionLimits &limits() const noexcept { return m_limits; }

    /// Whether take() could yield something with an open window.
    bool hasWaiting() const noexcept
    {
        return !m_pending.isEmpty() || !m_walks.empty() || !m_replays.empty()
            || m_resend < m_inflight.size() || hasLosses();
    }

    bool isRefusing() const noexcept
    {
        return m_subscriber->refusing.load(std::memory_order_relaxed);
    }

    /// Whether it is owed a notice of what it lost.
    bool hasLosses() const noexcept { return m_losses && m_losses->hasDue(); }

    /// Messages it lost so far, by our doing.
    quint64 lostMessages() const noexcept { return m_losses ? m_losses->total() : 0; }

    /// Whether a pull is due before more is queued: half full, a good part of it waits to be taken.
    bool isBackedUp() const noexcept
    {
        return isHalfFull() && !isBlocked() && !m_pending.isEmpty()
            && m_pending.size() >= std::min<std::size_t>(kBackedUp, m_limits.queueMessages / 4);
    }

    /// Whether the last take() ended for lack of window, or for what is not stored yet; until the next
    /// settle(), or handleStored().
    bool isBlocked() const noexcept { return m_windowClosed || m_awaited != 0; }

    /// What the last take() waits for; 0: nothing.
    Ticket awaited() const noexcept { return m_awaited; }

    void handleStored() noexcept { m_awaited = 0; }

    /// Whether the last take() ended with more history to look through than one take may.
    bool isSearching() const noexcept { return m_searching; }

    struct Taken
    {
        int count = 0;
        int expired = 0;
    };

    Taken take(
        Delivery *out, int max, const Window &window, qint64 now, const SessionSources &sources);
    /// Whether @p handle was in flight.
    bool settle(quint64 handle);
    /// @p ticket: of what is stored of it at @p level, untouched when nobody has to wait.
    bool mark(quint64 handle, quint32 tag, bool bodyDone, Durability level, Ticket *ticket);

    /// Yields what came by a shared group and may still go to another member: all that waits, and
    /// of what was sent QoS 1 alone, since a QoS 2 exchange stays with whom it began. For a session
    /// that ends.
    using Heir = std::function<void(const Message &, const SharedMember &)>;
    void bequeathShared(const Heir &heir) const;

    // Receive keys.
    bool hasKey(quint32 key);

    void addKey(quint32 key) { m_keys.insert(key); }

    /// The message that came with @p key is stored with @p ticket; if it is refused, so is the key.
    void noteKeyTicket(quint32 key, Ticket ticket);

    bool removeKey(quint32 key);

    int keyCount() const { return int(m_keys.size()); }

    // Subscriptions.
    struct Subscribed
    {
        TopicFilter filter;
        SubscriptionOptions options;
    };

    using Subscriptions = QHash<QByteArray, Subscribed>;

    Subscriptions &subscriptions() noexcept { return m_subscriptions; }

    UnstoredChanges &unstoredChanges() noexcept { return m_unstored; }

    /// Whether one more subscription with @p filter stays within the limits.
    bool admits(const TopicFilter &filter) const;
    void addSubscription(const TopicFilter &filter, const SubscriptionOptions &options);
    void removeSubscription(const TopicFilter &filter);
    /// Retained messages for a subscription come before what is live.
    void replayRetained(const TopicFilter &filter,
                        const SubscriptionOptions &options,
                        quint64 before);

    /// What is left of retained messages and history for @p filter is not wanted any more.
    void forgetReplay(const TopicFilter &filter);

    /// History for a subscription comes before what is live. Until it is read up to the present,
    /// nothing live comes for it, unless @p walk is live already; @p gap is told first.
    void replay(ReplayWalk walk, const std::optional<ReplayGap> &gap, quint32 epoch);
    /// The subscription to @p filter is live from @p from on, whatever is left of its history.
    void joinReplay(const TopicFilter &filter, quint64 from);
    /// All subscriptions whose history is not read yet become live: nobody is there to read.
    void goLive(TopicIndex &index);

    // The rest of what it keeps.
    quint32 expirySeconds = 0;
    QByteArray note;
    std::unique_ptr<StoredTestament> testament;
    bool tellsLosses = true; ///< its link's endpoint wants notices
    Timer expiryTimer;
    Timer testamentTimer;
    SessionTable *home = nullptr; ///< null while it moves

    /// Who waits for this session to read, while it is congested; see Backpressure.
    std::unique_ptr<Congestion> congestion;

private:
    static constexpr std::size_t kBackedUp = 64;
    static constexpr quint32 kNoCopy = 0xFFFFFFFF; ///< of what is not stored

    enum class Phase : quint8 {
        Taken,
        Due,
        Settled
    };

    struct InFlight
    {
        Message message;
        Matched by;
        quint64 sequence = 0;
        quint32 copy = 0;
        quint32 tag = 0;
        quint8 qos = 0;
        bool retain = false;
        bool showPosition = false;
        bool resent = false;
        Phase phase = Phase::Taken;
    };

    struct RetainedWalk
    {
        RetainedStore::Cursor cursor;
        WalkTerms terms;
        WalkPage page;
        bool more = true;
    };

    struct Taking;
    void takeResent(Taking *taking);
    void takeRetained(Taking *taking, const RetainedStore &retained);
    void takeHistory(Taking *taking, const SessionSources &sources, bool onlyLive);
    bool takePage(Taking *taking, WalkPage *page, const WalkTerms &terms);
    void readHistory(Taking *taking, const SessionSources &sources, ReplayWalk *walk);
    bool hasLiveReplay() const noexcept;
    void seekHistory(const SessionSources &sources, qint64 now);
    void beginHistory(const ReplayWalk &walk);
    void goLive(ReplayWalk *walk, TopicIndex &index);
    void forgetRetained(const TopicFilter &filter);
    void forgetHistory(const TopicFilter &filter);
    void takeLive(Taking *taking);
    void give(Taking *taking, PendingEntry entry);
    void takeNotices(Taking *taking);
    PendingEntry entryOf(const Message &message, const LocalTarget::Way &way, Debt debt) const;
    void append(PendingEntry entry);
    void drop(const PendingEntry &entry, LossReason reason);
    void noteLoss(const Message &message, const Matched &by, LossReason reason);
    quint8 noticeQos() const noexcept;
    bool mayLeave(Taking *taking, Ticket ticket);
    void keepPage(WalkPage *page, const WalkTerms &terms);
    void dropPage(const WalkPage &page, const WalkTerms &terms);
    void settleStored(quint64 sequence, quint32 copy, quint8 qos);

    SubscriberPtr m_subscriber;
    QByteArray m_key;
    QByteArray m_peerKey;
    const bool m_isObserver;
    const SessionLimits &m_limits;
    HostLink *m_holder = nullptr;
    PendingQueue m_pending;
    std::unique_ptr<LossLedger> m_losses; ///< null: nothing was ever lost
    Ring<InFlight> m_inflight;
    quint64 m_inflightBase = 1; ///< handle of the first in m_inflight
    std::size_t m_resend = 0; ///< first in m_inflight that may be due
    std::size_t m_unsettled = 0;
    quint64 m_bytes = 0;
    quint64 m_liveFrom = 0;
    bool m_windowClosed = false;
    Store *m_store = nullptr; ///< null: nothing of it outlives the process
    Ticket m_awaited = 0;
    quint32 m_copies = 0; ///< of retained messages
    std::vector<std::pair<quint32, Ticket>> m_keyTickets; ///< not decided yet
    std::vector<RetainedWalk> m_walks;
    std::deque<ReplayWalk> m_replays; ///< one for a filter at most; the first is read next
    quint32 m_epoch = 0; ///< of this start, once it replays
    bool m_searching = false;
    QSet<quint32> m_keys;
    Subscriptions m_subscriptions;
    UnstoredChanges m_unstored;
    quint32 m_filterLevels = 0;
    std::vector<Matched> m_givenIds; ///< keeps what the last take() pointed to
};

} // namespace fairlead::core
