// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/ring.h"
#include "core/distributor/streamseats.h"
#include "core/distributor/subscriber.h"
#include "core/distributor/testament.h"
#include "core/reactor/endpointruntime.h"
#include "core/reactor/linkheartbeat.h"
#include "core/reactor/linkservice.h"
#include "core/reactor/linkstream.h"
#include "core/reactor/timerqueue.h"
#include "core/registry/linkarbitration.h"
#include "core/registry/linkregistry.h"
#include "core/store/storerecord.h"
#include "core/store/ticket.h"

#include <fairlead/lease.h>
#include <fairlead/link.h>
#include <fairlead/security.h>
#include <fairlead/timers.h>

#include <memory>
#include <optional>
#include <vector>

namespace fairlead::core {

class Reactor;
class Session;
struct FormerSession;
struct ReplayRequest;

/// The host's side of one link: its lifecycle's side effects, its bus and its lease.
///
/// Thread: its reactor. Ownership: that reactor's, which destroys it after it closed and nothing
/// waits for it any more.
class HostLink final : private LinkHooks,
                       private StreamOwner,
                       private Bus,
                       private Lease,
                       public Link
{
public:
    HostLink(Reactor &reactor,
             EndpointRuntimePtr endpoint,
             Direction direction,
             quint64 generation,
             std::unique_ptr<LinkStream> stream,
             const Error &refusal = Error());
    ~HostLink() override;

    /// Binds the driver and starts; false when the plugin refused the link.
    bool start();

    /// The carrier may have had input before there was someone to tell.
    void streamStarted() noexcept { streamReadable(); }

    // For the reactor.
    LinkStream *stream() const noexcept { return m_stream.get(); }

    Session *session() const noexcept { return m_session; }

    const QByteArray &peerAddress() const noexcept { return m_peerAddress; }

    /// When it began, monotonic nanoseconds.
    qint64 since() const noexcept { return m_since; }

    const EndpointRuntime &endpoint() const noexcept { return *m_endpoint; }

    LinkService &service() noexcept { return m_service; }

    /// Draining, and the peer has the last word.
    bool awaitsAnswer() const noexcept { return m_awaitsAnswer; }

    void readOnce();
    void flush();
    void pull();
    /// There is something to take.
    void markDirty();
    /// Asked by the host: the driver's last frame, then the end (LC-14).
    void shutDown(const Error &reason);
    /// The session has another holder, or is over.
    void fence(FenceReason why);

    /// Back-pressure: one more, one fewer session waits to be read.
    void hold() noexcept { ++m_holds; }

    void unhold();

    /// Tells the follower of the end, once, when all of the teardown is over.
    void reportEnd();

    /// Whether nothing refers to it any more, so that it may be destroyed once closed.
    bool isQuiet() const noexcept { return m_notices == 0 && !dirty && !readable && !filled; }

    /// Whether a pull would come from inside a call the driver makes.
    bool isInDriver() const noexcept { return m_driverCalls > 0; }

    // For the session table.
    struct Wish
    {
        quint32 expirySeconds = 0;
        bool clean = false;
    };

    const QByteArray &sessionKey() const noexcept { return m_sessionKey; }

    const Wish &wish() const noexcept { return m_wish; }

    const StoredTestament *testament() const noexcept { return m_testament.get(); }

    std::unique_ptr<StoredTestament> takeTestament() { return std::move(m_testament); }

    SwapRequest swapRequest() const;

    /// Whether its rule for two links of one peer takes its time.
    bool isArbitrated() const noexcept { return m_arbitrated != nullptr; }

    DeferredCandidate deferredCandidate();
    /// The verdict about a candidate that waited; null: it got the slot.
    void judge(const Error &refusal);
    /// Its peer is asked for a sign of life, which LinkArbitration::noteHeard() tells of.
    void probe();
    /// @p ticket: the answer waits until the session is kept. @p former: what it goes back to if it
    /// cannot be; null: it is granted all the same.
    void grant(Session &session,
               bool resumed,
               Ticket ticket,
               std::unique_ptr<FormerSession> former);

    /// What a filter becomes when @c ticket is kept; nothing: not subscribed.
    struct Change
    {
        std::size_t index = 0; ///< among the outcomes
        QByteArray filter;
        std::optional<SubscriptionOptions> after;
        Ticket ticket = 0;
    };

    /// An answer the driver gets outside of its own calls, in the order of the questions.
    struct Notice
    {
        enum class Kind : quint8 {
            Authenticated,
            Lease,
            Completion,
            Subscribed,
            Unsubscribed
        };
        Kind kind = Kind::Completion;
        Completion completion;
        std::vector<SubscribeOutcome> subscribed;
        std::vector<UnsubscribeOutcome> unsubscribed;
        std::vector<Change> changes; ///< that wait for the store
        Error error;
    };

    /// An answer that waits for the store, or behind one that does: answers keep their order.
    struct ParkedAnswer
    {
        std::unique_ptr<Notice> notice; ///< null: a completion
        Completion completion;
        Ticket ticket = 0;
        qint64 since = 0; ///< of a publish: when it was asked for
    };

    bool hasParked() const noexcept { return m_parked && !m_parked->isEmpty(); }

    void park(ParkedAnswer answer);
    /// Gives the driver what waits no longer.
    void deliverParked();

    void deliver(const Completion *completions, int count);
    void deliver(Notice &notice);
    /// What an answer says once its ticket is decided.
    Completion settled(Completion completion, Ticket ticket) const noexcept;
    void completeAuthentication(const Error &error, const Principal &principal);

    void noticeQueued() noexcept { ++m_notices; }

    void noticeDone() noexcept { --m_notices; }

    bool dirty = false; ///< in the reactor's list of links to pull
    bool readable = false; ///< in its list of links to read
    bool filled = false; ///< in its list of links to flush

private:
    friend class LinkHeartbeat;
    friend class LinkService;

    // LinkHooks
    bool hasTransport(const Link &) const noexcept override { return m_stream != nullptr; }

    bool needsNoHandshake(const Link &) const noexcept override;
    Result<> registerLink(Link &) override;
    Admission admitLink(Link &, Error *error) override;
    void linkConnected(Link &) override;
    void linkRejected(Link &, const Error &error) override;
    void linkDraining(Link &) override;
    void linkEnding(const Link &) noexcept override;
    void stopActivities(Link &) override;
    void unregisterLink(Link &) override;
    void withdrawLink(Link &) override;
    void closeTransport(Link &, CloseMode mode) override;
    void linkDisconnected(Link &, bool wasConnected) override;

    void requestReconnect(Link &) override { m_asksReconnect = true; }

    // StreamOwner
    void streamReadable() noexcept override;
    void streamWritable() noexcept override;
    void streamFilled() noexcept override;
    void streamReadingChanged(bool reading) noexcept override;

    // Bus
    void authenticate(const Credentials &credentials) noexcept override;
    void acquire(const SessionRequest &request) noexcept override;
    Flow publish(const PublishView &view) noexcept override;

    // Lease
    int take(Delivery *out, int max, const Window &window) noexcept override;
    void settle(const Settle *settles, int count) noexcept override;
    void mark(quint64 handle, quint32 tag, bool bodyDone, quint32 completionTag) noexcept override;
    void forgetKey(quint32 key, quint32 completionTag) noexcept override;
    int receiveKeyCount() const noexcept override;
    void subscribe(const SubscribeRequest *requests,
                   int count,
                   quint32 completionTag) noexcept override;
    void unsubscribe(const ByteSpan *filters, int count, quint32 completionTag) noexcept override;
    void setNote(ByteSpan note) noexcept override;
    void release(const ReleaseRequest &request) noexcept override;

    /// The driver, for one call: nothing else reaches it meanwhile. What it throws ends this link,
    /// and from then on no call reaches it (PL-05).
    class DriverCall
    {
    public:
        explicit DriverCall(HostLink &link) noexcept
            : m_link(link)
        { }

        DriverCall *operator->() noexcept { return this; }

        void handleStarted() noexcept
        {
            run("handleStarted", [](LinkDriver &driver) { driver.handleStarted(); });
        }

        Consumed handleBytes(ByteSpan input) noexcept
        {
            Consumed consumed;
            run("handleBytes", [&](LinkDriver &driver) { consumed = driver.handleBytes(input); });
            return consumed;
        }

        void handleEndOfInput() noexcept
        {
            run("handleEndOfInput", [](LinkDriver &driver) { driver.handleEndOfInput(); });
        }

        void handleAuthenticated(const Error &error) noexcept
        {
            run("handleAuthenticated",
                [&](LinkDriver &driver) { driver.handleAuthenticated(error); });
        }

        void handleLease(const LeaseGrant &grant) noexcept
        {
            run("handleLease", [&](LinkDriver &driver) { driver.handleLease(grant); });
        }

        void handlePull(Lease &lease) noexcept
        {
            run("handlePull", [&](LinkDriver &driver) { driver.handlePull(lease); });
        }

        void handleCompletions(const Completion *completions, int count) noexcept
        {
            run("handleCompletions",
                [=](LinkDriver &driver) { driver.handleCompletions(completions, count); });
        }

        void handleSubscribed(quint32 tag, const SubscribeOutcome *outcomes, int count) noexcept
        {
            run("handleSubscribed",
                [=](LinkDriver &driver) { driver.handleSubscribed(tag, outcomes, count); });
        }

        void handleUnsubscribed(quint32 tag, const UnsubscribeOutcome *outcomes, int count) noexcept
        {
            run("handleUnsubscribed",
                [=](LinkDriver &driver) { driver.handleUnsubscribed(tag, outcomes, count); });
        }

        void handleFenced(FenceReason reason) noexcept
        {
            run("handleFenced", [=](LinkDriver &driver) { driver.handleFenced(reason); });
        }

        void handleClosing(const Error &reason) noexcept
        {
            run("handleClosing", [&](LinkDriver &driver) { driver.handleClosing(reason); });
        }

        bool awaitsAnswer() noexcept
        {
            bool awaits = false;
            run("awaitsAnswer", [&](LinkDriver &driver) { awaits = driver.awaitsAnswer(); });
            return awaits;
        }

        void handleProbeDue() noexcept
        {
            run("handleProbeDue", [](LinkDriver &driver) { driver.handleProbeDue(); });
        }

        void handleOpen(const Principal *identity) noexcept
        {
            run("handleOpen", [=](LinkDriver &driver) { driver.handleOpen(identity); });
        }

        /// A call that is no LinkDriver's but of its making.
        template <typename Call>
        void run(const char *name, Call &&call) noexcept
        {
            if (m_link.m_driverFailed)
                return;
            ++m_link.m_driverCalls;
            try {
                std::forward<Call>(call)(*m_link.m_driver);
            } catch (...) {
                m_link.handlePluginError(thrownByPlugin(name));
            }
            --m_link.m_driverCalls;
        }

    private:
        HostLink &m_link;
    };

    DriverCall driver() noexcept { return DriverCall(*this); }

    /// The driver's timers: with the link's end none fires any more.
    class DriverTimers final : public GuardedTimers
    {
    public:
        DriverTimers(TimerQueue &queue, HostLink &link) noexcept
            : GuardedTimers(queue)
            , m_link(link)
        { }

    private:
        void runTimer(Timer &timer) noexcept override
        {
            if (m_link.state() != State::Closed)
                m_link.driver().run("a timer", [&timer](LinkDriver &) { fire(timer); });
        }

        HostLink &m_link;
    };

    void handlePluginError(const Error &error) noexcept;
    void notePluginError(const Error &error) noexcept;
    bool hasCrashed() const;

    /// Whether the peer may have said something that was not read.
    bool mayHaveInput() const noexcept;
    void tell(LinkReport::Kind kind, const Error &reason = Error()) noexcept;

    SubscribeOutcome subscribeOne(const SubscribeRequest &request, Notice *notice);
    bool isStored(const QByteArray &filter, const SubscriptionOptions &options) const;
    /// Whether what is to outlive this process cannot be kept now.
    bool cannotStore() const noexcept;
    /// Before the change is made.
    void keepChange(Change change, quint64 since, Notice *notice);
    void queueChanges(Notice notice);
    void takeBackRefused(Notice *notice);
    void takeBack(const QByteArray &filter, const std::optional<SubscriptionOptions> &back);
    /// Whether the session could not be stored as it was asked for; then it is given back.
    bool takeBackSession();
    void noteNoSeat(const StreamSeats::Full &full);
    bool startsLive(const ReplayRequest &history, bool known, quint8 qos) const;
    /// Queues @p record for the store at the endpoint's level; 0: nobody waits.
    Ticket keep(StoreRecord record) noexcept;
    bool hasLease() noexcept;
    void queueCompletion(Completion::Kind kind, quint32 tag, Outcome outcome);
    bool mayRead() const noexcept;
    LinkReport report(LinkReport::Kind kind) const;
    void noteUse() noexcept;
    void noteOpen();
    Error checkIdentity();
    Error checkPrincipal() const;
    Error checkAdmission();
    void offer(ByteSpan input);
    void keepRest(ByteSpan rest, std::size_t wanted);
    void offerAgain();
    void handleInputEnd();
    void handleDeadline() noexcept;
    void closeForSystemError(int systemError);

    static constexpr int kTurnMessages = 256;

    Reactor &m_reactor;
    EndpointRuntimePtr m_endpoint;
    std::optional<LinkPlace> m_place;
    std::unique_ptr<LinkStream> m_stream;
    const QByteArray m_peerAddress;
    DriverTimers m_driverTimers; ///< outlives the driver
    std::unique_ptr<LinkDriver> m_driver;
    std::shared_ptr<LinkLiveness> m_liveness;
    LinkHeartbeat m_heartbeat;
    LinkService m_service;
    Session *m_session = nullptr;
    Principal m_principal;
    std::optional<Principal> m_identity; ///< what the carrier proved
    const Error m_refusal; ///< decided before it began
    QByteArray m_sessionKey;
    std::unique_ptr<StoredTestament> m_testament;
    std::unique_ptr<ReleaseRequest> m_released;
    Timer m_deadline; ///< of the handshake, later of draining
    qint64 m_since;
    std::vector<char> m_rest; ///< input the driver did not use yet
    std::size_t m_wanted = 0;
    Wish m_wish;
    int m_holds = 0;
    int m_notices = 0;
    int m_driverCalls = 0;
    int m_turnBudget = kTurnMessages;

    /// Of a link whose rule for two links of one peer takes its time.
    struct Arbitrated
    {
        QByteArray ownId;
        QByteArray peerId;
        qint64 since = 0;
        bool isProbed = false;
    };

    /// What came, or could not be read, answers a probe.
    void noteLife() noexcept
    {
        if (m_arbitrated)
            answerProbe();
    }

    void answerProbe() noexcept;
    void setRule(const SessionRequest &request);
    bool gaveWay() const;

    std::unique_ptr<Arbitrated> m_arbitrated;
    Ticket m_grantTicket = 0;
    std::unique_ptr<FormerSession> m_former; ///< until the session is known to be stored
    std::unique_ptr<Ring<ParkedAnswer>> m_parked;
    bool m_driverFailed = false;
    bool m_wasShutDown = false;
    bool m_resumed = false;
    bool m_authenticated = false;
    bool m_identityChecked = false;
    bool m_openTold = false;
    bool m_inputEnded = false;
    bool m_endTold = false;
    bool m_offerDue = false;
    bool m_readDue = false; ///< input was left in the carrier while reading was not allowed
    bool m_authenticating = false;
    bool m_connected = false;
    bool m_rejected = false;
    bool m_wasConnected = false;
    bool m_asksReconnect = false;
    bool m_endReported = false;
    bool m_awaitsAnswer = false; ///< Draining: the peer has the last word
};

} // namespace fairlead::core
