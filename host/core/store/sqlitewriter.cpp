// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqlitewriter.h"

#include "core/store/sqliterows.h"

#include <sqlite3.h>

namespace fairlead::core::sqlite {

namespace {

// In the order of Writer::Statement.
constexpr const char *kSql[] = {
    "DELETE FROM message WHERE seq BETWEEN ?1 AND ?2",
    "DELETE FROM settled WHERE seq BETWEEN ?1 AND ?2",
    "DELETE FROM session WHERE number = ?1",
    "DELETE FROM subscription WHERE session = ?1",
    "DELETE FROM receivekey WHERE session = ?1",
    "DELETE FROM tag WHERE session = ?1",
    "DELETE FROM subscription WHERE session = ?1 AND filter = ?2",
    "DELETE FROM receivekey WHERE session = ?1 AND key = ?2",
    "DELETE FROM tag WHERE session = ?1 AND seq = ?2 AND copy = ?3",
    "DELETE FROM retained WHERE topic = ?1",
    "DELETE FROM value WHERE space = ?1 AND key = ?2",
    "REPLACE INTO message(seq, epoch, origin, qos, retain, expiry_utc, expiry_span, streams,"
    " targets, topic, properties, payload, time_utc)"
    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
    "REPLACE INTO settled(seq, list) VALUES(?1,?2)",
    "REPLACE INTO session(number, expiry, expires_utc, key, peer_key, note, will_qos, will_retain,"
    " will_delay, will_expiry, will_topic, will_properties, will_payload)"
    " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
    "REPLACE INTO subscription(session, filter, id, qos, no_local, retain_as_published,"
    " show_positions, overflow, patience, since) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
    "REPLACE INTO receivekey(session, key) VALUES(?1,?2)",
    "REPLACE INTO tag(session, seq, copy, tag, body_done) VALUES(?1,?2,?3,?4,?5)",
    "REPLACE INTO retained(topic, seq) VALUES(?1,?2)",
    "REPLACE INTO value(space, key, value) VALUES(?1,?2,?3)",
    "UPDATE meta SET value = ?2 WHERE name = CAST(?1 AS TEXT)",
    "UPDATE meta SET value = value WHERE name = 'epoch'",
};

/// Runs @p one with each of @p rows until something goes wrong.
template <typename Rows, typename One>
int forEach(const Rows &rows, const One &one)
{
    for (const auto &row : rows) {
        if (const int code = one(row); code != SQLITE_OK)
            return code;
    }
    return SQLITE_OK;
}

/// Runs @p steps until one of them goes wrong.
template <typename... Steps>
int inTurn(const Steps &...steps)
{
    int code = SQLITE_OK;
    static_cast<void>((((code = steps()) == SQLITE_OK) && ...));
    return code;
}

} // namespace

Result<> Writer::prepare(SqliteDatabase &database)
{
    static_assert(std::size(kSql) == Count);
    for (int index = 0; index < Count; ++index) {
        Result<SqliteStatement> statement = database.prepare(kSql[index], true);
        if (!statement) {
            const Error error = statement.error();
            // SQLite's general error here means that it misses a table or a column.
            const bool isOther = error.details().value(QStringLiteral("sqlite")) == SQLITE_ERROR;
            return isOther ? Error(ErrorCode::StorageDamaged, error.text()) : error;
        }
        m_statements[std::size_t(index)] = std::move(*statement);
    }
    return {};
}

int Writer::apply(const EngineBatch &batch)
{
    return inTurn([&] { return remove(batch); },
                  [&] { return put(batch); },
                  [&] { return setNumber("reservedSequence", batch.reservedSequence); },
                  [&] { return setNumber("reservedSession", batch.reservedSession); },
                  [&] { return setNumber("epoch", batch.epoch); });
}

int Writer::touch()
{
    return m_statements[Touch].run();
}

int Writer::remove(const EngineBatch &batch)
{
    const auto removeSubscription = [this](const auto &key) {
        return m_statements[RemoveSubscription].bind(1, key.first).bind(2, key.second).run();
    };
    const auto removeKey = [this](const EngineBatch::Key &key) {
        return m_statements[RemoveKey].bind(1, key.first).bind(2, key.second).run();
    };
    const auto removeTag = [this](const TagRow &row) {
        SqliteStatement &statement = m_statements[RemoveTag];
        return statement.bind(1, row.session).bind(2, row.sequence).bind(3, row.copy).run();
    };
    const auto removeRetained = [this](const QByteArray &topic) {
        return m_statements[RemoveRetained].bind(1, topic).run();
    };
    const auto removeValue = [this](const auto &key) {
        return m_statements[RemoveValue].bind(1, key.first).bind(2, key.second).run();
    };
    return inTurn([&] { return removeMessages(batch.removedMessages); },
                  [&] {
                      return forEach(batch.removedSessions,
                                     [this](quint64 number) { return removeSession(number); });
                  },
                  [&] { return forEach(batch.removedSubscriptions, removeSubscription); },
                  [&] { return forEach(batch.removedKeys, removeKey); },
                  [&] { return forEach(batch.removedTags, removeTag); },
                  [&] { return forEach(batch.removedRetained, removeRetained); },
                  [&] { return forEach(batch.removedValues, removeValue); });
}

// Neighbours go in one statement: what a subscriber has worked off mostly is a run of them.
int Writer::removeMessages(const std::vector<quint64> &sequences)
{
    for (std::size_t first = 0; first < sequences.size();) {
        std::size_t end = first + 1;
        while (end < sequences.size() && sequences[end] == sequences[end - 1] + 1)
            ++end;
        for (const Statement which : {RemoveMessages, RemoveSettled}) {
            SqliteStatement &statement = m_statements[which];
            const int code = statement.bind(1, sequences[first]).bind(2, sequences[end - 1]).run();
            if (code != SQLITE_OK)
                return code;
        }
        first = end;
    }
    return SQLITE_OK;
}

int Writer::removeSession(quint64 number)
{
    constexpr Statement kAll[] = {RemoveSession, RemoveSubscriptionsOf, RemoveKeysOf, RemoveTagsOf};
    return forEach(kAll,
                   [&](Statement which) { return m_statements[which].bind(1, number).run(); });
}

int Writer::put(const EngineBatch &batch)
{
    const auto putSettled = [this](const auto &row) {
        return m_statements[PutSettled].bind(1, row.first).bind(2, row.second).run();
    };
    const auto putKey = [this](const EngineBatch::Key &key) {
        return m_statements[PutKey].bind(1, key.first).bind(2, key.second).run();
    };
    const auto putTag = [this](const TagRow &row) {
        SqliteStatement &statement = m_statements[PutTag];
        statement.bind(1, row.session).bind(2, row.sequence).bind(3, row.copy);
        return statement.bind(4, row.tag).bind(5, row.bodyDone).run();
    };
    const auto putRetained = [this](const auto &row) {
        return m_statements[PutRetained].bind(1, row.first).bind(2, row.second).run();
    };
    const auto putValue = [this](const record::PutValue &row) {
        SqliteStatement &statement = m_statements[PutValue];
        return statement.bind(1, row.space).bind(2, row.key).bind(3, row.value).run();
    };
    return inTurn(
        [&] {
            return forEach(batch.messages,
                           [this](const MessageRow &row) { return putMessage(row); });
        },
        [&] { return forEach(batch.settled, putSettled); },
        [&] {
            return forEach(batch.sessions,
                           [this](const SessionRow &row) { return putSession(row); });
        },
        [&] {
            return forEach(batch.subscriptions,
                           [this](const SubscriptionRow &row) { return putSubscription(row); });
        },
        [&] { return forEach(batch.keys, putKey); },
        [&] { return forEach(batch.tags, putTag); },
        [&] { return forEach(batch.retained, putRetained); },
        [&] { return forEach(batch.values, putValue); });
}

int Writer::putMessage(const MessageRow &row)
{
    const Message &message = row.message;
    SqliteStatement &statement = m_statements[PutMessage];
    statement.bind(1, message.sequence()).bind(2, message.position().epoch);
    statement.bind(3, message.origin()).bind(4, int(message.qos())).bind(5, message.isRetain());
    statement.bind(6, row.expiryUtcMs).bind(7, row.expirySeconds).bind(8, row.streams);
    statement.bind(9, row.targets).bind(10, message.topic());
    statement.bind(11, message.properties()).bind(12, message.payload());
    return statement.bind(13, row.utcMs).run();
}

int Writer::putSession(const SessionRow &row)
{
    SqliteStatement &statement = m_statements[PutSession];
    statement.bind(1, row.number).bind(2, row.expirySeconds).bind(3, row.expiresUtcMs);
    statement.bind(4, row.key).bind(5, row.peerKey).bind(6, row.note);
    if (const auto &will = row.testament) {
        statement.bind(7, int(will->qos)).bind(8, will->retain).bind(9, will->delaySeconds);
        statement.bind(10, will->expirySeconds).bind(11, will->topic);
        statement.bind(12, will->properties).bind(13, will->payload);
    } else {
        for (int index = 7; index <= 13; ++index)
            statement.bindNull(index);
    }
    return statement.run();
}

int Writer::putSubscription(const SubscriptionRow &row)
{
    SqliteStatement &statement = m_statements[PutSubscription];
    statement.bind(1, row.session).bind(2, row.filter).bind(3, row.id).bind(4, int(row.qos));
    statement.bind(5, row.noLocal).bind(6, row.retainAsPublished).bind(7, row.showPositions);
    statement.bind(8, overflowNumber(row.overflow.policy)).bind(9, row.overflow.patienceMs);
    return statement.bind(10, row.since).run();
}

int Writer::setNumber(const char *name, quint64 value)
{
    if (value == 0)
        return SQLITE_OK;
    return m_statements[SetNumber].bind(1, ByteSpan(name)).bind(2, value).run();
}

} // namespace fairlead::core::sqlite
