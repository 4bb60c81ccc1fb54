// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/link.h>

#include <vector>

namespace fairlead::core {

class Reactor;

// What a reactor tells of its links and sessions, as values. Thread: that reactor.

struct LinkView
{
    quint64 generation = 0;
    QByteArray peerKey;
    QByteArray peerAddress;
    QString endpoint;
    Link::State state = Link::State::New;
    Link::Direction direction = Link::Direction::Accepted;
    int reactor = 0;
    qint64 since = 0; ///< monotonic
    quint64 session = 0; ///< 0: none
    quint64 queued = 0; ///< messages, those in flight included
    quint64 queuedBytes = 0;
    quint64 inFlight = 0;
    quint64 unsentBytes = 0;
    Error reason; ///< why it ends, once it does
};

struct SessionView
{
    quint64 number = 0;
    QByteArray peerKey;
    int reactor = 0;
    quint64 link = 0; ///< generation; 0: detached
    qint64 expirySeconds = 0; ///< -1: never
    qint64 expiresInNs = -1; ///< while detached; -1: not yet, or never
    quint64 subscriptions = 0;
    quint64 queued = 0;
    quint64 queuedBytes = 0;
    quint64 inFlight = 0;
};

/// The first of what there is, in the order of numbers.
template <typename View>
struct Page
{
    std::vector<View> items;
    quint64 total = 0; ///< on this reactor
    bool more = false;
};

/// At most @p limit links with a generation above @p after.
Page<LinkView> viewLinks(Reactor &reactor, quint64 after, std::size_t limit);
/// At most @p limit sessions with a number above @p after.
Page<SessionView> viewSessions(Reactor &reactor, quint64 after, std::size_t limit);

/// Ends the link in order; whether it was here.
bool disconnectLink(Reactor &reactor, quint64 generation, const Error &reason);
/// Ends the links of the peer in order; their generations.
std::vector<quint64> disconnectPeer(Reactor &reactor,
                                    const QByteArray &peerKey,
                                    const Error &reason);

} // namespace fairlead::core
