// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/bus.h>
#include <fairlead/bytes.h>
#include <fairlead/export.h>
#include <fairlead/message.h>
#include <fairlead/position.h>

namespace fairlead {

/// One message for this peer. Frozen with FAIRLEAD_LEASE_IID.
struct Delivery
{
    Message message; ///< null when the body was given up, see Lease::mark()
    quint64 handle = 0; ///< names the entry in settle() and mark(); 0 at QoS 0
    /// Identifiers of the subscriptions that selected it; valid until the next take().
    const quint32 *subscriptionIds = nullptr;
    quint32 subscriptionIdCount = 0;
    quint32 tag = 0; ///< as last marked; 0 when never
    quint32 expirySeconds = kNever; ///< what is left of it
    quint8 qos = 0; ///< as granted to this peer, at most the message's
    bool retain = false; ///< to be shown as retained
    bool resent = false; ///< was taken by an earlier link of this session
    bool showPosition = false; ///< the peer asked to be told the message's position
};

/// What the link can take now.
struct Window
{
    int unacked = 0; ///< further deliveries at QoS > 0
    qint64 bytes = 0; ///< room in the stream
};

/// The end of a delivery at QoS > 0.
struct Settle
{
    enum class How : quint8 {
        Acked,
        Refused, ///< the peer answered with an error
        TooLarge, ///< exceeds what the peer accepts; never sent
    };
    quint64 handle = 0;
    How how = How::Acked;
};

/// Which retained messages a subscription asks for.
enum class RetainedReplay : quint8 {
    Always,
    IfNew,
    Never
};

/// What happens to a subscriber's message when its queue is full.
enum class Overflow : quint8 {
    Default, ///< as the endpoint is configured
    Disconnect, ///< the link ends, the queue stays, the message is lost with notice
    DropOldest,
    DropNewest,
    LatestPerTopic, ///< a message takes the place of one of the same topic, else the oldest goes
    Reject, ///< the publisher is told, and nobody gets the message
    BlockUpTo, ///< the publisher waits, at most OverflowChoice::patienceMs; then as Disconnect
};

struct OverflowChoice
{
    Overflow policy = Overflow::Default;
    quint32 patienceMs = 0; ///< with BlockUpTo
};

struct SubscribeRequest
{
    ByteSpan filter; ///< whole, `$share/<group>/` included
    quint32 subscriptionId = 0; ///< 0: none
    quint8 qos = 0;
    bool noLocal = false;
    bool retainAsPublished = false; ///< keep the retain flag of live messages
    RetainedReplay replay = RetainedReplay::Always;
    OverflowChoice overflow; ///< of what this subscription brings; the operator's cap holds
    /// From where on to replay history, before what is live: a sequence, `epoch:sequence`, `-N` or a
    /// duration (`30s`, `2h`). Empty: no replay, unless the filter says `$replay/<from>/`.
    ByteSpan replayFrom;
    bool showPositions = false; ///< see Delivery::showPosition
};

struct SubscribeOutcome
{
    Outcome outcome = Outcome::Done; ///< Done, NotAuthorized, Quota, Invalid or Failed
    quint8 qos = 0; ///< granted
};

/// Done; NoReceiver: there was no such subscription; Failed: its end cannot be stored, it stays.
using UnsubscribeOutcome = Outcome;

/// How a link lets go of its session in order.
struct ReleaseRequest
{
    bool publishTestament = false; ///< false: it is discarded
    bool changeExpiry = false;
    quint32 expirySeconds = 0; ///< when changeExpiry
};

/// A link's hold on its session. Fenced by generation: after LinkDriver::handleFenced() or the end
/// of the link every call does nothing and is counted.
///
/// Thread: the link's reactor. Ownership: the host's. @since 0.1
class FAIRLEAD_SDK_EXPORT Lease
{
public:
    virtual ~Lease();

    /// Up to @p max deliveries that fit @p window, in order; entries taken by an earlier link of
    /// this session come first. Ends at the first that does not fit. An entry at QoS 0 is gone with
    /// the call, others stay until settled.
    virtual int take(Delivery *out, int max, const Window &window) noexcept = 0;
    /// The end of deliveries. Handles that are unknown are counted and ignored.
    virtual void settle(const Settle *settles, int count) noexcept = 0;
    /// Keeps @p tag with the entry, in storage if the session is durable. @p completionTag 0: no
    /// Completion wanted. @p bodyDone: the message itself is no longer needed.
    virtual void mark(quint64 handle,
                      quint32 tag,
                      bool bodyDone,
                      quint32 completionTag) noexcept = 0;
    /// Removes a receive key; one Completion follows (Done, or NoReceiver when it was not there).
    virtual void forgetKey(quint32 key, quint32 completionTag) noexcept = 0;
    /// How many receive keys the session holds.
    virtual int receiveKeyCount() const noexcept = 0;

    /// Adds or replaces subscriptions; the answer is LinkDriver::handleSubscribed().
    virtual void subscribe(const SubscribeRequest *requests,
                           int count,
                           quint32 completionTag) noexcept = 0;
    /// The answer is LinkDriver::handleUnsubscribed().
    virtual void unsubscribe(const ByteSpan *filters,
                             int count,
                             quint32 completionTag) noexcept = 0;
    /// One opaque, versioned blob of at most 4 KiB that the session keeps for the plugin.
    virtual void setNote(ByteSpan note) noexcept = 0;
    /// Gives the session back in order; the link's close follows.
    virtual void release(const ReleaseRequest &request) noexcept = 0;
};

} // namespace fairlead

#define FAIRLEAD_LEASE_IID "org.fairlead.Lease/1"
