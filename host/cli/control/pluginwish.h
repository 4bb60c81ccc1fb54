// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"

#include <QByteArray>
#include <QJsonObject>
#include <QList>
#include <QString>
#include <QStringList>

#include <chrono>

namespace fairlead::cli {

/// What the user asked of a plugin.
struct PluginWish
{
    bool help = false;
    bool json = false;
    QString path;
    std::chrono::milliseconds timeout{30'000};
    QString command; ///< empty: none was named
    QJsonObject arguments;
    QStringList columns; ///< what a table shows of the answer; empty: all
    QString fromInput; ///< the secret argument that is read from standard input, if one is
};

/// Where the daemon is and how long it is waited for: all that matters before the plugin is known.
[[nodiscard]] Failure parsePluginDoor(const QList<QByteArray> &arguments, PluginWish *wish);

/// The rest. @p name is what the user calls the plugin, @p plugin what the daemon says of it.
[[nodiscard]] Failure parsePluginWish(const QByteArray &name,
                                      const QJsonObject &plugin,
                                      const QList<QByteArray> &arguments,
                                      PluginWish *wish);

/// Usage of the plugin, or of its command @p command.
[[nodiscard]] QByteArray pluginHelp(const QByteArray &name,
                                    const QJsonObject &plugin,
                                    const QString &command);

} // namespace fairlead::cli
