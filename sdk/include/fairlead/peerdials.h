// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QList>
#include <QtCore/QString>

#include <fairlead/export.h>
#include <fairlead/result.h>

namespace fairlead {

/// One place where a peer may be.
struct PeerPlace
{
    QString host; ///< an address, IPv6 with its zone where it needs one, or a name
    quint16 port = 0;

    bool operator==(const PeerPlace &) const = default;
};

/// A peer that is to have a link.
struct PeerTarget
{
    /// Who it is, as its links tell by Link::peerKey(): the key identifier of its certificate, in 40
    /// lower-case hex digits. Proved in TLS, or the link ends.
    QByteArray key;
    QList<PeerPlace> places; ///< in the order to try, at least one
    QByteArray path; ///< of the WebSocket, encoded; empty: the transport's own

    bool operator==(const PeerTarget &) const = default;
};

/// Links to peers that a listener's plugin finds by itself, from
/// HostServices::service(FAIRLEAD_PEERDIALS_IID), for endpoints that know their peers by self-signed
/// certificates. Each wanted peer is kept up like an endpoint that is configured to dial, and is seen
/// as one: "<listener>/<key>". Its links get their drivers from Listener::createDriver(), dialled ones
/// among them. A peer that opened a link itself is not dialled while that link lives.
///
/// Before each dial there is a random delay, so that two hosts which find each other do not dial in the
/// same moment. All places are tried within one deadline. A link's reason decides what follows its
/// end, as with other endpoints: how soon it is dialled again ("retryAfterMs"), and whether at all.
///
/// Thread: main. Ownership: the host's; lives until the host ended and the HostServices it came from
/// is gone. With its listener everything that it wanted ends. @since 0.1
class FAIRLEAD_SDK_EXPORT PeerDials
{
public:
    static constexpr int kMaxPeers = 256; ///< of one listener
    static constexpr int kMaxPlaces = 16; ///< of one peer; what is beyond is left out

    virtual ~PeerDials();

    /// Wants a link to @p target. Said again it takes the place of what was said of that key before:
    /// other places count from the next attempt on, and a live link stays. A peer that was given up
    /// is dialled again when what is said of it changed. Errors: InvalidArgument (no key identifier, no
    /// place, a path without a slash), LimitReached (kMaxPeers), ShuttingDown.
    virtual Result<> want(const PeerTarget &target) = 0;
    /// Wants none any more: dials end at once, a link that was dialled is closed in order. Others, and
    /// keys that were not wanted, are left alone.
    virtual void unwant(const QByteArray &key) = 0;
};

} // namespace fairlead

#define FAIRLEAD_PEERDIALS_IID "org.fairlead.PeerDials/1"
