// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/endcode.h"
#include "link/shiplink.h"

#include <fairlead/link.h>
#include <fairlead/messagestream.h>

// The end of a connection.

namespace fairlead::ship {

void ShipLink::sayGoodbye(EndReason reason)
{
    if (m_phase != Phase::Running)
        return;
    const CloseFrame frame = closeFrameFor(reason);
    m_messages->setCloseReason(frame.code, frame.text);
    Actions actions;
    m_machine->close(reason, now(), actions);
    for (const Action &action : actions) {
        if (const auto *message = std::get_if<SendMessage>(&action))
            act(*message);
    }
}

void ShipLink::handleFenced(FenceReason)
{
    // The session has another holder, or its testament speaks; the host closes with the reason.
    m_lease = nullptr;
    sayGoodbye(EndReason::Duplicate);
    leave(Error());
}

void ShipLink::handleClosing(const Error &reason)
{
    if (m_phase != Phase::Running) {
        leave(reason);
        return;
    }
    const CloseFrame frame = closeFrameFor(EndReason::LocalClose);
    m_messages->setCloseReason(frame.code, frame.text);
    Actions actions;
    m_machine->close(EndReason::LocalClose, now(), actions);
    leave(reason);
    m_phase = Phase::Leaving;
    performLeaving(actions);
}

bool ShipLink::awaitsAnswer() const
{
    return m_phase == Phase::Leaving;
}

void ShipLink::performLeaving(const Actions &actions)
{
    for (const Action &action : actions) {
        if (const auto *message = std::get_if<SendMessage>(&action))
            act(*message);
        else if (const auto *timer = std::get_if<ArmTimer>(&action))
            act(*timer);
        else if (const auto *stopped = std::get_if<DisarmTimer>(&action))
            act(*stopped);
        else if (std::holds_alternative<End>(action))
            m_phase = Phase::Ended;
    }
}

void ShipLink::closeLeft()
{
    if (m_phase == Phase::Ended)
        m_context.link.close(m_context.link.reason(), CloseMode::Drain, true);
}

void ShipLink::handleClosed(const Error &reason)
{
    switch (reason.code()) {
    case ErrorCode::AlreadyExists:
    case ErrorCode::Superseded:
        sayGoodbye(EndReason::Duplicate);
        break;
    case ErrorCode::ShuttingDown:
        sayGoodbye(EndReason::LocalClose);
        break;
    default:
        break;
    }
    leave(reason);
}

void ShipLink::leave(const Error &reason)
{
    if (m_phase == Phase::Ended)
        return;
    const bool wasRunning = m_phase == Phase::Running;
    m_phase = Phase::Ended;
    m_endpoint.desk.leave(m_visitor);
    for (int i = 0; i < kTimerCount; ++i)
        m_timers.disarm(static_cast<TimerId>(i));
    m_context.timers.disarm(m_paceTimer);
    if (!wasRunning)
        return;
    m_endpoint.desk.noteWrongPins(*m_ski, m_machine->wrongPins());
    log(LogLevel::Info,
        "ship-link-ended",
        QStringLiteral("state=%1 reason=%2")
            .arg(QLatin1String(toText(m_machine->state())), reason.toString()));
    publishState(reason);
    if (m_lease) {
        ReleaseRequest request;
        // It came to trust, or lost it, since the session was asked for.
        request.changeExpiry = m_isStrangersLease == isTrusted();
        request.expirySeconds = isTrusted() ? options().sessionExpiry : 0;
        m_lease->release(request);
    }
    m_lease = nullptr;
}

void ShipLink::end(const Error &error)
{
    if (m_phase == Phase::Ended)
        return;
    if (m_phase != Phase::Running)
        log(LogLevel::Warning, "ship-link-refused", QStringLiteral("reason=") + error.toString());
    leave(error);
    Link &link = m_context.link;
    if (!link.fail(error))
        link.close(error, CloseMode::Drain, false);
}

} // namespace fairlead::ship
