// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/storageengine.h"

#include <QByteArray>
#include <QJsonObject>

namespace fairlead::core {

// Rows for people and scripts. Bytes that are UTF-8 are text under their name; others are base64
// under their name with `_base64` behind it. Times are milliseconds since 1970 UTC.

/// Puts @p bytes into @p object under @p name.
void putBytes(QJsonObject *object, const QString &name, const QByteArray &bytes);

QJsonObject toJson(const SessionRow &row);
QJsonObject toJson(const SubscriptionRow &row);
QJsonObject retainedToJson(const QByteArray &topic, quint64 sequence);
/// @p settled is that of the message, in its stored form; empty: none. Of targets that cannot be
/// decoded the bytes are shown.
QJsonObject toJson(const MessageRow &row, const QByteArray &settled);

} // namespace fairlead::core
