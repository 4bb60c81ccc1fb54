// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/peertexts.h"

#include <QtCore/QDateTime>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

#include <fairlead/clock.h>

namespace fairlead::ship {

namespace {

QJsonValue numberOf(quint64 count)
{
    return QJsonValue(qint64(count));
}

QJsonValue timeOf(qint64 utcMs)
{
    if (utcMs < 0)
        return QJsonValue(QJsonValue::Null);
    return QDateTime::fromMSecsSinceEpoch(utcMs, Qt::UTC).toString(Qt::ISODateWithMs);
}

QJsonValue countersOf(const LinkCounters *counters)
{
    if (!counters)
        return QJsonValue(QJsonValue::Null);
    return QJsonObject{
        {QStringLiteral("rxMessages"), numberOf(counters->rxMessages)},
        {QStringLiteral("rxBytes"), numberOf(counters->rxBytes)},
        {QStringLiteral("rxDropped"), numberOf(counters->rxDropped)},
        {QStringLiteral("txMessages"), numberOf(counters->txMessages)},
        {QStringLiteral("txBytes"), numberOf(counters->txBytes)},
        {QStringLiteral("txDropped"), numberOf(counters->txDropped)},
        {QStringLiteral("txLosses"), numberOf(counters->txLosses)},
    };
}

QString stateWord(const PeerState &state)
{
    if (!state.connected)
        return QStringLiteral("disconnected");
    if (state.phase == State::Data)
        return QStringLiteral("connected");
    return state.phase > State::Data ? QStringLiteral("closing") : QStringLiteral("connecting");
}

void insertText(QJsonObject &object, const QString &key, const QByteArray &text)
{
    if (!text.isEmpty())
        object.insert(key, QString::fromUtf8(text));
}

QByteArray textOf(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

} // namespace

QByteArray stateJson(const PeerState &state)
{
    QJsonObject object{
        {QStringLiteral("state"), stateWord(state)},
        {QStringLiteral("role"),
         state.role == Role::Client ? QStringLiteral("client") : QStringLiteral("server")},
        {QStringLiteral("address"), QString::fromUtf8(state.address)},
        {QStringLiteral("since"), timeOf(state.sinceUtcMs)},
        {QStringLiteral("counters"), countersOf(state.counters)},
    };
    if (state.connected) {
        object.insert(QStringLiteral("phase"), QLatin1String(toText(state.phase)));
        object.insert(QStringLiteral("waiting"), state.waiting);
    }
    if (!state.reason.isNull()) {
        object.insert(QStringLiteral("reason"), QLatin1String(errorName(state.reason.code())));
        object.insert(QStringLiteral("text"), state.reason.text());
        const QVariant ship = state.reason.details().value(QStringLiteral("ship"));
        if (ship.isValid())
            object.insert(QStringLiteral("ship"), ship.toString());
    }
    return textOf(object);
}

QByteArray infoJson(const TrustedPeer &peer, const AccessMethods &methods)
{
    QJsonObject object{
        {QStringLiteral("ski"), QString::fromLatin1(peer.ski.toHex())},
        {QStringLiteral("shipId"), QString::fromUtf8(methods.id)},
        {QStringLiteral("trust"), QLatin1String(toText(peer.source))},
    };
    insertText(object, QStringLiteral("label"), peer.label);
    insertText(object, QStringLiteral("brand"), peer.claims.brand);
    insertText(object, QStringLiteral("model"), peer.claims.model);
    insertText(object, QStringLiteral("type"), peer.claims.type);
    if (methods.dnsUri)
        insertText(object, QStringLiteral("uri"), *methods.dnsUri);
    return textOf(object);
}

QByteArray pairingJson(const std::vector<TrustRequest> &requests, qint64 now, qint64 utcMs)
{
    QJsonArray list;
    for (const TrustRequest &request : requests) {
        list.append(QJsonObject{
            {QStringLiteral("ski"), QString::fromLatin1(request.ski.toHex())},
            {QStringLiteral("first"), timeOf(utcMs - (now - request.firstAt) / kNsPerMs)},
            {QStringLiteral("last"), timeOf(utcMs - (now - request.lastAt) / kNsPerMs)},
            {QStringLiteral("attempts"), numberOf(request.attempts)},
        });
    }
    return textOf(QJsonObject{{QStringLiteral("requests"), list}});
}

} // namespace fairlead::ship
