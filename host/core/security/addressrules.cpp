// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/security/addressrules.h"

#include <QtCore/QtEndian>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace fairlead::core {

namespace {

Error notANetwork(const QString &text)
{
    return Error(ErrorCode::ConfigRange,
                 QStringLiteral("expected an address or a network like 10.0.0.0/8 or fd00::/8, "
                                "found \"%1\"")
                     .arg(text));
}

QHostAddress firstOf(const AddressRules::Network &network)
{
    if (network.first.protocol() == QAbstractSocket::IPv4Protocol) {
        const quint64 mask = ~quint64(0) << std::clamp(32 - network.second, 0, 32);
        return QHostAddress(network.first.toIPv4Address() & quint32(mask));
    }
    Q_IPV6ADDR bytes = network.first.toIPv6Address();
    for (int i = 0; i < 16; ++i) {
        const int kept = std::clamp(network.second - 8 * i, 0, 8);
        bytes[i] &= quint8(0xFF << (8 - kept));
    }
    return QHostAddress(bytes);
}

bool isInside(const QHostAddress &peer, const QList<AddressRules::Network> &networks)
{
    return std::any_of(networks.cbegin(), networks.cend(), [&](const auto &network) {
        return peer.isInSubnet(network);
    });
}

} // namespace

QHostAddress plainAddress(const QHostAddress &address)
{
    if (address.protocol() != QAbstractSocket::IPv6Protocol)
        return address;
    // Qt's own conversion also turns ::1 and ::2.3.4.5 into IPv4.
    constexpr std::array<quint8, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    const Q_IPV6ADDR bytes = address.toIPv6Address();
    if (std::memcmp(&bytes, kMapped.data(), kMapped.size()) != 0)
        return address;
    return QHostAddress(qFromBigEndian<quint32>(&bytes.c[kMapped.size()]));
}

Result<AddressRules::Network> AddressRules::parseNetwork(const QString &text)
{
    const qsizetype slash = text.indexOf(QLatin1Char('/'));
    QHostAddress address;
    if (!address.setAddress(text.left(slash)) || !address.scopeId().isEmpty())
        return notANetwork(text);
    const int widest = address.protocol() == QAbstractSocket::IPv4Protocol ? 32 : 128;
    int length = widest;
    if (slash >= 0) {
        bool isNumber = false;
        length = int(text.mid(slash + 1).toUShort(&isNumber));
        if (!isNumber || length > widest)
            return notANetwork(text);
    }
    Network network(address, length);
    if (const QHostAddress first = firstOf(network); first != address) {
        return Error(ErrorCode::ConfigRange,
                     QStringLiteral("\"%1\" is an address within a network; write %2/%3")
                         .arg(text, first.toString())
                         .arg(length));
    }
    return network;
}

AddressRules::AddressRules(QList<Network> allowed, QList<Network> denied)
    : m_allowed(std::move(allowed))
    , m_denied(std::move(denied))
{ }

bool AddressRules::admits(const QHostAddress &peer) const
{
    if (isEmpty())
        return true;
    const QHostAddress plain = plainAddress(peer);
    return !isInside(plain, m_denied) && (m_allowed.isEmpty() || isInside(plain, m_allowed));
}

} // namespace fairlead::core
