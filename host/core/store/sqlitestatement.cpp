// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqlitestatement.h"

#include <sqlite3.h>

namespace fairlead::core {

SqliteStatement::~SqliteStatement()
{
    sqlite3_finalize(m_statement);
}

SqliteStatement &SqliteStatement::bind(int index, qint64 value) noexcept
{
    sqlite3_bind_int64(m_statement, index, value);
    return *this;
}

// A failed bind (more bytes than SQLite takes) leaves the parameter null, which no column allows:
// the statement then fails when it is run.
SqliteStatement &SqliteStatement::bind(int index, ByteSpan value) noexcept
{
    // No bytes are an empty blob; a null pointer would be null.
    const char *const data = value.empty() ? "" : value.data();
    sqlite3_bind_blob64(m_statement, index, data, value.size(), SQLITE_STATIC);
    return *this;
}

SqliteStatement &SqliteStatement::bindNull(int index) noexcept
{
    sqlite3_bind_null(m_statement, index);
    return *this;
}

int SqliteStatement::step() noexcept
{
    return sqlite3_step(m_statement);
}

int SqliteStatement::run() noexcept
{
    int code = sqlite3_step(m_statement);
    while (code == SQLITE_ROW)
        code = sqlite3_step(m_statement);
    sqlite3_reset(m_statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

void SqliteStatement::reset() noexcept
{
    sqlite3_reset(m_statement);
}

qint64 SqliteStatement::integer(int column) const noexcept
{
    return sqlite3_column_int64(m_statement, column);
}

ByteSpan SqliteStatement::span(int column) const noexcept
{
    const auto *const data = static_cast<const char *>(sqlite3_column_blob(m_statement, column));
    return {data, data ? std::size_t(sqlite3_column_bytes(m_statement, column)) : 0};
}

QByteArray SqliteStatement::bytes(int column) const
{
    const ByteSpan value = span(column);
    return {value.data(), qsizetype(value.size())};
}

bool SqliteStatement::isNull(int column) const noexcept
{
    return sqlite3_column_type(m_statement, column) == SQLITE_NULL;
}

bool SqliteStatement::isInteger(int column) const noexcept
{
    return sqlite3_column_type(m_statement, column) == SQLITE_INTEGER;
}

bool SqliteStatement::isBlob(int column) const noexcept
{
    return sqlite3_column_type(m_statement, column) == SQLITE_BLOB;
}

} // namespace fairlead::core
