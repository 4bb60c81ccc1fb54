// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqlitesalvage.h"

#include "core/platform/files.h"
#include "core/store/sqliterows.h"
#include "core/store/sqlitewriter.h"

#include <sqlite3.h>

#include <algorithm>
#include <unordered_set>

namespace fairlead::core::sqlite {

namespace {

/// Rows on their way from the damaged store to the fresh one.
class Salvage
{
public:
    Salvage(SqliteDatabase &from, SqliteDatabase &fresh)
        : m_from(from)
        , m_fresh(fresh)
    { }

    Result<Salvaged> run(qint64 utcMs);

private:
    Result<> copyRows();
    void copyNumbers(qint64 utcMs);
    template <typename Take>
    Result<> copy(const Table &table, const Take &take);
    /// Whether it got to the end of the table.
    template <typename Take>
    bool copyOneWay(const Table &table, const char *direction, const Take &take);
    Result<> flush();

    bool hasTimes() { return m_from.isOpen() && m_from.prepare("SELECT time_utc FROM message"); }

    bool hasSession(quint64 number) const { return m_sessions.contains(number); }

    bool hasMessage(quint64 sequence) const { return m_messages.contains(sequence); }

    SqliteDatabase &m_from;
    SqliteDatabase &m_fresh;
    Writer m_writer;
    EngineBatch m_batch;
    qint64 m_batchBytes = 0;
    Error m_failure;
    std::unordered_set<quint64> m_sessions;
    std::unordered_set<quint64> m_messages;
    quint64 m_highestSession = 0;
    quint64 m_highestMessage = 0;
    Salvaged m_result;
};

Result<Salvaged> Salvage::run(qint64 utcMs)
{
    if (const Result<> prepared = m_writer.prepare(m_fresh); !prepared)
        return prepared.error();
    if (const Result<> copied = copyRows(); !copied)
        return copied.error();
    copyNumbers(utcMs);
    if (const Result<> flushed = flush(); !flushed)
        return flushed.error();
    return m_result;
}

Result<> Salvage::copyRows()
{
    Result<> done = copy(kSessions, [this](const SqliteStatement &row) {
        SessionRow session = decodeSession(row);
        if (!m_sessions.insert(session.number).second)
            return;
        m_highestSession = std::max(m_highestSession, session.number);
        ++m_result.sessions;
        m_batch.sessions.push_back(std::move(session));
    });
    if (done) {
        done = copy(hasTimes() ? kMessages : kFirstMessages, [this](const SqliteStatement &row) {
            MessageRow message = decodeMessage(row);
            if (!m_messages.insert(message.message.sequence()).second)
                return;
            m_highestMessage = std::max(m_highestMessage, message.message.sequence());
            m_batchBytes += qint64(message.message.size());
            ++m_result.messages;
            m_batch.messages.push_back(std::move(message));
        });
    }
    if (done) {
        done = copy(kSubscriptions, [this](const SqliteStatement &row) {
            SubscriptionRow subscription = decodeSubscription(row);
            if (!hasSession(subscription.session))
                return;
            ++m_result.subscriptions;
            m_batch.subscriptions.push_back(std::move(subscription));
        });
    }
    if (done) {
        done = copy(kRetained, [this](const SqliteStatement &row) {
            std::pair<QByteArray, quint64> retained = decodeRetained(row);
            if (!hasMessage(retained.second))
                return;
            ++m_result.retained;
            m_batch.retained.push_back(std::move(retained));
        });
    }
    if (done) {
        done = copy(kKeys, [this](const SqliteStatement &row) {
            const EngineBatch::Key key = decodeKey(row);
            if (hasSession(key.first))
                m_batch.keys.push_back(key);
        });
    }
    if (done) {
        done = copy(kSettled, [this](const SqliteStatement &row) {
            std::pair<quint64, QByteArray> settled = decodeSettled(row);
            if (hasMessage(settled.first))
                m_batch.settled.push_back(std::move(settled));
        });
    }
    if (done) {
        done = copy(kTags, [this](const SqliteStatement &row) {
            const TagRow tag = decodeTag(row);
            if (hasSession(tag.session))
                m_batch.tags.push_back(tag);
        });
    }
    if (done) {
        done = copy(kValues, [this](const SqliteStatement &row) {
            m_batch.values.push_back(decodeValue(row));
        });
    }
    return done;
}

void Salvage::copyNumbers(qint64 utcMs)
{
    // Where a number is lost: no host counts its starts, sequences or sessions this far in the time
    // it takes to be started again.
    constexpr quint64 kFarMessages = quint64(1) << 32U;
    constexpr quint64 kFarSessions = quint64(1) << 32U;
    const auto number = [this](const char *sql) {
        if (!m_from.isOpen())
            return quint64(0);
        const Result<qint64> value = m_from.integer(sql);
        return value ? quint64(*value) : 0;
    };
    m_batch.epoch = quint32(number("SELECT value FROM meta WHERE name = 'epoch'"));
    m_batch.reservedSequence = number("SELECT value FROM meta WHERE name = 'reservedSequence'");
    m_batch.reservedSession = number("SELECT value FROM meta WHERE name = 'reservedSession'");
    if (m_batch.epoch == 0)
        m_batch.epoch = quint32(utcMs / 1000);
    if (m_batch.reservedSequence < m_highestMessage || m_batch.reservedSequence == 0)
        m_batch.reservedSequence = m_highestMessage + kFarMessages;
    if (m_batch.reservedSession < m_highestSession || m_batch.reservedSession == 0)
        m_batch.reservedSession = m_highestSession + kFarSessions;
}

template <typename Take>
Result<> Salvage::copy(const Table &table, const Take &take)
{
    // What lies behind the damage is reached from the other end; rows seen twice are put twice,
    // which changes nothing.
    if (!copyOneWay(table, " ASC", take) && m_failure.isNull()) {
        m_result.isEverythingRead = false;
        copyOneWay(table, " DESC", take);
    }
    if (!m_failure.isNull())
        return m_failure;
    return flush();
}

template <typename Take>
bool Salvage::copyOneWay(const Table &table, const char *direction, const Take &take)
{
    QByteArray key(table.key);
    key.replace(",", QByteArray(direction) + ',');
    const QByteArray sql = QByteArrayLiteral("SELECT ") + table.columns + " FROM " + table.name
        + " ORDER BY " + key + direction;
    if (!m_from.isOpen())
        return false;
    Result<SqliteStatement> row = m_from.prepare(sql.constData());
    if (!row)
        return false;
    int code = row->step();
    for (qint64 count = 1; code == SQLITE_ROW; code = row->step(), ++count) {
        constexpr qint64 kBatchRows = 1000;
        constexpr qint64 kBatchBytes = qint64(4) << 20;
        if (isSound(*row, table))
            take(*row);
        else
            m_result.isEverythingRead = false;
        if (count % kBatchRows == 0 || m_batchBytes >= kBatchBytes) {
            if (const Result<> flushed = flush(); !flushed) {
                m_failure = flushed.error();
                return false;
            }
        }
    }
    return code == SQLITE_DONE;
}

Result<> Salvage::flush()
{
    Result<> done = m_fresh.execute("BEGIN IMMEDIATE");
    if (done) {
        if (const int code = m_writer.apply(m_batch); code != SQLITE_OK)
            done = m_fresh.error(code);
    }
    if (done)
        done = m_fresh.execute("COMMIT");
    m_batch = EngineBatch();
    m_batchBytes = 0;
    return done;
}

} // namespace

QString Salvaged::text() const
{
    const QString all = isEverythingRead
        ? QStringLiteral("every row in it could be read")
        : QStringLiteral("not every row in it could be read: messages are missing, or come twice");
    return QStringLiteral("%1 sessions, %2 subscriptions, %3 retained and %4 messages in all were "
                          "carried over; %5")
        .arg(sessions)
        .arg(subscriptions)
        .arg(retained)
        .arg(messages)
        .arg(all);
}

Result<Salvaged> salvage(const QString &path, SqliteDatabase &fresh, qint64 utcMs)
{
    SqliteDatabase from;
    // Without an open database every table breaks off at once. Nothing is written to it, so that
    // whoever looks into the damage finds what the host found; to an empty file SQLite would not
    // even leave its log.
    if (fileFacts(path).size > 0 && from.open(path, SqliteDatabase::Mode::Read, {}))
        sqlite3_db_config(from.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return Salvage(from, fresh).run(utcMs);
}

} // namespace fairlead::core::sqlite
