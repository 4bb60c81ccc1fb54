// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/bytes.h>
#include <fairlead/error.h>
#include <fairlead/export.h>
#include <fairlead/message.h>

namespace fairlead {

class Lease;

/// What publish() asks of its caller.
enum class Flow : quint8 {
    Continue,
    Pause, ///< stop parsing now; handleBytes() comes again when there is room
};

/// A message on its way in. Borrowed for the call only; frozen with FAIRLEAD_BUS_IID.
struct PublishView
{
    ByteSpan topic; ///< a valid topic name
    ByteSpan properties; ///< a property block, see properties.h
    ByteSpan payload;
    quint32 expirySeconds = kNever;
    /// Not 0: publish only if this number is not among the session's receive keys, and add it
    /// (exactly-once receivers; MQTT: the packet identifier of a QoS 2 publish).
    quint32 receiveKey = 0;
    quint32 completionTag = 0; ///< comes back in the Completion; unused at QoS 0
    quint8 qos = 0;
    bool retain = false;
};

/// How the host answers a call that carries a completion tag.
enum class Outcome : quint8 {
    Done, ///< accepted; at the listener's durability level it is safe
    NoReceiver, ///< done, and no session asked for it
    Duplicate, ///< the receive key was there already; not published again
    NotAuthorized,
    Quota, ///< refused by a limit, or the store has no room
    Invalid, ///< topic or fields not acceptable
    Failed, ///< storage or another inner failure
};

/// Frozen with FAIRLEAD_BUS_IID.
struct Completion
{
    enum class Kind : quint8 {
        Publish,
        Mark,
        ForgetKey
    };
    quint32 tag = 0;
    Kind kind = Kind::Publish;
    Outcome outcome = Outcome::Done;
};

/// A message the host publishes when the session's holder is gone (MQTT: the will).
struct Testament
{
    ByteSpan topic;
    ByteSpan properties;
    ByteSpan payload;
    quint32 expirySeconds = kNever;
    quint32 delaySeconds = 0;
    quint8 qos = 0;
    bool retain = false;
};

/// How two links of one peer become one.
enum class DoubleLinkRule : quint8 {
    /// The later one gets the session at once, the earlier one is fenced. MQTT: a client identifier.
    NewestWins,
    /// SHIP: the side with the bigger id keeps the most recent link, the other side leaves the choice
    /// to it; each waits a while before it acts, so that peers with another rule may close one first.
    /// Links of one direction are a peer that came back: the later one stays at once.
    DeferredRecency
};

/// What a link asks for when it wants its session. Borrowed for the call.
struct SessionRequest
{
    ByteSpan peerKey; ///< never empty; MQTT: the client identifier
    quint32 expirySeconds = 0; ///< kept so long after the link ends; kNever: for good
    bool clean = false; ///< an existing session is ended first
    const Testament *testament = nullptr;
    /// Upper bound of unsettled deliveries the peer takes; sizes nothing in advance.
    quint16 window = 65535;
    /// How it shares the peer with another link. With DeferredRecency the lease may come a minute
    /// later than asked for, or be refused with AlreadyExists or Superseded because the other link
    /// stays; meanwhile the driver may go on with its protocol, and reads on.
    DoubleLinkRule doubleLinks = DoubleLinkRule::NewestWins;
    /// With DeferredRecency: our id, compared with peerKey byte by byte. SHIP: the SKI, written alike.
    ByteSpan ownId;
};

/// The answer to Bus::acquire().
struct LeaseGrant
{
    Lease *lease = nullptr; ///< null: refused, see error
    bool resumed = false; ///< an existing session goes on
    quint32 expirySeconds = 0; ///< as granted, after the operator's cap
    ByteSpan note; ///< see Lease::setNote(); borrowed for the call
    Error error;
};

/// What a peer shows to prove who it is. Borrowed for the call.
struct Credentials
{
    ByteSpan peerKey;
    ByteSpan userName;
    ByteSpan password;
    bool hasUserName = false;
    bool hasPassword = false;
};

/// The host's side of one link: authentication, session, publishing.
///
/// Thread: the link's reactor. Ownership: the host's; lives as long as the link. Order: outcomes
/// come in the order of the calls, per link. @since 0.1
class FAIRLEAD_SDK_EXPORT Bus
{
public:
    virtual ~Bus();

    /// Asks who the peer is, once per link and before acquire(); the answer is
    /// LinkDriver::handleAuthenticated().
    virtual void authenticate(const Credentials &credentials) noexcept = 0;
    /// The handshake succeeded: the link becomes Ready, is registered under the peer key (an older
    /// link of the same peer is fenced, or the request's rule says who stays) and gets its session;
    /// the answer is LinkDriver::handleLease().
    virtual void acquire(const SessionRequest &request) noexcept = 0;
    /// Hands a message to the distributor. At QoS > 0, or with a receive key, one Completion
    /// follows; access is checked before anything else.
    virtual Flow publish(const PublishView &view) noexcept = 0;
};

} // namespace fairlead

#define FAIRLEAD_BUS_IID "org.fairlead.Bus/1"
