// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// What a store says of durable streams.

#include "core/store/sqliterows.h"
#include "core/store/storepages.h"
#include "core/store/storereport.h"

#include <sqlite3.h>

namespace fairlead::core {

namespace {

struct StreamCounts
{
    qint64 messages = 0;
    qint64 bytes = 0;
    qint64 first = 0;
    qint64 last = 0;
};

Result<StreamCounts> countOf(SqliteDatabase &database, const StreamOnDisk &stream)
{
    Result<SqliteStatement> row = database.prepare(
        "SELECT count(*), total(length(topic) + length(properties) + length(payload)),"
        " coalesce(min(seq), 0), coalesce(max(seq), 0)"
        " FROM message WHERE seq > ?1 AND streams >> ?2 & 1 = 1");
    if (!row)
        return row.error();
    row->bind(1, stream.trimmedUpTo).bind(2, stream.state.slot);
    const int code = row->step();
    if (code != SQLITE_ROW)
        return database.error(code);
    return StreamCounts{row->integer(0), row->integer(1), row->integer(2), row->integer(3)};
}

} // namespace

Result<StreamSlots> StoreReport::readStreams()
{
    StreamSlots streams;
    std::vector<record::PutValue> marks;
    const auto take = [&](const SqliteStatement &row) -> qint64 {
        if (!sqlite::isSound(row, sqlite::kValues))
            return 0;
        record::PutValue value = sqlite::decodeValue(row);
        if (value.space == kTrimmedSpace)
            marks.push_back(std::move(value));
        else if (value.space == kStreamSpace) {
            if (auto state = decodeStreamState(value.value)) {
                const auto slot = std::size_t(state->slot);
                streams[slot] = {std::move(value.key), std::move(*state), 0};
            }
        }
        return 0;
    };
    const Result<> read
        = sqlite::readPages(m_database, sqlite::kValues, "", take, [] { return true; });
    if (!read)
        return read.error();
    for (StreamOnDisk &stream : streams) {
        for (const record::PutValue &mark : marks) {
            if (!stream.name.isEmpty() && mark.key == stream.name)
                stream.trimmedUpTo = mark.value.toULongLong();
        }
    }
    return streams;
}

Result<QJsonObject> StoreReport::countStreams()
{
    const Result<StreamSlots> streams = readStreams();
    if (!streams)
        return streams.error();
    QJsonObject result;
    for (const StreamOnDisk &stream : *streams) {
        if (stream.name.isEmpty())
            continue;
        const Result<StreamCounts> counts = countOf(m_database, stream);
        if (!counts)
            return counts.error();
        QJsonObject one;
        one.insert(QStringLiteral("messages"), counts->messages);
        one.insert(QStringLiteral("message_bytes"), counts->bytes);
        one.insert(QStringLiteral("first_sequence"), counts->first);
        one.insert(QStringLiteral("last_sequence"), counts->last);
        one.insert(QStringLiteral("trimmed_up_to"), qint64(stream.trimmedUpTo));
        result.insert(QString::fromUtf8(stream.name), one);
    }
    return result;
}

Result<> StoreReport::checkStreams(QStringList *findings)
{
    const Result<StreamSlots> streams = readStreams();
    if (!streams)
        return streams.error();
    quint32 known = 0;
    qint64 named = 0;
    for (const StreamOnDisk &stream : *streams) {
        if (stream.name.isEmpty())
            continue;
        known |= 1U << stream.state.slot;
        ++named;
    }
    const Result<qint64> values = m_database.integer(
        "SELECT count(*) FROM value WHERE space = CAST('fairlead.stream' AS BLOB)");
    if (!values)
        return values.error();
    if (*values > named) {
        findings->append(QStringLiteral("%1 streams that make no sense").arg(*values - named));
    }
    // One with a settled set may have left its stream since its row was written.
    const QByteArray sql = "SELECT count(*) FROM message WHERE streams & ~"
        + QByteArray::number(known) + " <> 0 AND seq NOT IN (SELECT seq FROM settled)";
    const Result<qint64> strays = m_database.integer(sql.constData());
    if (!strays)
        return strays.error();
    if (*strays > 0)
        findings->append(QStringLiteral("%1 messages of no stream").arg(*strays));
    return {};
}

} // namespace fairlead::core
