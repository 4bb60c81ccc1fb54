// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/publish.h"
#include "mqttclient/propertyset.h"

namespace fairlead::cli {

/// What is to be published.
struct OutgoingMessage
{
    QByteArray topic;
    QByteArray payload;
    quint8 qos = 0;
    bool retain = false;
    quint16 topicAlias = 0; ///< 0 = none; the topic is then sent once per connection
    std::optional<quint32> expiry; ///< seconds
    QByteArray properties; ///< encoded, what a PUBLISH hands on to its receivers
};

/// What was received; owns its octets.
struct IncomingMessage
{
    QByteArray topic;
    QByteArray payload;
    QByteArray properties; ///< encoded, as received
    quint16 packetId = 0;
    quint16 topicAlias = 0;
    quint8 qos = 0;
    bool retain = false;
    bool dup = false;

    [[nodiscard]] mqtt::PropertyIterator firstProperty() const noexcept
    {
        return mqtt::PropertyIterator(view(properties));
    }

    /// The first property of that id.
    [[nodiscard]] std::optional<mqtt::Property> property(mqtt::PropertyId id) const noexcept
    {
        for (auto it = firstProperty(); it != std::default_sentinel; ++it) {
            if (it->id == id) {
                return *it;
            }
        }
        return std::nullopt;
    }

    /// The value of the first user property of that name.
    [[nodiscard]] std::optional<mqtt::Bytes> userProperty(mqtt::Bytes name) const noexcept
    {
        for (auto it = firstProperty(); it != std::default_sentinel; ++it) {
            if (it->id == mqtt::PropertyId::UserProperty && it->name == name) {
                return it->value;
            }
        }
        return std::nullopt;
    }
};

} // namespace fairlead::cli
