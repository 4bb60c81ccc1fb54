// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/distributor.h"
#include "core/distributor/sessiontable.h"
#include "core/reactor/hostlink.h"
#include "core/reactor/outputqueue.h"
#include "core/reactor/timerqueue.h"
#include "core/reactor/traffic.h"

#include <fairlead/executor.h>
#include <fairlead/random.h>

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace fairlead::core {

/// How others get a reactor's attention. Thread: wake() any.
class Wakeup
{
public:
    virtual ~Wakeup() = default;
    virtual void wake() noexcept = 0;
};

/// A clock the reactor turns over.
class TurnClock : public Clock
{
public:
    virtual void refresh() noexcept = 0;
};

/// One event loop's share of the message path, without the loop: whoever drives it (a thread on the
/// epoll dispatcher, a simulation) calls turn().
///
/// A turn: posted calls, inbox, reads, commit, distribution, answers and pulls, one gathered write
/// per link, timers.
///
/// Thread: its own, but for post(), wake(), handleCredit() and traffic().
class Reactor final : public Executor, private SessionHost
{
public:
    Reactor(int number, Distributor &distributor, TurnClock &clock, Random &random, Wakeup &wakeup);
    ~Reactor() override;

    void turn() noexcept;
    bool hasPendingWork() const noexcept;

    qint64 nextDeadline() const noexcept { return m_timers.nextDeadline(); }

    int number() const noexcept { return m_number; }

    ChunkPool &chunks() noexcept { return m_chunks; }

    Traffic &traffic() noexcept { return m_traffic; }

    Distributor &distributor() noexcept { return m_distributor; }

    MatchCache &matches() noexcept { return m_matches; }

    SessionTable &sessions() noexcept { return m_sessions; }

    Random &random() noexcept { return m_random; }

    Timers &timers() noexcept override { return m_timers; }

    TimerQueue &timerQueue() noexcept { return m_timers; }

    const Clock &clock() const noexcept override { return m_clock; }

    Clock &clock() noexcept { return m_clock; }

    // Executor
    void post(std::function<void()> call) override;
    bool isCurrent() const noexcept override;

    // From other threads.
    void wake() noexcept { m_wakeup.wake(); }

    void handleCredit() noexcept;

    /// A reactor has not consumed two batches of this one yet: no reads until it has.
    void starve() noexcept { m_starved.store(true, std::memory_order_release); }

    /// Whether another reactor has as much of ours to read as it may.
    bool isStarved() const noexcept { return m_starved.load(std::memory_order_acquire); }

    /// A link over @p stream begins; null when the plugin refused it. @p generation is that of the
    /// attempt it came from, 0: none. With a @p refusal it gets as far as its protocol needs to be
    /// told that, and no further.
    HostLink *adopt(EndpointRuntimePtr endpoint,
                    std::unique_ptr<LinkStream> stream,
                    Link::Direction direction,
                    quint64 generation = 0,
                    const Error &refusal = Error());
    HostLink *findLink(quint64 generation) noexcept override;

    std::size_t linkCount() const noexcept { return m_links.size(); }

    /// Every link that has not ended, in its handshake or after; in no order.
    template <typename Visit>
    void forEachLink(Visit &&visit)
    {
        for (const auto &[generation, link] : m_links) {
            if (link->state() != Link::State::Closed)
                visit(*link);
        }
    }

    /// Hands the store what this turn has for it so far.
    void flushStore();
    /// Sessions of an earlier start wait for their peers from now on: their expiry and testaments.
    void beginWaiting();

    /// Takes no more input from any link; for the end of the host.
    void stopReading() noexcept { m_readingStopped = true; }

    bool isReadingStopped() const noexcept { return m_readingStopped; }

    /// Ends every link, or those of one endpoint; how many were left.
    std::size_t shutDownLinks(const Error &reason, int endpoint = -1);
    void abandonLinks(const Error &reason);

    bool isEmpty() const noexcept { return m_links.empty() && m_lingering.empty(); }

    // For links.
    struct Publication
    {
        HostLink *link = nullptr; ///< null: the host itself
        const PublishView *view = nullptr;
        quint64 origin = 0;
    };

    void publish(const Publication &publication);
    /// What was published so far takes its place in the history now.
    void commitBatch() override;
    /// A congested session was read from.
    void noteTaken(Session &session);
    void queueNotice(HostLink &link, HostLink::Notice notice, Ticket ticket = 0);
    void queueCompletion(HostLink &link, const Completion &completion, Ticket ticket);
    /// A completion leaves.
    void noteAnswered(const Completion &completion, qint64 since) noexcept;
    /// @p session goes on once the store has decided what it waits for.
    void awaitStore(const Session &session);

    void addDirty(HostLink &link) { m_dirty.push_back(&link); }

    void addReadable(HostLink &link) { m_readable.push_back(&link); }

    void addFilled(HostLink &link) { m_filled.push_back(&link); }

    void linger(std::unique_ptr<LinkStream> stream, LinkPlace place, bool inputEnded);
    void linkClosed(HostLink &link);

    char *receiveBuffer() noexcept { return m_receiveBuffer.get(); }

    static constexpr std::size_t kReceiveBytes = 256 * 1024;

private:
    struct Answer
    {
        HostLink *link = nullptr;
        std::unique_ptr<HostLink::Notice> notice; ///< null: a completion
        Completion completion;
        qint64 since = 0; ///< of a publish: when it was asked for
        Ticket ticket = 0; ///< waits for this
        quint64 batch = 0; ///< and, not 0, for the commit of this, which sets the ticket
        int index = -1; ///< there
    };
    class Lingering;

    /// Whose turn comes when the store has decided a ticket.
    struct Awaiting
    {
        Ticket ticket = 0;
        quint64 link = 0; ///< generation; 0: a session
        quint64 session = 0;
    };

    // SessionHost
    void fenceLink(int reactor, quint64 generation) override;
    void serveClaim(int reactor, const QByteArray &key, quint64 number) override;
    void publishTestament(const StoredTestament &testament, quint64 origin) override;
    void handOver(Session &session, std::vector<InboxItem> *inbox) override;
    void redirect(const Message &message, const SharedMember &member) override;

    void localSessionsChanged() override { m_matches.localSessionsChanged(); }

    void countExpired() override { m_traffic.sessionsExpired.add(); }

    Durability durabilityOf(const HostLink &link) const noexcept override;
    void relieve(Session &session) override;
    void endPatience(Session &session) override;

    void runPosts();
    void readLinks();
    void distribute();
    void distributeItem(InboxItem &item);
    void distributeTo(const InboxItem &item, const LocalTarget &target);
    void expireRetained() noexcept;
    void expireHistory() noexcept;
    bool refuses(const Publication &publication, const TopicMatch &match) const noexcept;
    void push(Session &session, const Message &message, const LocalTarget::Way &way, Debt debt);
    void pushToFull(const Message &message);
    void noteQueued(Session &session, const Message &message, const LocalTarget::Way &way);
    void handleFull(Session &session,
                    const Message &message,
                    const LocalTarget::Way &way,
                    Debt debt);
    void applyOverflow(Session &session,
                       const Message &message,
                       const LocalTarget::Way &way,
                       Debt debt);
    /// Whether a session that is full takes one more of what its publishers had on their way.
    bool hasMargin(const Session &session) const noexcept;
    void noteCongestion(Session &session, quint64 origin, qint64 patience);
    void hold(quint64 origin, bool held);
    void atHomeOf(quint64 origin, const std::function<void(HostLink &)> &call);
    void endOverflowed();
    bool pullLinks();
    Ticket decidedUpTo() const noexcept;
    void park(Answer answer, Ticket decided);
    void deliverDecided(Ticket decided);
    bool hasReadable() const noexcept;
    bool mayRead() const noexcept;
    bool deliverAnswers();
    void flushLingering();
    void flushLinks();
    void reap();

    const int m_number;
    Distributor &m_distributor;
    TurnClock &m_clock;
    Random &m_random;
    Wakeup &m_wakeup;
    Traffic m_traffic;
    TimerQueue m_timers;
    Timer m_retainedTimer; ///< armed while retained messages of this reactor's links may expire
    Timer m_historyTimer; ///< armed while history of this reactor's links may get too old
    const qint64 m_shortestAge; ///< of the streams
    ChunkPool m_chunks;
    MatchCache m_matches;
    SessionTable m_sessions;
    std::unique_ptr<char[]> m_receiveBuffer;

    static constexpr std::size_t kBatchMessages = 256;
    static constexpr std::size_t kBatchBytes = 256 * 1024;

    /// A link may send to itself; what it commits at once is a part of what its queue takes.
    const std::size_t m_batchMessages;
    std::vector<Outgoing> m_batch;
    std::size_t m_batchBytes = 0;
    quint32 m_batchStreams = 0; ///< that keep messages of it
    quint64 m_batchNumber = 1;
    std::vector<InboxItem> m_inbox;
    std::size_t m_inboxNext = 0;
    bool m_distributing = false;

    std::deque<Answer> m_answers;
    std::deque<Awaiting> m_awaiting;

    struct FullTarget
    {
        quint64 session = 0;
        LocalTarget::Way way;
        Debt debt;
    };

    std::vector<FullTarget> m_full; ///< of the message being distributed
    std::vector<quint64> m_overflowed; ///< links whose queue was full
    std::vector<quint64> m_faulted; ///< sessions whose link filled the queue of their only reader
    std::vector<HostLink *> m_dirty;
    std::vector<HostLink *> m_readable;
    std::vector<HostLink *> m_filled;
    std::vector<quint64> m_closed;
    std::unordered_map<quint64, std::unique_ptr<HostLink>> m_links;
    std::vector<std::unique_ptr<Lingering>> m_lingering;
    bool m_lingeringDue = false;
    bool m_readingStopped = false;
    std::atomic<bool> m_starved = false;

    mutable std::mutex m_postLock;
    std::vector<std::function<void()>> m_posts;
    std::atomic<bool> m_hasPosts = false;
    std::atomic<const void *> m_thread = nullptr;
};

} // namespace fairlead::core
