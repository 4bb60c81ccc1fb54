// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/logformat.h"

#include <QtCore/QByteArray>
#include <QtCore/QString>

#include <fairlead/logger.h>

namespace fairlead::core {

/// One event on its way to a line.
struct LogEvent
{
    LogLevel level = LogLevel::Info;
    QString component; ///< "core.config", "plugin.mqtt"
    QString event; ///< a stable lower-case code
    QString text; ///< key=value fields, then words
    qint64 utcMs = 0;
};

/// The line for @p event with its line feed, in UTF-8. @p format is not Auto; @p coloured is for
/// Text on a terminal. Thread: any.
QByteArray formatLogEvent(const LogEvent &event, LogFormat format, bool coloured);

/// "debug", "info", "warning", "error".
const char *logLevelName(LogLevel level) noexcept;

} // namespace fairlead::core
