// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QMetaType>
#include <QtCore/QString>

#include <fairlead/bytes.h>
#include <fairlead/error.h>
#include <fairlead/export.h>
#include <fairlead/result.h>

#include <memory>
#include <optional>

namespace fairlead {

/// What happened: the catalogue. The comment gives the stable name, what Event::key holds, and the
/// details beyond the common fields. Open: later releases may add values; numbers stay below 64.
/// @since 0.1
enum class EventKind : quint8 {
    // Of endpoints; the key is the endpoint's name.
    EndpointStarted = 0, ///< "endpoint-started"
    EndpointStopped = 1, ///< "endpoint-stopped"; terminal
    EndpointState = 2, ///< "endpoint-state": from, to, attempt; terminal at Stopped and Failed
    EndpointReconnected = 3, ///< "endpoint-reconnected": attempt = how many it took
    EndpointReconnectFailed = 4, ///< "endpoint-reconnect-failed": no more attempts; terminal
    DialStorm = 5, ///< "dial-storm": the dial budget is used up; retryAfterMs

    // Of links; the key is the peer key, or empty while the peer is unknown.
    LinkConnected = 10, ///< "link-connected"
    LinkReplaced = 11, ///< "link-replaced": previousGeneration; the old link has no other end
    LinkDisconnected = 12, ///< "link-disconnected": reason
    LinkRejected = 13, ///< "link-rejected": routing refused the link
    HandshakeFailed = 14, ///< "handshake-failed": reason
    HeartbeatTimeout = 15, ///< "heartbeat-timeout": silentMs
    FirstPeer = 16, ///< "first-peer": nobody was connected before
    AllPeersGone = 17, ///< "all-peers-gone": the last one left

    // Of services; the key is the service's id.
    ServiceRegistered = 20, ///< "service-registered": name, version, build, instance
    ServiceUnregistered = 21, ///< "service-unregistered": reason
    ServiceStatus = 22, ///< "service-status": from, to; terminal at Stopped and Failed

    // Of broadcasts; the key is the correlation id.
    BroadcastStarted = 30, ///< "broadcast-started": operation, targets
    BroadcastTarget = 31, ///< "broadcast-target": target, outcome
    BroadcastFinished = 32, ///< "broadcast-finished": outcome and how many of each

    // Of the host; the key is empty.
    HostState = 40, ///< "host-state": from, to
    ShutdownPhase = 41, ///< "shutdown-phase": phase, stragglers; terminal

    // Of sessions; the key is the peer key.
    SessionOverflow
        = 60, ///< "session-overflow": filter, reason, first, last, count of what it lost

    // Of the store; the key is empty.
    StoreDegraded = 70, ///< "store-degraded": nothing can be kept for now; reason
    StoreRecovered = 71, ///< "store-recovered": it can again
    StoreQuarantined = 72, ///< "store-quarantined": a damaged store was set aside; details: path

    // Of peers, told by their plugins; the key is the peer key.
    TrustRequested = 44, ///< "trust-requested": a stranger waits for somebody to decide
    TrustGranted = 45, ///< "trust-granted": from here on it is trusted
    TrustRefused = 46, ///< "trust-refused": a stranger is turned away
    TrustWithdrawn = 47, ///< "trust-withdrawn": it was trusted, and is a stranger again

    // Of the stream of events itself; every reader gets them, whatever it asked for.
    Lag = 50, ///< "lag": count, first, last: events this reader lost here
    Closed = 51, ///< "closed": the last event of every reader; terminal
};

/// The stable lower-case name of @p kind, "unknown" for none. @since 0.1
FAIRLEAD_SDK_EXPORT const char *eventName(EventKind kind) noexcept;
/// The kind with that name. @since 0.1
FAIRLEAD_SDK_EXPORT std::optional<EventKind> eventKindFromName(ByteSpan name) noexcept;

/// One thing that happened in the host's control plane. Never holds payloads, credentials or values
/// marked secret (DS-12). Thread: a value. Frozen with FAIRLEAD_EVENTS_IID. @since 0.1
struct Event
{
    EventKind kind = EventKind::Lag;
    quint32 attempt = 0; ///< of the endpoint's reconnect, 0 where it means nothing
    quint64 number = 0; ///< grows by one with each event of the host that anybody asked for
    QByteArray key; ///< what it happened to, see EventKind; events of one key never change order
    QString endpoint; ///< the endpoint's name, empty where there is none
    quint64 generation = 0; ///< of the link, attempt or service, 0 where there is none
    qint64 monotonicNs = 0; ///< see Clock::now()
    qint64 utcMs = 0; ///< for people
    Error reason; ///< null where there is nothing to explain
    QString from; ///< the state before, where a state changed
    QString to; ///< the state after
    QJsonObject details; ///< more, by kind
};

/// Whether @p event ends something for its key: the host never drops it for a slow reader before
/// all others are dropped (OB-03). @since 0.1
FAIRLEAD_SDK_EXPORT bool isTerminal(const Event &event) noexcept;

/// Which events a subscriber wants. Borrowed for the call; frozen with FAIRLEAD_EVENTS_IID.
struct EventRequest
{
    const EventKind *kinds = nullptr; ///< null: all
    int kindCount = 0;
    ByteSpan keyPrefix; ///< empty: every key
    int capacity = 1024; ///< buffered at most; beyond it the oldest give way to a Lag event
    bool history = false; ///< begin with what the host still remembers
};

/// What a plugin tells of one of its peers. Frozen with FAIRLEAD_EVENTS_IID. @since 0.1
struct PeerEvent
{
    EventKind kind = EventKind::TrustRequested; ///< one of those that plugins tell
    QByteArray key; ///< as its links tell by Link::peerKey()
    QString endpoint; ///< empty: of no certain one
    QJsonObject details;
};

/// Gets the events of one subscription. Thread: main. Ownership: the plugin's; outlives the
/// subscription. @since 0.1
class FAIRLEAD_SDK_EXPORT EventHandler
{
public:
    virtual ~EventHandler();

    /// In the order of the numbers, never from inside the call that caused the event. It may end
    /// its own and other subscriptions, and subscribe. Nothing comes after Closed.
    virtual void handleEvent(const Event &event) = 0;
};

/// Holds a subscription; destroying it ends the calls at once, from inside handleEvent() too.
/// Thread: main. Ownership: the plugin's; may outlive the host's bus. @since 0.1
class FAIRLEAD_SDK_EXPORT EventSubscription
{
public:
    virtual ~EventSubscription();

    /// How many events it lost so far, each of them announced by a Lag event.
    virtual quint64 lostCount() const noexcept = 0;
};

/// The host's events, from HostServices::service(FAIRLEAD_EVENTS_IID). What nobody subscribes to is
/// not even built. Thread: main. Ownership: the host's. @since 0.1
class FAIRLEAD_SDK_EXPORT Events
{
public:
    virtual ~Events();

    /// Errors: InvalidArgument (a capacity out of 1 to 65536, an unknown kind), ShuttingDown,
    /// LimitReached.
    virtual Result<std::unique_ptr<EventSubscription>> subscribe(const EventRequest &request,
                                                                 EventHandler &handler)
        = 0;
    /// For all who subscribed. Errors: InvalidArgument (a kind that the host alone tells, no key),
    /// ShuttingDown.
    virtual Result<> tell(const PeerEvent &event) = 0;
};

} // namespace fairlead

Q_DECLARE_METATYPE(fairlead::Event)

#define FAIRLEAD_EVENTS_IID "org.fairlead.Events/1"
