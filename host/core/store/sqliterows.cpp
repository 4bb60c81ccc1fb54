// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/sqliterows.h"

namespace fairlead::core::sqlite {

namespace {

bool isSound(const SqliteStatement &row, int column, char type)
{
    switch (type) {
    case 'i':
        return row.isInteger(column);
    case 'b':
        return row.isBlob(column);
    case 'I':
        return row.isNull(column) || row.isInteger(column);
    default:
        return row.isNull(column) || row.isBlob(column);
    }
}

} // namespace

int overflowNumber(OverflowPolicy policy) noexcept
{
    return int(policy) + 1;
}

OverflowPolicy overflowOf(qint64 number) noexcept
{
    return number >= 1 && number <= overflowNumber(OverflowPolicy::FaultSource)
        ? OverflowPolicy(number - 1)
        : OverflowPolicy::Disconnect;
}

bool isSound(const SqliteStatement &row, const Table &table)
{
    for (int column = 0; table.types[column] != '\0'; ++column) {
        if (!isSound(row, column, table.types[column]))
            return false;
    }
    return true;
}

SessionRow decodeSession(const SqliteStatement &row)
{
    SessionRow session;
    session.number = quint64(row.integer(0));
    session.expirySeconds = quint32(row.integer(1));
    session.expiresUtcMs = row.integer(2);
    session.key = row.bytes(3);
    session.peerKey = row.bytes(4);
    session.note = row.bytes(5);
    if (row.isNull(10))
        return session;
    StoredTestament &testament = session.testament.emplace();
    testament.qos = quint8(row.integer(6));
    testament.retain = row.integer(7) != 0;
    testament.delaySeconds = quint32(row.integer(8));
    testament.expirySeconds = quint32(row.integer(9));
    testament.topic = row.bytes(10);
    testament.properties = row.bytes(11);
    testament.payload = row.bytes(12);
    return session;
}

SubscriptionRow decodeSubscription(const SqliteStatement &row)
{
    SubscriptionRow subscription;
    subscription.session = quint64(row.integer(0));
    subscription.filter = row.bytes(1);
    subscription.id = quint32(row.integer(2));
    subscription.qos = quint8(row.integer(3));
    subscription.noLocal = row.integer(4) != 0;
    subscription.retainAsPublished = row.integer(5) != 0;
    subscription.showPositions = row.integer(6) != 0;
    subscription.overflow.policy = overflowOf(row.integer(7));
    subscription.overflow.patienceMs = quint32(row.integer(8));
    subscription.since = quint64(row.integer(9));
    return subscription;
}

EngineBatch::Key decodeKey(const SqliteStatement &row)
{
    return {quint64(row.integer(0)), quint32(row.integer(1))};
}

std::pair<QByteArray, quint64> decodeRetained(const SqliteStatement &row)
{
    return {row.bytes(0), quint64(row.integer(1))};
}

MessageRow decodeMessage(const SqliteStatement &row)
{
    MessageFields fields;
    fields.origin = quint64(row.integer(2));
    fields.qos = quint8(row.integer(3));
    fields.retain = row.integer(4) != 0;
    fields.topic = row.span(9);
    fields.properties = row.span(10);
    fields.payload = row.span(11);
    MessageRow message;
    message.message = Message(fields);
    message.message.setPosition({quint32(row.integer(1)), quint64(row.integer(0))});
    message.expiryUtcMs = row.integer(5);
    message.expirySeconds = quint32(row.integer(6));
    message.streams = quint32(row.integer(7));
    message.targets = row.bytes(8);
    message.utcMs = row.integer(12);
    return message;
}

std::pair<quint64, QByteArray> decodeSettled(const SqliteStatement &row)
{
    return {quint64(row.integer(0)), row.bytes(1)};
}

TagRow decodeTag(const SqliteStatement &row)
{
    TagRow tag;
    tag.session = quint64(row.integer(0));
    tag.sequence = quint64(row.integer(1));
    tag.copy = quint32(row.integer(2));
    tag.tag = quint32(row.integer(3));
    tag.bodyDone = row.integer(4) != 0;
    return tag;
}

record::PutValue decodeValue(const SqliteStatement &row)
{
    return {row.bytes(0), row.bytes(1), row.bytes(2)};
}

} // namespace fairlead::core::sqlite
