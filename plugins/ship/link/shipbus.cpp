// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/shiplink.h"
#include "protocol/eebusjson.h"
#include "protocol/jsonerror.h"

#include <fairlead/clock.h>
#include <fairlead/messagestream.h>
#include <fairlead/sending.h>

#include <utility>

// Between the peer and the bus.

namespace fairlead::ship {

// To the peer.

void ShipLink::handlePull(Lease &lease)
{
    if (!isExchanging()) {
        if (m_phase == Phase::Running && !m_waiting) {
            m_waiting = true;
            log(LogLevel::Info,
                "ship-messages-wait",
                QStringLiteral("state=%1: messages for it wait until data is exchanged")
                    .arg(QLatin1String(toText(m_machine->state()))));
            publishState();
        }
        return;
    }
    m_waiting = false;
    // A connection that has to give way to another one takes along what it carries.
    if (const qint64 until = m_visitor->contestedUntil(); until > now()) {
        m_context.timers.arm(m_paceTimer, until);
        return;
    }
    // SHIP acknowledges nothing: the connection has what was sent.
    const auto sendOne = [this](const Delivery &one) { return send(one.message); };
    while (isExchanging() && m_context.stream.space() > 0) {
        const int share = m_pace.share(now());
        if (share == 0) {
            m_context.timers.arm(m_paceTimer, m_pace.next());
            return;
        }
        const int count = sendSome(lease, {share, m_context.stream.space()}, share, sendOne);
        if (count == 0)
            return;
        m_pace.spend(count);
        if (std::exchange(m_stateChanged, false))
            publishState();
    }
}

Settle::How ShipLink::send(const fairlead::Message &message)
{
    // Not for the device: what the host tells its session.
    if (message.topic().starts_with('$')) {
        log(LogLevel::Warning,
            "ship-messages-lost",
            QStringLiteral("topic=%1 notice=%2")
                .arg(QString::fromUtf8(copyOf(message.topic())),
                     QString::fromUtf8(copyOf(message.payload()))));
        ++m_counters.txLosses;
        m_stateChanged = true;
        return Settle::How::Acked;
    }
    QByteArray payload;
    const JsonError error = options().form == JsonForm::Plain
        ? toEebusJson(message.payload(), payload)
        : toCompactJson(message.payload(), payload);
    SendVerdict verdict = SendVerdict::TooLarge;
    if (!error) {
        Actions actions;
        verdict = m_machine->sendData(viewOf(payload), now(), actions);
        perform(actions);
    }
    if (!error && verdict == SendVerdict::Sent) {
        ++m_counters.txMessages;
        m_counters.txBytes += std::size_t(payload.size());
        return Settle::How::Acked;
    }
    ++m_counters.txDropped;
    log(LogLevel::Warning,
        "ship-message-dropped",
        QStringLiteral("reason=%1 bytes=%2")
            .arg(error ? QLatin1String(toText(error.kind)) : QLatin1String("too-large"))
            .arg(message.payload().size()));
    return error ? Settle::How::Refused : Settle::How::TooLarge;
}

// On the bus.

void ShipLink::publish(const QByteArray &topic, const QByteArray &payload, quint32 expirySeconds)
{
    PublishView view;
    view.topic = viewOf(topic);
    view.properties = viewOf(m_endpoint.jsonProperties);
    view.payload = viewOf(payload);
    view.expirySeconds = expirySeconds;
    view.completionTag = kStateTag;
    view.qos = options().qos;
    view.retain = true;
    (void)m_context.bus.publish(view);
}

void ShipLink::publishState(const Error &reason)
{
    // Whoever makes keys by the thousand fills no topics.
    m_isShown = m_isShown || isTrusted();
    if (!m_lease || !m_isShown)
        return;
    PeerState state;
    state.connected = m_phase == Phase::Running;
    state.phase = m_machine->state();
    state.waiting = m_waiting && !isExchanging();
    state.role = role();
    state.address = m_context.peerAddress;
    state.sinceUtcMs = state.connected ? m_sinceUtcMs : m_context.clock.utcMs();
    state.counters = &m_counters;
    state.reason = reason;
    publish(topic("state"), stateJson(state), kNever);
}

void ShipLink::publishInfo()
{
    const std::optional<TrustedPeer> peer = m_endpoint.desk.find(*m_ski);
    if (!peer || !m_methods || !m_lease)
        return;
    const QByteArray info = infoJson(*peer, *m_methods);
    if (info == m_info)
        return;
    m_info = info;
    publish(topic("info"), info, kNever);
}

void ShipLink::handleCompletions(const Completion *completions, int count)
{
    for (int i = 0; i < count; ++i) {
        const Completion &completion = completions[i];
        if (completion.tag != kRxTag || completion.outcome == Outcome::Done
            || completion.outcome == Outcome::NoReceiver) {
            continue;
        }
        ++m_counters.rxDropped;
        log(LogLevel::Warning,
            "ship-data-dropped",
            QStringLiteral("reason=refused outcome=%1").arg(int(completion.outcome)));
    }
}

void ShipLink::handleSubscribed(quint32, const SubscribeOutcome *outcomes, int count)
{
    if (count > 0 && outcomes[0].outcome != Outcome::Done) {
        log(LogLevel::Warning,
            "ship-tx-refused",
            QStringLiteral("topic=%1 outcome=%2")
                .arg(QString::fromUtf8(topic("tx")))
                .arg(int(outcomes[0].outcome)));
    }
}

void ShipLink::handleUnsubscribed(quint32, const UnsubscribeOutcome *, int) { }

} // namespace fairlead::ship
