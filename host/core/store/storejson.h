// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/storageengine.h"
#include "core/store/streamstate.h"

#include <QByteArray>
#include <QJsonObject>

#include <array>

namespace fairlead::core {

/// A durable stream as a store has it.
struct StreamOnDisk
{
    QByteArray name; ///< empty: there is none
    StreamState state;
    quint64 trimmedUpTo = 0; ///< what came up to here is gone
};

using StreamSlots = std::array<StreamOnDisk, std::size_t(kStreamSlots)>;

// Rows for people and scripts. Bytes that are UTF-8 are text under their name; others are base64
// under their name with `_base64` behind it. Times are milliseconds since 1970 UTC.

/// Puts @p bytes into @p object under @p name.
void putBytes(QJsonObject *object, const QString &name, const QByteArray &bytes);

QJsonObject toJson(const SessionRow &row);
QJsonObject toJson(const SubscriptionRow &row);
QJsonObject retainedToJson(const QByteArray &topic, quint64 sequence);
/// @p settled is that of the message, in its stored form; empty: none. Of targets that cannot be
/// decoded the bytes are shown.
QJsonObject toJson(const MessageRow &row, const QByteArray &settled, const StreamSlots &streams);
QJsonObject toJson(const StreamOnDisk &stream);

} // namespace fairlead::core
