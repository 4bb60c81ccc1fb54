// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/propertyset.h"

namespace fairlead::cli {

struct WillSettings
{
    QByteArray topic;
    QByteArray payload;
    quint8 qos = 0;
    bool retain = false;
    PropertySet properties;
};

/// Everything a client needs to know before it connects.
struct ClientSettings
{
    QByteArray host = QByteArrayLiteral("localhost");
    quint16 port = 1883;
    QByteArray bindAddress; ///< name or address of ours; empty = any
    bool noDelay = false;

    mqtt::Version version = mqtt::Version::V311;
    QByteArray clientId;
    bool cleanStart = true;
    quint16 keepAlive = 60; ///< seconds
    std::optional<QByteArray> userName;
    std::optional<QByteArray> password;
    std::optional<WillSettings> will;
    PropertySet connectProperties; ///< session expiry and receive maximum included
    PropertySet disconnectProperties;
    /// Brokers that exceed an announced receive maximum exist; this one ends the connection.
    quint16 enforcedReceiveMaximum = mqtt::kDefaultReceiveMaximum;
    quint16 maxInflight = 20; ///< QoS 1 and 2 messages of ours that may wait for an answer
};

} // namespace fairlead::cli
