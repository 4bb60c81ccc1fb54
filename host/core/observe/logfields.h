// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QList>
#include <QtCore/QString>

#include <utility>

namespace fairlead::core {

/// @p value as it may stand in a line of the log: line feeds and control characters escaped, so that
/// no peer can write lines of its own.
QString logSafe(const QString &value);

/// "key=value" with quotes around a value that needs them. Thread: any.
QString logField(const char *key, const QString &value);
QString logField(const char *key, qint64 value);

/// The key=value pairs at the start of a text, and the rest of it.
struct LogFields
{
    QList<std::pair<QString, QString>> fields;
    QString rest;
};

LogFields parseLogFields(const QString &text);

} // namespace fairlead::core
