// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/mqttclient.h"
#include "options/options.h"
#include "output/console.h"

#include <QObject>
#include <QTimer>

namespace fairlead::cli {

/// What pub, sub and rr have in common: one client, the way a program ends, and where its words go.
class Command : public QObject
{
    Q_OBJECT

public:
    explicit Command(const Options &options);

    /// Begins; the event loop ends with the exit code.
    void start();

protected:
    /// Before anything is sent; a failure ends the program at once.
    [[nodiscard]] virtual Failure prepare() { return {}; }

    virtual void handleOpened(bool sessionPresent) = 0;
    virtual void handlePublished(quint64 handle,
                                 mqtt::ReasonCode reason,
                                 const QByteArray &reasonString);
    virtual void handleSubscribed(const QByteArray &codes, const QByteArray &reasonString);
    virtual void handleUnsubscribed(const QByteArray &codes);
    virtual void handleReceived(const IncomingMessage &message);
    virtual void handleFailed(const Failure &failure);
    virtual void handleLost(const Failure &failure);

    /// Before the program ends, whatever the reason.
    virtual void finish() { }

    /// Tells the user, and decides the exit code if nothing did before.
    void report(const Failure &failure);
    void warn(const QString &text);
    /// Says goodbye to the broker, then ends the program.
    void leave(mqtt::ReasonCode reason = mqtt::ReasonCode::NormalDisconnection);
    /// Ends the program.
    void quit();
    /// Reports a publish that was refused.
    void reportRefusal(quint64 number, mqtt::ReasonCode reason, const QByteArray &reasonString);
    /// Reads what -f or -s names; the message is then in Options::message.
    [[nodiscard]] Failure loadMessage();
    [[nodiscard]] OutgoingMessage outgoing(const QByteArray &payload) const;

    [[nodiscard]] const Options &options() const noexcept { return m_options; }

    [[nodiscard]] MqttClient &client() noexcept { return m_client; }

    [[nodiscard]] Console &console() noexcept { return m_console; }

    [[nodiscard]] bool isLeaving() const noexcept { return m_leaving; }

private:
    void handleTimeout();
    void handleDrained();

    Options m_options;
    Console m_console;
    MqttClient m_client;
    QTimer m_timeout;
    int m_exitCode = exitcode::kOk;
    bool m_leaving = false;
    bool m_ended = false;
};

} // namespace fairlead::cli
