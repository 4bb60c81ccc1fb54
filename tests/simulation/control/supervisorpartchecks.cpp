// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "supervisorpart.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QEvent>

#include <utility>

namespace fairlead::sim {

using core::EndpointEvent;
using core::EndpointState;
using core::EndpointStatus;
using core::SupervisedRole;

namespace {

constexpr int kStepsRetired = 12;

} // namespace

/// SV-05, RG-14: what comes twice or too late changes nothing.
void SupervisorPart::sayLate(int number, quint32 how)
{
    const LinePtr line = m_places[std::size_t(number)].line;
    if (!line || !line->receiver || line->earlier == 0)
        return;
    const EndpointStatus before = statusOf(number);
    const Error late(ErrorCode::ConnectionReset, QStringLiteral("late"));
    switch (how % 4) {
    case 0:
        line->receiver->linkEnded(line->earlier, late, core::EndCause::Lost);
        break;
    case 1:
        if (line->receiver->linkReady(line->earlier, QStringLiteral("peer")))
            fail("RG-14", QStringLiteral("endpoint %1 took a late link").arg(number));
        break;
    default:
        line->receiver->attemptFailed(line->earlier, late, core::EndCause::Lost);
        break;
    }
    const EndpointStatus after = statusOf(number);
    if (after.nextRetryAt >= 0
        && (after.nextRetryAt != before.nextRetryAt || after.generation != before.generation))
        fail("SV-05", QStringLiteral("endpoint %1 drew another ticket").arg(number));
    else if (after.state != before.state || after.stale != before.stale + 1)
        fail("RG-14", QStringLiteral("endpoint %1 heeded a late word").arg(number));
}

/// SH-03: whoever was removed takes nothing more, and does not stand in his successor's way.
void SupervisorPart::sayTooLate(quint32 how)
{
    if (m_retired.empty())
        return;
    const LinePtr line = m_retired[how % m_retired.size()];
    if (!line->receiver || line->earlier == 0)
        return;
    if (line->receiver->linkReady(line->earlier, QStringLiteral("peer")))
        fail("SH-03", QStringLiteral("an endpoint that was removed took a link"));
    line->receiver->linkEnded(line->earlier, Error(), core::EndCause::Lost);
}

void SupervisorPart::watch(const EndpointEvent &event)
{
    note([&] {
        return QStringLiteral("    %1: event %2, %3 to %4")
            .arg(event.name)
            .arg(int(event.kind))
            .arg(QLatin1String(core::endpointStateName(event.from)),
                 QLatin1String(core::endpointStateName(event.to)));
    });
    const int number = numberOf(event.name);
    watchOrder(event, &m_places[std::size_t(number)]);
    if (event.kind == EndpointEvent::Kind::ReconnectScheduled
        && (event.delayNs <= 0 || event.delayNs > 30 * kNsPerSecond))
        fail("SV-06", QStringLiteral("%1 waits %2 ns").arg(event.name).arg(event.delayNs));
    stepInside(number);
}

/// OB-01, OB-02, SV-01: one chain of states for each endpoint, with its events at their places.
void SupervisorPart::watchOrder(const EndpointEvent &event, Place *place)
{
    using Kind = EndpointEvent::Kind;
    const bool changed = event.kind == Kind::StateChanged;
    if (changed != (event.from != event.to) || !core::checkTransition(event.from, event.to))
        fail("SV-01", QStringLiteral("%1 made a move outside the table").arg(event.name));
    if ((changed ? event.from : event.to) != place->told)
        fail("OB-01", QStringLiteral("%1 has a hole in its chain").arg(event.name));
    place->told = event.to;
    const bool wasStarting = std::exchange(place->toldStarting, false);
    const bool wasStopped = std::exchange(place->toldStopped, false);
    if (changed) {
        place->toldStarting = event.to == EndpointState::Starting;
    } else if (event.kind == Kind::Started && !wasStarting) {
        fail("OB-02", QStringLiteral("%1 is started out of turn").arg(event.name));
    } else if (event.kind == Kind::Stopped) {
        if (event.to != EndpointState::Stopped || wasStopped)
            fail("OB-02", QStringLiteral("%1 is stopped out of turn").arg(event.name));
        place->toldStopped = true;
    }
}

/// OB-02: the removal comes last, and leaves nothing open.
void SupervisorPart::watchRemoved(const QString &name)
{
    note([&] { return QStringLiteral("    %1: removed").arg(name); });
    const int number = numberOf(name);
    Place &place = m_places[std::size_t(number)];
    if (!place.isLeaving || !place.line) {
        fail("OB-02", QStringLiteral("%1 was removed unasked").arg(name));
        return;
    }
    if (place.told != EndpointState::Stopped)
        fail("OB-02", QStringLiteral("%1 was removed without its last events").arg(name));
    if (place.line->attempt != 0 || place.line->link != 0)
        fail("SH-04", QStringLiteral("%1 was removed and left something open").arg(name));
    m_retired.push_back(std::move(place.line));
    m_retiredFor = 0;
    const bool starts = place.nextStarts;
    LinePtr next = std::move(place.next);
    place = Place();
    const core::SupervisedEndpoint *successor = m_supervisor->find(name);
    if (bool(successor) != (next && !m_supervisor->isClosing())) {
        fail("OB-02", QStringLiteral("%1 has no successor, or one that nobody wants").arg(name));
    } else if (successor) {
        if (successor->status().maxAttempts != next->maxAttempts)
            fail("SV-02", QStringLiteral("%1 follows another plan").arg(name));
        place.line = std::move(next);
        place.mustBeUp = starts && successor->plan().enabled;
    }
    stepInside(number);
}

/// What an observer does from inside a signal.
void SupervisorPart::stepInside(int number)
{
    const quint32 how = std::exchange(m_inside, 0);
    if (how == 0)
        return;
    const LinePtr line = m_places[std::size_t(number)].line;
    const bool isSame = (how >> 1) % 2 == 0;
    switch ((how >> 2) % 4) {
    case 0:
        if (line)
            endLink(*line, how >> 8);
        break;
    case 1:
        reconfigure(isSame ? number : int((how >> 4) % m_places.size()), how >> 8);
        break;
    default:
        if (core::SupervisedEndpoint *endpoint = m_supervisor->find(nameOf(number)))
            trigger(*endpoint, how >> 4);
        break;
    }
}

void SupervisorPart::check()
{
    core::EndpointCounts seen;
    const std::vector<EndpointStatus> statuses = m_supervisor->statuses();
    for (const EndpointStatus &status : statuses) {
        ++seen.byState[std::size_t(status.state)];
        Place &place = m_places[std::size_t(numberOf(status.name))];
        if (!place.line)
            fail("OB-02", QStringLiteral("%1 is there after its end").arg(status.name));
        else
            checkEndpoint(status, place);
        place.mustBeUp = false;
    }
    if (m_supervisor->counts().byState != seen.byState)
        fail("SV-02", QStringLiteral("the counts differ from the endpoints"));
    for (int number = 0; number < int(m_places.size()); ++number) {
        const Place &place = m_places[std::size_t(number)];
        if (bool(m_supervisor->find(nameOf(number))) != (place.line && !place.isLeaving))
            fail("SV-02", QStringLiteral("%1 is not found as it is").arg(nameOf(number)));
    }
    if (!m_retired.empty() && ++m_retiredFor > kStepsRetired) {
        QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        for (const LinePtr &line : std::exchange(m_retired, {})) {
            if (line->receiver)
                fail("TS-02", QStringLiteral("an endpoint that was removed stays"));
        }
    }
}

void SupervisorPart::checkEndpoint(const EndpointStatus &status, const Place &place)
{
    const QString &name = status.name;
    const Line &line = *place.line;
    const bool opening
        = status.state == EndpointState::Starting || status.state == EndpointState::Reconnecting;
    if (status.state != place.told)
        fail("SV-02", QStringLiteral("%1 is not in the state it told").arg(name));
    if (place.isLeaving && status.state != EndpointState::Stopping)
        fail("OB-02", QStringLiteral("%1 does not leave").arg(name));
    if (place.mustBeUp && !place.isLeaving && status.enabled && status.state == EndpointState::Idle
        && !m_supervisor->isClosing())
        fail("SV-04", QStringLiteral("%1 did not follow the one before").arg(name));
    if (line.attempt != 0 && (!opening || status.generation != line.attempt))
        fail("SH-04", QStringLiteral("%1 has a dial that nobody wants").arg(name));
    if (opening && status.role != SupervisedRole::Passive && line.attempt == 0
        && status.nextRetryAt < 0)
        fail("SV-11", QStringLiteral("%1 will never be opened again").arg(name));
    if (status.nextRetryAt >= 0 && line.attempt != 0)
        fail("SV-05", QStringLiteral("%1 has a ticket and a dial").arg(name));
    if (status.state == EndpointState::Running && line.link == 0
        && status.role != SupervisedRole::Listen)
        fail("SV-03", QStringLiteral("%1 runs without a link").arg(name));
    if (m_supervisor->isClosing() && opening)
        fail("SH-03", QStringLiteral("%1 is being opened while the host closes").arg(name));
}

} // namespace fairlead::sim
