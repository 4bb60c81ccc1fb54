// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "shutdownbudgets.h"
#include "shutdownreport.h"

#include <QtCore/QObject>

#include <fairlead/clock.h>
#include <fairlead/operations.h>
#include <fairlead/result.h>
#include <fairlead/timers.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace fairlead {
class Executor;
} // namespace fairlead

namespace fairlead::core {

template <typename Owner>
class OwnerPost;

/// What the host does in one phase. Each part may be missing; one that throws is reported, and the
/// order goes on.
struct ShutdownStep
{
    /// Begins it. @p reply is answered when it is done, from any thread, at once or later; dropped,
    /// the phase failed.
    std::function<void(OperationReply reply)> begin;
    /// Who it still waits for; asked when the budget ends.
    std::function<QStringList()> stragglers;
    /// The budget ended: give up at once what is left. Called after stragglers().
    std::function<void()> cutOff;
};

/// Ends the host in order, within a bounded time, and reports how (SH-01, SH-02, SH-05).
///
/// Thread: main, except isClosing(). It may be deleted from inside its signals, steps and callbacks;
/// what follows then is up to whoever did.
class ShutdownCoordinator final : public QObject
{
    Q_OBJECT

public:
    using Finished = std::function<void(const ShutdownReport &)>;

    ShutdownCoordinator(const Clock &clock,
                        Timers &timers,
                        Executor &executor,
                        const ShutdownBudgets &budgets = {},
                        QObject *parent = nullptr);
    ~ShutdownCoordinator() override;

    /// Errors: ShuttingDown once the shutdown began.
    Result<> setStep(ShutdownPhase phase, ShutdownStep step);

    /// Begins the shutdown, once; the reason of the first call stands. Every caller's @p finished
    /// gets the same report, always later than this call.
    void shutDown(const QString &reason, Finished finished = {});

    /// What it asked may be destroyed from here on: answers change nothing, no further phase begins and
    /// nobody is told.
    void abandon();

    /// Whether nothing may register any more (SH-03). Turns true before anything else happens, and
    /// stays so. Thread: any.
    bool isClosing() const noexcept { return m_closing.load(std::memory_order_acquire); }

    /// What admission answers meanwhile.
    static Error closingError();

    bool isFinished() const noexcept { return m_finished; }

    /// Of what happened so far; all of it once it is finished.
    const ShutdownReport &report() const noexcept { return m_report; }

    /// When the phase under way is cut off, monotonic nanoseconds.
    qint64 phaseDeadline() const noexcept { return m_phaseDeadline; }

    /// Answers that came after their phase.
    quint64 lateAnswers() const noexcept { return m_lateAnswers; }

Q_SIGNALS:
    void closingBegan(const QString &reason);
    void phaseStarted(fairlead::core::ShutdownPhase phase);
    void phaseFinished(const fairlead::core::PhaseReport &report);
    /// Once, before the callers are told.
    void finished(const fairlead::core::ShutdownReport &report);

private:
    void proceed();
    void runPhase();
    void handleAnswer(ShutdownPhase phase, const Result<> &outcome);
    void handleTimeout() noexcept;
    void endPhase(PhaseReport report);
    void endAnswered(const Result<> &outcome);
    void finish();
    void tell();
    PhaseReport reportOf(PhaseOutcome outcome) const;
    qint64 deadlineOf(ShutdownPhase phase, qint64 now) const noexcept;
    ShutdownStep &stepOf(ShutdownPhase phase);

    const Clock &m_clock;
    Timers &m_timers;
    const ShutdownBudgets m_budgets;
    std::shared_ptr<OwnerPost<ShutdownCoordinator>> m_post;
    std::array<ShutdownStep, kShutdownPhaseCount> m_steps;
    std::vector<Finished> m_callers;
    ShutdownReport m_report;
    std::atomic<bool> m_closing = false;
    int m_next = 0; ///< phase
    ShutdownPhase m_phase = ShutdownPhase::RefuseNew;
    std::optional<Result<>> m_answer; ///< given from inside begin
    qint64 m_start = 0;
    qint64 m_phaseStart = 0;
    qint64 m_phaseDeadline = 0;
    qint64 m_linksDeadline = 0;
    quint64 m_lateAnswers = 0;
    bool m_beginning = false;
    bool m_waiting = false; ///< for the answer of the phase
    bool m_proceeding = false;
    bool m_finished = false;
    bool m_told = false;
    Timer m_timer;
};

} // namespace fairlead::core
