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
class HostServices;
class OperatorCommands;
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
    explicit CommandMethods(std::vector<CommandedPlugin> plugins);
    ~CommandMethods();

    void addTo(ControlApi &api);

private:
    void list(const Call &call) const;
    void run(const Call &call) const;
    const CommandedPlugin *find(const QString &name) const;

    const std::vector<CommandedPlugin> m_plugins;
};

} // namespace fairlead::core
