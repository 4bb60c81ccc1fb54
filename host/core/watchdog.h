// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/timers.h>

#include <atomic>
#include <memory>

namespace fairlead::core {

class Host;
class MainLoop;
class ServiceNotifier;

/// Feeds the service manager's watchdog only while every reactor answers: one stuck loop is enough
/// for a restart. Thread: main.
class Watchdog
{
public:
    Watchdog(const ServiceNotifier &notifier, Host &host, MainLoop &loop);
    ~Watchdog();

private:
    void look() noexcept;

    const ServiceNotifier &m_notifier;
    Host &m_host;
    MainLoop &m_loop;
    Timer m_timer;
    /// Reactors that have not answered the last round; shared, so that a late answer is harmless.
    std::shared_ptr<std::atomic<int>> m_missing;
};

} // namespace fairlead::core
