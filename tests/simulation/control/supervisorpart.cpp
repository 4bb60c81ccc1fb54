// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "supervisorpart.h"

#include <utility>

namespace fairlead::sim {

using core::EndpointEvent;
using core::EndpointState;
using core::EndpointStatus;
using core::SupervisedRole;

namespace {

constexpr std::array<qint64, 6> kPauses = {1 * kNsPerMs,
                                           300 * kNsPerMs,
                                           2 * kNsPerSecond,
                                           12 * kNsPerSecond,
                                           31 * kNsPerSecond,
                                           90 * kNsPerSecond};

Error failure(quint32 how)
{
    // Most may be tried again.
    const ErrorCode code
        = how % 8 == 0 ? ErrorCode::IdentityMismatch : ErrorCode::ConnectionRefused;
    return Error(code, QStringLiteral("simulated"));
}

core::EndCause cause(quint32 how)
{
    return how % 4 == 0 ? core::EndCause::Crashed : core::EndCause::Lost;
}

} // namespace

class SupervisorPart::Connector final : public core::EndpointConnector
{
public:
    Connector(SupervisorPart &part, Line &line)
        : m_part(part)
        , m_line(line)
    { }

    Result<> checkAttempt() const override { return m_line.refusal; }

    void connect(quint64 generation, qint64) override
    {
        if (m_line.attempt != 0)
            m_part.fail("SH-04", QStringLiteral("a dial while the one before goes on"));
        m_line.receiver = &receiver();
        m_line.attempt = generation;
    }

    void cancel(quint64 generation) override
    {
        if (m_line.attempt == generation)
            m_line.earlier = std::exchange(m_line.attempt, 0);
    }

