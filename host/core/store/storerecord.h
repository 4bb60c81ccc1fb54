// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/overflowsettings.h"
#include "core/distributor/testament.h"

#include <QByteArray>

#include <fairlead/lease.h>
#include <fairlead/message.h>

#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace fairlead::core {

/// Copies of what came by a session's own subscription have 0, of retained messages small numbers, of
/// what was meant for another member of a shared group numbers from kRedirectedCopy on, and of what
/// came by shared groups numbers from kSharedCopy on.
inline constexpr quint32 kRedirectedCopy = 0x40000000;
inline constexpr quint32 kSharedCopy = 0x80000000;

/// What one session is owed of one message. (session, copy) is unique among the targets of a
/// message; copies are counted by the session, since it may be owed one message more than once.
struct DurableTarget
{
    quint64 session = 0;
    quint32 copy = 0;
    quint8 qos
        = 0; ///< as subscribed; the delivery's is the lower of this and the message's, never 0
    bool retain = false; ///< to be shown as retained
    bool retainAsPublished = false; ///< to be shown as retained if the message is
    bool noLocal = false; ///< not owed when the session published it itself
    bool showPosition = false;
    std::shared_ptr<const std::vector<quint32>> ids; ///< subscription identifiers, null: none
    QByteArray group; ///< the whole shared filter it came by, else empty
};

using DurableTargets = std::shared_ptr<const std::vector<DurableTarget>>;

/// A session as it is stored; its subscriptions, keys and deliveries are records of their own.
struct SessionRow
{
    quint64 number = 0;
    QByteArray key;
    QByteArray peerKey;
    quint32 expirySeconds = 0;
    qint64 expiresUtcMs = -1; ///< -1: a link holds it
    QByteArray note;
    std::optional<StoredTestament> testament;
};

struct SubscriptionRow
{
    quint64 session = 0;
    QByteArray filter; ///< whole, `$share/<group>/` included
    quint32 id = 0;
    quint8 qos = 0;
    bool noLocal = false;
    bool retainAsPublished = false;
    bool showPositions = false;
    SubscriptionOverflow overflow;
    quint64 since = 0;
};

/// One change of what is kept. In the order of the appends, which for messages is the sequence's.
namespace record {

/// A message that somebody durable will hold, or that a session must not publish again.
struct PutMessage
{
    Message message;
    DurableTargets targets; ///< null: none
    DurableTargets shared; ///< more of them, from shared groups; null: none
    quint64 keySession = 0; ///< not 0: together with the message, this session's receive key
    quint32 key = 0;
    quint32 streams = 0; ///< a bit per durable stream that keeps it
    bool retained = false; ///< takes the place of its topic's; an empty payload clears it
};

/// One more target of a message that is, or was, stored.
struct AddTarget
{
    Message message;
    DurableTarget target;
};

/// A target has what it was owed, or will never get it.
struct Settle
{
    quint64 session = 0;
    quint64 sequence = 0;
    quint32 copy = 0;
};

/// A target's tag; with @c bodyDone it will not need the message itself again.
struct Mark
{
    quint64 session = 0;
    quint64 sequence = 0;
    quint32 copy = 0;
    quint32 tag = 0;
    bool bodyDone = false;
};

struct PutKey
{
    quint64 session = 0;
    quint32 key = 0;
};

struct ForgetKey
{
    quint64 session = 0;
    quint32 key = 0;
};

/// Adds a session or replaces what is stored of it.
struct PutSession
{
    std::unique_ptr<SessionRow> row;
};

/// With it go its subscriptions, keys and deliveries.
struct RemoveSession
{
    quint64 number = 0;
};

struct PutSubscription
{
    std::unique_ptr<SubscriptionRow> row;
};

struct RemoveSubscription
{
    quint64 session = 0;
    QByteArray filter;
};

/// The topic's retained message is gone, if it still is the one at @c sequence.
struct ClearRetained
{
    QByteArray topic;
    quint64 sequence = 0;
};

/// What is older than @c below leaves durable stream @c stream.
struct TrimStream
{
    int stream = 0;
    quint64 below = 0;
};

/// A value of some part of the host, by its own space and key; an empty value is a value too.
struct PutValue
{
    QByteArray space;
    QByteArray key;
    QByteArray value;
};

struct RemoveValue
{
    QByteArray space;
    QByteArray key;
};

} // namespace record

using StoreRecord = std::variant<record::PutMessage,
                                 record::AddTarget,
                                 record::Settle,
                                 record::Mark,
                                 record::PutKey,
                                 record::ForgetKey,
                                 record::PutSession,
                                 record::RemoveSession,
                                 record::PutSubscription,
                                 record::RemoveSubscription,
                                 record::ClearRetained,
                                 record::TrimStream,
                                 record::PutValue,
                                 record::RemoveValue>;

} // namespace fairlead::core
