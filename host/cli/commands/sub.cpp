// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "commands/sub.h"

#include "codec/topic.h"

#include <QRandomGenerator>

#include <algorithm>

namespace fairlead::cli {

using namespace std::chrono_literals;
using mqtt::ReasonCode;

namespace {

constexpr auto kReconnectDelay = 1s;

} // namespace

SubCommand::SubCommand(const Options &options)
    : Command(options)
    , m_printer(options)
{
    m_reconnectTimer.setSingleShot(true);
    m_rateTimer.setTimerType(Qt::PreciseTimer);
    connect(&m_reconnectTimer, &QTimer::timeout, this, [this] { client().open(); });
    connect(&m_rateTimer, &QTimer::timeout, this, &SubCommand::printRate);
    connect(&m_termination, &Termination::requested, this, &SubCommand::handleTermination);
}

Failure SubCommand::prepare()
{
    console().write(m_printer.beginning());
    console().flush();
    return {};
}

void SubCommand::handleOpened(bool)
{
    m_everOpen = true;
    QList<FilterOptions> filters;
    for (const QByteArray &filter : options().filters) {
        FilterOptions one;
        one.filter = options().replay.isEmpty()
            ? filter
            : QByteArrayLiteral("$replay/") + options().replay + '/' + filter;
        one.qos = options().qos;
        one.retainAsPublished = options().retainAsPublished;
        one.retainHandling = options().retainHandling;
        filters.append(one);
    }
    m_subscribePending = !filters.isEmpty();
    m_unsubscribePending = !options().unsubscribes.isEmpty();
    const bool sent
        = (filters.isEmpty() || client().subscribe(filters, options().subscribeProperties))
        && (options().unsubscribes.isEmpty()
            || client().unsubscribe(options().unsubscribes, options().unsubscribeProperties));
    if (!sent) {
        report({static_cast<int>(ReasonCode::PacketTooLarge),
                reasonName(ReasonCode::PacketTooLarge),
                QStringLiteral("the broker takes no packet as large as these filters make")});
        leave();
        return;
    }
    if (options().messageRate && !m_rateTimer.isActive()) {
        m_rateTimer.start(1s);
    }
}

void SubCommand::handleSubscribed(const QByteArray &codes, const QByteArray &reasonString)
{
    m_subscribePending = false;
    if (options().debug && !options().quiet && options().output == OutputStyle::Text) {
        QByteArray line = "Subscribed:";
        for (const char code : codes) {
            line += ' ' + QByteArray::number(static_cast<unsigned char>(code));
        }
        console().write(line + '\n');
    }
    const auto refused = [](char code) { return static_cast<unsigned char>(code) >= 0x80; };
    if (std::all_of(codes.begin(), codes.end(), refused)) {
        const auto reason = static_cast<ReasonCode>(static_cast<unsigned char>(codes.at(0)));
        QString text = QStringLiteral("every subscription was refused: ")
            + QLatin1String(mqtt::toText(reason));
        if (!reasonString.isEmpty()) {
            text += QStringLiteral(": ") + QString::fromUtf8(reasonString);
        }
        report({static_cast<int>(reason), reasonName(reason), text});
        leave();
        return;
    }
    for (qsizetype i = 0; i < codes.size(); ++i) {
        if (refused(codes.at(i))) {
            const auto reason = static_cast<ReasonCode>(static_cast<unsigned char>(codes.at(i)));
            warn(QStringLiteral("the subscription to %1 was refused: %2")
                     .arg(QString::fromUtf8(options().filters.at(i)),
                          QLatin1String(mqtt::toText(reason))));
        }
    }
    leaveWhenAcknowledged();
}

void SubCommand::handleUnsubscribed(const QByteArray &codes)
{
    m_unsubscribePending = false;
    for (qsizetype i = 0; i < codes.size(); ++i) {
        const auto reason = static_cast<ReasonCode>(static_cast<unsigned char>(codes.at(i)));
        if (mqtt::isError(reason)) {
            warn(QStringLiteral("unsubscribing from %1 was refused: %2")
                     .arg(QString::fromUtf8(options().unsubscribes.at(i)),
                          QLatin1String(mqtt::toText(reason))));
        }
    }
    leaveWhenAcknowledged();
}

void SubCommand::leaveWhenAcknowledged()
{
    if (options().exitAfterSubscribe && !m_subscribePending && !m_unsubscribePending) {
        leave();
    }
}

bool SubCommand::isFilteredOut(const IncomingMessage &message) const
{
    return std::any_of(options().filterOuts.begin(),
                       options().filterOuts.end(),
                       [&message](const QByteArray &filter) {
                           return mqtt::matches(mqtt::parseSharedFilter(view(filter)).filter,
                                                view(message.topic));
                       });
}

void SubCommand::handleReceived(const IncomingMessage &message)
{
    if (m_stopped || isLeaving()) {
        return;
    }
    if (options().retainedOnly && !message.retain) {
        stop();
        return;
    }
    if (isFilteredOut(message)) {
        return;
    }
    // An empty message is the clearing itself, where retain is as published.
    if (options().removeRetained && message.retain && !message.payload.isEmpty()) {
        OutgoingMessage empty;
        empty.topic = message.topic;
        empty.qos = 1;
        empty.retain = true;
        client().publish(std::move(empty));
        ++m_clearing;
    }
    if (message.retain && options().noRetained) {
        return;
    }
    print(message);
    ++m_received;
    if (options().messageCount != 0 && m_received >= options().messageCount) {
        stop();
    }
}

void SubCommand::print(const IncomingMessage &message)
{
    if (options().messageRate) {
        ++m_inThisSecond;
        return;
    }
    if (options().randomFilter < 100.0
        && QRandomGenerator::global()->bounded(100.0) >= options().randomFilter) {
        return;
    }
    QString problem;
    console().write(m_printer.render(message, Moment::now(), problem));
    if (!problem.isEmpty() && !options().quiet) {
        console().writeError(QStringLiteral("Error: ") + problem);
    }
}

void SubCommand::printRate()
{
    console().write(QByteArray::number(m_inThisSecond) + " messages/s\n");
    console().flush();
    m_inThisSecond = 0;
}

void SubCommand::handlePublished(quint64 handle, ReasonCode reason, const QByteArray &reasonString)
{
    if (mqtt::isError(reason)) {
        reportRefusal(handle, reason, reasonString);
    }
    --m_clearing;
    leaveWhenStopped();
}

void SubCommand::stop()
{
    m_stopped = true;
    leaveWhenStopped();
}

void SubCommand::leaveWhenStopped()
{
    if (m_stopped && m_clearing == 0) {
        leave();
    }
}

void SubCommand::handleTermination()
{
    leave(ReasonCode::DisconnectWithWill);
}

void SubCommand::handleFailed(const Failure &failure)
{
    if (m_everOpen && failure.retryable && !isLeaving()) {
        m_reconnectTimer.start(kReconnectDelay);
        return;
    }
    Command::handleFailed(failure);
}

void SubCommand::handleLost(const Failure &failure)
{
    if (failure.retryable && !isLeaving()) {
        warn(failure.text);
        m_reconnectTimer.start(kReconnectDelay);
        return;
    }
    Command::handleLost(failure);
}

void SubCommand::finish()
{
    console().write(m_printer.ending());
}

} // namespace fairlead::cli
