// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "commands/rr.h"

namespace fairlead::cli {

using mqtt::ReasonCode;

namespace {

[[nodiscard]] QByteArray latencyText(qint64 nanoseconds)
{
    const auto value = static_cast<double>(nanoseconds);
    if (nanoseconds < 1'000'000) {
        return QByteArray::number(value / 1e3, 'f', 3) + "\xC2\xB5s";
    }
    if (nanoseconds < 1'000'000'000) {
        return QByteArray::number(value / 1e6, 'f', 3) + "ms";
    }
    return QByteArray::number(value / 1e9, 'f', 3) + "s";
}

} // namespace

RrCommand::RrCommand(const Options &options)
    : Command(options)
    , m_printer(options)
{ }

Failure RrCommand::prepare()
{
    console().write(m_printer.beginning());
    return loadMessage();
}

void RrCommand::handleOpened(bool)
{
    FilterOptions response;
    response.filter = options().responseTopic;
    response.qos = options().qos;
    response.retainAsPublished = options().retainAsPublished;
    response.retainHandling = options().retainHandling;
    if (!client().subscribe({response}, options().subscribeProperties)) {
        report(
            {static_cast<int>(ReasonCode::PacketTooLarge),
             reasonName(ReasonCode::PacketTooLarge),
             QStringLiteral("the broker takes no packet as large as this response topic makes")});
        leave();
    }
}

void RrCommand::handleSubscribed(const QByteArray &codes, const QByteArray &reasonString)
{
    const auto reason = static_cast<ReasonCode>(static_cast<unsigned char>(codes.at(0)));
    if (mqtt::isError(reason)) {
        QString text = QStringLiteral("the subscription to the response topic was refused: ")
            + QLatin1String(mqtt::toText(reason));
        if (!reasonString.isEmpty()) {
            text += QStringLiteral(": ") + QString::fromUtf8(reasonString);
        }
        report({static_cast<int>(reason), reasonName(reason), text});
        leave();
        return;
    }
    m_sinceRequest.start();
    client().publish(outgoing(options().message));
}

void RrCommand::handlePublished(quint64 handle, ReasonCode reason, const QByteArray &reasonString)
{
    if (mqtt::isError(reason)) {
        reportRefusal(handle, reason, reasonString);
        leave();
    }
}

void RrCommand::handleReceived(const IncomingMessage &message)
{
    if (isLeaving() || !m_sinceRequest.isValid() || (message.retain && options().noRetained)) {
        return;
    }
    const qint64 nanoseconds = m_sinceRequest.nsecsElapsed();
    QString problem;
    console().write(m_printer.render(message, Moment::now(), problem));
    if (!problem.isEmpty() && !options().quiet) {
        console().writeError(QStringLiteral("Error: ") + problem);
    }
    if (options().latency) {
        const QByteArray line = "Latency: " + latencyText(nanoseconds);
        if (options().output == OutputStyle::Text) {
            console().write(line + '\n');
        } else {
            console().writeError(QString::fromUtf8(line));
        }
    }
    leave();
}

void RrCommand::finish()
{
    console().write(m_printer.ending());
}

} // namespace fairlead::cli
