// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>

#include <fairlead/bus.h>

namespace fairlead::core {

/// A Testament that the session keeps.
struct StoredTestament
{
    StoredTestament() = default;

    explicit StoredTestament(const Testament &testament)
        : topic(testament.topic.data(), qsizetype(testament.topic.size()))
        , properties(testament.properties.data(), qsizetype(testament.properties.size()))
        , payload(testament.payload.data(), qsizetype(testament.payload.size()))
        , expirySeconds(testament.expirySeconds)
        , delaySeconds(testament.delaySeconds)
        , qos(testament.qos)
        , retain(testament.retain)
    { }

    QByteArray topic;
    QByteArray properties;
    QByteArray payload;
    quint32 expirySeconds = kNever;
    quint32 delaySeconds = 0;
    quint8 qos = 0;
    bool retain = false;

    bool operator==(const StoredTestament &) const = default;
};

} // namespace fairlead::core
