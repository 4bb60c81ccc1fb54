// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>
#include <QtCore/QList>

#include <fairlead/result.h>
#include <fairlead/transport.h>

namespace fairlead::loopback {

/// What an operator may set on a dialled endpoint.
struct PeerOptions
{
    QByteArray name; ///< the endpoint's
    QList<QByteArray> filters; ///< at least one
    QByteArray publishTopic;
    quint32 sessionExpiry = 0;
    quint32 heartbeat = 60; ///< seconds of the listener's silence after which it is lost; 0: never
    quint8 qos = 1;
};

/// Errors: ConfigMissing, ConfigType, ConfigRange, with the key as the detail "key".
Result<PeerOptions> parsePeerOptions(const EndpointConfig &config);

/// Checks what both roles need, and that a listener has none of the dialler's keys.
Result<> checkListenerConfig(const EndpointConfig &config);

} // namespace fairlead::loopback
