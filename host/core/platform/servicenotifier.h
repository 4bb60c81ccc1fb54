// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/platform/paths.h"

#include <QtCore/QByteArray>
#include <QtCore/QString>

namespace fairlead::core {

/// Tells the service manager how the host fares: the notify protocol, one datagram per message, to
/// a path or an abstract name. Without a service manager every call does nothing.
/// Thread: main; watchdog() from any.
class ServiceNotifier
{
public:
    explicit ServiceNotifier(const Environment &environment);
    ~ServiceNotifier();
    ServiceNotifier(const ServiceNotifier &) = delete;
    ServiceNotifier &operator=(const ServiceNotifier &) = delete;

    bool isActive() const noexcept { return m_fd >= 0; }

    /// How often watchdog() is due, in nanoseconds: half of what the manager allows; 0 for never.
    qint64 watchdogInterval() const noexcept { return m_watchdogInterval; }

    void ready(const QString &status) const;
    void status(const QString &text) const;
    void watchdog() const;
    void stopping(const QString &status) const;
    /// The configuration is being read again; ready() ends it.
    void reloading() const;
    /// Asks for @p nanoseconds more before the manager loses patience.
    void extendTimeout(qint64 nanoseconds) const;

private:
    void send(const QByteArray &message) const;

    int m_fd = -1;
    qint64 m_watchdogInterval = 0;
};

} // namespace fairlead::core
