// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/logformatter.h"

#include "core/observe/logfields.h"

#include <QtCore/QDateTime>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>

namespace fairlead::core {

namespace {

// The priorities that syslog and the journal share.
char priority(LogLevel level) noexcept
{
    switch (level) {
    case LogLevel::Debug:
        return '7';
    case LogLevel::Info:
        return '6';
    case LogLevel::Warning:
        return '4';
    case LogLevel::Error:
        return '3';
    }
    Q_UNREACHABLE();
}

const char *colour(LogLevel level) noexcept
{
    switch (level) {
    case LogLevel::Debug:
        return "\033[2m";
    case LogLevel::Info:
        return "";
    case LogLevel::Warning:
        return "\033[33m";
    case LogLevel::Error:
        return "\033[31m";
    }
    Q_UNREACHABLE();
}

QString body(const LogEvent &event)
{
    QString line = event.component + QLatin1Char(' ') + event.event;
    if (!event.text.isEmpty())
        line += QLatin1Char(' ') + event.text;
    return logSafe(line);
}

QByteArray json(const LogEvent &event)
{
    const QDateTime time = QDateTime::fromMSecsSinceEpoch(event.utcMs, Qt::UTC);
    QJsonObject object{{QStringLiteral("time"), time.toString(Qt::ISODateWithMs)},
                       {QStringLiteral("level"), QLatin1String(logLevelName(event.level))},
                       {QStringLiteral("component"), event.component},
                       {QStringLiteral("event"), event.event}};
    const LogFields parsed = parseLogFields(event.text);
    QJsonObject fields;
    for (const auto &[key, value] : parsed.fields)
        fields.insert(key, value);
    if (!fields.isEmpty())
        object.insert(QStringLiteral("fields"), fields);
    if (!parsed.rest.isEmpty())
        object.insert(QStringLiteral("text"), parsed.rest);
    return QJsonDocument(object).toJson(QJsonDocument::Compact) + '\n';
}

} // namespace

QByteArray formatLogEvent(const LogEvent &event, LogFormat format, bool coloured)
{
    if (format == LogFormat::Json)
        return json(event);
    if (format == LogFormat::Journal)
        return QByteArray("<") + priority(event.level) + '>' + body(event).toUtf8() + '\n';

    const QDateTime time = QDateTime::fromMSecsSinceEpoch(event.utcMs).toLocalTime();
    QByteArray line = time.toString(QStringLiteral("yyyy-MM-dd HH:mm:ss.zzz")).toLatin1();
    line += ' ';
    const QByteArray paint = coloured ? colour(event.level) : "";
    line += paint + QByteArray(logLevelName(event.level)).leftJustified(7, ' ') + ' '
        + body(event).toUtf8();
    if (!paint.isEmpty())
        line += "\033[0m";
    return line + '\n';
}

const char *logLevelName(LogLevel level) noexcept
{
    switch (level) {
    case LogLevel::Debug:
        return "debug";
    case LogLevel::Info:
        return "info";
    case LogLevel::Warning:
        return "warning";
    case LogLevel::Error:
        return "error";
    }
    Q_UNREACHABLE();
}

} // namespace fairlead::core
