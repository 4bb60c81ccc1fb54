// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/codec.h"
#include "mqttclient/clientsettings.h"
#include "mqttclient/message.h"

#include <QList>

namespace fairlead::cli {

/// A filter with the options of a SUBSCRIBE.
struct FilterOptions
{
    QByteArray filter;
    quint8 qos = 0;
    bool noLocal = false;
    bool retainAsPublished = false;
    quint8 retainHandling = 0;
};

/// The packets of a client, encoded; empty where MQTT cannot express what was asked for.
[[nodiscard]] QByteArray connectPacket(const ClientSettings &settings, bool cleanStart);
[[nodiscard]] QByteArray disconnectPacket(const ClientSettings &settings,
                                          mqtt::ReasonCode reason,
                                          const QByteArray &reasonString);
[[nodiscard]] QByteArray publishPacket(const OutgoingMessage &message,
                                       quint16 packetId,
                                       bool dup,
                                       bool topicKnown,
                                       mqtt::Version version);
[[nodiscard]] QByteArray ackPacket(mqtt::PacketType type,
                                   quint16 packetId,
                                   mqtt::ReasonCode reason,
                                   mqtt::Version version);
[[nodiscard]] QByteArray subscribePacket(quint16 packetId,
                                         const QList<FilterOptions> &filters,
                                         const PropertySet &properties,
                                         mqtt::Version version);
[[nodiscard]] QByteArray unsubscribePacket(quint16 packetId,
                                           const QList<QByteArray> &filters,
                                           const PropertySet &properties,
                                           mqtt::Version version);
[[nodiscard]] QByteArray pingPacket();

} // namespace fairlead::cli
