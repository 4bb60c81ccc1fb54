// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqlitedatabase.h"

#include "core/store/sqliteerror.h"

#include <QUrl>

#include <sqlite3.h>

#include <cstddef>
#include <vector>

namespace fairlead::core {

namespace {

int flagsOf(SqliteDatabase::Mode mode)
{
    constexpr int kAlways = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    switch (mode) {
    case SqliteDatabase::Mode::Create:
        return kAlways | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case SqliteDatabase::Mode::Write:
        return kAlways | SQLITE_OPEN_READWRITE;
    case SqliteDatabase::Mode::Read:
        return kAlways | SQLITE_OPEN_READONLY;
    case SqliteDatabase::Mode::ReadOffline:
        return kAlways | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    }
    return kAlways;
}

QByteArray nameOf(const QString &path, SqliteDatabase::Mode mode)
{
    if (mode != SqliteDatabase::Mode::ReadOffline)
        return path.toUtf8();
    return "file:" + QUrl::toPercentEncoding(path, "/") + "?immutable=1";
}

const char *orNull(const QByteArray &vfs)
{
    return vfs.isEmpty() ? nullptr : vfs.constData();
}

} // namespace

SqliteDatabase::~SqliteDatabase()
{
    close();
}

Result<> SqliteDatabase::open(const QString &path, Mode mode, const QByteArray &vfs)
{
    close();
    m_path = path;
    const QByteArray name = nameOf(path, mode);
    const int code = sqlite3_open_v2(name.constData(), &m_db, flagsOf(mode), orNull(vfs));
    if (code != SQLITE_OK) {
        Error failure = error(code);
        close();
        return failure;
    }
    sqlite3_db_config(m_db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    return {};
}

void SqliteDatabase::close() noexcept
{
    sqlite3_close_v2(m_db);
    m_db = nullptr;
}

Result<SqliteStatement> SqliteDatabase::prepare(const char *sql, bool keep)
{
    sqlite3_stmt *statement = nullptr;
    const int code = sqlite3_prepare_v3(
        m_db, sql, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0, &statement, nullptr);
    if (code != SQLITE_OK)
        return error(code);
    return SqliteStatement(statement);
}

Result<> SqliteDatabase::execute(const char *sql)
{
    const int code = sqlite3_exec(m_db, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK)
        return error(code);
    return {};
}

Result<qint64> SqliteDatabase::integer(const char *sql)
{
    Result<SqliteStatement> statement = prepare(sql);
    if (!statement)
        return statement.error();
    const int code = statement->step();
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return error(code);
    return code == SQLITE_ROW ? statement->integer(0) : 0;
}

Result<QByteArray> SqliteDatabase::text(const char *sql)
{
    Result<SqliteStatement> statement = prepare(sql);
    if (!statement)
        return statement.error();
    const int code = statement->step();
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return error(code);
    return code == SQLITE_ROW ? statement->bytes(0) : QByteArray();
}

Error SqliteDatabase::error(int code) const
{
    return sqliteError(m_db, code, m_path);
}

bool sqliteFileExists(const QString &path, const QByteArray &vfs)
{
    sqlite3_vfs *const files = sqlite3_vfs_find(orNull(vfs));
    int exists = 0;
    return files
        && files->xAccess(files, path.toUtf8().constData(), SQLITE_ACCESS_EXISTS, &exists)
        == SQLITE_OK
        && exists != 0;
}

Result<> removeSqliteFile(const QString &path, const QByteArray &vfs)
{
    sqlite3_vfs *const files = sqlite3_vfs_find(orNull(vfs));
    const int code = files ? files->xDelete(files, path.toUtf8().constData(), 1) : SQLITE_ERROR;
    if (code == SQLITE_OK || code == SQLITE_IOERR_DELETE_NOENT)
        return {};
    return Error(ErrorCode::StorageFailed, path + QStringLiteral(": cannot be removed"));
}

Result<> createSqliteFile(const QString &path, const QByteArray &vfs, ByteSpan text)
{
    if (sqliteFileExists(path, vfs))
        return {};
    sqlite3_vfs *const files = sqlite3_vfs_find(orNull(vfs));
    int code = files ? SQLITE_OK : SQLITE_ERROR;
    if (files) {
        // Of this kind its first flush is one of its folder too. SQLite wants a name to end twice.
        constexpr int kFlags
            = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_SUPER_JOURNAL;
        const QByteArray name = path.toUtf8() + '\0';
        std::vector<std::max_align_t> place(std::size_t(files->szOsFile) / sizeof(std::max_align_t)
                                            + 1);
        auto *const file = reinterpret_cast<sqlite3_file *>(place.data());
        int flags = 0;
        code = files->xOpen(files, name.constData(), file, kFlags, &flags);
        if (code == SQLITE_OK)
            code = file->pMethods->xWrite(file, text.data(), int(text.size()), 0);
        if (code == SQLITE_OK)
            code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
        if (file->pMethods)
            file->pMethods->xClose(file);
    }
    if (code == SQLITE_OK)
        return {};
    return Error(ErrorCode::StorageFailed, path + QStringLiteral(": cannot be made"));
}

} // namespace fairlead::core
