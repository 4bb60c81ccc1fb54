// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/bytes.h"
#include "protocol/jsontree.h"

#include <optional>

namespace fairlead::ship {

/// Who opened the websocket; all that differs is who sends first.
enum class Role : quint8 {
    Client,
    Server
};

/// What this side thinks of the peer.
enum class Trust : quint8 {
    Pending, ///< somebody may decide still
    Trusted,
    Rejected
};

/// Whether the peer has to enter our PIN.
enum class PinDemand : quint8 {
    None,
    Optional, ///< without it the peer is served in a restricted way
    Required
};

/// The times of the protocol in milliseconds, each within what the specification allows.
struct Times
{
    /// 10 to 30 s. A little more than the minimum, for it is the peer's clock that measures.
    quint32 init = 10'500;
    quint32 helloInit = 60'000; ///< 60 to 240 s: how long a partner may take to become ready
    quint32 helloInc = 60'000; ///< what one prolongation adds
    /// The partner waits for less: no prolongation is asked for. 30 s at most, and far from that, or a
    /// user who hesitates would lose every partner whose time is half over.
    quint32 prolongThreshold = 2'000;
    /// How long before the partner's time is over it is asked; half of its time if that is less.
    quint32 prolongGap = 15'000;
    quint32 prolongMin = 1'000;
    quint32 protocol = 10'000;
    quint32 pinState = 10'000; ///< for the partner's first PIN state
    quint32 pinReply = 10'000; ///< for the answer to a PIN
    quint32 pinEntry = 600'000; ///< for people on either side to enter one
    quint32 pinPenalty = 12'000; ///< 10 to 15 s, from the third wrong PIN
    quint32 pinLongPenalty = 75'000; ///< 60 to 90 s, from the sixth
    quint32 close = 500; ///< announced, and waited for at most, at an orderly end
};

struct Settings
{
    Role role = Role::Server;
    Trust trust = Trust::Pending; ///< as the connection begins; Machine::decideTrust() changes it
    QByteArray shipId; ///< ours, the same as in mDNS
    /// The peer's from an earlier connection under the same SKI; another one ends the connection.
    std::optional<QByteArray> peerShipId;

    PinDemand pinDemand = PinDemand::None;
    QByteArray ownPin; ///< 8 to 16 hex digits, unless the demand is None
    quint32 wrongPins = 0; ///< of this peer on earlier connections: penalties outlive a reconnect
    QByteArray peerPin; ///< entered as soon as the peer asks; empty: Machine::enterPin() gives it
    bool canAskForPin = true; ///< false: nobody can enter one, so a peer that requires it is left

    bool askAccessMethods = true;
    quint32 maxProlongations = 30; ///< granted per connection; the specification wants two or more
    quint32 maxRequests = 60; ///< of ours, before nobody is expected to decide any more
    JsonLimits limits; ///< of a message, either way
    Times times;
};

} // namespace fairlead::ship
