// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqliteengine.h"

#include "core/platform/files.h"
#include "core/store/sqliteerror.h"
#include "core/store/sqlitereader.h"
#include "core/store/sqlitereplacement.h"

#include <QFileInfo>

#include <fairlead/clock.h>
#include <sqlite3.h>

#include <utility>

namespace fairlead::core {

namespace {

int noteLogPages(void *logPages, sqlite3 *, const char *, int pages)
{
    *static_cast<int *>(logPages) = pages;
    return SQLITE_OK;
}

} // namespace

SqliteEngine::SqliteEngine(Options options, const Clock &clock)
    : m_options(std::move(options))
    , m_clock(clock)
{ }

SqliteEngine::~SqliteEngine()
{
    close();
}

Result<StoreMeta> SqliteEngine::open()
{
    close();
    const bool isInSystem = m_options.place.vfs.isEmpty();
    if (isInSystem) {
        const QString folder = QFileInfo(m_options.place.path).path();
        if (const Result<> made = makeFolder(folder); !made)
            return Error(ErrorCode::StorageFailed, made.error().text());
        if (const Result<> finished = sqlite::finishReplacement(m_options.place); !finished)
            return finished.error();
    }
    Error damage = std::exchange(m_damage, Error());
    if (damage.isNull()) {
        const Result<> started = start(true);
        if (!started && started.error().code() != ErrorCode::StorageDamaged) {
            disconnect();
            return started.error();
        }
        damage = started.error();
    }
    if (!damage.isNull()) {
        // As it is: what is in the log stays there.
        m_isSuspect = true;
        disconnect();
        if (!isInSystem)
            return damage;
        // Before a whole store is in its place.
        if (const Result<> noted = setComplete(false); !noted)
            return noted.error();
        const Result<> replaced = sqlite::replaceDamaged(m_options.place, damage, m_clock.utcMs());
        if (!replaced)
            return replaced.error();
        if (const Result<> started = start(false); !started) {
            disconnect();
            return started.error();
        }
    }
    Result<StoreMeta> meta = readMeta();
    m_isOpen = bool(meta);
    if (!meta)
        disconnect();
    return meta;
}

Result<> SqliteEngine::start(bool mayBeDamaged)
{
    const sqlite::Place &place = m_options.place;
    if (const Result<> inspected = sqlite::inspectFiles(place); !inspected)
        return inspected;
    if (!sqliteFileExists(place.path, place.vfs)) {
        if (const Result<> created = sqlite::createStore(place); !created)
            return created;
    }
    const bool mustCheck = mayBeDamaged && sqlite::isUnclean(place);
    Result<> done = sqlite::connectStore(m_database, place);
    if (done && mustCheck)
        done = sqlite::checkWhole(m_database);
    if (!done)
        return done;
    m_writer = std::make_unique<sqlite::Writer>();
    done = m_writer->prepare(m_database);
    if (!done)
        return done;
    const Result<qint64> pageSize = m_database.integer("PRAGMA page_size");
    if (!pageSize)
        return pageSize.error();
    m_pageSize = *pageSize;
    m_logPages = 0;
    sqlite3_wal_hook(m_database.handle(), noteLogPages, &m_logPages);
    m_isSyncing = false;
    m_isSuspect = false;
    // What an earlier run left in the log may not have been flushed.
    m_hasUnsynced = true;
    return {};
}

Result<StoreMeta> SqliteEngine::readMeta()
{
    StoreMeta meta;
    const auto read = [this](const char *sql, auto &number) -> Result<> {
        const Result<qint64> value = m_database.integer(sql);
        if (!value)
            return value.error();
        number = std::remove_reference_t<decltype(number)>(*value);
        return {};
    };
    Result<> done = read("SELECT value FROM meta WHERE name = 'epoch'", meta.epoch);
    if (done) {
        done
            = read("SELECT value FROM meta WHERE name = 'reservedSequence'", meta.reservedSequence);
    }
    if (done)
        done = read("SELECT value FROM meta WHERE name = 'reservedSession'", meta.reservedSession);
    if (!done)
        return done.error();
    meta.isComplete = sqliteFileExists(completePath(), m_options.place.vfs);
    meta.quarantined = sqlite::readNotice(m_database);
    m_hasNotice = !meta.quarantined.isNull();
    return meta;
}

Result<> SqliteEngine::load(StoreVisitor &visitor)
{
    if (!m_isOpen)
        return failed(SQLITE_MISUSE);
    const Result<> read = sqlite::readAll(m_database, visitor);
    return read ? read : noted(read.error());
}

Result<> SqliteEngine::commit(const EngineBatch &batch)
{
    if (!m_isOpen)
        return failed(SQLITE_MISUSE);
    if (!m_damage.isNull())
        return m_damage;
    Result<> done = m_isSuspect ? clearLog() : Result<>();
    if (done)
        done = prepareLog();
    if (done)
        done = setSync(batch.sync);
    if (done)
        done = transact(batch);
    if (done)
        m_hasUnsynced = !batch.sync;
    return done;
}

QString SqliteEngine::completePath() const
{
    return m_options.place.path + QStringLiteral("-complete");
}

Result<> SqliteEngine::setComplete(bool isComplete)
{
    const sqlite::Place &place = m_options.place;
    constexpr ByteSpan kText = "All that was shown of durable streams is in the store.\n";
    return isComplete ? createSqliteFile(completePath(), place.vfs, kText)
                      : removeSqliteFile(completePath(), place.vfs);
}

// The log may end in a transaction that was refused and yet is whole, and the system may have
// forgotten what it could not write. Both are over once the good part is in the file and the log
// begins anew; by opening it again the refused one would come back.
Result<> SqliteEngine::clearLog()
{
    const int code = workOffLog(SQLITE_CHECKPOINT_TRUNCATE);
    if (code != SQLITE_OK)
        return failed(code);
    m_isSuspect = false;
    return {};
}

Result<> SqliteEngine::prepareLog()
{
    if (logSize() <= m_options.logBytes)
        return {};
    const int code = workOffLog(SQLITE_CHECKPOINT_PASSIVE);
    if (logSize() <= m_options.logLimitBytes)
        return {};
    if (code != SQLITE_OK)
        return failed(code);
    return Error(ErrorCode::StorageFailed,
                 QStringLiteral("%1: another process has been reading for so long that the log has "
                                "grown to %2 bytes; end it")
                     .arg(m_options.place.path)
                     .arg(logSize()));
}

Result<> SqliteEngine::setSync(bool sync)
{
    if (sync == m_isSyncing)
        return {};
    Result<> set
        = m_database.execute(sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    if (set)
        m_isSyncing = sync;
    return set;
}

Result<> SqliteEngine::transact(const EngineBatch &batch)
{
    if (const int code = runTransaction(batch); code != SQLITE_OK) {
        Error error = failed(code);
        // Some errors have ended the transaction already.
        if (sqlite3_get_autocommit(m_database.handle()) == 0)
            static_cast<void>(m_database.execute("ROLLBACK"));
        // At once if it can be, so that not even a crash brings back what was refused.
        if (m_isSuspect)
            static_cast<void>(clearLog());
        return error;
    }
    return {};
}

int SqliteEngine::runTransaction(const EngineBatch &batch)
{
    sqlite3 *const db = m_database.handle();
    const auto execute
        = [db](const char *sql) { return sqlite3_exec(db, sql, nullptr, nullptr, nullptr); };
    int code = execute("BEGIN IMMEDIATE");
    const qint64 changes = sqlite3_total_changes64(db);
    if (code == SQLITE_OK)
        code = m_writer->apply(batch);
    if (code == SQLITE_OK && m_hasNotice)
        code = execute("DELETE FROM meta WHERE name IN ('damage', 'aside')");
    // Only a transaction that writes something flushes what was written before it.
    if (code == SQLITE_OK && batch.sync && m_hasUnsynced && sqlite3_total_changes64(db) == changes)
        code = m_writer->touch();
    if (code == SQLITE_OK)
        code = execute("COMMIT");
    if (code == SQLITE_OK)
        m_hasNotice = false;
    return code;
}

Result<> SqliteEngine::checkpoint()
{
    if (!m_isOpen)
        return failed(SQLITE_MISUSE);
    if (!m_damage.isNull())
        return m_damage;
    if (m_isSuspect)
        return clearLog();
    const int code = workOffLog(SQLITE_CHECKPOINT_PASSIVE);
    // Somebody reads: the rest comes with the next one.
    if (code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY)
        return failed(code);
    return {};
}

int SqliteEngine::workOffLog(int mode)
{
    int pages = 0;
    int done = 0;
    const int code = sqlite3_wal_checkpoint_v2(m_database.handle(), nullptr, mode, &pages, &done);
    m_isSuspect = m_isSuspect || isSqliteInputOutput(code);
    if (code == SQLITE_OK && pages >= 0) {
        // Once all is in the file, the next commit begins the log anew.
        m_logPages = pages == done ? 0 : pages;
        m_hasUnsynced = m_hasUnsynced && pages != done;
    }
    return code;
}

void SqliteEngine::close()
{
    m_isOpen = false;
    disconnect();
}

void SqliteEngine::disconnect()
{
    m_writer.reset();
    // The log of a store in doubt stays, so that the next start looks at the whole of it.
    if (m_database.isOpen() && (m_isSuspect || !m_damage.isNull()))
        sqlite3_db_config(m_database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    m_database.close();
}

Error SqliteEngine::failed(int code)
{
    if (!m_isOpen || !m_database.isOpen()) {
        return {ErrorCode::StorageFailed,
                QStringLiteral("%1: the store is not open").arg(m_options.place.path)};
    }
    Error error = m_database.error(code);
    m_isSuspect = m_isSuspect || isSqliteInputOutput(code);
    // SQLite does not say which of the two it was.
    if (error.code() == ErrorCode::StorageFull && m_options.place.maxBytes > 0) {
        const Result<qint64> pages = m_database.integer("PRAGMA page_count");
        error = Error(ErrorCode::StorageFull,
                      QStringLiteral("%1 (%2 of the %3 bytes that it may have are taken)")
                          .arg(error.text())
                          .arg(pages.value_or(0) * m_pageSize)
                          .arg(m_options.place.maxBytes));
    }
    return noted(std::move(error));
}

Error SqliteEngine::noted(Error error)
{
    if (error.code() == ErrorCode::StorageDamaged)
        m_damage = error;
    return error;
}

qint64 SqliteEngine::logSize() const
{
    return m_logPages * m_pageSize;
}

} // namespace fairlead::core
