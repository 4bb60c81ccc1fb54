// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/storerecord.h"

#include <QByteArray>

#include <fairlead/result.h>

#include <optional>
#include <utility>
#include <vector>

namespace fairlead::core {

/// A message as it is stored. Deadlines are UTC on disk, with their original span beside them, so
/// that a clock that was set back lengthens nothing.
struct MessageRow
{
    Message
        message; ///< position, origin, qos, retain flag and the bytes count; its deadline does not
    qint64 expiryUtcMs = -1; ///< -1: never
    quint32 expirySeconds = kNever; ///< what was left of it when it was stored
    QByteArray targets; ///< the Ledger's form
    quint32 streams = 0;
    qint64 utcMs = 0; ///< of one that a stream keeps: when it came
};

struct TagRow
{
    quint64 session = 0;
    quint64 sequence = 0;
    quint32 copy = 0;
    quint32 tag = 0;
    bool bodyDone = false;
};

/// What one transaction changes; everything is in its last state, nothing appears twice.
/// Removals are carried out before additions of the same kind.
struct EngineBatch
{
    using Key = std::pair<quint64, quint32>; ///< session, key
    using TagKey = TagRow; ///< session, sequence and copy count

    std::vector<quint64> removedMessages;
    std::vector<MessageRow> messages;
    /// Which targets of a stored message are settled; the Ledger's form. Goes with the message.
    std::vector<std::pair<quint64, QByteArray>> settled;
    std::vector<quint64> removedSessions; ///< with all that is theirs
    std::vector<SessionRow> sessions;
    std::vector<std::pair<quint64, QByteArray>> removedSubscriptions;
    std::vector<SubscriptionRow> subscriptions;
    std::vector<Key> removedKeys;
    std::vector<Key> keys;
    std::vector<TagKey> removedTags;
    std::vector<TagRow> tags;
    std::vector<QByteArray> removedRetained; ///< topics
    std::vector<std::pair<QByteArray, quint64>> retained; ///< topic, sequence
    std::vector<std::pair<QByteArray, QByteArray>> removedValues; ///< space, key
    std::vector<record::PutValue> values;
    /// The numbers below are in use, or may be: a start continues from them. 0: as before.
    quint64 reservedSequence = 0;
    quint64 reservedSession = 0;
    quint32 epoch = 0;
    /// Whether it must be on the disk when commit() returns; else it is enough that the system has it.
    bool sync = false;

    bool isEmpty() const noexcept;
};

/// What an engine found when it was opened.
struct StoreMeta
{
    quint32 epoch = 0; ///< of the last run, 0: a fresh store
    quint64 reservedSequence = 0;
    quint64 reservedSession = 0;
    /// False: of a durable stream something was shown that may not be here; see setComplete().
    bool isComplete = true;
    /// Not null: what was there could not be read, and where it was put aside.
    Error quarantined;
};

/// Takes what an engine kept, in this order: sessions, subscriptions, keys, retained, messages by
/// sequence, settled sets, tags, values.
class StoreVisitor
{
public:
    virtual ~StoreVisitor() = default;

    virtual void visitSession(SessionRow row) = 0;
    virtual void visitSubscription(SubscriptionRow row) = 0;
    virtual void visitKey(quint64 session, quint32 key) = 0;
    virtual void visitRetained(const QByteArray &topic, quint64 sequence) = 0;
    virtual void visitMessage(MessageRow row) = 0;
    virtual void visitSettled(quint64 sequence, const QByteArray &settled) = 0;
    virtual void visitTag(const TagRow &row) = 0;
    virtual void visitValue(record::PutValue row) = 0;
};

/// Keeps rows. Synchronous: the Store calls it on the storage thread.
///
/// Thread: one at a time. Errors: StorageFull, StorageFailed, StorageDamaged; after a failed commit()
/// nothing of the batch is kept and the next one may be tried at once.
class StorageEngine
{
public:
    virtual ~StorageEngine() = default;

    /// Opens or creates. What is damaged is set aside and told in the result, never an error; an
    /// error says that nothing can be kept at this place for now.
    virtual Result<StoreMeta> open() = 0;
    virtual Result<> load(StoreVisitor &visitor) = 0;
    virtual Result<> commit(const EngineBatch &batch) = 0;
    /// Notes for the next open() whether every message of a durable stream that anybody was shown is
    /// kept. To note that it is not takes no room, and works while commit() fails, or before open().
    virtual Result<> setComplete(bool isComplete) = 0;
    /// Everything in its final place; for the orderly end, and now and then.
    virtual Result<> checkpoint() = 0;
    virtual void close() = 0;
};

} // namespace fairlead::core
