// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "control/controlclient.h"
#include "control/controlcommands.h"
#include "output/console.h"

#include <QJsonObject>
#include <QList>

#include <chrono>

namespace fairlead::cli {

/// What the user asked of a command that talks to the daemon, checked.
struct ControlWish
{
    bool help = false;
    bool json = false;
    QString path;
    std::chrono::milliseconds timeout{30'000};
    qint64 limit = 0; ///< 0: all
    qint64 count = 0; ///< events; 0: no end
    QJsonObject params;
};

/// Reads what follows the command's name.
[[nodiscard]] Failure parseControlWish(const ControlCommandSpec &command,
                                       const QList<QByteArray> &arguments,
                                       ControlWish *wish);

/// One run of such a command.
class ControlCommand
{
public:
    ControlCommand(const ControlCommandSpec &command, ControlWish wish);

    /// The exit code.
    int run();

private:
    [[nodiscard]] Failure ask(QJsonObject *result);
    [[nodiscard]] Failure askPages(QJsonObject *result);
    [[nodiscard]] Failure watch();
    int show(const QJsonObject &result);
    int end(int exitCode);
    int complain(const Failure &failure);

    const ControlCommandSpec &m_command;
    const ControlWish m_wish;
    ControlClient m_client;
    Console m_console;
};

} // namespace fairlead::cli
