// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "commands/command.h"
#include "commands/linesource.h"

namespace fairlead::cli {

/// fairlead pub: publishes one message, several times if asked to, or each line of standard input.
class PubCommand : public Command
{
    Q_OBJECT

public:
    explicit PubCommand(const Options &options);

private:
    [[nodiscard]] Failure prepare() override;
    void handleOpened(bool sessionPresent) override;
    void handlePublished(quint64 handle,
                         mqtt::ReasonCode reason,
                         const QByteArray &reasonString) override;
    void handleFailed(const Failure &failure) override;
    void handleLost(const Failure &failure) override;

    void publishOn();
    void publishLines();
    void leaveWhenDone();

    LineSource m_lines;
    QTimer m_repeatTimer;
    QTimer m_reconnectTimer;
    quint64 m_sent = 0;
    quint64 m_done = 0;
    bool m_everOpen = false;
};

} // namespace fairlead::cli
