// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "protocol/settings.h"
#include "protocol/ski.h"
#include "trust/trustedpeer.h"

#include <QtCore/QByteArray>

#include <fairlead/result.h>
#include <fairlead/transport.h>

#include <vector>

namespace fairlead::ship {

/// How payloads look on the bus.
enum class JsonForm : quint8 {
    Plain,
    Eebus
};

/// What an operator may set on an endpoint, with its defaults.
struct ShipOptions
{
    QByteArray endpoint; ///< its name
    Role role = Role::Server; ///< of the endpoint; a listener may dial too
    Ski own{Ski::Raw()}; ///< who we are to peers
    QByteArray shipId;
    std::vector<TrustedPeer> trusted; ///< by the configuration; also who is dialled
    QByteArray root = QByteArrayLiteral("ship"); ///< of all topics
    QByteArray pin; ///< that peers have to enter; empty: none
    QByteArray peerPin;
    quint32 sessionExpiry = 60; ///< seconds
    JsonForm form = JsonForm::Plain;
    bool asksPeople = true; ///< strangers wait for somebody to decide
    quint8 qos = 1;
};

/// Errors: ConfigRange, ConfigType, with the key as the detail "key".
Result<ShipOptions> parseShipOptions(const EndpointConfig &config, Role role);

} // namespace fairlead::ship
