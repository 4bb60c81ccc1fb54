// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/bytes.h>
#include <fairlead/error.h>
#include <fairlead/export.h>
#include <fairlead/operations.h>
#include <fairlead/result.h>

namespace fairlead {

/// What a peer says of the service that it is.
struct ServiceOffer
{
    QString name; ///< required
    QString version; ///< a semantic version, or empty
    QString build;
    QString instance; ///< tells copies of one service apart
    QStringList capabilities; ///< what it can be called for; others may offer the same
    QStringList owned; ///< tools or topics that belong to it alone
    /// The files and folders it may hold open, absolute; a ReleaseHandles that covers none of them
    /// is answered in its place. Counts only with @c knowsPaths, else it is always asked.
    QStringList paths;
    bool knowsPaths = false;
    qint64 heartbeatTimeoutMs = 0; ///< silence after which it counts as gone; 0: never
    /// How long it stays listed as unavailable after a link that ended without unregister().
    qint64 keepMs = 0;
};

/// The answer to ServiceSeat::registerService().
struct ServiceGrant
{
    QString id; ///< unique in the host, the same whenever this peer returns
    quint64 generation = 0; ///< of this stay
    bool returned = false; ///< it was listed before and took its place again
    Error error; ///< not null: refused
};

/// A call on its way to who can answer it. Borrowed for the call.
struct CallRequest
{
    ByteSpan capability;
    ByteSpan service; ///< the id of the one that shall answer; empty: any that can
    ByteSpan body; ///< opaque to the host, at most ServiceSeat::kMaxCallBody
    quint32 timeoutMs = 0; ///< 0: 5 s; at most ServiceSeat::kMaxCallMs
    quint32 tag = 0; ///< comes back with the result
};

/// A call to be answered, once, with ServiceSeat::answer().
struct ServiceCall
{
    quint64 id = 0; ///< never reused
    QByteArray capability;
    QByteArray body;
    QByteArray caller; ///< the peer key of who asks
    qint64 deadline = 0; ///< monotonic nanoseconds; a later answer is too late
};

/// What the driver of a service is told. Thread: the link's reactor, never from inside a call of
/// the driver. Ownership: the plugin's, usually the driver itself. Errors: what a call throws ends
/// the link, as with LinkDriver. @since 0.1
class FAIRLEAD_SDK_EXPORT ServiceDriver
{
public:
    virtual ~ServiceDriver();

    virtual void handleRegistered(const ServiceGrant &grant) = 0;
    /// The host asks the service to take part in an operation; the reply is due before its deadline.
    virtual void handleOperation(const Operation &operation, OperationReply reply) = 0;
    /// Ends a Quiesce. May come without one.
    virtual void handleResume() = 0;
    virtual void handleCall(const ServiceCall &call) = 0;
    /// Nobody waits for the answer to call @p id any more, whose deadline passed or whose caller
    /// left. Default: nothing.
    virtual void handleCallDropped(quint64 id);
    /// The end of the call with @p tag. Errors: NotFound (nobody offers it; details "available": who
    /// or what there is), NotRunning (details "status"), Timeout, LimitReached, ConnectionClosed
    /// (who was called left), CallFailed (who was called says so; its words in the text and the
    /// details), ShuttingDown.
    virtual void handleResult(quint32 tag, const Result<QByteArray> &result) = 0;
};

/// A link's place among the services of the host: what it registers as is listed, takes part in the
/// host's operations and can be called for what it offers. A service that is lost is listed as
/// unavailable until it returns; one that returns on another link takes its place over from the
/// former.
///
/// Thread: the link's reactor; answers come later, never from inside a call. Ownership: the
/// host's; lives as long as the link. With the link's end everything here ends too, and calls that
/// wait for this service fail at once. @since 0.1
class FAIRLEAD_SDK_EXPORT ServiceSeat
{
public:
    static constexpr qsizetype kMaxCallBody = 1024 * 1024; ///< bytes, of requests and results
    static constexpr int kMaxOpenCalls = 64; ///< of one caller
    static constexpr quint32 kMaxCallMs = 75'000;

    virtual ~ServiceSeat();

    /// Lists the peer as a service under its peer key; one answer follows, handleRegistered().
    /// @p driver outlives the link. Errors, at once: InvalidTransition (no session is held, or it
    /// registered already). Errors in the grant: InvalidArgument, AlreadyExists (details: field,
    /// value, holder), VersionRefused, LimitReached, ShuttingDown.
    virtual Result<> registerService(const ServiceOffer &offer, ServiceDriver &driver) = 0;
    /// Leaves in order: it is listed no more.
    virtual void unregisterService() noexcept = 0;
    /// The peer gave a sign of life. May be called at every frame.
    virtual void noteHeartbeat() noexcept = 0;
    /// Calls a service; handleResult() of the registered driver follows. Errors, at once, and then
    /// nothing follows: InvalidTransition (not registered), InvalidArgument, PacketTooLarge,
    /// LimitReached (kMaxOpenCalls).
    virtual Result<> call(const CallRequest &request) = 0;
    /// Answers a call, with at most kMaxCallBody bytes or an Error, whose text and details the caller
    /// gets. One that is not open any more is counted and ignored.
    virtual void answer(quint64 id, const Result<QByteArray> &result) noexcept = 0;
};

} // namespace fairlead

#define FAIRLEAD_SERVICESEAT_IID "org.fairlead.ServiceSeat/1"
