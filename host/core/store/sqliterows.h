// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqlitestatement.h"
#include "core/store/storageengine.h"

#include <utility>

namespace fairlead::core::sqlite {

/// How one kind of rows is read: the columns that decode() expects, in its order, and the key that
/// sorts them.
struct Table
{
    const char *name;
    const char *columns;
    const char *key; ///< also what a row is found by
    /// A letter per column: i integer, b blob, I and B the same or null.
    const char *types;
};

inline constexpr Table kSessions
    = {"session",
       "number, expiry, expires_utc, key, peer_key, note, will_qos, will_retain, will_delay,"
       " will_expiry, will_topic, will_properties, will_payload",
       "number",
       "iiibbbIIIIBBB"};
inline constexpr Table kSubscriptions
    = {"subscription",
       "session, filter, id, qos, no_local, retain_as_published, show_positions, overflow,"
       " patience, since",
       "session, filter",
       "ibiiiiiiii"};
inline constexpr Table kKeys = {"receivekey", "session, key", "session, key", "ii"};
inline constexpr Table kRetained = {"retained", "topic, seq", "topic", "bi"};
inline constexpr Table kMessages
    = {"message",
       "seq, epoch, origin, qos, retain, expiry_utc, expiry_span, streams, targets, topic,"
       " properties, payload, time_utc",
       "seq",
       "iiiiiiiibbbbi"};
/// The same in a store of version 1.
inline constexpr Table kFirstMessages
    = {"message",
       "seq, epoch, origin, qos, retain, expiry_utc, expiry_span, streams, targets, topic,"
       " properties, payload, 0",
       "seq",
       "iiiiiiiibbbbi"};
inline constexpr Table kSettled = {"settled", "seq, list", "seq", "ib"};
inline constexpr Table kTags
    = {"tag", "session, seq, copy, tag, body_done", "session, seq, copy", "iiiii"};
inline constexpr Table kValues = {"value", "space, key, value", "space, key", "bbb"};

/// Whether the current row of @p row has the types that @p table says. Others are damage.
bool isSound(const SqliteStatement &row, const Table &table);

SessionRow decodeSession(const SqliteStatement &row);
/// A policy as the column says it; what a later host wrote, and 0, is the default one.
int overflowNumber(OverflowPolicy policy) noexcept;
OverflowPolicy overflowOf(qint64 number) noexcept;

SubscriptionRow decodeSubscription(const SqliteStatement &row);
EngineBatch::Key decodeKey(const SqliteStatement &row);
std::pair<QByteArray, quint64> decodeRetained(const SqliteStatement &row);
MessageRow decodeMessage(const SqliteStatement &row);
std::pair<quint64, QByteArray> decodeSettled(const SqliteStatement &row);
TagRow decodeTag(const SqliteStatement &row);
record::PutValue decodeValue(const SqliteStatement &row);

} // namespace fairlead::core::sqlite
