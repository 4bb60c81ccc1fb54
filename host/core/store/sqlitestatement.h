// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>

#include <fairlead/bytes.h>

#include <utility>

struct sqlite3_stmt;

namespace fairlead::core {

/// A prepared statement. Parameters count from 1, columns from 0, as in SQLite; bytes that are
/// bound have to stay until the statement was run. Thread: that of its connection.
class SqliteStatement
{
public:
    SqliteStatement() = default;

    explicit SqliteStatement(sqlite3_stmt *statement) noexcept
        : m_statement(statement)
    { }

    SqliteStatement(SqliteStatement &&other) noexcept
        : m_statement(std::exchange(other.m_statement, nullptr))
    { }

    SqliteStatement &operator=(SqliteStatement &&other) noexcept
    {
        std::swap(m_statement, other.m_statement);
        return *this;
    }

    SqliteStatement(const SqliteStatement &) = delete;
    SqliteStatement &operator=(const SqliteStatement &) = delete;
    ~SqliteStatement();

    explicit operator bool() const noexcept { return m_statement != nullptr; }

    SqliteStatement &bind(int index, qint64 value) noexcept;
    SqliteStatement &bind(int index, ByteSpan value) noexcept;
    SqliteStatement &bindNull(int index) noexcept;

    SqliteStatement &bind(int index, const QByteArray &value) noexcept
    {
        return bind(index, ByteSpan(value.constData(), std::size_t(value.size())));
    }

    // Numbers are stored in 64 bits with sign; those above come back as they were.
    SqliteStatement &bind(int index, quint64 value) noexcept { return bind(index, qint64(value)); }

    SqliteStatement &bind(int index, quint32 value) noexcept { return bind(index, qint64(value)); }

    SqliteStatement &bind(int index, int value) noexcept { return bind(index, qint64(value)); }

    SqliteStatement &bind(int index, bool value) noexcept { return bind(index, qint64(value)); }

    /// SQLITE_ROW, SQLITE_DONE or what went wrong.
    int step() noexcept;
    /// Runs to the end and resets: SQLITE_OK or what went wrong.
    int run() noexcept;
    void reset() noexcept;

    qint64 integer(int column) const noexcept;
    /// Of the current row: gone with the next step.
    ByteSpan span(int column) const noexcept;
    QByteArray bytes(int column) const;
    bool isNull(int column) const noexcept;
    bool isInteger(int column) const noexcept;
    bool isBlob(int column) const noexcept;

private:
    sqlite3_stmt *m_statement = nullptr;
};

} // namespace fairlead::core
