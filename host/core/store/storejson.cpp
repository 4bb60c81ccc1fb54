// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/storejson.h"

#include "core/store/targetlist.h"

#include <QJsonArray>
#include <QStringDecoder>

#include <bit>

namespace fairlead::core {

namespace {

QByteArray bytes(ByteSpan span)
{
    return {span.data(), qsizetype(span.size())};
}

void putNumber(QJsonObject *object, const QString &name, quint64 value)
{
    object->insert(name, qint64(value));
}

void putExpiry(QJsonObject *object, const QString &name, quint32 seconds)
{
    if (seconds == kNever)
        object->insert(name, QStringLiteral("never"));
    else
        object->insert(name, qint64(seconds));
}

void putIf(QJsonObject *object, const QString &name, bool value)
{
    if (value)
        object->insert(name, true);
}

QJsonObject toJson(const StoredTestament &will)
{
    QJsonObject object;
    putBytes(&object, QStringLiteral("topic"), will.topic);
    object.insert(QStringLiteral("qos"), int(will.qos));
    object.insert(QStringLiteral("retain"), will.retain);
    object.insert(QStringLiteral("delay_seconds"), qint64(will.delaySeconds));
    putExpiry(&object, QStringLiteral("expiry_seconds"), will.expirySeconds);
    if (!will.properties.isEmpty()) {
        object.insert(QStringLiteral("properties_base64"),
                      QString::fromLatin1(will.properties.toBase64()));
    }
    putBytes(&object, QStringLiteral("payload"), will.payload);
    return object;
}

QJsonObject toJson(const DurableTarget &target, bool isSettled)
{
    QJsonObject object;
    putNumber(&object, QStringLiteral("session"), target.session);
    if (target.copy != 0)
        object.insert(QStringLiteral("copy"), qint64(target.copy));
    object.insert(QStringLiteral("qos"), int(target.qos));
    putIf(&object, QStringLiteral("retain"), target.retain);
    putIf(&object, QStringLiteral("retain_as_published"), target.retainAsPublished);
    putIf(&object, QStringLiteral("show_position"), target.showPosition);
    if (target.ids && !target.ids->empty()) {
        QJsonArray ids;
        for (const quint32 id : *target.ids)
            ids.append(qint64(id));
        object.insert(QStringLiteral("subscription_ids"), ids);
    }
    if (!target.group.isEmpty())
        putBytes(&object, QStringLiteral("group"), target.group);
    putIf(&object, QStringLiteral("settled"), isSettled);
    return object;
}

void putTargets(QJsonObject *object, const QByteArray &row, const QByteArray &settled)
{
    std::vector<DurableTarget> targets;
    // No bytes at all is nobody, as the Ledger has it for what is only retained.
    if (!row.isEmpty()) {
        std::optional<std::vector<DurableTarget>> decoded = decodeTargets(row);
        if (!decoded) {
            object->insert(QStringLiteral("targets_base64"), QString::fromLatin1(row.toBase64()));
            return;
        }
        targets = std::move(*decoded);
    }
    std::vector<bool> isSettled;
    if (!settled.isEmpty()) {
        const std::optional<SettledSet> set = decodeSettled(settled);
        if (!set) {
            object->insert(QStringLiteral("settled_base64"),
                           QString::fromLatin1(settled.toBase64()));
        } else {
            targets.insert(targets.end(), set->added.begin(), set->added.end());
            isSettled = set->settled;
        }
    }
    isSettled.resize(targets.size());
    QJsonArray list;
    for (std::size_t index = 0; index < targets.size(); ++index)
        list.append(toJson(targets[index], isSettled[index]));
    object->insert(QStringLiteral("targets"), list);
}

// Where a row says more than is true, its stream has let go of it meanwhile.
QJsonArray namesOf(quint32 bits, quint64 sequence, const StreamSlots &streams)
{
    QJsonArray names;
    for (quint32 left = bits; left != 0; left &= left - 1) {
        const StreamOnDisk &stream = streams[std::size_t(std::countr_zero(left))];
        if (!stream.name.isEmpty() && sequence > stream.trimmedUpTo)
            names.append(QString::fromUtf8(stream.name));
    }
    return names;
}

} // namespace

void putBytes(QJsonObject *object, const QString &name, const QByteArray &bytes)
{
    QStringDecoder decoder(QStringDecoder::Utf8, QStringConverter::Flag::Stateless);
    const QString text = decoder(bytes);
    // A mark at its start would be swallowed by the decoder, and lost.
    if (decoder.hasError() || bytes.startsWith("\xEF\xBB\xBF")) {
        object->insert(name + QStringLiteral("_base64"), QString::fromLatin1(bytes.toBase64()));
    } else {
        object->insert(name, text);
    }
}

QJsonObject toJson(const SessionRow &row)
{
    QJsonObject object;
    object.insert(QStringLiteral("kind"), QStringLiteral("session"));
    putNumber(&object, QStringLiteral("session"), row.number);
    putBytes(&object, QStringLiteral("key"), row.key);
    putBytes(&object, QStringLiteral("peer_key"), row.peerKey);
    putExpiry(&object, QStringLiteral("expiry_seconds"), row.expirySeconds);
    if (row.expiresUtcMs >= 0)
        object.insert(QStringLiteral("expires_utc_ms"), row.expiresUtcMs);
    if (!row.note.isEmpty())
        object.insert(QStringLiteral("note_base64"), QString::fromLatin1(row.note.toBase64()));
    if (row.testament)
        object.insert(QStringLiteral("will"), toJson(*row.testament));
    return object;
}

QJsonObject toJson(const SubscriptionRow &row)
{
    QJsonObject object;
    object.insert(QStringLiteral("kind"), QStringLiteral("subscription"));
    putNumber(&object, QStringLiteral("session"), row.session);
    putBytes(&object, QStringLiteral("filter"), row.filter);
    object.insert(QStringLiteral("qos"), int(row.qos));
    if (row.id != 0)
        object.insert(QStringLiteral("id"), qint64(row.id));
    putIf(&object, QStringLiteral("no_local"), row.noLocal);
    putIf(&object, QStringLiteral("retain_as_published"), row.retainAsPublished);
    putIf(&object, QStringLiteral("show_positions"), row.showPositions);
    if (row.overflow.policy != OverflowPolicy::Disconnect) {
        object.insert(QStringLiteral("overflow"),
                      QLatin1String(overflowPolicyName(row.overflow.policy)));
    }
    if (row.overflow.policy == OverflowPolicy::BlockUpTo)
        object.insert(QStringLiteral("patience_ms"), qint64(row.overflow.patienceMs));
    putNumber(&object, QStringLiteral("since"), row.since);
    return object;
}

QJsonObject retainedToJson(const QByteArray &topic, quint64 sequence)
{
    QJsonObject object;
    object.insert(QStringLiteral("kind"), QStringLiteral("retained"));
    putBytes(&object, QStringLiteral("topic"), topic);
    putNumber(&object, QStringLiteral("sequence"), sequence);
    return object;
}

QJsonObject toJson(const StreamOnDisk &stream)
{
    QJsonObject object;
    object.insert(QStringLiteral("kind"), QStringLiteral("stream"));
    putBytes(&object, QStringLiteral("name"), stream.name);
    putBytes(&object, QStringLiteral("filter"), stream.state.filter);
    putNumber(&object, QStringLiteral("trimmed_up_to"), stream.trimmedUpTo);
    if (stream.state.unprovenUpTo != 0)
        putNumber(&object, QStringLiteral("unproven_up_to"), stream.state.unprovenUpTo);
    QJsonArray epochs;
    for (const auto &[epoch, first] : stream.state.epochs) {
        QJsonObject start;
        start.insert(QStringLiteral("epoch"), qint64(epoch));
        putNumber(&start, QStringLiteral("first"), first);
        epochs.append(start);
    }
    object.insert(QStringLiteral("epochs"), epochs);
    return object;
}

QJsonObject toJson(const MessageRow &row, const QByteArray &settled, const StreamSlots &streams)
{
    const Message &message = row.message;
    QJsonObject object;
    object.insert(QStringLiteral("kind"), QStringLiteral("message"));
    object.insert(QStringLiteral("epoch"), qint64(message.position().epoch));
    putNumber(&object, QStringLiteral("sequence"), message.sequence());
    if (message.origin() != 0)
        putNumber(&object, QStringLiteral("origin"), message.origin());
    putBytes(&object, QStringLiteral("topic"), bytes(message.topic()));
    object.insert(QStringLiteral("qos"), int(message.qos()));
    object.insert(QStringLiteral("retain"), message.isRetain());
    if (row.expiryUtcMs >= 0) {
        object.insert(QStringLiteral("expires_utc_ms"), row.expiryUtcMs);
        putExpiry(&object, QStringLiteral("expiry_seconds"), row.expirySeconds);
    }
    if (row.streams != 0) {
        object.insert(QStringLiteral("streams"), namesOf(row.streams, message.sequence(), streams));
        object.insert(QStringLiteral("came_utc_ms"), row.utcMs);
    }
    if (!message.properties().empty()) {
        object.insert(QStringLiteral("properties_base64"),
                      QString::fromLatin1(bytes(message.properties()).toBase64()));
    }
    putBytes(&object, QStringLiteral("payload"), bytes(message.payload()));
    putTargets(&object, row.targets, settled);
    return object;
}

} // namespace fairlead::core
