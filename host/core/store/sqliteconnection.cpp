// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqliteconnection.h"

#include "core/platform/files.h"
#include "core/store/sqliteschema.h"

#include <sqlite3.h>

#include <algorithm>

namespace fairlead::core::sqlite {

namespace {

Error damaged(const QString &text)
{
    return {ErrorCode::StorageDamaged, text};
}

quint32 bigEndian(const QByteArray &bytes, int offset)
{
    quint32 value = 0;
    for (int index = 0; index < 4; ++index)
        value = (value << 8U) | quint8(bytes.at(offset + index));
    return value;
}

// The head of a log as SQLite documents its format: six numbers and a checksum over them, in the
// byte order that the magic number's last bit says.
bool isLogHead(const QByteArray &head)
{
    constexpr quint32 kMagic = 0x377F0682;
    if ((bigEndian(head, 0) & ~1U) != kMagic)
        return false;
    const bool isBigEndian = (bigEndian(head, 0) & 1U) != 0;
    quint32 first = 0;
    quint32 second = 0;
    for (int offset = 0; offset < 24; offset += 8) {
        quint32 left = bigEndian(head, offset);
        quint32 right = bigEndian(head, offset + 4);
        if (!isBigEndian) {
            left = __builtin_bswap32(left);
            right = __builtin_bswap32(right);
        }
        first += left + second;
        second += right + first;
    }
    return first == bigEndian(head, 24) && second == bigEndian(head, 28);
}

Result<> inspectLog(const QString &path)
{
    constexpr int kHeadSize = 32;
    const QString log = logPath(path);
    if (fileFacts(log).kind != FileFacts::Kind::File)
        return {};
    const Result<QByteArray> head = readFileHead(log, kHeadSize);
    if (!head)
        return Error(ErrorCode::StorageFailed, head.error().text());
    // One that power was lost on before its first page reached the disk holds nothing yet.
    const bool isUnwritten = head->size() < kHeadSize
        || std::all_of(head->begin(), head->end(), [](char byte) { return byte == '\0'; });
    if (isUnwritten || isLogHead(*head))
        return {};
    return damaged(log + QStringLiteral(": is not the log of a database"));
}

Result<> execute(SqliteDatabase &database, const char *pragma, qint64 value)
{
    return database.execute(QByteArrayLiteral("PRAGMA ") + pragma + '='
                            + QByteArray::number(value));
}

Result<> createIfEmpty(SqliteDatabase &database)
{
    if (const Result<> safe = database.execute("PRAGMA synchronous=EXTRA"); !safe)
        return safe;
    if (const Result<> begun = database.execute("BEGIN IMMEDIATE"); !begun)
        return begun;
    Result<> done = createTables(database);
    if (done)
        done = markComplete(database);
    if (done)
        done = database.execute("COMMIT");
    if (!done)
        static_cast<void>(database.execute("ROLLBACK"));
    return done;
}

Result<> upgrade(SqliteDatabase &database)
{
    if (const Result<> begun = database.execute("BEGIN IMMEDIATE"); !begun)
        return begun;
    Result<> done = database.execute(kFromFirst);
    // SQLite's general error here means that it misses the table.
    if (done.error().details().value(QStringLiteral("sqlite")) == SQLITE_ERROR)
        done = damaged(done.error().text());
    if (done)
        done = execute(database, "user_version", kSchemaVersion);
    if (done)
        done = database.execute("COMMIT");
    if (!done)
        static_cast<void>(database.execute("ROLLBACK"));
    return done;
}

Result<> identify(SqliteDatabase &database)
{
    const Result<qint64> application = database.integer("PRAGMA application_id");
    if (!application)
        return application.error();
    const Result<qint64> version = database.integer("PRAGMA user_version");
    if (!version)
        return version.error();
    const Result<qint64> tables = database.integer("SELECT count(*) FROM sqlite_schema");
    if (!tables)
        return tables.error();
    if (*application == 0 && *version == 0 && *tables == 0) {
        if (const Result<> sized = execute(database, "page_size", kPageSize); !sized)
            return sized;
        return createIfEmpty(database);
    }
    if (*application != kApplicationId)
        return damaged(database.path() + QStringLiteral(": is not a store of Fairlead"));
    if (*version > kSchemaVersion) {
        Error error(
            ErrorCode::StorageFailed,
            QStringLiteral("%1: was written by a later version of Fairlead (schema %2, this "
                           "one knows %3); start that version, or move the file away to "
                           "begin with an empty store")
                .arg(database.path())
                .arg(*version)
                .arg(kSchemaVersion));
        error.setDetail(QStringLiteral("schema"), *version);
        error.setDetail(QStringLiteral("known"), kSchemaVersion);
        error.setRetryable(false);
        return error;
    }
    if (*version < 1)
        return damaged(database.path() + QStringLiteral(": has tables without a version"));
    return *version < kSchemaVersion ? upgrade(database) : Result<>();
}

Result<> startLog(SqliteDatabase &database)
{
    Result<QByteArray> mode = database.text("PRAGMA journal_mode=WAL");
    if (mode && *mode != "wal") {
        // A file system without shared memory, such as one of the network: nobody can read along.
        Result<> exclusive = database.execute("PRAGMA locking_mode=EXCLUSIVE");
        if (!exclusive)
            return exclusive;
        mode = database.text("PRAGMA journal_mode=WAL");
    }
    if (!mode)
        return mode.error();
    if (*mode != "wal") {
        return Error(ErrorCode::StorageFailed,
                     database.path() + QStringLiteral(": no log can be kept beside it"));
    }
    return {};
}

Result<> limitSize(SqliteDatabase &database, qint64 maxBytes)
{
    // Without a limit of its own: SQLite's, which is beyond any disk.
    constexpr qint64 kMostPages = 0xFFFFFFFE;
    if (maxBytes <= 0)
        return execute(database, "max_page_count", kMostPages);
    const Result<qint64> pageSize = database.integer("PRAGMA page_size");
    if (!pageSize)
        return pageSize.error();
    return execute(database, "max_page_count", std::max<qint64>(1, maxBytes / *pageSize));
}

} // namespace

QString logPath(const QString &path)
{
    return path + QStringLiteral("-wal");
}

bool isUnclean(const Place &place)
{
    return sqliteFileExists(logPath(place.path), place.vfs);
}

Result<> inspectFiles(const Place &place)
{
    if (!place.vfs.isEmpty())
        return {};
    const FileFacts facts = fileFacts(place.path);
    switch (facts.kind) {
    case FileFacts::Kind::Missing:
        if (isUnclean(place))
            return damaged(place.path + QStringLiteral(": is missing, while its log is there"));
        return {};
    case FileFacts::Kind::File:
        if (facts.size == 0)
            return damaged(place.path + QStringLiteral(": is empty"));
        return inspectLog(place.path);
    case FileFacts::Kind::Unreadable:
    case FileFacts::Kind::Folder:
    case FileFacts::Kind::Other:
        break;
    }
    return Error(ErrorCode::StorageFailed,
                 place.path + QStringLiteral(": is not a file that can be read"));
}

Result<> createTables(SqliteDatabase &database)
{
    if (const Result<> made = database.execute(kTables); !made)
        return made;
    return execute(database, "user_version", kSchemaVersion);
}

Result<> markComplete(SqliteDatabase &database)
{
    return execute(database, "application_id", kApplicationId);
}

Result<> createStore(const Place &place)
{
    if (!place.vfs.isEmpty()) {
        SqliteDatabase database;
        const Result<> opened = database.open(place.path, SqliteDatabase::Mode::Create, place.vfs);
        return opened ? identify(database) : opened;
    }
    // Under its own name it is whole or not there, so that an empty file always is a damaged one.
    const QString draft = place.path + QStringLiteral(".new");
    static_cast<void>(removeSqliteFile(draft, place.vfs));
    static_cast<void>(removeSqliteFile(draft + QStringLiteral("-journal"), place.vfs));
    if (const Result<> made = createPrivateFile(draft); !made)
        return made;
    SqliteDatabase database;
    Result<> done = database.open(draft, SqliteDatabase::Mode::Write, place.vfs);
    if (done)
        done = identify(database);
    database.close();
    return done ? moveFile(draft, place.path) : done;
}

Result<> connectStore(SqliteDatabase &database, const Place &place)
{
    Result<> done = database.open(place.path, SqliteDatabase::Mode::Write, place.vfs);
    if (!done)
        return done;
    if (sqlite3_db_readonly(database.handle(), "main") == 1) {
        return Error(ErrorCode::StorageFailed,
                     place.path + QStringLiteral(": may only be read, not written"));
    }
    // A tool that reads along may be reading the log itself just now; later nobody waits for it.
    constexpr int kPatienceMs = 2000;
    sqlite3_busy_timeout(database.handle(), kPatienceMs);
    // Checkpoints are the engine's, at times of its choosing; the log's file keeps the size that
    // it needs between two of them, so that a full disk still takes what frees space.
    done = database.execute("PRAGMA cell_size_check=ON;"
                            "PRAGMA mmap_size=0;"
                            "PRAGMA cache_size=-4096;"
                            "PRAGMA temp_store=MEMORY;"
                            "PRAGMA wal_autocheckpoint=0;"
                            "PRAGMA journal_size_limit=33554432;"
                            "PRAGMA synchronous=EXTRA;");
    if (done && place.exclusive)
        done = database.execute("PRAGMA locking_mode=EXCLUSIVE");
    if (done)
        done = identify(database);
    // Up to here changes went by way of a rollback journal, which may not be there again after a
    // loss of power: it would undo what came through the log since.
    if (done)
        done = startLog(database);
    if (done)
        done = database.execute("PRAGMA synchronous=NORMAL");
    if (done)
        done = limitSize(database, place.maxBytes);
    sqlite3_busy_timeout(database.handle(), 0);
    return done;
}

Result<> checkWhole(SqliteDatabase &database)
{
    const Result<QByteArray> verdict = database.text("PRAGMA quick_check(1)");
    if (!verdict)
        return verdict.error();
    if (*verdict == "ok")
        return {};
    return damaged(database.path() + QStringLiteral(": ")
                   + QString::fromUtf8(*verdict).simplified());
}

} // namespace fairlead::core::sqlite
