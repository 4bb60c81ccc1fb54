// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/bus.h>
#include <fairlead/bytes.h>
#include <fairlead/bytestream.h>
#include <fairlead/export.h>
#include <fairlead/lease.h>

namespace fairlead {

class Clock;
class Executor;
class Heartbeat;
class Link;
class Logger;
class Random;
class ServiceSeat;
class Timers;
struct Principal;

/// How much of the input a driver used.
struct Consumed
{
    std::size_t used = 0; ///< bytes done with; the host keeps the rest and shows it again
    /// Bytes the next frame needs in all, 0: unknown. The host collects them before it calls again;
    /// memory grows only as bytes arrive.
    std::size_t wanted = 0;
};

/// Everything a driver may use, alive as long as the driver. Thread: the link's reactor.
struct LinkContext
{
    Link &link;
    ByteStream &stream;
    Bus &bus;
    Clock &clock;
    Timers &timers;
    Random &random;
    Logger &logger;
    QByteArray peerAddress; ///< "127.0.0.1:40000", "[::1]:40000", or a name in memory
    Heartbeat *heartbeat = nullptr; ///< null in hosts that do not watch their links
    ServiceSeat *service = nullptr; ///< null in hosts that keep no services
    /// The link's reactor, for calls from other threads; it outlives the link, and a call may come
    /// when the link is gone. Null in hosts that do not say.
    Executor *executor = nullptr;
};

enum class FenceReason : quint8 {
    TakenOver, ///< another link of the same peer holds the session
    SessionEnded, ///< by the operator or a limit
};

/// The plugin's part of one link: turns bytes into calls on the bus and deliveries into bytes.
///
/// Thread: every call comes on the link's reactor, never from inside a call the driver makes,
/// except where said. Ownership: the host owns the driver and destroys it after the link closed.
/// After Link::close() no further call comes but the destructor. Errors: what a call throws ends this
/// link with PluginFailed and touches no other (PL-05). @since 0.1
class FAIRLEAD_SDK_EXPORT LinkDriver
{
public:
    virtual ~LinkDriver();

    /// The first call: the transport is bound. A driver whose protocol has a handshake calls
    /// Link::begin() here.
    virtual void handleStarted() = 0;
    virtual Consumed handleBytes(ByteSpan input) = 0;
    /// The peer will send no more; what was not used is at an end too. The driver closes the link.
    virtual void handleEndOfInput() = 0;
    virtual void handleAuthenticated(const Error &error) = 0;
    virtual void handleLease(const LeaseGrant &grant) = 0;
    /// There are deliveries and the stream has room: take, encode, reserve and commit.
    virtual void handlePull(Lease &lease) = 0;
    /// Outcomes in the order of the calls.
    virtual void handleCompletions(const Completion *completions, int count) = 0;
    virtual void handleSubscribed(quint32 completionTag,
                                  const SubscribeOutcome *outcomes,
                                  int count)
        = 0;
    virtual void handleUnsubscribed(quint32 completionTag,
                                    const UnsubscribeOutcome *outcomes,
                                    int count)
        = 0;
    /// The lease is void from here on; the driver may write a last frame and closes the link.
    virtual void handleFenced(FenceReason reason) = 0;
    /// The host ends the link for @p reason (shutdown, handshake deadline, limits): the driver
    /// writes its protocol's last frame, if there is one; the host closes.
    virtual void handleClosing(const Error &reason) = 0;
    /// Asked right after handleClosing(): whether the peer answers the last frame. If so the link
    /// stays Draining, and what comes is read, until the driver closes it or its time is over: two
    /// seconds, or what the host's shutdown allows. Default: false.
    virtual bool awaitsAnswer() const;
    /// The peer was silent for the probe interval of Heartbeat::watch(): ask it for a sign of life.
    /// Default: nothing.
    virtual void handleProbeDue();
    /// The carrier is open: what it does before the first byte (TLS, WebSocket) succeeded.
    /// @p identity is who it proved the peer to be, null: nobody; borrowed for the call. Comes once,
    /// after handleStarted() and before any input. Default: nothing.
    virtual void handleOpen(const Principal *identity);
};

} // namespace fairlead

#define FAIRLEAD_LINKDRIVER_IID "org.fairlead.LinkDriver/1"
