// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/error.h>
#include <fairlead/logger.h>

#include <atomic>
#include <memory>

namespace fairlead::core {

/// How often the plugin of one endpoint threw where it may not: counted, and told in the log, the
/// first few times each and then ever more rarely, since a peer may be able to cause it at will.
/// Thread: any.
class PluginFailures
{
public:
    /// @p logger outlives it; may be set later.
    explicit PluginFailures(const std::shared_ptr<Logger> &logger) noexcept
        : m_logger(logger)
    { }

    PluginFailures(const PluginFailures &) = delete;
    PluginFailures &operator=(const PluginFailures &) = delete;

    /// @p whose: "link=7 peer=127.0.0.1:4000", or nothing.
    void note(const Error &error, const QString &whose = {}) noexcept;

    quint64 count() const noexcept { return m_count.load(std::memory_order_relaxed); }

private:
    const std::shared_ptr<Logger> &m_logger;
    std::atomic<quint64> m_count = 0;
};

} // namespace fairlead::core
