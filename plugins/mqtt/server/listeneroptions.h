// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QJsonObject>
#include <QtCore/QtGlobal>

#include <fairlead/result.h>

namespace fairlead::mqtt {

/// What an operator may set on an MQTT listener; the defaults are those of plugin.json.
struct ListenerOptions
{
    QByteArray responseInformation; ///< prefix of the topics offered for responses; empty: none
    QByteArray serverReference; ///< where clients go when this listener takes none; empty: nowhere
    quint32 quiesceRate = 100; ///< links asked to leave, per second
    quint32 maxPacketSize = 16 * 1024 * 1024;
    quint16 receiveMaximum = 1024;
    quint16 topicAliasMax = 64;
    quint16 topicAliasMaxOutgoing = 64;
    quint16 maxKeepAlive = 0; ///< seconds, 0: the client's choice stands
    quint8 maxQos = 2;
    bool allowMqtt31 = false;
    bool strictReceiveMaximum = true;
    bool retainAvailable = true;
    bool wildcardAvailable = true;
    bool sharedAvailable = true;
    bool validatePayloadFormat = false;
    bool serverMoved = false; ///< the reference is for good
};

/// Reads the plugin's own keys of an endpoint. The host checked them against the schema; a value
/// that gets here all the same and cannot be served is refused with ConfigType or ConfigRange.
Result<ListenerOptions> parseListenerOptions(const QJsonObject &options);

} // namespace fairlead::mqtt
