// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "commands/command.h"
#include "commands/termination.h"
#include "output/printer.h"

namespace fairlead::cli {

/// fairlead sub: subscribes and prints what comes.
class SubCommand : public Command
{
    Q_OBJECT

public:
    explicit SubCommand(const Options &options);

private:
    [[nodiscard]] Failure prepare() override;
    void handleOpened(bool sessionPresent) override;
    void handlePublished(quint64 handle,
                         mqtt::ReasonCode reason,
                         const QByteArray &reasonString) override;
    void handleSubscribed(const QByteArray &codes, const QByteArray &reasonString) override;
    void handleUnsubscribed(const QByteArray &codes) override;
    void handleReceived(const IncomingMessage &message) override;
    void handleFailed(const Failure &failure) override;
    void handleLost(const Failure &failure) override;
    void finish() override;

    void handleTermination();
    void printRate();
    void print(const IncomingMessage &message);
    [[nodiscard]] bool isFilteredOut(const IncomingMessage &message) const;
    void leaveWhenAcknowledged();
    /// No more messages are wanted; what is still under way to the broker is waited for.
    void stop();
    void leaveWhenStopped();

    Termination m_termination;
    Printer m_printer;
    QTimer m_reconnectTimer;
    QTimer m_rateTimer;
    quint32 m_received = 0;
    quint32 m_inThisSecond = 0;
    quint32 m_clearing = 0; ///< retained messages being removed
    bool m_subscribePending = false;
    bool m_unsubscribePending = false;
    bool m_stopped = false;
    bool m_everOpen = false;
};

} // namespace fairlead::cli
