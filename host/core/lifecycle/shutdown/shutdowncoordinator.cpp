// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "shutdowncoordinator.h"

#include "core/lifecycle/broadcast/contained.h"
#include "core/lifecycle/ownerpost.h"

#include <QtCore/QPointer>

#include <algorithm>
#include <utility>

namespace fairlead::core {

ShutdownCoordinator::ShutdownCoordinator(const Clock &clock,
                                         Timers &timers,
                                         Executor &executor,
                                         const ShutdownBudgets &budgets,
                                         QObject *parent)
    : QObject(parent)
    , m_clock(clock)
    , m_timers(timers)
    , m_budgets(budgets)
    , m_post(std::make_shared<OwnerPost<ShutdownCoordinator>>(*this, executor))
    , m_timer(
          [](void *self) noexcept { static_cast<ShutdownCoordinator *>(self)->handleTimeout(); },
          this)
{ }

ShutdownCoordinator::~ShutdownCoordinator()
{
    abandon();
}

void ShutdownCoordinator::abandon()
{
    m_post->close();
    m_timers.disarm(m_timer);
}

Error ShutdownCoordinator::closingError()
{
    return Error(ErrorCode::ShuttingDown, QStringLiteral("the host is shutting down"));
}

ShutdownStep &ShutdownCoordinator::stepOf(ShutdownPhase phase)
{
    return m_steps[std::size_t(phase)];
}

Result<> ShutdownCoordinator::setStep(ShutdownPhase phase, ShutdownStep step)
{
    if (isClosing())
        return closingError();
    stepOf(phase) = std::move(step);
    return {};
}

void ShutdownCoordinator::shutDown(const QString &reason, Finished finished)
{
    if (finished)
        m_callers.push_back(std::move(finished));
    if (isClosing()) {
        if (m_told)
            m_post->post([](ShutdownCoordinator &self) { self.tell(); });
        return;
    }
    m_closing.store(true, std::memory_order_release);
    m_start = m_clock.now();
    m_report.reason = reason;
    m_report.utcMs = m_clock.utcMs();
    const QPointer<ShutdownCoordinator> self = this;
    Q_EMIT closingBegan(QString(reason));
    if (self)
        proceed();
}

qint64 ShutdownCoordinator::deadlineOf(ShutdownPhase phase, qint64 now) const noexcept
{
    const qint64 end = m_start + m_budgets.all;
    qint64 deadline = now + m_budgets.of(phase);
    if (phase == ShutdownPhase::CloseLinks) {
        deadline = m_linksDeadline;
    } else if (phase == ShutdownPhase::CommitStorage || phase == ShutdownPhase::CloseStore) {
        deadline = std::max(deadline, end - m_budgets.after(phase));
    }
    return std::clamp(deadline, now, std::max(now, end));
}

void ShutdownCoordinator::proceed()
{
    if (m_proceeding)
        return;
    m_proceeding = true;
    const QPointer<ShutdownCoordinator> self = this;
    while (self && !m_waiting && m_next < kShutdownPhaseCount)
        runPhase();
    if (!self)
        return;
    m_proceeding = false;
    if (!m_waiting && !m_finished)
        finish();
}

void ShutdownCoordinator::runPhase()
{
    const ShutdownPhase phase = ShutdownPhase(m_next++);
    m_phase = phase;
    m_phaseStart = m_clock.now();
    if (phase == ShutdownPhase::DrainOutbound)
        m_linksDeadline = m_phaseStart + m_budgets.links;
    m_phaseDeadline = deadlineOf(phase, m_phaseStart);
    m_answer.reset();
    m_waiting = true;
    const QPointer<ShutdownCoordinator> self = this;
    Q_EMIT phaseStarted(phase);
    if (!self)
        return;
    const auto begin = stepOf(phase).begin; // a copy: the call may delete this object
    if (!begin) {
        endPhase(reportOf(PhaseOutcome::Empty));
        return;
    }
    m_beginning = true;
    const Result<> called = contained(QString::fromLatin1(toText(phase)), [&] {
        begin(OperationReply([post = m_post, phase](const Result<> &outcome) {
            post->callOrPost([phase, outcome](ShutdownCoordinator &owner) {
                owner.handleAnswer(phase, outcome);
            });
        }));
    });
    if (!self)
        return;
    m_beginning = false;
    if (!called) {
        endAnswered(called); // a reply that was dropped on the way says less
    } else if (m_answer) {
        endAnswered(*m_answer);
    } else {
        m_timers.arm(m_timer, m_phaseDeadline);
    }
}

void ShutdownCoordinator::handleAnswer(ShutdownPhase phase, const Result<> &outcome)
{
    if (!m_waiting || phase != m_phase || m_answer) {
        ++m_lateAnswers;
        return;
    }
    m_answer = outcome;
    if (m_beginning)
        return;
    const QPointer<ShutdownCoordinator> self = this;
    endAnswered(outcome);
    if (self)
        proceed();
}

void ShutdownCoordinator::handleTimeout() noexcept
{
    if (!m_waiting)
        return;
    // From here on an answer is too late, even if the calls below bring it.
    m_waiting = false;
    PhaseReport report = reportOf(PhaseOutcome::OverBudget);
    report.error = Error(ErrorCode::Timeout, QStringLiteral("not done within its budget"));
    const ShutdownStep step = stepOf(m_phase);
    const QString name = QString::fromLatin1(toText(m_phase));
    const QPointer<ShutdownCoordinator> self = this;
    Result<> asked;
    if (step.stragglers) {
        asked = contained(name, [&] {
            report.stragglers = step.stragglers();
            report.stragglerCount = report.stragglers.size();
            report.stragglers = report.stragglers.mid(0, ShutdownReport::kMaxNamed);
        });
    }
    Result<> cut;
    if (step.cutOff)
        cut = contained(name, step.cutOff);
    if (!self)
        return;
    if (!asked || !cut)
        report.error = asked ? cut.error() : asked.error();
    endPhase(std::move(report));
    if (self)
        proceed();
}

PhaseReport ShutdownCoordinator::reportOf(PhaseOutcome outcome) const
{
    PhaseReport report;
    report.phase = m_phase;
    report.outcome = outcome;
    report.start = m_phaseStart - m_start;
    report.duration = m_clock.now() - m_phaseStart;
    report.budget = m_phaseDeadline - m_phaseStart;
    return report;
}

void ShutdownCoordinator::endAnswered(const Result<> &outcome)
{
    PhaseReport report = reportOf(outcome ? PhaseOutcome::Done : PhaseOutcome::Failed);
    report.error = outcome.error();
    endPhase(std::move(report));
}

void ShutdownCoordinator::endPhase(PhaseReport report)
{
    m_waiting = false;
    m_timers.disarm(m_timer);
    m_report.phases.push_back(std::move(report));
    Q_EMIT phaseFinished(PhaseReport(m_report.phases.back()));
}

void ShutdownCoordinator::finish()
{
    m_finished = true;
    m_report.total = m_clock.now() - m_start;
    m_post->post([](ShutdownCoordinator &self) {
        const QPointer<ShutdownCoordinator> alive = &self;
        self.m_told = true;
        Q_EMIT self.finished(ShutdownReport(self.m_report));
        if (alive)
            self.tell();
    });
}

void ShutdownCoordinator::tell()
{
    // Values of its own: a caller may delete this object, and the others are told all the same.
    const ShutdownReport report = m_report;
    const std::vector<Finished> callers = std::exchange(m_callers, {});
    for (const Finished &caller : callers)
        caller(report);
}

} // namespace fairlead::core
