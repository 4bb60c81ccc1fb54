// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/ledger.h"
#include "core/store/storageengine.h"
#include "core/store/storerecord.h"

#include <array>
#include <unordered_map>
#include <vector>

namespace fairlead {
class Clock;
}

namespace fairlead::core {

/// What a session is still owed of a message, as it is to be given.
struct RecoveredDelivery
{
    Message message; ///< shared by all who are owed it
    quint32 copy = 0;
    quint32 tag = 0;
    quint8 qos = 0; ///< 1 or 2: the lower of subscription and message
    bool retain = false; ///< to be shown as retained
    bool showPosition = false;
    bool isTagged = false; ///< a link has marked it
    bool wasSent = false; ///< marked, or followed by one that is
    bool bodyDone = false; ///< the peer has the message, but not the end of the exchange
    std::shared_ptr<const std::vector<quint32>> ids;
    QByteArray group;
};

struct RecoveredSession
{
    SessionRow row;
    std::vector<SubscriptionRow> subscriptions;
    std::vector<quint32> keys;
    std::vector<RecoveredDelivery> deliveries; ///< by sequence, then copy
};

/// A message that durable streams keep.
struct RecoveredEntry
{
    Message message;
    qint64 utcMs = 0; ///< when it came; 0: unknown
};

/// What a store kept of earlier runs.
struct Recovered
{
    quint32 epoch = 0; ///< of this run
    quint32 previousEpoch = 0; ///< of the last one, 0: there was none
    quint64 nextSequence = 1;
    quint64 nextSession = 1;
    std::vector<RecoveredSession> sessions;
    std::vector<Message> retained; ///< by sequence
    std::array<std::vector<RecoveredEntry>, Ledger::kStreams> streams; ///< by sequence
    /// False: the streams may lack messages that somebody was shown.
    bool isComplete = true;
    std::vector<record::PutValue> values;
    bool isRead = false; ///< all of this is what was kept; else that is not known
    quint64 messages = 0; ///< rows that count
    quint64 expired = 0; ///< messages whose time has passed
    quint64 skipped = 0; ///< rows, or parts of them, that made no sense
    /// Not null: what was there could not be read and was put aside.
    Error quarantined;
    /// Not null: nothing can be kept for now.
    Error failure;
};

/// Makes a Recovered of what an engine kept, and tells the ledger. What makes no sense is skipped,
/// counted and removed with the next batch.
///
/// Thread: one at a time.
class Recovery final : public StoreVisitor
{
public:
    Recovery(Ledger &ledger, const Clock &clock);

    void visitSession(SessionRow row) override;
    void visitSubscription(SubscriptionRow row) override;
    void visitKey(quint64 session, quint32 key) override;
    void visitRetained(const QByteArray &topic, quint64 sequence) override;
    void visitMessage(MessageRow row) override;
    void visitSettled(quint64 sequence, const QByteArray &settled) override;
    void visitTag(const TagRow &row) override;
    void visitValue(record::PutValue row) override;

    /// After the last row; the visitor is spent.
    Recovered finish();

private:
    RecoveredSession *find(quint64 number);
    bool replace(quint64 former, quint64 number);
    bool hasExpired(quint64 sequence) const;
    void owe(const Message &message, const DurableTarget &target);
    void settleOwed(RecoveredSession &session);
    static void markSent(std::vector<RecoveredDelivery> *owed);

    Ledger &m_ledger;
    const qint64 m_now;
    const qint64 m_utcMs;
    Recovered m_recovered;
    std::unordered_map<quint64, std::size_t> m_sessions; ///< number to place
    std::unordered_map<QByteArray, std::size_t> m_names; ///< the same by key
    std::vector<Message> m_messages; ///< by sequence
    std::vector<std::pair<quint64, qint64>> m_times; ///< of those that streams keep, by sequence
    std::vector<quint64> m_expired; ///< ascending
    std::vector<TagRow> m_tags;
};

} // namespace fairlead::core
