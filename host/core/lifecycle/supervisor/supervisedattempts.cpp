// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/supervisedendpoint.h"
#include "core/plantedbug.h"

#include <algorithm>
#include <utility>

// How an endpoint is opened, and what follows when that fails or its link ends.

namespace fairlead::core {

using State = EndpointState;

void SupervisedEndpoint::open(DialTrigger trigger)
{
    const Opening opening = tryOpen(trigger);
    switch (opening.outcome) {
    case Opening::Outcome::Begun:
        break;
    case Opening::Outcome::Postponed:
        postpone(opening);
        break;
    case Opening::Outcome::Elsewhere:
        handleFailure(opening.error, EndCause::GaveWay);
        break;
    case Opening::Outcome::Failed:
        handleFailure(opening.error, EndCause::Lost);
        break;
    }
}

SupervisedEndpoint::Opening SupervisedEndpoint::tryOpen(DialTrigger trigger)
{
    const quint64 generation = m_services.generations.next();
    auto claim = m_slot.claim(generation);
    if (!claim)
        return {};
    m_generation = generation;

    const bool isReconnect = m_state == State::Reconnecting;
    if (auto may = m_connector->checkAttempt(); !may) {
        if (isConnectedElsewhere(may.error()))
            return {Opening::Outcome::Elsewhere, may.error(), 0};
        if (isReconnect)
            m_slot.countAttempt();
        return {Opening::Outcome::Failed, withStep(may.error(), "check"), 0};
    }

    const qint64 now = m_services.clock.now();
    DialPermit permit;
    if (m_plan.role == SupervisedRole::Dial) {
        const QString &key = m_plan.budgetKey.isEmpty() ? m_plan.name : m_plan.budgetKey;
        DialAnswer answer = m_services.budget.ask(key, trigger, now);
        if (answer.verdict == DialAnswer::Verdict::InProgress) {
            return {Opening::Outcome::Postponed,
                    Error(ErrorCode::LimitReached,
                          QStringLiteral("another dial of this peer is under way")),
                    0};
        }
        if (answer.verdict == DialAnswer::Verdict::Exhausted) {
            Error error(ErrorCode::LimitReached, QStringLiteral("dialled too often"));
            setRetryAfter(error, answer.retryAfterNs);
            if (answer.stormBegan)
                announce(EndpointEvent::Kind::DialStorm, error, answer.retryAfterNs);
            return {Opening::Outcome::Postponed, error, answer.retryAfterNs};
        }
        permit = std::move(answer.permit);
    }
    if (isReconnect)
        m_slot.countAttempt();
    const qint64 deadline = now + m_plan.policy.dialDeadlineNs;
    m_slot.dial(std::move(permit), deadline);
    m_effects.push_back({Effect::Kind::Connect, {}, generation, deadline, {}});
    claim.keep();
    return {};
}

void SupervisedEndpoint::postpone(const Opening &opening)
{
    const Error reason = withStep(opening.error, "budget");
    m_lastReason = reason;
    enter(State::Reconnecting, reason);
    const qint64 drawn = m_backOff.delay(m_slot.count(), m_services.random);
    scheduleTicket(opening.retryAfterNs > 0 ? opening.retryAfterNs : drawn, reason);
}

/// The desired peer is there, so no attempt is spent; looked at again and again, told once.
void SupervisedEndpoint::giveWay(const Error &error)
{
    const Error reason = withStep(error, "check");
    m_lastReason = reason;
    m_slot.resetCount();
    enter(State::Reconnecting, reason);
    (void)drawTicket(retryAfter(reason));
}

bool SupervisedEndpoint::drawTicket(qint64 delay)
{
    auto claim = m_slot.claim(m_services.generations.next());
    if (!claim)
        return false;
    m_generation = m_slot.generation();
    m_slot.wait(m_services.clock.now() + delay);
    claim.keep();
    return true;
}

void SupervisedEndpoint::scheduleTicket(qint64 delay, const Error &reason)
{
    if (drawTicket(delay))
        announce(EndpointEvent::Kind::ReconnectScheduled, reason, delay);
}

void SupervisedEndpoint::handleFailure(const Error &error, EndCause cause)
{
    const Error reason = error.isNull()
        ? Error(ErrorCode::ConnectionClosed, QStringLiteral("it ended without a reason"))
        : error;
    m_lastReason = reason;
    if (cause == EndCause::Deliberate || m_services.closing) {
        enter(State::Stopping, reason);
        finishStop(reason);
        return;
    }
    if (cause == EndCause::GaveWay && m_plan.role == SupervisedRole::Dial && m_enabled
        && m_plan.policy.reconnect) {
        giveWay(reason);
        return;
    }
    const qint64 now = m_services.clock.now();
    const qint64 pause = cause == EndCause::Crashed ? m_crash.crashed(now) : 0;
    if (m_plan.role == SupervisedRole::Passive && cause != EndCause::Refused) {
        enter(State::Reconnecting, reason);
        return;
    }
    ReconnectFacts facts;
    facts.isOpenedByUs = m_plan.role != SupervisedRole::Passive;
    facts.isDesired = m_enabled;
    facts.isClosing = m_services.closing;
    facts.isEnabled = m_plan.policy.reconnect;
    facts.isRetryable = isRetryableFailure(reason);
    const quint32 attempts = m_slot.count();
    if (!mayReconnect(facts, cause)) {
        giveUp(reason, m_state == State::Reconnecting && attempts > 0);
        return;
    }
    if (m_plan.policy.maxAttempts != 0 && attempts >= m_plan.policy.maxAttempts) {
        giveUp(reason, true);
        return;
    }
    const qint64 wanted = std::max(pause, retryAfter(reason));
    m_notBefore = now + wanted;
    enter(State::Reconnecting, reason);
    // After a crash the pause is the delay; else it only bounds the drawn one from below.
    const qint64 drawn = m_backOff.delay(attempts, m_services.random);
    scheduleTicket(cause == EndCause::Crashed ? wanted : std::max(wanted, drawn), reason);
}

void SupervisedEndpoint::giveUp(const Error &reason, bool wasReconnecting)
{
    enter(State::Failed, reason);
    if (wasReconnecting)
        announce(EndpointEvent::Kind::ReconnectFailed, reason);
}

void SupervisedEndpoint::becomeReady(quint64 generation, const QString &peer)
{
    const bool wasReconnecting = m_state == State::Reconnecting;
    m_link = generation;
    m_generation = generation;
    m_peer = peer;
    m_notBefore = 0;
    enter(State::Running, {});
    if (wasReconnecting)
        announce(EndpointEvent::Kind::Reconnected);
    m_services.timers.arm(m_linkTimer, m_services.clock.now() + m_plan.policy.stabilityNs);
}

Result<> SupervisedEndpoint::dialNow(DialTrigger trigger)
{
    const auto refuse = [this](ErrorCode code, const QString &text) {
        return Error(code, QStringLiteral("endpoint \"%1\" %2").arg(m_plan.name, text));
    };
    if (m_services.closing)
        return refuse(ErrorCode::ShuttingDown, QStringLiteral("stays down: the host shuts down"));
    if (m_plan.role == SupervisedRole::Passive)
        return refuse(ErrorCode::NotSupported, QStringLiteral("waits to be dialled"));
    if (m_state == State::Running)
        return refuse(ErrorCode::AlreadyExists, QStringLiteral("has its link"));
    if (m_slot.isBusy())
        return refuse(ErrorCode::AlreadyStarted, QStringLiteral("is being opened already"));
    if (m_slot.phase() != AttemptSlot::Phase::Waiting) {
        return refuse(ErrorCode::InvalidTransition,
                      QStringLiteral("is ") + QLatin1String(endpointStateName(m_state)));
    }
    const qint64 pause = m_notBefore - m_services.clock.now();
    if (pause > 0) {
        Error error = refuse(ErrorCode::LimitReached, QStringLiteral("has to pause"));
        setRetryAfter(error, pause);
        return error;
    }

    const qint64 ticket = m_slot.deadline();
    const quint64 generation = m_slot.generation();
    m_slot.finish();
    const Opening opening = tryOpen(trigger);
    if (opening.outcome == Opening::Outcome::Postponed
        || opening.outcome == Opening::Outcome::Elsewhere) {
        // The ticket stays what it was: a refused trigger delays nothing.
        auto claim = m_slot.claim(generation);
        m_generation = generation;
        m_slot.wait(ticket);
        claim.keep();
    } else if (opening.outcome == Opening::Outcome::Failed) {
        handleFailure(opening.error, EndCause::Lost);
    }
    runEffects();
    if (opening.outcome == Opening::Outcome::Begun)
        return {};
    return opening.error;
}

void SupervisedEndpoint::dialFinished(quint64 generation)
{
    if (!m_slot.isBusyWith(generation)) {
        ++m_stale;
        return;
    }
    // Said twice it must not extend the deadline.
    if (m_slot.phase() == AttemptSlot::Phase::Dialling)
        m_slot.handshake(m_services.clock.now() + m_plan.policy.handshakeDeadlineNs);
}

void SupervisedEndpoint::verdictPending(quint64 generation)
{
    // Whoever decides has a deadline of his own, sooner than this.
    constexpr qint64 kVerdictNs = 600 * kNsPerSecond;
    if (!m_slot.isBusyWith(generation))
        ++m_stale;
    else if (m_slot.phase() == AttemptSlot::Phase::Handshaking)
        m_slot.handshake(m_services.clock.now() + kVerdictNs);
}

bool SupervisedEndpoint::linkReady(quint64 generation, const QString &peer)
{
    if (!m_slot.isBusyWith(generation)) {
        ++m_stale;
        return false;
    }
    m_slot.finish();
    becomeReady(generation, peer);
    runEffects();
    return true;
}

void SupervisedEndpoint::attemptFailed(quint64 generation, const Error &error, EndCause cause)
{
    if (!m_slot.isBusyWith(generation) && !isPlanted(PlantedBug::SV05)) {
        ++m_stale;
        return;
    }
    const Error reason = withStep(error, currentStep());
    m_slot.finish();
    handleFailure(reason, cause);
    runEffects();
}

void SupervisedEndpoint::linkEnded(quint64 generation, const Error &reason, EndCause cause)
{
    if (m_link == 0 || m_link != generation) {
        ++m_stale;
        return;
    }
    m_link = 0;
    m_services.timers.disarm(m_linkTimer);
    if (m_state == State::Running) {
        handleFailure(reason, cause);
    } else {
        // A stop was asked for: its reason stands, and how the close went is a detail of it.
        Error why = m_stopReason.isNull() ? reason : m_stopReason;
        if (!m_stopReason.isNull() && !reason.isNull())
            why.setDetail(QStringLiteral("close"), reason.toString());
        enter(State::Stopping, why);
        finishStop(why);
    }
    runEffects();
}

void SupervisedEndpoint::healthVerified(quint64 generation)
{
    if (m_link == 0 || m_link != generation) {
        ++m_stale;
        return;
    }
    m_crash.reset();
}

const char *SupervisedEndpoint::currentStep() const noexcept
{
    if (m_slot.phase() == AttemptSlot::Phase::Handshaking)
        return "handshake";
    return m_plan.role == SupervisedRole::Listen ? "listen" : "dial";
}

void SupervisedEndpoint::handleAttemptTimer() noexcept
{
    if (m_slot.phase() == AttemptSlot::Phase::Waiting) {
        m_slot.finish();
        open(DialTrigger::BackOff);
    } else if (m_slot.isBusy()) {
        const bool inHandshake = m_slot.phase() == AttemptSlot::Phase::Handshaking;
        const qint64 ms
            = (inHandshake ? m_plan.policy.handshakeDeadlineNs : m_plan.policy.dialDeadlineNs)
            / kNsPerMs;
        const Error reason
            = withStep(Error(inHandshake ? ErrorCode::HandshakeTimeout : ErrorCode::Timeout,
                             QStringLiteral("the %1 did not end within %2 ms")
                                 .arg(QLatin1String(currentStep()))
                                 .arg(ms)),
                       currentStep());
        m_slot.release();
        handleFailure(reason, EndCause::Lost);
    } else {
        ++m_stale;
    }
    runEffects();
}

void SupervisedEndpoint::handleLinkTimer() noexcept
{
    switch (m_state) {
    case State::Running:
        m_slot.resetCount();
        m_crash.reset();
        break;
    case State::Draining: {
        const bool thenRestart = m_restart;
        halt(m_stopReason, thenRestart);
        break;
    }
    case State::Stopping: {
        const Error reason(ErrorCode::Timeout,
                           QStringLiteral("the link did not end within %1 ms")
                               .arg(m_plan.policy.closeDeadlineNs / kNsPerMs));
        m_lastReason = reason;
        m_effects.push_back({Effect::Kind::Cancel, {}, m_link, 0, {}});
        finishStop(reason);
        break;
    }
    default:
        ++m_stale;
        break;
    }
    runEffects();
}

} // namespace fairlead::core
