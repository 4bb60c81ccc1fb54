// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/storepages.h"

#include <sqlite3.h>

#include <variant>
#include <vector>

namespace fairlead::core::sqlite {

namespace {

constexpr int kPageRows = 256;
constexpr qint64 kPageBytes = qint64(1) << 20;

/// The key of the last row that was read.
using Key = std::vector<std::variant<qint64, QByteArray>>;

/// Which columns, counted from 0, are the key; they are the first ones of each table.
int keyColumns(const Table &table)
{
    return int(QByteArray(table.key).count(',')) + 1;
}

Key keyOf(const SqliteStatement &row, int columns)
{
    Key key;
    for (int column = 0; column < columns; ++column) {
        if (row.isInteger(column))
            key.emplace_back(row.integer(column));
        else
            key.emplace_back(row.bytes(column));
    }
    return key;
}

void bindKey(SqliteStatement &statement, const Key &key)
{
    for (int index = 0; index < int(key.size()); ++index) {
        const auto &value = key[std::size_t(index)];
        if (const auto *const number = std::get_if<qint64>(&value))
            statement.bind(index + 1, *number);
        else
            statement.bind(index + 1, std::get<QByteArray>(value));
    }
}

QByteArray sqlFor(const Table &table, const char *extra, bool isFirst)
{
    QByteArray sql = QByteArrayLiteral("SELECT ") + table.columns + extra + " FROM " + table.name;
    if (!isFirst) {
        QByteArray places = "?";
        for (int column = 1; column < keyColumns(table); ++column)
            places += ", ?";
        sql += QByteArrayLiteral(" WHERE (") + table.key + ") > (" + places + ')';
    }
    return sql + " ORDER BY " + table.key + " LIMIT " + QByteArray::number(kPageRows);
}

} // namespace

Result<> readPages(SqliteDatabase &database,
                   const Table &table,
                   const char *extra,
                   const TakeRow &take,
                   const EndPage &endPage)
{
    const int columns = keyColumns(table);
    Key last;
    for (bool isFirst = true;; isFirst = false) {
        Result<SqliteStatement> row = database.prepare(sqlFor(table, extra, isFirst).constData());
        if (!row)
            return row.error();
        bindKey(*row, last);
        qint64 bytes = 0;
        int rows = 0;
        int code = SQLITE_ROW;
        while (bytes < kPageBytes && (code = row->step()) == SQLITE_ROW) {
            ++rows;
            bytes += take(*row);
            last = keyOf(*row, columns);
        }
        if (code != SQLITE_ROW && code != SQLITE_DONE)
            return database.error(code);
        // Before anybody waits for a slow reader of the page.
        row->reset();
        if (!endPage() || (code == SQLITE_DONE && rows < kPageRows))
            return {};
    }
}

} // namespace fairlead::core::sqlite
