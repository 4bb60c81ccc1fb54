// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventjson.h"

#include <QtCore/QDateTime>
#include <QtCore/QStringDecoder>

namespace fairlead::core {

namespace {

QString keyText(const QByteArray &key)
{
    QStringDecoder decode(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    const QString text = decode(key);
    if (!decode.hasError())
        return text;
    return QStringLiteral("hex:") + QString::fromLatin1(key.toHex());
}

QJsonObject reasonToJson(const Error &reason)
{
    return {{QStringLiteral("code"), QString::fromLatin1(errorName(reason.code()))},
            {QStringLiteral("text"), reason.text()},
            {QStringLiteral("userText"), reason.userText()},
            {QStringLiteral("retryable"), reason.isRetryable()}};
}

} // namespace

QJsonObject eventToJson(const Event &event)
{
    const QDateTime time = QDateTime::fromMSecsSinceEpoch(event.utcMs, Qt::UTC);
    QJsonObject json{{QStringLiteral("number"), qint64(event.number)},
                     {QStringLiteral("kind"), QString::fromLatin1(eventName(event.kind))},
                     {QStringLiteral("time"), time.toString(Qt::ISODateWithMs)},
                     {QStringLiteral("monotonicNs"), event.monotonicNs}};
    if (!event.key.isEmpty())
        json.insert(QStringLiteral("key"), keyText(event.key));
    if (!event.endpoint.isEmpty())
        json.insert(QStringLiteral("endpoint"), event.endpoint);
    if (event.generation != 0)
        json.insert(QStringLiteral("generation"), qint64(event.generation));
    if (event.attempt != 0)
        json.insert(QStringLiteral("attempt"), qint64(event.attempt));
    if (!event.from.isEmpty())
        json.insert(QStringLiteral("from"), event.from);
    if (!event.to.isEmpty())
        json.insert(QStringLiteral("to"), event.to);
    if (!event.reason.isNull())
        json.insert(QStringLiteral("reason"), reasonToJson(event.reason));
    if (!event.details.isEmpty())
        json.insert(QStringLiteral("details"), event.details);
    return json;
}

} // namespace fairlead::core
