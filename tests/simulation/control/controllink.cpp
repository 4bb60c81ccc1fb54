// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "controllink.h"

#include "linkpart.h"

namespace fairlead::sim {

ControlLink::ControlLink(
    LinkPart &part, int itsKey, int itsEndpoint, Link::Direction direction, bool isBound)
    : key(itsKey)
    , endpoint(itsEndpoint)
    , bound(isBound)
    , m_part(part)
    , link(part.nextGeneration(), direction, *this)
{
    link.setPeerKey(LinkPart::keyName(key));
    watch();
}

ControlLink::~ControlLink()
{
    link.close(Error(ErrorCode::Cancelled, QStringLiteral("destroyed")), CloseMode::Abort, true);
}

void ControlLink::watch()
{
    // LC-01: the table, written once more.
    const auto allowed = [](Link::State from, Link::State to) {
        using State = Link::State;
        switch (from) {
        case State::New:
            return to == State::Handshaking || to == State::Ready || to == State::Closed;
        case State::Handshaking:
            return to == State::Ready || to == State::Closed;
        case State::Ready:
            return to == State::Draining || to == State::Closed;
        case State::Draining:
            return to == State::Closed;
        case State::Closed:
            break;
        }
        return false;
    };
    QObject::connect(
        &link, &Link::stateChanged, &link, [this, allowed](Link::State from, Link::State to) {
            expect(from == m_told && allowed(from, to), "LC-01", "a move outside the table");
            expect(to != Link::State::Ready || bound, "LC-03", "ready without a transport");
            m_told = to;
        });
    QObject::connect(&link, &Link::handshakeFailed, &link, [this](const Error &) {
        expect(++m_handshakeFailures == 1 && !m_registered, "LC-09", "handshakeFailed");
    });
    QObject::connect(&link, &Link::closed, &link, [this](const Error &reason, quint64) {
        enter(Stage::Closed, "closed");
        expect(firstReason.isEmpty() || reason.text() == firstReason,
               "LC-07",
               "the first reason was lost");
    });
}

void ControlLink::expect(bool holds, const char *id, const char *what)
{
    if (!holds)
        m_part.fail(id, QStringLiteral("link %1: %2").arg(number()).arg(QLatin1String(what)));
}

void ControlLink::enter(Stage stage, const char *hook)
{
    expect(m_stage < stage, stage <= Stage::Rejected ? "LC-04" : "LC-06", hook);
    m_stage = stage;
    m_part.note(
        [&] { return QStringLiteral("    link %1: %2").arg(number()).arg(QLatin1String(hook)); });
    m_part.stepInside();
}

Result<> ControlLink::registerLink(Link &)
{
    expect(bound && isOpen(), "LC-02", "registered after its end");
    m_registered = true;
    liveness->setState(Link::State::Ready);
    enter(Stage::Registered, "register");
    return {};
}

Admission ControlLink::admitLink(Link &, Error *)
{
    expect(m_registered, "LC-04", "admitted before it was registered");
    m_admitted = true;
    enter(Stage::Admitted, "admit");
    m_part.submit(*this);
    return Admission::Pending;
}

void ControlLink::linkConnected(Link &)
{
    expect(m_admitted && kept && !m_connected, "LC-04", "connected without a slot");
    m_connected = true;
    enter(Stage::Connected, "connected");
}

void ControlLink::linkRejected(Link &, const Error &)
{
    expect(!m_connected, "LC-05", "rejected after it was connected");
    deliberate = true;
    enter(Stage::Rejected, "rejected");
}

void ControlLink::linkDraining(Link &)
{
    liveness->setState(Link::State::Draining);
    m_part.stepInside();
}

void ControlLink::stopActivities(Link &)
{
    expect(!link.isAlive() && !liveness->isLive(0), "RG-05", "alive in its teardown");
    enter(Stage::Stopped, "stop");
}

void ControlLink::unregisterLink(Link &)
{
    expect(m_registered, "LC-06", "unregistered, but never registered");
    enter(Stage::Unregistered, "unregister");
    m_part.leave(*this);
}

void ControlLink::withdrawLink(Link &)
{
    expect(m_admitted, "LC-06", "withdrawn, but never admitted");
    enter(Stage::Withdrawn, "withdraw");
    m_part.withdraw(*this);
}

void ControlLink::closeTransport(Link &, CloseMode)
{
    expect(!m_registered || !m_part.isHolder(*this), "LC-06", "closed while it holds the slot");
    enter(Stage::TransportClosed, "transport closed");
}

void ControlLink::linkDisconnected(Link &, bool wasConnected)
{
    expect(wasConnected == m_connected, "LC-05", "a wrong word on whether it was connected");
    enter(Stage::Disconnected, "disconnected");
}

void ControlLink::requestReconnect(Link &)
{
    expect(link.direction() == Link::Direction::Dialled && !deliberate
               && link.reason().isRetryable(),
           "LC-10",
           "a reconnect that nobody wants");
    enter(Stage::ReconnectAsked, "reconnect");
}

} // namespace fairlead::sim
