// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QList>
#include <QtCore/QString>

namespace fairlead::ship {

/// One way to reach a peer.
struct PeerAddress
{
    QString host; ///< an address, IPv6 with its zone where it needs one, or a name
    quint16 port = 0;

    bool operator==(const PeerAddress &) const = default;
};

/// @p text as an address that can be dialled, in its usual spelling; a link-local IPv6 one gets
/// @p interface as its zone. Empty when there is nobody to be reached by it: no address, multicast, or
/// link-local without an interface.
[[nodiscard]] QString dialAddress(const QString &text, int interface);

/// The order to dial in, without repetitions: IPv4, IPv6, then names, since a resolver without mDNS
/// holds a name for seconds. Within each, the order of @p addresses.
[[nodiscard]] QList<PeerAddress> dialOrder(const QList<PeerAddress> &addresses);

/// "192.168.1.5:4712", "[fe80::1%2]:4712", "pump.local:4712".
[[nodiscard]] QString placeText(const PeerAddress &address);

/// All of them with blanks between; what cannot be written so is left out.
[[nodiscard]] QByteArray placesText(const QList<PeerAddress> &addresses);
/// What is none is passed over.
[[nodiscard]] QList<PeerAddress> placesFromText(const QByteArray &text);

} // namespace fairlead::ship
