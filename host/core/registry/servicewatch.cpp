// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/servicewatch.h"

#include <QtCore/QPointer>

namespace fairlead::core {

ServiceWatch::ServiceWatch(ServiceRegistry &registry,
                           const Clock &clock,
                           Timers &timers,
                           QObject *parent)
    : QObject(parent)
    , m_registry(registry)
    , m_clock(clock)
    , m_timers(timers)
    , m_timer([](void *self) noexcept { static_cast<ServiceWatch *>(self)->handleTimeout(); }, this)
{
    connect(&registry, &ServiceRegistry::registered, this, &ServiceWatch::rearm);
    connect(&registry, &ServiceRegistry::statusChanged, this, &ServiceWatch::rearm);
    rearm();
}

void ServiceWatch::handleTimeout()
{
    const QPointer<ServiceWatch> self(this);
    m_registry.checkHeartbeats(m_clock.now());
    if (self)
        rearm();
}

void ServiceWatch::rearm()
{
    // What fires too early, since a heartbeat came or the service left, only looks again.
    const qint64 deadline = m_registry.nextHeartbeatDeadline();
    if (deadline < 0)
        m_timers.disarm(m_timer);
    else if (!m_timer.isArmed() || deadline < m_timer.deadline())
        m_timers.arm(m_timer, deadline);
}

} // namespace fairlead::core
