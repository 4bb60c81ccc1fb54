// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/logformatter.h"
#include "core/observe/repeatlimiter.h"

#include <QtCore/QByteArray>
#include <QtCore/QString>

#include <fairlead/logger.h>

#include <atomic>
#include <functional>
#include <mutex>

namespace fairlead::core {

/// Where every line of the log passes: one line per event,
/// "<component> <event> key=value …". Thread: any; lines of several threads do not mix.
class LogHub
{
public:
    using Sink = std::function<void(const QByteArray &line)>;
    using TimeSource = qint64 (*)();

    struct Options
    {
        LogFormat format = LogFormat::Text; ///< not Auto
        bool coloured = false;
        LogLevel level = LogLevel::Info;
        Sink sink;
        TimeSource utcMs = nullptr;
        TimeSource monotonicNs = nullptr;
    };

    explicit LogHub(const Options &options);
    LogHub(const LogHub &) = delete;
    LogHub &operator=(const LogHub &) = delete;

    /// The hub that writes to the standard error stream; @p format Auto looks where it leads.
    static Options stderrOptions(LogFormat format, LogLevel level);

    LogLevel level() const noexcept { return m_level.load(std::memory_order_relaxed); }

    void setLevel(LogLevel level) noexcept { m_level.store(level, std::memory_order_relaxed); }

    bool isEnabled(LogLevel level) const noexcept { return level >= this->level(); }

    void log(LogLevel level, const QString &component, const char *event, const QString &text = {});
    /// As log(), for what a peer can provoke: repetitions of @p component and @p event are held back
    /// and told as a number. Debug and Info pass unbounded, they were asked for.
    void logLimited(LogLevel level,
                    const QString &component,
                    const char *event,
                    const QString &text = {});

    /// Tells what was held back and is due; called now and then, at least every few seconds.
    void flushRepeats();
    /// Tells all that is held back, before the process ends.
    void flushAll();

private:
    void write(LogLevel level, const QString &component, const QString &event, const QString &text);
    void writeSummaries(const QList<RepeatLimiter::Summary> &summaries);

    const LogFormat m_format;
    const bool m_coloured;
    const Sink m_sink;
    const TimeSource m_utcMs;
    const TimeSource m_monotonicNs;
    std::atomic<LogLevel> m_level;
    std::mutex m_limiterMutex;
    RepeatLimiter m_limiter;
    std::mutex m_sinkMutex;
};

} // namespace fairlead::core
