// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QObject>
#include <QtCore/QString>

#include <fairlead/error.h>
#include <fairlead/result.h>

#include <functional>
#include <vector>

namespace fairlead::core {

/// One part of starting the host.
struct StartStep
{
    QString name;
    /// Does it, or fails and leaves nothing behind.
    std::function<Result<>()> start;
    /// Takes back what start() did; may be missing.
    std::function<void()> undo;
    /// The host runs without it, degraded.
    bool optional = false;
};

struct StartFailure
{
    QString step;
    Error error;
};

/// Starts the host step by step; what fails is taken back in reverse order and can be tried again
/// (SH-06). A host without an optional part runs and is degraded, until that part is there.
///
/// Thread: main. Steps may call back; they may not delete it.
class StartSequence final : public QObject
{
    Q_OBJECT

public:
    enum class State : quint8 {
        Idle,
        Starting,
        Running,
        ShutDown
    };
    Q_ENUM(State)

    explicit StartSequence(QObject *parent = nullptr);

    /// Steps run in this order. Errors: InvalidArgument without a name or a start, AlreadyExists,
    /// AlreadyStarted unless Idle.
    Result<> add(StartStep step);

    /// Errors: the failing step's, with its name as the detail "step"; AlreadyStarted while it
    /// starts or runs; ShuttingDown after shutDown(), and when that came from inside a step.
    Result<> start();
    /// It never starts again. What runs is left to the shutdown.
    void shutDown();

    State state() const noexcept { return m_state; }

    /// The step that runs while Starting, else empty.
    QString currentStep() const;

    /// Running, but not with all its parts.
    bool isDegraded() const noexcept { return m_state == State::Running && !m_missing.empty(); }

    /// The parts it runs without, in the order of the steps.
    std::vector<StartFailure> missing() const;

    /// An optional part failed later, or works again. Errors: NotFound for one that is no optional
    /// step.
    Result<> markFailed(const QString &step, const Error &error);
    Result<> markWorking(const QString &step);

    /// What went wrong while the last failed start was taken back; the rest was taken back all the
    /// same.
    const std::vector<StartFailure> &undoFailures() const noexcept { return m_undoFailures; }

Q_SIGNALS:
    void stateChanged(fairlead::core::StartSequence::State from,
                      fairlead::core::StartSequence::State to);
    void degradedChanged(bool degraded);

private:
    struct Missing
    {
        std::size_t step = 0;
        Error error;
    };

    void setState(State state);
    void rollBack(const std::vector<std::size_t> &started);
    std::size_t indexOf(const QString &name) const;
    Result<> checkOptional(const QString &name) const;

    std::vector<StartStep> m_steps;
    std::vector<Missing> m_missing; ///< in the order of the steps
    std::vector<StartFailure> m_undoFailures;
    std::size_t m_current = 0; ///< step, while Starting
    State m_state = State::Idle;
};

} // namespace fairlead::core
