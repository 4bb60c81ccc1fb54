// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/socketaddress.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <cstring>

namespace fairlead::core {

namespace {

quint32 zoneOf(const QString &scope)
{
    bool isNumber = false;
    const quint32 number = scope.toUInt(&isNumber);
    return isNumber || scope.isEmpty() ? number : ::if_nametoindex(scope.toUtf8().constData());
}

} // namespace

SocketAddress::SocketAddress(const QHostAddress &address, quint16 port)
{
    if (address.protocol() == QAbstractSocket::IPv4Protocol) {
        auto *v4 = reinterpret_cast<sockaddr_in *>(&storage);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        v4->sin_addr.s_addr = htonl(address.toIPv4Address());
        size = sizeof *v4;
        return;
    }
    auto *v6 = reinterpret_cast<sockaddr_in6 *>(&storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    const Q_IPV6ADDR bytes = address.toIPv6Address();
    std::memcpy(&v6->sin6_addr, &bytes, sizeof bytes);
    v6->sin6_scope_id = zoneOf(address.scopeId());
    size = sizeof *v6;
}

quint16 SocketAddress::port() const noexcept
{
    return ntohs(storage.ss_family == AF_INET
                     ? reinterpret_cast<const sockaddr_in *>(&storage)->sin_port
                     : reinterpret_cast<const sockaddr_in6 *>(&storage)->sin6_port);
}

QByteArray SocketAddress::text() const
{
    char host[INET6_ADDRSTRLEN] = {};
    if (storage.ss_family == AF_INET) {
        const auto *v4 = reinterpret_cast<const sockaddr_in *>(&storage);
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        return QByteArray(host) + ':' + QByteArray::number(port());
    }
    const auto *v6 = reinterpret_cast<const sockaddr_in6 *>(&storage);
    inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    return QByteArray("[") + host + "]:" + QByteArray::number(port());
}

} // namespace fairlead::core
