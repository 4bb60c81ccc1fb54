// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtNetwork/QHostAddress>

#include <sys/socket.h>

namespace fairlead::core {

/// An internet address and port as the socket calls want it; an IPv6 zone may be a number or the
/// name of an interface.
struct SocketAddress
{
    SocketAddress() noexcept = default;
    SocketAddress(const QHostAddress &address, quint16 port);

    const sockaddr *data() const noexcept { return reinterpret_cast<const sockaddr *>(&storage); }

    sockaddr *data() noexcept { return reinterpret_cast<sockaddr *>(&storage); }

    quint16 port() const noexcept;

    QHostAddress address() const { return QHostAddress(data()); }

    /// "127.0.0.1:1883", "[::1]:1883"
    QByteArray text() const;

    sockaddr_storage storage = {};
    socklen_t size = sizeof storage;
};

} // namespace fairlead::core
