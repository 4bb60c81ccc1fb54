// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>

#include <fairlead/service.h>

#include <memory>

namespace fairlead::core {

/// The link's end of its place among the services, as the main thread reaches it. Calls that come too
/// late, for a link that is gone, reach nobody; an operation then fails. Thread: any; posts on.
/// Ownership: shared by whoever may still call.
class SeatLink
{
public:
    virtual ~SeatLink() = default;

    virtual void registered(const ServiceGrant &grant) = 0;
    virtual void operate(const Operation &operation, OperationReply reply) = 0;
    virtual void resume() = 0;
    virtual void call(const ServiceCall &call) = 0;
    virtual void dropCall(quint64 id) = 0;
    virtual void finish(quint32 tag, const Result<QByteArray> &result) = 0;
};

/// What a link registers with.
struct SeatClaim
{
    quint64 link = 0; ///< its generation
    std::shared_ptr<SeatLink> seat;
    QByteArray principal; ///< whose session the link holds
    QByteArray peerKey;
    QString endpoint;
    ServiceOffer offer;
};

/// A CallRequest that left its link.
struct SeatCall
{
    QByteArray capability;
    QByteArray service;
    QByteArray body;
    qint64 timeout = 0; ///< nanoseconds
    quint32 tag = 0;
};

/// Where links take what concerns services, each under its generation; one that is not registered is
/// ignored. What waits here is bounded by the links: of each one registration and
/// ServiceSeat::kMaxOpenCalls calls are under way at most, and answers come to open calls only.
///
/// Thread: any; posts on to main. Ownership: outlives the links.
class SeatDesk
{
public:
    virtual ~SeatDesk() = default;

    virtual void enter(const SeatClaim &claim) = 0;
    /// @p reason: why its link ended; null when it left in order.
    virtual void leave(quint64 link, const Error &reason) = 0;
    virtual void heartbeat(quint64 link) = 0;
    virtual void call(quint64 link, const SeatCall &call) = 0;
    virtual void answer(quint64 link, quint64 call, const Result<QByteArray> &result) = 0;
};

} // namespace fairlead::core
