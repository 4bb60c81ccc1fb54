// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "link/earlydata.h"
#include "link/peertexts.h"
#include "link/peerwatch.h"
#include "link/protocoltimers.h"
#include "link/sendpace.h"
#include "link/shipoptions.h"
#include "link/trustdesk.h"
#include "protocol/machine.h"

#include <QtCore/QMetaObject>

#include <fairlead/linkdriver.h>
#include <fairlead/logger.h>

#include <memory>
#include <optional>

namespace fairlead {
class MessageStream;
} // namespace fairlead

namespace fairlead::ship {

/// What all links of one endpoint share.
struct ShipEndpoint
{
    explicit ShipEndpoint(const ShipOptions &endpointOptions,
                          std::shared_ptr<TrustDesk> sharedDesk = TrustDesk::unkept());
    ~ShipEndpoint();
    ShipEndpoint(const ShipEndpoint &) = delete;
    ShipEndpoint &operator=(const ShipEndpoint &) = delete;

    const ShipOptions options;
    const QByteArray jsonProperties; ///< a property block

private:
    const std::shared_ptr<TrustDesk> m_desk;

public:
    TrustDesk &desk; ///< of all endpoints

private:
    const quint64 m_deskNumber;
};

/// One SHIP connection: the protocol's machine on one side, the bus on the other. The host's link is
/// Ready as soon as the peer has proved its key, for its session may hold messages while the protocol
/// goes through its phases; whether data is exchanged is the state topic's to tell.
///
/// The protocol does not wait for the session: of two connections of a peer both go on until one is
/// given up, and only the one with the session says anything on the bus.
///
/// Thread: the link's reactor.
class ShipLink final : public LinkDriver, private ProtocolTimersUser, private TrustFollower
{
public:
    /// @p endpoint outlives the link.
    ShipLink(const LinkContext &context, ShipEndpoint &endpoint);
    ~ShipLink() override;

    void handleStarted() override;
    void handleOpen(const Principal *identity) override;
    Consumed handleBytes(ByteSpan input) override;
    void handleEndOfInput() override;
    void handleAuthenticated(const Error &error) override;
    void handleLease(const LeaseGrant &grant) override;
    void handlePull(Lease &lease) override;
    void handleCompletions(const Completion *completions, int count) override;
    void handleSubscribed(quint32 completionTag,
                          const SubscribeOutcome *outcomes,
                          int count) override;
    void handleUnsubscribed(quint32 completionTag,
                            const UnsubscribeOutcome *outcomes,
                            int count) override;
    void handleFenced(FenceReason reason) override;
    void handleClosing(const Error &reason) override;
    bool awaitsAnswer() const override;
    void handleProbeDue() override;

private:
    /// What a completion or an answer is about.
    static constexpr quint32 kRxTag = 1;
    static constexpr quint32 kStateTag = 2;
    static constexpr quint32 kTxTag = 3;

    enum class Phase : quint8 {
        Opening, ///< the carrier is not ready
        Authenticating,
        Acquiring,
        Running, ///< the protocol has begun; the lease comes at once, or once the peer has no other
        Leaving, ///< off the bus; the peer is to confirm the end
        Ended
    };

    void handleTimer(TimerId timer) override;
    void handleTrust(Trust trust) override;
    void handlePin(const QByteArray &pin) override;
    void handleClaims() override;
    void handleAlone() override;

    const ShipOptions &options() const noexcept { return m_endpoint.options; }

    qint64 now() const noexcept;
    /// Who dialled is the client, whatever its endpoint is for.
    Role role() const noexcept;

    bool isTrusted() const noexcept { return m_trust == Trust::Trusted; }

    bool isExchanging() const noexcept;
    QByteArray topic(const char *leaf) const;

    void judge();
    Settings machineSettings() const;
    void run();
    void takeUp();
    void subscribe(const LeaseGrant &grant);
    /// Where the peer is said to be.
    QByteArray places() const;
    /// Without a watch there is no link.
    void mind(const Result<> &watched);

    void perform(const Actions &actions);
    void act(const SendMessage &action);
    void act(const ArmTimer &action);
    void act(const DisarmTimer &action);
    void act(const EnterState &action);
    void act(const DeliverData &action);
    void act(const PeerIdentified &action);
    void act(const Notice &action);
    void act(const End &action);

    void deliver(Bytes payload);
    Settle::How send(const fairlead::Message &message);
    void publish(const QByteArray &topic, const QByteArray &payload, quint32 expirySeconds);
    void publishState(const Error &reason = Error());
    void publishInfo();
    void log(LogLevel level, const char *event, const QString &text) const;
    /// The protocol's last words, as far as time allows them.
    void sayGoodbye(EndReason reason);
    /// The link's last words on the bus; its lease is given back.
    void leave(const Error &reason);
    /// What the protocol does once nobody on the bus has to do with it.
    void performLeaving(const Actions &actions);
    /// Closes the link if that was the end of it.
    void closeLeft();
    /// The host closed the link, and told nobody else.
    void handleClosed(const Error &reason);
    void end(const Error &error);

    const LinkContext m_context;
    ShipEndpoint &m_endpoint;
    MessageStream *const m_messages; ///< null: the host carries no messages
    PeerWatch m_watch;
    ProtocolTimers m_timers;
    SendPace m_pace;
    Timer m_paceTimer; ///< until messages may leave, while some wait
    QMetaObject::Connection m_linkEnd;
    std::optional<Ski> m_ski; ///< of the peer, proved
    QByteArray m_peerKey; ///< its text
    std::optional<Machine> m_machine; ///< from Running on
    LinkCounters m_counters;
    qint64 m_sinceUtcMs = -1;
    Lease *m_lease = nullptr; ///< only while Running
    TrustVisitorPtr m_visitor; ///< at the desk; once the peer is known
    EarlyData m_early; ///< until there is a lease
    std::optional<AccessMethods> m_methods; ///< the peer's
    QByteArray m_info; ///< as the bus knows it
    Trust m_trust = Trust::Pending;
    bool m_isStrangersLease = false; ///< it was asked for before the peer was trusted
    bool m_isShown = false; ///< on the bus, for it is trusted, or was
    Phase m_phase = Phase::Opening;
    bool m_stateChanged = false;
    bool m_waiting = false; ///< there are messages, and no data exchange
};

} // namespace fairlead::ship
