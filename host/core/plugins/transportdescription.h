// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QHash>
#include <QtCore/QJsonObject>
#include <QtCore/QString>
#include <QtCore/QStringList>

namespace fairlead::core {

enum class EndpointRole : quint8 {
    Listen,
    Dial
};

/// What carries a transport's bytes.
enum class Carrier : quint8 {
    Tcp,
    Memory
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
    QHash<QString, quint16> defaultPorts; ///< by scheme; none for one without ports
    QJsonObject config; ///< schema of the plugin's own endpoint keys
    bool single = false; ///< the plugin asks for one reactor
};

} // namespace fairlead::core
