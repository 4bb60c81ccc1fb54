// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/loghub.h"

#include "core/observe/logfields.h"
#include "core/platform/stderrstream.h"
#include "core/platform/systemclock.h"

namespace fairlead::core {

LogHub::LogHub(const Options &options)
    : m_format(options.format)
    , m_coloured(options.coloured)
    , m_sink(options.sink)
    , m_utcMs(options.utcMs)
    , m_monotonicNs(options.monotonicNs)
    , m_level(options.level)
{
    Q_ASSERT(m_format != LogFormat::Auto && m_sink && m_utcMs && m_monotonicNs);
}

LogHub::Options LogHub::stderrOptions(LogFormat format, LogLevel level)
{
    const Environment environment = processEnvironment();
    const StderrKind kind = stderrKind(environment);
    Options options;
    options.format = format;
    if (format == LogFormat::Auto)
        options.format = kind == StderrKind::Journal ? LogFormat::Journal : LogFormat::Text;
    // https://no-color.org
    options.coloured = kind == StderrKind::Terminal
        && environment.value(QStringLiteral("NO_COLOR")).isEmpty()
        && environment.value(QStringLiteral("TERM")) != QLatin1String("dumb");
    options.level = level;
    options.sink = &writeToStderr;
    options.utcMs = [] { return utcNowMs(); };
    options.monotonicNs = [] { return monotonicNs(); };
    return options;
}

void LogHub::log(LogLevel level, const QString &component, const char *event, const QString &text)
{
    if (isEnabled(level))
        write(level, component, QLatin1String(event), text);
}

void LogHub::logLimited(LogLevel level,
                        const QString &component,
                        const char *event,
                        const QString &text)
{
    if (!isEnabled(level))
        return;
    const QString name = QLatin1String(event);
    if (level < LogLevel::Warning) {
        write(level, component, name, text);
        return;
    }
    quint64 earlier = 0;
    {
        const std::lock_guard lock(m_limiterMutex);
        const QString kind = component + QLatin1Char(' ') + name;
        if (!m_limiter.admit(kind, m_monotonicNs(), &earlier))
            return;
    }
    if (earlier == 0)
        write(level, component, name, text);
    else
        write(level, component, name, logField("repeated", qint64(earlier)) + u' ' + text);
}

void LogHub::flushRepeats()
{
    QList<RepeatLimiter::Summary> summaries;
    {
        const std::lock_guard lock(m_limiterMutex);
        summaries = m_limiter.takeOver(m_monotonicNs());
    }
    writeSummaries(summaries);
}

void LogHub::flushAll()
{
    QList<RepeatLimiter::Summary> summaries;
    {
        const std::lock_guard lock(m_limiterMutex);
        summaries = m_limiter.takeAll();
    }
    writeSummaries(summaries);
}

void LogHub::writeSummaries(const QList<RepeatLimiter::Summary> &summaries)
{
    for (const RepeatLimiter::Summary &summary : summaries) {
        QString text = logField("repeated", qint64(summary.suppressed));
        if (!summary.kind.isEmpty())
            text += QLatin1Char(' ') + logField("kind", summary.kind);
        write(LogLevel::Warning, QStringLiteral("core.observe"), QStringLiteral("held-back"), text);
    }
}

void LogHub::write(LogLevel level,
                   const QString &component,
                   const QString &event,
                   const QString &text)
{
    const QByteArray line
        = formatLogEvent({level, component, event, text, m_utcMs()}, m_format, m_coloured);
    const std::lock_guard lock(m_sinkMutex);
    m_sink(line);
}

} // namespace fairlead::core
