// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "discovery/peeraddress.h"

#include <QtCore/QStringList>
#include <QtNetwork/QHostAddress>

#include <algorithm>
#include <array>

namespace fairlead::ship {

QString dialAddress(const QString &text, int interface)
{
    QHostAddress address(text);
    const auto protocol = address.protocol();
    const bool isV6 = protocol == QAbstractSocket::IPv6Protocol;
    if ((!isV6 && protocol != QAbstractSocket::IPv4Protocol) || address.isMulticast()
        || address.isBroadcast() || address == QHostAddress(QHostAddress::AnyIPv4)
        || address == QHostAddress(QHostAddress::AnyIPv6)) {
        return {};
    }
    if (isV6 && address.isLinkLocal()) {
        if (address.scopeId().isEmpty() && interface > 0)
            address.setScopeId(QString::number(interface));
        if (address.scopeId().isEmpty())
            return {};
    } else {
        address.setScopeId(QString());
    }
    return address.toString();
}

QList<PeerAddress> dialOrder(const QList<PeerAddress> &addresses)
{
    std::array<QList<PeerAddress>, 3> kinds;
    for (const PeerAddress &address : addresses) {
        std::size_t kind = 2;
        switch (QHostAddress(address.host).protocol()) {
        case QAbstractSocket::IPv4Protocol:
            kind = 0;
            break;
        case QAbstractSocket::IPv6Protocol:
            kind = 1;
            break;
        default:
            break;
        }
        if (!kinds[kind].contains(address))
            kinds[kind].append(address);
    }
    return kinds[0] + kinds[1] + kinds[2];
}

QString placeText(const PeerAddress &address)
{
    const QString host = address.host.contains(u':') ? u'[' + address.host + u']' : address.host;
    return host + u':' + QString::number(address.port);
}

QByteArray placesText(const QList<PeerAddress> &addresses)
{
    QStringList list;
    for (const PeerAddress &address : addresses) {
        if (!address.host.contains(u' '))
            list.append(placeText(address));
    }
    return list.join(u' ').toUtf8();
}

QList<PeerAddress> placesFromText(const QByteArray &text)
{
    QList<PeerAddress> addresses;
    const QStringList list = QString::fromUtf8(text).split(u' ', Qt::SkipEmptyParts);
    for (const QString &place : list) {
        const qsizetype colon = place.lastIndexOf(u':');
        QString host = place.left(std::max<qsizetype>(colon, 0));
        const quint16 port = place.mid(colon + 1).toUShort();
        if (host.startsWith(u'[') && host.endsWith(u']'))
            host = host.mid(1, host.size() - 2);
        if (!host.isEmpty() && port != 0)
            addresses.append({host, port});
    }
    return addresses;
}

} // namespace fairlead::ship
