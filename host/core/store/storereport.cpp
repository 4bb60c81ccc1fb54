// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/storereport.h"

#include "core/store/sqliterows.h"
#include "core/store/sqliteschema.h"
#include "core/store/storejson.h"
#include "core/store/storepages.h"
#include "core/store/targetlist.h"

#include <QFileInfo>
#include <QJsonDocument>

#include <sqlite3.h>

namespace fairlead::core {

namespace {

// The host's own steps are short; a recovery of the log by a starting one is not longer.
constexpr int kPatienceMs = 5000;

QByteArray line(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

Error unsound(const QString &path, const char *table)
{
    return {ErrorCode::StorageDamaged,
            QStringLiteral("%1: a row of table %2 is not what was written")
                .arg(path, QLatin1String(table))};
}

/// Collects the lines of a page and hands them on.
class Pages
{
public:
    Pages(SqliteDatabase &database, const StoreReport::Sink &sink)
        : m_database(database)
        , m_sink(sink)
    { }

    /// Nothing once the sink has enough.
    template <typename Show>
    Result<> show(const sqlite::Table &table, const char *extra, const Show &show)
    {
        if (!m_goesOn)
            return {};
        bool isSound = true;
        const auto take = [&](const SqliteStatement &row) -> qint64 {
            if (!sqlite::isSound(row, table)) {
                isSound = false;
                return 0;
            }
            const QByteArray text = line(show(row));
            m_lines += text;
            return text.size();
        };
        const auto endPage = [&] {
            m_goesOn = m_lines.isEmpty() || m_sink(m_lines);
            m_lines.clear();
            return m_goesOn;
        };
        Result<> read = sqlite::readPages(m_database, table, extra, take, endPage);
        if (read && !isSound)
            return unsound(m_database.path(), table.name);
        return read;
    }

    Result<> show(const StreamSlots &streams)
    {
        for (const StreamOnDisk &stream : streams) {
            if (!stream.name.isEmpty())
                m_lines += line(toJson(stream));
        }
        m_goesOn = m_goesOn && (m_lines.isEmpty() || m_sink(m_lines));
        m_lines.clear();
        return {};
    }

private:
    SqliteDatabase &m_database;
    const StoreReport::Sink &m_sink;
    QByteArray m_lines;
    bool m_goesOn = true;
};

} // namespace

QString StoreReport::pathIn(const QString &stateFolder)
{
    return stateFolder + QStringLiteral("/store.db");
}

StoreReport::~StoreReport()
{
    const std::lock_guard lock(m_lock);
    m_running = nullptr;
}

void StoreReport::cancel() noexcept
{
    m_isCancelled.store(true);
    const std::lock_guard lock(m_lock);
    if (m_running)
        sqlite3_interrupt(m_running);
}

/// An interrupted step is no failure of the disk.
Error StoreReport::told(const Error &error) const
{
    if (m_isCancelled.load())
        return {ErrorCode::Cancelled, QStringLiteral("reading the store was cancelled")};
    return error;
}

Result<> StoreReport::open(const QString &path)
{
    {
        const std::lock_guard lock(m_lock);
        m_running = nullptr;
    }
    const Result<> done = openFile(path);
    if (!done)
        return told(done.error());
    const std::lock_guard lock(m_lock);
    m_running = m_database.handle();
    return {};
}

Result<QJsonObject> StoreReport::stats()
{
    Result<QJsonObject> done = readStats();
    if (!done || m_isCancelled.load())
        return told(done.error());
    return done;
}

Result<QStringList> StoreReport::check()
{
    Result<QStringList> done = checkAll();
    if (!done || m_isCancelled.load())
        return told(done.error());
    return done;
}

Result<> StoreReport::exportRows(const Sink &sink)
{
    const Result<> done
        = exportAll([&](const QByteArray &lines) { return !m_isCancelled.load() && sink(lines); });
    if (!done || m_isCancelled.load())
        return told(done.error());
    return {};
}

Result<> StoreReport::openFile(const QString &path)
{
    if (!sqliteFileExists(path, {})) {
        return Error(ErrorCode::NotFound,
                     path + QStringLiteral(": there is no store, or an empty file"));
    }
    Result<> done = m_database.open(path, SqliteDatabase::Mode::Read, {});
    if (done) {
        sqlite3_busy_timeout(m_database.handle(), kPatienceMs);
        done = identify();
    }
    // To read along takes files beside it. Where they cannot be made nobody has it open either.
    const int code = done.error().details().value(QStringLiteral("sqlite")).toInt() & 0xFF;
    const bool isLone = !sqliteFileExists(path + QStringLiteral("-wal"), {});
    if (!done && isLone && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY)) {
        done = m_database.open(path, SqliteDatabase::Mode::ReadOffline, {});
        if (done)
            done = identify();
    }
    return done;
}

Result<> StoreReport::identify()
{
    const Result<qint64> application = m_database.integer("PRAGMA application_id");
    if (!application)
        return application.error();
    const Result<qint64> version = m_database.integer("PRAGMA user_version");
    if (!version)
        return version.error();
    if (*application != sqlite::kApplicationId) {
        return Error(ErrorCode::StorageDamaged,
                     m_database.path() + QStringLiteral(": is not a store of Fairlead"));
    }
    if (*version != sqlite::kSchemaVersion) {
        return Error(ErrorCode::StorageFailed,
                     QStringLiteral("%1: is of another version of Fairlead (schema %2, this one "
                                    "knows %3)")
                         .arg(m_database.path())
                         .arg(*version)
                         .arg(sqlite::kSchemaVersion));
    }
    return {};
}

Result<QJsonObject> StoreReport::readStats()
{
    struct Number
    {
        const char *name;
        const char *sql;
    };

    static constexpr Number kNumbers[] = {
        {"schema", "PRAGMA user_version"},
        {"epoch", "SELECT value FROM meta WHERE name = 'epoch'"},
        {"reserved_sequence", "SELECT value FROM meta WHERE name = 'reservedSequence'"},
        {"reserved_session", "SELECT value FROM meta WHERE name = 'reservedSession'"},
        {"sessions", "SELECT count(*) FROM session"},
        {"subscriptions", "SELECT count(*) FROM subscription"},
        {"receive_keys", "SELECT count(*) FROM receivekey"},
        {"retained", "SELECT count(*) FROM retained"},
        {"messages", "SELECT count(*) FROM message"},
        {"message_bytes",
         "SELECT total(length(topic) + length(properties) + length(payload)) FROM message"},
        {"first_sequence", "SELECT min(seq) FROM message"},
        {"last_sequence", "SELECT max(seq) FROM message"},
        {"settled", "SELECT count(*) FROM settled"},
        {"tags", "SELECT count(*) FROM tag"},
        {"values", "SELECT count(*) FROM value"},
        {"bytes", "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"},
        {"free_bytes",
         "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size"},
    };
    QJsonObject result;
    result.insert(QStringLiteral("path"), m_database.path());
    if (const Result<> begun = m_database.execute("BEGIN"); !begun)
        return begun.error();
    for (const Number &number : kNumbers) {
        const Result<qint64> value = m_database.integer(number.sql);
        if (!value) {
            Error error = value.error();
            static_cast<void>(m_database.execute("ROLLBACK"));
            return error;
        }
        result.insert(QLatin1String(number.name), *value);
    }
    const Result<QJsonObject> streams = countStreams();
    static_cast<void>(m_database.execute("ROLLBACK"));
    if (!streams)
        return streams.error();
    result.insert(QStringLiteral("streams"), *streams);
    result.insert(QStringLiteral("log_bytes"),
                  QFileInfo(m_database.path() + QStringLiteral("-wal")).size());
    return result;
}

Result<QStringList> StoreReport::checkAll()
{
    QStringList findings;
    Result<SqliteStatement> verdicts = m_database.prepare("PRAGMA integrity_check(20)");
    if (!verdicts)
        return verdicts.error();
    int code = verdicts->step();
    for (; code == SQLITE_ROW; code = verdicts->step()) {
        const QString verdict = QString::fromUtf8(verdicts->bytes(0)).simplified();
        if (verdict != QStringLiteral("ok"))
            findings.append(verdict);
    }
    verdicts->reset();
    Result<> done = code == SQLITE_DONE ? Result<>() : Result<>(m_database.error(code));
    if (done)
        done = checkRows(&findings);
    if (done)
        done = checkReferences(&findings);
    if (done)
        done = checkStreams(&findings);
    if (!done && done.error().code() != ErrorCode::StorageDamaged)
        return done.error();
    if (!done)
        findings.append(done.error().text());
    return findings;
}

Result<> StoreReport::checkRows(QStringList *findings)
{
    const auto goOn = [] { return true; };
    qint64 wrong = 0;
    const auto judge = [&](const sqlite::Table &table, const auto &isFine) {
        wrong = 0;
        Result<> read = sqlite::readPages(
            m_database,
            table,
            "",
            [&](const SqliteStatement &row) -> qint64 {
                if (!sqlite::isSound(row, table) || !isFine(row))
                    ++wrong;
                return 0;
            },
            goOn);
        if (read && wrong > 0) {
            findings->append(QStringLiteral("table %1: %2 rows are not what was written")
                                 .arg(QLatin1String(table.name))
                                 .arg(wrong));
        }
        return read;
    };
    const auto any = [](const SqliteStatement &) { return true; };
    Result<> done;
    for (const sqlite::Table *table : {&sqlite::kSessions,
                                       &sqlite::kSubscriptions,
                                       &sqlite::kKeys,
                                       &sqlite::kRetained,
                                       &sqlite::kTags,
                                       &sqlite::kValues}) {
        if (done)
            done = judge(*table, any);
    }
    if (done) {
        done = judge(sqlite::kMessages, [](const SqliteStatement &row) {
            const QByteArray targets = row.bytes(8);
            return row.integer(3) >= 0 && row.integer(3) <= 2
                && (targets.isEmpty() || decodeTargets(targets).has_value());
        });
    }
    if (done) {
        done = judge(sqlite::kSettled, [](const SqliteStatement &row) {
            return decodeSettled(row.bytes(1)).has_value();
        });
    }
    return done;
}

Result<> StoreReport::checkReferences(QStringList *findings)
{
    struct Reference
    {
        const char *what;
        const char *sql;
    };

    static constexpr Reference kReferences[] = {
        {"subscriptions of no session",
         "SELECT count(*) FROM subscription WHERE session NOT IN (SELECT number FROM session)"},
        {"receive keys of no session",
         "SELECT count(*) FROM receivekey WHERE session NOT IN (SELECT number FROM session)"},
        {"tags of no session",
         "SELECT count(*) FROM tag WHERE session NOT IN (SELECT number FROM session)"},
        {"retained topics without their message",
         "SELECT count(*) FROM retained WHERE seq NOT IN (SELECT seq FROM message)"},
        {"settled sets without their message",
         "SELECT count(*) FROM settled WHERE seq NOT IN (SELECT seq FROM message)"},
    };
    for (const Reference &reference : kReferences) {
        const Result<qint64> count = m_database.integer(reference.sql);
        if (!count)
            return count.error();
        if (*count > 0) {
            findings->append(
                QStringLiteral("%1 %2").arg(*count).arg(QLatin1String(reference.what)));
        }
    }
    return {};
}

Result<> StoreReport::exportAll(const Sink &sink)
{
    Pages pages(m_database, sink);
    Result<> done = pages.show(sqlite::kSessions, "", [](const SqliteStatement &row) {
        return toJson(sqlite::decodeSession(row));
    });
    if (done) {
        done = pages.show(sqlite::kSubscriptions, "", [](const SqliteStatement &row) {
            return toJson(sqlite::decodeSubscription(row));
        });
    }
    if (done) {
        done = pages.show(sqlite::kRetained, "", [](const SqliteStatement &row) {
            const auto [topic, sequence] = sqlite::decodeRetained(row);
            return retainedToJson(topic, sequence);
        });
    }
    const Result<StreamSlots> streams = done ? readStreams() : Result<StreamSlots>(done.error());
    if (done && !streams)
        done = streams.error();
    if (done)
        done = pages.show(*streams);
    if (done) {
        constexpr int kSettledColumn = 13;
        done = pages.show(sqlite::kMessages,
                          ", (SELECT list FROM settled WHERE settled.seq = message.seq)",
                          [&streams](const SqliteStatement &row) {
                              return toJson(
                                  sqlite::decodeMessage(row), row.bytes(kSettledColumn), *streams);
                          });
    }
    return done;
}

} // namespace fairlead::core
