// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "control/controlclient.h"
#include "control/pluginwish.h"
#include "output/console.h"

#include <QByteArray>
#include <QJsonObject>
#include <QJsonValue>
#include <QList>

namespace fairlead::cli {

/// One run of a command that a plugin of the running host offers.
class PluginCommand
{
public:
    /// @p name: what the user calls the plugin; the type of its transport, or its id.
    explicit PluginCommand(const QByteArray &name);

    /// The exit code.
    int run(const QList<QByteArray> &arguments);

private:
    [[nodiscard]] Failure findPlugin(bool isAlone, QJsonObject *plugin);
    [[nodiscard]] Failure readInput();
    void show(const QJsonValue &answer);
    int end(const Failure &failure = {});

    const QByteArray m_name;
    PluginWish m_wish;
    ControlClient m_client;
    Console m_console;
};

} // namespace fairlead::cli
