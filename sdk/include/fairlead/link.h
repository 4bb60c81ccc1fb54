// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QObject>

#include <fairlead/bytestream.h>
#include <fairlead/error.h>
#include <fairlead/export.h>
#include <fairlead/result.h>

#include <memory>

namespace fairlead {

class Link;

/// What routing says of a link that became Ready.
enum class Admission : quint8 {
    Accepted,
    Pending, ///< Link::completeAdmission() follows
    Refused, ///< the error says why; the link ends without reconnect
};

/// The side effects of a link's life, in the order the link calls them. The host implements it;
/// tests record it. Thread: the link's reactor. Ownership: outlives the link. Every hook may call
/// back into the link. @since 0.1
class FAIRLEAD_SDK_EXPORT LinkHooks
{
public:
    virtual ~LinkHooks();

    /// Whether a transport is bound, and whether it declares that it needs no handshake (LC-03).
    virtual bool hasTransport(const Link &link) const noexcept = 0;
    virtual bool needsNoHandshake(const Link &link) const noexcept = 0;

    /// The end was committed: Link::isAlive() is false. Comes at once, from inside Link::close(),
    /// before any slow work (RG-05). For flags that others read; calls nothing. Default: nothing.
    virtual void linkEnding(const Link &link) noexcept;

    // Success, LC-04: registered, admitted, connected. A hook that throws fails: the link ends with
    // the full teardown.
    virtual Result<> registerLink(Link &link) = 0;
    virtual Admission admitLink(Link &link, Error *error) = 0;
    virtual void linkConnected(Link &link) = 0;
    /// Routing refused (LC-05): the state is Closed, the teardown follows the call.
    virtual void linkRejected(Link &link, const Error &error) = 0;

    /// Draining began: the driver writes its protocol's last frame, the host closes once it is sent.
    virtual void linkDraining(Link &link) = 0;

    // Teardown, LC-06, each exactly once and in this order.
    virtual void stopActivities(Link &link) = 0;
    virtual void unregisterLink(Link &link) = 0; ///< only if registerLink() succeeded
    virtual void withdrawLink(Link &link) = 0; ///< routing removed; only if admitLink() was called
    virtual void closeTransport(Link &link, CloseMode mode) = 0;
    /// @p wasConnected: linkConnected() was called, so the application hears of the end (LC-05).
    virtual void linkDisconnected(Link &link, bool wasConnected) = 0;
    /// Asks for a reconnect ticket (LC-10); called only when the link's own facts allow one.
    virtual void requestReconnect(Link &link) = 0;
};

/// One connection to a peer, single use, and its lifecycle.
///
/// The states and the moves between them are LC-01's: New to Handshaking, Ready or Closed;
/// Handshaking to Ready or Closed; Ready to Draining or Closed; Draining to Closed. Any other move
/// returns InvalidTransition naming both states, changes nothing and emits nothing.
///
/// A call commits the state before it returns. Made from inside a hook or a slot of the link, its
/// side effects follow as soon as that hook or signal is done, so they never interleave.
///
/// Thread: one reactor from birth to death. Ownership: the host's. It may be closed, or its
/// deletion asked for (deleteLater), from inside any of its signals and hooks. Destroying an open
/// link closes it first, aborting and deliberately. @since 0.1
class FAIRLEAD_SDK_EXPORT Link : public QObject
{
    Q_OBJECT

public:
    enum class State : quint8 {
        New,
        Handshaking,
        Ready,
        Draining,
        Closed
    };
    Q_ENUM(State)
    enum class Direction : quint8 {
        Accepted,
        Dialled
    };
    Q_ENUM(Direction)

    /// LC-01's table: success, or InvalidTransition naming both states.
    static Result<> checkTransition(State from, State to);

    /// @p generation is unique in the host's life and never reused (RG-14).
    Link(quint64 generation, Direction direction, LinkHooks &hooks, QObject *parent = nullptr);
    ~Link() override;

    State state() const noexcept;
    quint64 generation() const noexcept;
    Direction direction() const noexcept;
    /// Why it ends; null before drain() or close(). The first reason stays (LC-07).
    Error reason() const;
    /// Whether it still counts as connected: turns false as the first act of closing (RG-05).
    /// Thread: any.
    bool isAlive() const noexcept;

    /// Who is at the other end; empty until the handshake tells. Fixed once the link is Ready.
    QByteArray peerKey() const;
    void setPeerKey(const QByteArray &key);

    /// The handshake begins: New to Handshaking.
    Result<> begin();
    /// The handshake succeeded: to Ready, then registered, admitted, connected, in this order
    /// (LC-04). The state is committed before any side effect (LC-02).
    Result<> succeed();
    /// Ends a pending admission; ignored when none is. May come before admitLink() returns Pending.
    void completeAdmission(const Result<> &outcome);
    /// The handshake failed: handshakeFailed at most once, then closed. Only from New or
    /// Handshaking (LC-09).
    Result<> fail(const Error &error, CloseMode mode = CloseMode::Drain);
    /// Graceful end: Ready to Draining (LC-14). Deliberate, and @p reason is the first reason.
    Result<> drain(const Error &reason);
    /// The end, from every state; idempotent, the first reason wins (LC-07). @p deliberate: on
    /// purpose and on this side, so no reconnect is asked for (LC-10); a peer that leaves, in order or
    /// not, is dialled again.
    void close(const Error &reason, CloseMode mode, bool deliberate);

Q_SIGNALS:
    void stateChanged(fairlead::Link::State from, fairlead::Link::State to);
    void handshakeFailed(const fairlead::Error &error);
    void closed(const fairlead::Error &reason, quint64 generation);

private:
    class Private;
    std::unique_ptr<Private> d;
};

} // namespace fairlead
