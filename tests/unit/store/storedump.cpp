// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "storedump.h"

#include <QTest>

namespace fairlead::core {

namespace {

QByteArray bytes(ByteSpan span)
{
    return {span.data(), qsizetype(span.size())};
}

/// Long values by size and sum, so that lines stay comparable and readable.
QByteArray shown(const QByteArray &value)
{
    if (value.size() <= 64)
        return '[' + value.toHex() + ']';
    return '[' + QByteArray::number(value.size()) + '#'
        + QByteArray::number(qulonglong(qHash(value, 7))) + ']';
}

template <typename... Fields>
QByteArray line(const char *kind, const Fields &...fields)
{
    QByteArray text(kind);
    const auto add = [&text](const auto &field) {
        text += ' ';
        if constexpr (std::is_convertible_v<decltype(field), QByteArray>)
            text += shown(field);
        else
            text += QByteArray::number(field);
    };
    (add(fields), ...);
    return text;
}

} // namespace

void StoreDump::visitSession(SessionRow row)
{
    lines += line(
        "session", row.number, row.key, row.peerKey, row.expirySeconds, row.expiresUtcMs, row.note);
    if (const auto &will = row.testament) {
        lines.last() += line(" will",
                             will->topic,
                             will->properties,
                             will->payload,
                             will->expirySeconds,
                             will->delaySeconds,
                             int(will->qos),
                             int(will->retain));
    }
}

void StoreDump::visitSubscription(SubscriptionRow row)
{
    lines += line("subscription",
                  row.session,
                  row.filter,
                  row.id,
                  int(row.qos),
                  int(row.noLocal),
                  int(row.retainAsPublished),
                  int(row.showPositions),
                  int(row.overflow.policy),
                  row.overflow.patienceMs,
                  row.since);
}

void StoreDump::visitKey(quint64 session, quint32 key)
{
    lines += line("key", session, key);
}

void StoreDump::visitRetained(const QByteArray &topic, quint64 sequence)
{
    lines += line("retained", topic, sequence);
}

void StoreDump::visitMessage(MessageRow row)
{
    const Message &message = row.message;
    lines += line("message",
                  message.sequence(),
                  message.position().epoch,
                  message.origin(),
                  int(message.qos()),
                  int(message.isRetain()),
                  bytes(message.topic()),
                  bytes(message.properties()),
                  bytes(message.payload()),
                  row.expiryUtcMs,
                  row.expirySeconds,
                  row.targets,
                  row.streams,
                  row.utcMs);
}

void StoreDump::visitSettled(quint64 sequence, const QByteArray &settled)
{
    lines += line("settled", sequence, settled);
}

void StoreDump::visitTag(const TagRow &row)
{
    lines += line("tag", row.session, row.sequence, row.copy, row.tag, int(row.bodyDone));
}

void StoreDump::visitValue(record::PutValue row)
{
    lines += line("value", row.space, row.key, row.value);
}

QByteArrayList dump(StorageEngine &engine)
{
    StoreDump visitor;
    const Result<> loaded = engine.load(visitor);
    if (!loaded)
        QTest::qFail(qPrintable(loaded.error().toString()), __FILE__, __LINE__);
    return visitor.lines;
}

QByteArrayList ofKind(const QByteArrayList &lines, const QByteArray &kind)
{
    QByteArrayList result;
    for (const QByteArray &entry : lines) {
        if (entry.startsWith(kind + ' '))
            result += entry;
    }
    return result;
}

MessageRow messageRow(quint64 sequence, const QByteArray &payload, const QByteArray &topic)
{
    MessageFields fields;
    fields.topic = {topic.constData(), std::size_t(topic.size())};
    fields.payload = {payload.constData(), std::size_t(payload.size())};
    fields.qos = 1;
    MessageRow row;
    row.message = Message(fields);
    row.message.setPosition({1, sequence});
    return row;
}

SessionRow sessionRow(quint64 number, const QByteArray &key)
{
    SessionRow row;
    row.number = number;
    row.key = key;
    row.expirySeconds = 3600;
    return row;
}

SubscriptionRow subscriptionRow(quint64 session, const QByteArray &filter)
{
    SubscriptionRow row;
    row.session = session;
    row.filter = filter;
    row.qos = 1;
    return row;
}

} // namespace fairlead::core
