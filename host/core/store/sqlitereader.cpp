// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqlitereader.h"

#include "core/store/sqliterows.h"

#include <sqlite3.h>

namespace fairlead::core::sqlite {

namespace {

template <typename Take>
Result<> read(SqliteDatabase &database, const Table &table, const Take &take)
{
    const QByteArray sql = QByteArrayLiteral("SELECT ") + table.columns + " FROM " + table.name
        + " ORDER BY " + table.key;
    Result<SqliteStatement> row = database.prepare(sql.constData());
    if (!row)
        return row.error();
    int code = row->step();
    for (; code == SQLITE_ROW; code = row->step()) {
        if (!isSound(*row, table)) {
            return Error(ErrorCode::StorageDamaged,
                         QStringLiteral("%1: a row of table %2 is not what was written")
                             .arg(database.path(), QLatin1String(table.name)));
        }
        take(*row);
    }
    if (code != SQLITE_DONE)
        return database.error(code);
    return {};
}

Result<> readTables(SqliteDatabase &database, StoreVisitor &visitor)
{
    Result<> done = read(database, kSessions, [&](const SqliteStatement &row) {
        visitor.visitSession(decodeSession(row));
    });
    if (done) {
        done = read(database, kSubscriptions, [&](const SqliteStatement &row) {
            visitor.visitSubscription(decodeSubscription(row));
        });
    }
    if (done) {
        done = read(database, kKeys, [&](const SqliteStatement &row) {
            const EngineBatch::Key key = decodeKey(row);
            visitor.visitKey(key.first, key.second);
        });
    }
    if (done) {
        done = read(database, kRetained, [&](const SqliteStatement &row) {
            const auto [topic, sequence] = decodeRetained(row);
            visitor.visitRetained(topic, sequence);
        });
    }
    if (done) {
        done = read(database, kMessages, [&](const SqliteStatement &row) {
            visitor.visitMessage(decodeMessage(row));
        });
    }
    if (done) {
        done = read(database, kSettled, [&](const SqliteStatement &row) {
            const auto [sequence, settled] = decodeSettled(row);
            visitor.visitSettled(sequence, settled);
        });
    }
    if (done) {
        done = read(
            database, kTags, [&](const SqliteStatement &row) { visitor.visitTag(decodeTag(row)); });
    }
    if (done) {
        done = read(database, kValues, [&](const SqliteStatement &row) {
            visitor.visitValue(decodeValue(row));
        });
    }
    return done;
}

} // namespace

Result<> readAll(SqliteDatabase &database, StoreVisitor &visitor)
{
    if (const Result<> begun = database.execute("BEGIN"); !begun)
        return begun;
    Result<> done = readTables(database, visitor);
    const Result<> ended = database.execute("ROLLBACK");
    return done ? ended : done;
}

} // namespace fairlead::core::sqlite
