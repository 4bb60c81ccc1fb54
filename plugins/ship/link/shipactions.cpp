// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/endcode.h"
#include "link/shiplink.h"
#include "protocol/eebusjson.h"
#include "protocol/jsonerror.h"

#include <fairlead/clock.h>
#include <fairlead/messagestream.h>

#include <algorithm>
#include <utility>

// What the protocol's machine wants to be done.

namespace fairlead::ship {

void ShipLink::perform(const Actions &actions)
{
    for (const Action &action : actions)
        std::visit([this](const auto &one) { act(one); }, action);
    if (std::exchange(m_stateChanged, false) && m_phase == Phase::Running) {
        publishState();
        if (m_lease && isExchanging())
            handlePull(*m_lease);
    }
}

void ShipLink::act(const SendMessage &action)
{
    ByteStream &stream = m_context.stream;
    Bytes rest = viewOf(action.bytes);
    while (!rest.empty()) {
        const std::size_t step = std::min(rest.size(), ByteStream::kMaxReserve);
        std::copy_n(rest.data(), step, stream.reserve(step));
        stream.commit(step);
        rest.remove_prefix(step);
    }
    m_messages->endMessage();
}

void ShipLink::act(const ArmTimer &action)
{
    m_timers.arm(action.timer, action.deadline);
}

void ShipLink::act(const DisarmTimer &action)
{
    m_timers.disarm(action.timer);
}

void ShipLink::act(const EnterState &action)
{
    m_stateChanged = true;
    m_visitor->state = action.state;
    if (action.state == State::Data) {
        log(LogLevel::Info, "ship-connected", QStringLiteral("data is exchanged"));
    } else {
        log(LogLevel::Debug,
            "ship-state",
            QStringLiteral("state=") + QLatin1String(toText(action.state)));
    }
}

void ShipLink::act(const DeliverData &action)
{
    if (m_lease)
        deliver(action.payload);
    else
        m_early.add(action.payload);
}

void ShipLink::deliver(Bytes payload)
{
    ++m_counters.rxMessages;
    m_counters.rxBytes += payload.size();
    QByteArray plain;
    if (options().form == JsonForm::Plain) {
        if (const JsonError error = toPlainJson(payload, plain)) {
            ++m_counters.rxDropped;
            log(LogLevel::Warning,
                "ship-data-dropped",
                QStringLiteral("reason=") + QLatin1String(toText(error.kind)));
            return;
        }
    }
    const QByteArray rx = topic("rx");
    PublishView view;
    view.topic = viewOf(rx);
    view.properties = viewOf(m_endpoint.jsonProperties);
    view.payload = options().form == JsonForm::Plain ? viewOf(plain) : payload;
    view.completionTag = kRxTag;
    view.qos = options().qos;
    // One message at a time comes in; the host does not read on while there is no room.
    (void)m_context.bus.publish(view);
}

void ShipLink::act(const PeerIdentified &action)
{
    PeerClaims claims;
    claims.shipId = action.methods.id;
    (void)m_endpoint.desk.learn(*m_ski, claims, m_context.clock.utcMs());
    m_methods = action.methods;
    publishInfo();
}

void ShipLink::act(const Notice &action)
{
    switch (action.kind) {
    case NoticeKind::PartnerPending:
        log(LogLevel::Info,
            "ship-peer-decides",
            QStringLiteral("somebody has to accept this host there, SKI %1")
                .arg(QString::fromLatin1(options().own.toGroups())));
        return;
    case NoticeKind::PeerPinWrong:
        log(LogLevel::Warning, "ship-pin-wrong", QStringLiteral("the peer entered a wrong PIN"));
        return;
    case NoticeKind::PinRefused:
        m_endpoint.desk.forgetPeerPin(*m_ski);
        log(LogLevel::Warning, "ship-pin-refused", QStringLiteral("the PIN of the peer is wrong"));
        return;
    case NoticeKind::PinWanted:
        m_visitor->wantsPin = true;
        log(LogLevel::Warning,
            "ship-pin-wanted",
            QStringLiteral("its PIN has to be entered: fairlead ship pin %1, or peer_pin")
                .arg(QString::fromLatin1(m_peerKey)));
        return;
    case NoticeKind::PinAccepted:
        m_visitor->wantsPin = false;
        return;
    case NoticeKind::ProlongationAsked:
        m_endpoint.desk.keepWaiting(*m_ski, now());
        return;
    case NoticeKind::Discarded:
        log(LogLevel::Warning,
            "ship-message-discarded",
            QStringLiteral("reason=%1 text=\"%2\"")
                .arg(QLatin1String(toText(action.error.kind)), QLatin1String(action.error.text)));
        return;
    default:
        return;
    }
}

void ShipLink::act(const End &action)
{
    m_messages->setCloseReason(action.frame.code, action.frame.text);
    end(errorFor(action));
}

} // namespace fairlead::ship
