// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

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

} // namespace fairlead::ship
