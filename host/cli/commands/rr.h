// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "commands/command.h"
#include "output/printer.h"

#include <QElapsedTimer>

namespace fairlead::cli {

/// fairlead rr: publishes a request, waits for one response and prints it.
class RrCommand : public Command
{
    Q_OBJECT

public:
    explicit RrCommand(const Options &options);

private:
    [[nodiscard]] Failure prepare() override;
    void handleOpened(bool sessionPresent) override;
    void handlePublished(quint64 handle,
                         mqtt::ReasonCode reason,
                         const QByteArray &reasonString) override;
    void handleSubscribed(const QByteArray &codes, const QByteArray &reasonString) override;
    void handleReceived(const IncomingMessage &message) override;
    void finish() override;

    Printer m_printer;
    QElapsedTimer m_sinceRequest;
};

} // namespace fairlead::cli
