// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/foundtext.h"

#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

namespace fairlead::ship {

namespace {

void insertText(QJsonObject &object, const char *key, const QByteArray &text)
{
    if (!text.isEmpty())
        object.insert(QLatin1String(key), QString::fromUtf8(text));
}

} // namespace

QJsonArray foundViews(const std::vector<FoundPeer> &peers,
                      const std::function<bool(const Ski &)> &isTrusted)
{
    QJsonArray list;
    for (const FoundPeer &peer : peers) {
        const Announcement &claims = peer.claims;
        QJsonObject object{
            {QStringLiteral("ski"), QString::fromLatin1(claims.ski.toHex())},
            {QStringLiteral("trusted"), isTrusted(claims.ski)},
            {QStringLiteral("present"), peer.isPresent},
            {QStringLiteral("register"), claims.registers},
            {QStringLiteral("path"), QString::fromLatin1(claims.path)},
        };
        insertText(object, "id", claims.id);
        insertText(object, "brand", claims.brand);
        insertText(object, "model", claims.model);
        insertText(object, "type", claims.type);
        insertText(object, "serial", claims.serial);
        insertText(object, "categories", claims.categories);
        QJsonArray addresses;
        for (const PeerAddress &address : peer.addresses)
            addresses.append(placeText(address));
        object.insert(QStringLiteral("addresses"), addresses);
        list.append(object);
    }
    return list;
}

QByteArray foundJson(const MdnsState &state, const QJsonArray &peers)
{
    QJsonObject object{
        {QStringLiteral("mdns"), state.isUp ? QStringLiteral("up") : QStringLiteral("down")},
        {QStringLiteral("peers"), peers},
    };
    if (!state.isUp && !state.reason.isEmpty())
        object.insert(QStringLiteral("reason"), state.reason);
    insertText(object, "label", state.label);
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

} // namespace fairlead::ship
