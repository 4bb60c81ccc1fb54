// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framed/linkstate.h"

#include <QtCore/QDateTime>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

namespace fairlead::tcp {

namespace {

QJsonValue numberOf(quint64 count)
{
    return QJsonValue(qint64(count));
}

QJsonValue countersOf(const LinkCounters *counters)
{
    if (!counters)
        return QJsonValue(QJsonValue::Null);
    return QJsonObject{
        {QStringLiteral("rxFrames"), numberOf(counters->rxFrames)},
        {QStringLiteral("rxBytes"), numberOf(counters->rxBytes)},
        {QStringLiteral("rxDropped"), numberOf(counters->rxDropped)},
        {QStringLiteral("txFrames"), numberOf(counters->txFrames)},
        {QStringLiteral("txBytes"), numberOf(counters->txBytes)},
        {QStringLiteral("txDropped"), numberOf(counters->txDropped)},
        {QStringLiteral("skippedBytes"), numberOf(counters->skippedBytes)},
    };
}

QJsonValue timeOf(qint64 utcMs)
{
    if (utcMs < 0)
        return QJsonValue(QJsonValue::Null);
    return QDateTime::fromMSecsSinceEpoch(utcMs, Qt::UTC).toString(Qt::ISODateWithMs);
}

} // namespace

QByteArray stateJson(const LinkState &state)
{
    QJsonObject object{
        {QStringLiteral("state"),
         state.connected ? QStringLiteral("connected") : QStringLiteral("disconnected")},
        {QStringLiteral("address"), QString::fromUtf8(state.address)},
        {QStringLiteral("since"), timeOf(state.sinceUtcMs)},
        {QStringLiteral("counters"), countersOf(state.counters)},
    };
    if (!state.reason.isNull()) {
        object.insert(QStringLiteral("reason"), QLatin1String(errorName(state.reason.code())));
        object.insert(QStringLiteral("text"), state.reason.text());
    }
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

} // namespace fairlead::tcp
