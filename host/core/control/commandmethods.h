// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/controlapi.h"
#include "core/plugins/commanddescription.h"

#include <QtCore/QString>
#include <QtCore/QStringList>

#include <memory>
#include <vector>

namespace fairlead {
class Clock;
class HostServices;
class OperatorCommands;
class Timers;
} // namespace fairlead

namespace fairlead::core {

/// A plugin that operators can act on.
struct CommandedPlugin
{
    QString id;
    QString name; ///< for people
    QStringList transports; ///< their types
    QList<CommandDescription> commands;
    OperatorCommands *target = nullptr;
    std::shared_ptr<HostServices> services;
};

/// The control methods for what plugins offer operators. Thread: main. Ownership: the control plane's;
/// the plugins' root objects outlive it.
class CommandMethods
{
public:
    /// How long a plugin may take to answer.
    static constexpr qint64 kPatienceNs = 60'000'000'000;

    CommandMethods(std::vector<CommandedPlugin> plugins, const Clock &clock, Timers &timers);
    ~CommandMethods();

    void addTo(ControlApi &api);

private:
    class Pending;

    void list(const Call &call) const;
    void run(const Call &call);
    void forget(const Pending &pending);
    const CommandedPlugin *find(const QString &name) const;

    const std::vector<CommandedPlugin> m_plugins;
    const Clock &m_clock;
    Timers &m_timers;
    std::vector<std::shared_ptr<Pending>> m_pending; ///< whose plugins have yet to answer
};

} // namespace fairlead::core
