// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArrayList>
#include <QtCore/QHash>
#include <QtCore/QJsonObject>
#include <QtCore/QString>
#include <QtCore/QStringList>

namespace fairlead::core {

enum class EndpointRole : quint8 {
    Listen,
    Dial
};

/// What carries a transport's bytes, at the bottom.
enum class Carrier : quint8 {
    Tcp,
    Memory,
    Process, ///< the standard input and output of a program that is launched
};

/// What a transport's peers find at a WebSocket.
struct WebSocketDescription
{
    QString path = QStringLiteral("/"); ///< of a URL that names none
    QByteArrayList subProtocols; ///< in the order of preference; empty: none is asked for
    quint64 maxMessage = 0; ///< bytes; 0: any number
    bool messages = false; ///< the limits of messages mean something
    bool hasRoot = false; ///< at / too, both ways
};

/// How a transport's peers prove who they are, in the handshake of TLS.
struct TlsDescription
{
    bool selfSigned = false; ///< both sides by certificates of their own, as keyidentity.h says
    QByteArray ciphers; ///< of TLS 1.2, where the endpoint names none; empty: the usual ones
    int maxRecord = 0; ///< bytes of a record that is sent; 0: what TLS allows
};

/// A transport as its plugin's metadata declares it: known without loading the plugin.
struct TransportDescription
{
    QString type;
    QString pluginId;
    QStringList roles; ///< "listen", "dial"
    QStringList schemes;
    QStringList capabilities;
    QStringList reloadable;
    QHash<QString, Carrier> carriers; ///< by scheme
    QStringList tlsSchemes; ///< those whose bytes are encrypted
    QStringList webSocketSchemes; ///< those that a WebSocket carries
    TlsDescription tls;
    WebSocketDescription webSocket;
    QHash<QString, quint16> defaultPorts; ///< by scheme; none for one without ports
    QJsonObject config; ///< schema of the plugin's own endpoint keys
    bool single = false; ///< the plugin asks for one reactor
};

} // namespace fairlead::core
