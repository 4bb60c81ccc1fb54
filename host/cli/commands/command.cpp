// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "commands/command.h"

#include "options/optionfailure.h"

#include <QCoreApplication>
#include <QFile>
#include <QFileInfo>

namespace fairlead::cli {

using mqtt::PropertyId;
using mqtt::ReasonCode;

Command::Command(const Options &options)
    : m_options(options)
    , m_client(options.clientSettings())
{
    m_client.setTracing(options.debug);
    m_timeout.setSingleShot(true);
    connect(&m_timeout, &QTimer::timeout, this, &Command::handleTimeout);
    connect(&m_client, &MqttClient::opened, this, [this](bool sessionPresent) {
        handleOpened(sessionPresent);
    });
    connect(&m_client,
            &MqttClient::published,
            this,
            [this](quint64 handle, ReasonCode reason, const QByteArray &reasonString) {
                handlePublished(handle, reason, reasonString);
            });
    connect(&m_client,
            &MqttClient::subscribed,
            this,
            [this](const QByteArray &codes, const QByteArray &reasonString) {
                handleSubscribed(codes, reasonString);
            });
    connect(&m_client, &MqttClient::unsubscribed, this, [this](const QByteArray &codes) {
        handleUnsubscribed(codes);
    });
    connect(&m_client, &MqttClient::received, this, [this](const IncomingMessage &message) {
        handleReceived(message);
    });
    connect(&m_client, &MqttClient::failed, this, [this](const Failure &failure) {
        handleFailed(failure);
    });
    connect(&m_client, &MqttClient::lost, this, [this](const Failure &failure) {
        handleLost(failure);
    });
    connect(&m_client, &MqttClient::closed, this, &Command::quit);
    connect(&m_client, &MqttClient::drained, this, &Command::handleDrained);
    connect(&m_client, &MqttClient::traced, this, [this](const QByteArray &line) {
        // Machines read what --output prints; nothing else belongs there.
        if (m_options.output == OutputStyle::Text) {
            m_console.write(line + '\n');
        } else {
            m_console.writeError(QString::fromUtf8(line));
        }
    });
}

void Command::start()
{
    if (const Failure failure = prepare()) {
        report(failure);
        quit();
        return;
    }
    if (m_options.timeout.count() > 0) {
        m_timeout.start(m_options.timeout);
    }
    m_client.open();
}

void Command::handlePublished(quint64, ReasonCode, const QByteArray &) { }

void Command::handleSubscribed(const QByteArray &, const QByteArray &) { }

void Command::handleUnsubscribed(const QByteArray &) { }

void Command::handleReceived(const IncomingMessage &) { }

void Command::handleFailed(const Failure &failure)
{
    report(failure);
    quit();
}

void Command::handleLost(const Failure &failure)
{
    report(failure);
    quit();
}

void Command::handleTimeout()
{
    report({exitcode::kTimeout, QByteArrayLiteral("timeout"), QStringLiteral("timed out")});
    leave(ReasonCode::DisconnectWithWill);
}

void Command::handleDrained()
{
    m_console.flush();
    if (m_console.hasFailed() && !m_leaving) {
        report({exitcode::kOutput,
                QByteArrayLiteral("output-failed"),
                QStringLiteral("standard output takes no more")});
        leave();
    }
}

void Command::report(const Failure &failure)
{
    if (m_exitCode == exitcode::kOk) {
        m_exitCode = failure.exitCode;
    }
    if (!m_options.quiet) {
        m_console.writeError(
            QStringLiteral("Error: %1 [%2]").arg(failure.text, QLatin1String(failure.name)));
    }
}

void Command::warn(const QString &text)
{
    if (!m_options.quiet) {
        m_console.writeError(QStringLiteral("Warning: ") + text);
    }
}

void Command::leave(ReasonCode reason)
{
    if (!m_leaving) {
        m_leaving = true;
        m_timeout.stop();
        m_client.close(reason);
    }
}

void Command::quit()
{
    if (m_ended) {
        return;
    }
    m_ended = true;
    m_leaving = true;
    finish();
    m_console.flush();
    QCoreApplication::exit(m_exitCode);
}

void Command::reportRefusal(quint64 number, ReasonCode reason, const QByteArray &reasonString)
{
    QString text = QStringLiteral("message %1 was refused: %2")
                       .arg(number)
                       .arg(QLatin1String(mqtt::toText(reason)));
    if (!reasonString.isEmpty()) {
        text += QStringLiteral(": ") + QString::fromUtf8(reasonString);
    }
    report({static_cast<int>(reason), reasonName(reason), text});
}

Failure Command::loadMessage()
{
    if (m_options.source != MessageSource::File
        && m_options.source != MessageSource::StandardInput) {
        return {};
    }
    const bool fromFile = m_options.source == MessageSource::File;
    const QString name
        = fromFile ? QFile::decodeName(m_options.file) : QStringLiteral("standard input");
    const auto unreadable = [&name](const QString &why) {
        return usageFailure("input-failed",
                            QStringLiteral("cannot read the message from %1: %2").arg(name, why));
    };
    QFile file(name);
    if (fromFile && QFileInfo(file).isDir()) {
        return unreadable(QStringLiteral("it is a folder"));
    }
    if (!(fromFile ? file.open(QIODevice::ReadOnly) : file.open(stdin, QIODevice::ReadOnly))) {
        return unreadable(file.errorString());
    }
    constexpr qint64 kMost = mqtt::kMaxRemainingLength;
    QByteArray content;
    while (content.size() <= kMost) {
        const QByteArray part = file.read(1 << 16);
        if (part.isEmpty()) {
            break;
        }
        content += part;
    }
    if (file.error() != QFileDevice::NoError) {
        return unreadable(file.errorString());
    }
    if (content.size() > kMost) {
        return unreadable(QStringLiteral("it is larger than MQTT allows (268435455 bytes)"));
    }
    m_options.message = content;
    return {};
}

OutgoingMessage Command::outgoing(const QByteArray &payload) const
{
    OutgoingMessage message;
    message.topic = m_options.topic;
    message.payload = payload;
    message.qos = m_options.qos;
    message.retain = m_options.retain;
    if (m_options.version == mqtt::Version::V5) {
        const PropertySet &set = m_options.publishProperties;
        message.topicAlias = static_cast<quint16>(set.number(PropertyId::TopicAlias, 0));
        message.expiry = set.number(PropertyId::MessageExpiryInterval);
        message.properties = set.encoded(mqtt::kForwardableProperties);
    }
    return message;
}

} // namespace fairlead::cli
