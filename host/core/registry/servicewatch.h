// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/serviceregistry.h"

#include <fairlead/timers.h>

namespace fairlead::core {

/// Looks after the heartbeats of the registered services: one timer for the earliest deadline. A
/// heartbeat does not move it; it looks again when it fires. Thread: main. Ownership: the host's;
/// the registry outlives it.
class ServiceWatch final : public QObject
{
    Q_OBJECT

public:
    ServiceWatch(ServiceRegistry &registry,
                 const Clock &clock,
                 Timers &timers,
                 QObject *parent = nullptr);

    bool isArmed() const noexcept { return m_timer.isArmed(); }

private:
    void handleTimeout();
    void rearm();

    ServiceRegistry &m_registry;
    const Clock &m_clock;
    Timers &m_timers;
    Timer m_timer;
};

} // namespace fairlead::core
