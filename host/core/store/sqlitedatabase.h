// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/sqlitestatement.h"

#include <QByteArray>
#include <QString>

#include <fairlead/result.h>

struct sqlite3;

namespace fairlead::core {

/// One connection to a database file. Thread: one at a time. Errors: see sqliteError().
class SqliteDatabase
{
public:
    enum class Mode : quint8 {
        Create, ///< to read and write, made if missing
        Write, ///< to read and write what exists
        Read,
        ReadOffline, ///< to read what nobody else has open, leaving no trace beside it
    };

    SqliteDatabase() = default;
    SqliteDatabase(SqliteDatabase &&) = delete;
    SqliteDatabase &operator=(SqliteDatabase &&) = delete;
    ~SqliteDatabase();

    /// @p vfs names one of SQLite's registered file systems; empty: the system's.
    Result<> open(const QString &path, Mode mode, const QByteArray &vfs);
    /// Statements have to be gone.
    void close() noexcept;

    bool isOpen() const noexcept { return m_db != nullptr; }

    sqlite3 *handle() const noexcept { return m_db; }

    const QString &path() const noexcept { return m_path; }

    /// @p keep: it will be run many times.
    Result<SqliteStatement> prepare(const char *sql, bool keep = false);
    /// Statements without results, one after the other.
    Result<> execute(const char *sql);

    Result<> execute(const QByteArray &sql) { return execute(sql.constData()); }

    /// First column of the first row; 0 or empty when there is none.
    Result<qint64> integer(const char *sql);
    Result<QByteArray> text(const char *sql);

    Error error(int code) const;

private:
    sqlite3 *m_db = nullptr;
    QString m_path;
};

/// Whether @p path exists in @p vfs.
bool sqliteFileExists(const QString &path, const QByteArray &vfs);
/// Removes @p path from @p vfs if it is there; it stays away after a loss of power.
Result<> removeSqliteFile(const QString &path, const QByteArray &vfs);
/// Makes @p path in @p vfs with @p text in it if it is not there, so that a loss of power does not take
/// it away. An empty file is none to SQLite.
Result<> createSqliteFile(const QString &path, const QByteArray &vfs, ByteSpan text);

} // namespace fairlead::core