    void close(quint64 generation, const Error &) override
    {
        if (m_line.link != generation)
            return;
        m_line.mustEnd = true;
        if (!m_line.slowToClose)
            m_part.endLink(m_line, 1);
    }

private:
    SupervisorPart &m_part;
    Line &m_line;
};

SupervisorPart::SupervisorPart(ControlBase &base)
    : ControlPart(base)
    , m_supervisor(std::make_unique<core::Supervisor>(
          base.time, base.time.timers(), m_random, m_generations))
{
    QObject::connect(m_supervisor.get(),
                     &core::Supervisor::endpointEvent,
                     m_supervisor.get(),
                     [this](const EndpointEvent &event) { watch(event); });
    constexpr std::array<SupervisedRole, 5> roles = {SupervisedRole::Dial,
                                                     SupervisedRole::Dial,
                                                     SupervisedRole::Dial,
                                                     SupervisedRole::Listen,
                                                     SupervisedRole::Passive};
    for (std::size_t i = 0; i < roles.size(); ++i)
        addEndpoint(int(i), roles[i]);
    if (!m_supervisor->startAll())
        fail("SV-01", QStringLiteral("endpoints do not start"));
}

SupervisorPart::~SupervisorPart()
{
    m_inside = 0;
    m_supervisor.reset();
}

QString SupervisorPart::nameOf(int number)
{
    return QStringLiteral("endpoint%1").arg(number);
}

SupervisorPart::Line &SupervisorPart::lineOf(const QString &name)
{
    return m_lines[std::size_t(name.back().digitValue())];
}

void SupervisorPart::addEndpoint(int number, SupervisedRole role)
{
    core::EndpointPlan plan;
    plan.name = nameOf(number);
    plan.role = role;
    // Two that dial one peer; one that gives up.
    if (role == SupervisedRole::Dial && number < 2)
        plan.budgetKey = QStringLiteral("peer");
    if (number == 2)
        plan.policy.maxAttempts = 3;
    const Result<> added
        = m_supervisor->add(plan, std::make_unique<Connector>(*this, m_lines[std::size_t(number)]));
    if (!added)
        fail("SV-07", added.error().text());
}

int SupervisorPart::actions() const
{
    return 13;
}

void SupervisorPart::act(int action, quint32 whom, quint32 how)
{
    const int number = int(whom % m_lines.size());
    Line &line = m_lines[std::size_t(number)];
    core::SupervisedEndpoint *endpoint = m_supervisor->find(nameOf(number));
    note([&] {
        return QStringLiteral("action %1 on endpoint %2 (%3)").arg(action).arg(number).arg(how);
    });
    switch (action) {
    case 0:
    case 1:
        (void)endpoint->start();
        break;
    case 2:
        trigger(*endpoint, how);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        answer(line, how);
        break;
    case 7:
        endLink(line, how);
        break;
    case 8:
    case 9:
        m_inside = 0;
        sayLate(number, how);
        break;
    case 10:
        line.refusal = how % 3 == 0 ? failure(how >> 2) : Error();
        line.slowToClose = how % 2 == 0;
        break;
    case 11:
        m_inside = how | 1U;
        break;
    default:
        m_base.time.runTo(now() + kPauses[how % kPauses.size()]);
        break;
    }
}

/// Somebody wants something of the endpoint.
void SupervisorPart::trigger(core::SupervisedEndpoint &endpoint, quint32 how)
{
    switch (how % 8) {
    case 0:
        endpoint.stop();
        break;
    case 1:
        endpoint.drain();
        break;
    case 2:
        (void)endpoint.restart();
        break;
    case 3:
        (void)endpoint.setEnabled((how >> 4) % 4 != 0);
        break;
    case 4:
        adopt(endpoint);
        break;
    default:
        (void)endpoint.dialNow((how >> 4) % 2 == 0 ? core::DialTrigger::Discovery
                                                   : core::DialTrigger::Operator);
        break;
    }
}

/// The peer came by itself.
void SupervisorPart::adopt(core::SupervisedEndpoint &endpoint)
{
    Line &line = lineOf(endpoint.name());
    const quint64 link = ++m_adopted;
    line.receiver = &endpoint.receiver();
    const quint64 before = std::exchange(line.link, link);
    if (!endpoint.adoptLink(link, QStringLiteral("peer")))
        line.link = before;
    else if (before != 0)
        line.earlier = before;
}

/// The network answers a dial.
void SupervisorPart::answer(Line &line, quint32 how)
{
    if (line.attempt == 0)
        return;
    if (how % 8 == 0) {
        line.receiver->dialFinished(line.attempt);
        return;
    }
    const quint64 attempt = std::exchange(line.attempt, 0);
    if (how % 8 < 4) {
        line.earlier = attempt;
        line.receiver->attemptFailed(attempt, failure(how >> 4), cause(how >> 8));
        return;
    }
    // The link is there as soon as the endpoint took it: its signals may end it already.
    line.link = attempt;
    if (!line.receiver->linkReady(attempt, QStringLiteral("peer"))) {
        if (line.link == attempt)
            line.link = 0;
        fail("SV-03", QStringLiteral("a link that was asked for is not wanted"));
    }
}

void SupervisorPart::endLink(Line &line, quint32 how)
{
    if (line.link == 0)
        return;
    line.mustEnd = false;
    line.earlier = std::exchange(line.link, 0);
    if (how % 4 == 0)
        line.receiver->healthVerified(line.earlier);
    line.receiver->linkEnded(line.earlier, failure(how >> 4), cause(how >> 8));
}

/// SV-05, RG-14: what comes twice or too late changes nothing.
void SupervisorPart::sayLate(int number, quint32 how)
{
    Line &line = m_lines[std::size_t(number)];
    if (!line.receiver || line.earlier == 0)
        return;
    const core::SupervisedEndpoint *endpoint = m_supervisor->find(nameOf(number));
    const EndpointStatus before = endpoint->status();
    switch (how % 4) {
    case 0:
        line.receiver->linkEnded(line.earlier, failure(how >> 4), cause(how >> 8));
        break;
    case 1:
        if (line.receiver->linkReady(line.earlier, QStringLiteral("peer")))
            fail("RG-14", QStringLiteral("endpoint %1 took a late link").arg(number));
        break;
    default:
        line.receiver->attemptFailed(line.earlier, failure(how >> 4), cause(how >> 8));
        break;
    }
    const EndpointStatus after = endpoint->status();
    if (before.nextRetryAt >= 0
        && (after.nextRetryAt != before.nextRetryAt || after.generation != before.generation))
        fail("SV-05", QStringLiteral("endpoint %1 drew another ticket").arg(number));
    else if (after.state != before.state || after.stale != before.stale + 1)
        fail("RG-14", QStringLiteral("endpoint %1 heeded a late word").arg(number));
}

/// OB-01, SV-01: one chain of states for each endpoint.
void SupervisorPart::watch(const EndpointEvent &event)
{
    note([&] {
        return QStringLiteral("    %1: event %2, %3 to %4")
            .arg(event.name)
            .arg(int(event.kind))
            .arg(QLatin1String(core::endpointStateName(event.from)),
                 QLatin1String(core::endpointStateName(event.to)));
    });
    Line &line = lineOf(event.name);
    const bool changed = event.kind == EndpointEvent::Kind::StateChanged;
    if (changed != (event.from != event.to) || !core::checkTransition(event.from, event.to))
        fail("SV-01", QStringLiteral("%1 made a move outside the table").arg(event.name));
    if (changed && std::exchange(line.told, event.to) != event.from)
        fail("OB-01", QStringLiteral("%1 has a hole in its chain").arg(event.name));
    if (event.kind == EndpointEvent::Kind::ReconnectScheduled
        && (event.delayNs <= 0 || event.delayNs > 30 * kNsPerSecond))
        fail("SV-06", QStringLiteral("%1 waits %2 ns").arg(event.name).arg(event.delayNs));

    const quint32 how = std::exchange(m_inside, 0);
    if (how == 0)
        return;
    if (how % 2 == 1 && (how >> 1) % 4 == 0)
        endLink(line, how >> 8);
    else if (core::SupervisedEndpoint *endpoint = m_supervisor->find(event.name))
        trigger(*endpoint, how >> 4);
}

void SupervisorPart::check()
{
    core::EndpointCounts seen;
    const std::vector<EndpointStatus> statuses = m_supervisor->statuses();
    for (const EndpointStatus &status : statuses) {
        ++seen.byState[std::size_t(status.state)];
        checkEndpoint(status, lineOf(status.name));
    }
    if (m_supervisor->counts().byState != seen.byState)
        fail("SV-02", QStringLiteral("the counts differ from the endpoints"));
}

void SupervisorPart::checkEndpoint(const EndpointStatus &status, const Line &line)
{
    const QString &name = status.name;
    const bool opening
        = status.state == EndpointState::Starting || status.state == EndpointState::Reconnecting;
    if (status.state != line.told || m_supervisor->find(name)->state() != line.told)
        fail("SV-02", QStringLiteral("%1 is not in the state it told").arg(name));
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
