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
    Connector(SupervisorPart &part, LinePtr line)
        : m_part(part)
        , m_line(std::move(line))
    { }

    ~Connector() override { m_line->receiver = nullptr; }

    Result<> checkAttempt() const override { return m_line->refusal; }

    void connect(quint64 generation, qint64) override
    {
        if (m_line->attempt != 0)
            m_part.fail("SH-04", QStringLiteral("a dial while the one before goes on"));
        m_line->receiver = &receiver();
        m_line->attempt = generation;
    }

    void cancel(quint64 generation) override
    {
        if (m_line->attempt == generation)
            m_line->earlier = std::exchange(m_line->attempt, 0);
        if (m_line->link == generation)
            m_line->earlier = std::exchange(m_line->link, 0);
    }

    void close(quint64 generation, const Error &) override
    {
        if (m_line->link != generation)
            return;
        m_line->mustEnd = true;
        if (!m_line->slowToClose)
            m_part.endLink(*m_line, 1);
    }

private:
    SupervisorPart &m_part;
    const LinePtr m_line;
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
    QObject::connect(m_supervisor.get(),
                     &core::Supervisor::endpointRemoved,
                     m_supervisor.get(),
                     [this](const QString &name) { watchRemoved(name); });
    for (int number = 0; number < int(m_places.size()); ++number)
        add(number);
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

int SupervisorPart::numberOf(const QString &name)
{
    return name.back().digitValue();
}

core::EndpointPlan SupervisorPart::makePlan(int number, Line *line)
{
    constexpr std::array<SupervisedRole, 5> roles = {SupervisedRole::Dial,
                                                     SupervisedRole::Dial,
                                                     SupervisedRole::Dial,
                                                     SupervisedRole::Listen,
                                                     SupervisedRole::Passive};
    core::EndpointPlan plan;
    plan.name = nameOf(number);
    plan.role = roles[std::size_t(number)];
    // Two that dial one peer; one that gives up soon. Each plan is known by its number of attempts.
    if (number < 2)
        plan.budgetKey = QStringLiteral("peer");
    plan.policy.maxAttempts = number == 2 ? 3 : 1000 + ++m_plans;
    line->maxAttempts = plan.policy.maxAttempts;
    return plan;
}

void SupervisorPart::add(int number)
{
    Place &place = m_places[std::size_t(number)];
    ErrorCode expected = ErrorCode::None;
    if (m_supervisor->isClosing())
        expected = ErrorCode::ShuttingDown;
    else if (place.line && (!place.isLeaving || place.next))
        expected = ErrorCode::AlreadyExists;
    const auto line = std::make_shared<Line>();
    const core::EndpointPlan plan = makePlan(number, line.get());
    const Result<> added = m_supervisor->add(plan, std::make_unique<Connector>(*this, line));
    expect(added, expected, QStringLiteral("add %1").arg(plan.name));
    if (!added)
        return;
    (place.isLeaving ? place.next : place.line) = line;
    place.nextStarts = false;
}

void SupervisorPart::remove(int number)
{
    Place &place = m_places[std::size_t(number)];
    const bool isThere = place.line && (!place.isLeaving || place.next);
    if (isThere) {
        place.next.reset();
        place.isLeaving = true;
    }
    expect(m_supervisor->remove(nameOf(number)),
           isThere ? ErrorCode::None : ErrorCode::NotFound,
           QStringLiteral("remove %1").arg(nameOf(number)));
}

void SupervisorPart::replace(int number, quint32 how)
{
    Place &place = m_places[std::size_t(number)];
    ErrorCode expected = ErrorCode::None;
    if (m_supervisor->isClosing())
        expected = ErrorCode::ShuttingDown;
    else if (!place.line || (place.isLeaving && !place.next))
        expected = ErrorCode::NotFound;
    const auto line = std::make_shared<Line>();
    core::EndpointPlan plan = makePlan(number, line.get());
    plan.enabled = how % 4 != 0;
    if (expected == ErrorCode::None) {
        const EndpointStatus before = statusOf(number);
        const bool wasUp = place.isLeaving
            ? place.nextStarts
            : before.state != EndpointState::Idle && before.state != EndpointState::Stopped;
        place.nextStarts = wasUp || (plan.enabled && !before.enabled);
        place.mustBeUp = false;
        place.isLeaving = true;
        place.next = line;
    }
    const Result<> replaced = m_supervisor->replace(plan, std::make_unique<Connector>(*this, line));
    expect(replaced, expected, QStringLiteral("replace %1").arg(plan.name));
}

void SupervisorPart::expect(const Result<> &done, ErrorCode expected, const QString &what)
{
    if (done.error().code() != expected)
        fail("SV-02", QStringLiteral("%1: %2").arg(what, done.error().toString()));
}

EndpointStatus SupervisorPart::statusOf(int number) const
{
    for (EndpointStatus &status : m_supervisor->statuses()) {
        if (status.name == nameOf(number))
            return std::move(status);
    }
    return {};
}

int SupervisorPart::actions() const
{
    return 14;
}

void SupervisorPart::act(int action, quint32 whom, quint32 how)
{
    const int number = int(whom % m_places.size());
    const LinePtr line = m_places[std::size_t(number)].line;
    core::SupervisedEndpoint *endpoint = m_supervisor->find(nameOf(number));
    note([&] {
        return QStringLiteral("action %1 on endpoint %2 (%3)").arg(action).arg(number).arg(how);
    });
    switch (action) {
    case 0:
    case 1:
        if (endpoint)
            (void)endpoint->start();
        break;
    case 2:
        if (endpoint)
            trigger(*endpoint, how);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        if (line)
            answer(*line, how);
        break;
    case 7:
        if (line)
            endLink(*line, how);
        break;
    case 8:
    case 9:
        m_inside = 0;
        sayLate(number, how);
        break;
    case 10:
        if (line) {
            line->refusal = how % 3 == 0 ? failure(how >> 2) : Error();
            line->slowToClose = how % 2 == 0;
        }
        break;
    case 11:
        m_inside = how | 1U;
        break;
    case 12:
        reconfigure(number, how);
        break;
    default:
        m_base.time.runTo(now() + kPauses[how % kPauses.size()]);
        break;
    }
}

/// The configuration changes. An endpoint that is gone comes back soon.
void SupervisorPart::reconfigure(int number, quint32 how)
{
    switch (how % 8) {
    case 0:
        remove(number);
        break;
    case 1:
    case 2:
    case 3:
        replace(number, how >> 3);
        break;
    case 4:
        sayTooLate(how >> 3);
        break;
    default:
        add(number);
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
    const LinePtr line = m_places[std::size_t(numberOf(endpoint.name()))].line;
    const quint64 link = ++m_adopted;
    line->receiver = &endpoint.receiver();
    const quint64 before = std::exchange(line->link, link);
    if (!endpoint.adoptLink(link, QStringLiteral("peer")))
        line->link = before;
    else if (before != 0)
        line->earlier = before;
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

} // namespace fairlead::sim
