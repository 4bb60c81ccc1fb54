// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framing/framing.h"

#include <QtCore/QByteArray>

#include <fairlead/clock.h>
#include <fairlead/result.h>
#include <fairlead/transport.h>

namespace fairlead::tcp {

/// Which end of the connection the endpoint is.
enum class Role : quint8 {
    Listen,
    Dial
};

/// Where the name of a peer comes from.
enum class PeerNaming : quint8 {
    Address,
    Certificate,
    FirstFrame
};

/// What becomes of a frame that is not UTF-8 text.
enum class TextCheck : quint8 {
    Off, ///< nobody looks
    Drop,
    Close
};

/// What an operator may set on an endpoint in framed mode, with its defaults.
struct FramedOptions
{
    QByteArray endpoint; ///< its name
    QByteArray remote; ///< "host:port" that is dialled; empty for listeners
    Framing framing;
    qint64 idleGapNs = 50 * kNsPerMs;
    /// Topics in which {endpoint} and {peer} stand for the names. Empty: that one is not used.
    QByteArray rxTopic = QByteArrayLiteral("tcp/{endpoint}/{peer}/rx");
    QByteArray txTopic = QByteArrayLiteral("tcp/{endpoint}/{peer}/tx");
    QByteArray stateTopic = QByteArrayLiteral("tcp/{endpoint}/{peer}/state");
    quint32 sessionExpiry = 0; ///< seconds
    quint32 stateInterval = 60; ///< seconds; 0: only when it changes
    quint32 stateExpiry = 3600; ///< seconds, of an accepted peer that left
    quint32 heartbeat = 0; ///< seconds of silence after which the peer is lost; 0: never
    PeerNaming naming = PeerNaming::Address;
    TextCheck textCheck = TextCheck::Off;
    quint8 qos = 0;
    bool retain = false;

    bool isDialled() const noexcept { return !remote.isEmpty(); }
};

/// Errors: ConfigMissing, ConfigType, ConfigRange, with the key as the detail "key".
Result<FramedOptions> parseFramedOptions(const EndpointConfig &config, Role role);

/// @p pattern with the names in place.
QByteArray expandTopic(const QByteArray &pattern,
                       const QByteArray &endpoint,
                       const QByteArray &peer);

} // namespace fairlead::tcp
