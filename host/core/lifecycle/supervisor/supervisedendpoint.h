// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/attemptslot.h"
#include "core/lifecycle/supervisor/connector.h"
#include "core/lifecycle/supervisor/endpointpolicy.h"
#include "core/lifecycle/supervisor/endpointstatus.h"
#include "core/registry/generationsource.h"

#include <QtCore/QObject>

#include <fairlead/clock.h>
#include <fairlead/random.h>
#include <fairlead/result.h>
#include <fairlead/timers.h>

#include <deque>
#include <memory>

namespace fairlead::core {

/// What all endpoints of a supervisor share.
struct EndpointServices
{
    const Clock &clock;
    Timers &timers;
    Random &random;
    GenerationSource &generations;
    DialBudget &budget;
    bool closing = false; ///< the host shuts down: nothing is opened any more
};

/// One configured endpoint, kept up as its policy says.
///
/// Every call and report first changes the fields, then its effects (signals and calls of the
/// connector) run in order, those of calls made meanwhile after them. So observers see one chain of
/// events, whoever calls back in, and a slot may stop or delete the endpoint. Thread: main.
class SupervisedEndpoint final : public QObject, private ConnectorReceiver
{
    Q_OBJECT

public:
    /// Errors: as EndpointPlan::validate().
    static Result<std::unique_ptr<SupervisedEndpoint>> create(
        EndpointPlan plan,
        EndpointServices &services,
        std::unique_ptr<EndpointConnector> connector);
    /// Cancels the attempt and closes the link, without an event.
    ~SupervisedEndpoint() override;

    /// Errors: AlreadyStarted, InvalidTransition (disabled, or not down yet), ShuttingDown. That
    /// the endpoint cannot be opened is told by its events.
    Result<> start();
    /// Ends the attempt at once, or closes the link and waits for its end. @p reason null: as
    /// asked.
    void stop(const Error &reason = {});
    /// As stop(), but lets a link deliver first what it accepted.
    void drain(const Error &reason = {});
    /// Stops, then starts anew with all attempts and pauses forgotten. Errors: as start().
    Result<> restart();
    /// Disabled it is stopped and stays so; enabled it is started. Errors: ShuttingDown.
    Result<> setEnabled(bool enabled);
    /// Brings the waiting attempt forward. Errors: AlreadyStarted (an attempt is under way),
    /// AlreadyExists (there is a link), LimitReached (dial budget, or the peer asked for a pause:
    /// see retryAfter()), NotSupported, InvalidTransition, ShuttingDown.
    Result<> dialNow(DialTrigger trigger);
    /// The peer came by itself and was admitted: its link is the endpoint's now. An attempt under
    /// way is cancelled; a link that is there counts as replaced, and its end is nobody's loss.
    /// Errors: ShuttingDown, NotSupported (a listener), InvalidTransition, InvalidArgument.
    Result<> adoptLink(quint64 generation, const QString &peer);

    EndpointStatus status() const;

    const EndpointPlan &plan() const noexcept { return m_plan; }

    const QString &name() const noexcept { return m_plan.name; }

    EndpointState state() const noexcept { return m_state; }

    /// Whether it is still to tell that it stopped: its fields are ahead of its signals while these
    /// are being emitted.
    bool owesStopped() const noexcept;

    /// Where the outside reports to for links that it adopted.
    ConnectorReceiver &receiver() noexcept { return *this; }

Q_SIGNALS:
    void stateChanged(const fairlead::core::EndpointEvent &event);
    void started(const fairlead::core::EndpointEvent &event);
    void stopped(const fairlead::core::EndpointEvent &event);
    void reconnected(const fairlead::core::EndpointEvent &event);
    void reconnectFailed(const fairlead::core::EndpointEvent &event);
    void reconnectScheduled(const fairlead::core::EndpointEvent &event);
    void dialStorm(const fairlead::core::EndpointEvent &event);

private:
    struct Effect
    {
        enum class Kind : quint8 {
            Emit,
            Connect,
            Cancel,
            Close,
            Drain
        };
        Kind kind = Kind::Emit;
        EndpointEvent event;
        quint64 generation = 0;
        qint64 deadline = 0;
        Error reason;
    };

    struct Opening
    {
        enum class Outcome : quint8 {
            Begun,
            Postponed, ///< not an attempt: the budget says when
            Elsewhere, ///< not an attempt: the peer is connected by another link
            Failed
        };
        Outcome outcome = Outcome::Begun;
        Error error;
        qint64 retryAfterNs = 0;
    };

    SupervisedEndpoint(EndpointPlan plan,
                       const BackOff &backOff,
                       EndpointServices &services,
                       std::unique_ptr<EndpointConnector> connector);

    void dialFinished(quint64 generation) override;
    void verdictPending(quint64 generation) override;
    bool linkReady(quint64 generation, const QString &peer) override;
    void attemptFailed(quint64 generation, const Error &error, EndCause cause) override;
    void linkEnded(quint64 generation, const Error &reason, EndCause cause) override;
    void healthVerified(quint64 generation) override;

    Result<> canStart() const;
    Result<> begin(DialTrigger trigger);
    void halt(const Error &reason, bool thenRestart);
    void finishStop(const Error &reason);

    void open(DialTrigger trigger);
    Opening tryOpen(DialTrigger trigger);
    void postpone(const Opening &opening);
    void giveWay(const Error &error);
    void becomeReady(quint64 generation, const QString &peer);
    void handleFailure(const Error &error, EndCause cause);
    void giveUp(const Error &reason, bool wasReconnecting);
    void scheduleTicket(qint64 delay, const Error &reason);
    bool drawTicket(qint64 delay);
    const char *currentStep() const noexcept;

    void handleAttemptTimer() noexcept;
    void handleLinkTimer() noexcept;

    void enter(EndpointState to, const Error &reason);
    void announce(EndpointEvent::Kind kind, const Error &reason = {}, qint64 delayNs = 0);
    EndpointEvent makeEvent(EndpointEvent::Kind kind, const Error &reason) const;
    void runEffects();
    void emitEvent(const EndpointEvent &event);

    const EndpointPlan m_plan;
    const BackOff m_backOff;
    EndpointServices &m_services;
    const std::unique_ptr<EndpointConnector> m_connector;
    AttemptSlot m_slot;
    Timer m_linkTimer; ///< Running: stability; Draining and Stopping: the deadline
    CrashPolicy m_crash;
    std::deque<Effect> m_effects;
    bool m_isRunningEffects = false;

    EndpointState m_state = EndpointState::Idle;
    bool m_enabled;
    bool m_restart = false; ///< start again once stopped
    qint64 m_since;
    qint64 m_notBefore = 0; ///< a pause that nobody but a person may cut short
    quint64 m_link = 0; ///< the live link, 0: none
    quint64 m_generation = 0; ///< of the latest link or attempt
    quint64 m_stale = 0;
    QString m_peer;
    Error m_lastReason;
    Error m_stopReason;
};

} // namespace fairlead::core
