// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "commands/pub.h"

namespace fairlead::cli {

using namespace std::chrono_literals;

namespace {

constexpr auto kReconnectDelay = 1s;

} // namespace

PubCommand::PubCommand(const Options &options)
    : Command(options)
    , m_lines(0)
{
    m_repeatTimer.setSingleShot(true);
    m_repeatTimer.setTimerType(Qt::PreciseTimer);
    m_reconnectTimer.setSingleShot(true);
    connect(&m_repeatTimer, &QTimer::timeout, this, &PubCommand::publishOn);
    connect(&m_reconnectTimer, &QTimer::timeout, this, [this] { client().open(); });
    connect(&m_lines, &LineSource::arrived, this, &PubCommand::publishLines);
}

Failure PubCommand::prepare()
{
    return loadMessage();
}

void PubCommand::handleOpened(bool)
{
    m_everOpen = true;
    if (options().source == MessageSource::Lines) {
        publishLines();
    } else {
        publishOn();
    }
}

void PubCommand::publishOn()
{
    // With a delay each message waits for the one before it.
    const bool atOnce = options().repeatDelay.count() == 0;
    while (m_sent < options().repeat && client().hasRoom() && (atOnce || m_sent == m_done)) {
        ++m_sent;
        client().publish(outgoing(options().message));
    }
}

void PubCommand::publishLines()
{
    QByteArray line;
    while (client().hasRoom() && m_lines.takeLine(line)) {
        ++m_sent;
        client().publish(outgoing(line));
    }
    if (client().hasRoom() && client().isOpen()) {
        m_lines.resume();
    }
    leaveWhenDone();
}

void PubCommand::handlePublished(quint64 handle,
                                 mqtt::ReasonCode reason,
                                 const QByteArray &reasonString)
{
    ++m_done;
    if (mqtt::isError(reason)) {
        reportRefusal(handle, reason, reasonString);
    }
    if (options().source == MessageSource::Lines) {
        publishLines();
        return;
    }
    if (options().repeatDelay.count() > 0 && m_done < options().repeat) {
        m_repeatTimer.start(options().repeatDelay);
    } else {
        publishOn();
    }
    leaveWhenDone();
}

void PubCommand::leaveWhenDone()
{
    if (m_done != m_sent) {
        return;
    }
    if (options().source != MessageSource::Lines) {
        if (m_done >= options().repeat) {
            leave();
        }
        return;
    }
    if (m_lines.isAtEnd()) {
        if (m_lines.hasFailed()) {
            report({exitcode::kOutput,
                    QByteArrayLiteral("input-failed"),
                    QStringLiteral("cannot read standard input, or a line is longer than MQTT "
                                   "allows")});
        }
        leave();
    }
}

void PubCommand::handleFailed(const Failure &failure)
{
    if (m_everOpen && failure.retryable) {
        m_reconnectTimer.start(kReconnectDelay);
        return;
    }
    Command::handleFailed(failure);
}

void PubCommand::handleLost(const Failure &failure)
{
    // Lines may come for days: they survive the connection.
    if (options().source == MessageSource::Lines && failure.retryable && !isLeaving()) {
        warn(failure.text);
        m_reconnectTimer.start(kReconnectDelay);
        return;
    }
    Command::handleLost(failure);
}

} // namespace fairlead::cli
