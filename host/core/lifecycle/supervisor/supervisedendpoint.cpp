// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/supervisedendpoint.h"

#include <QtCore/QPointer>

#include <algorithm>
#include <utility>

namespace fairlead::core {

using State = EndpointState;

namespace {

Error shuttingDown(const QString &name)
{
    return {ErrorCode::ShuttingDown,
            QStringLiteral("endpoint \"%1\": the host is shutting down").arg(name)};
}

} // namespace

Result<std::unique_ptr<SupervisedEndpoint>> SupervisedEndpoint::create(
    EndpointPlan plan, EndpointServices &services, std::unique_ptr<EndpointConnector> connector)
{
    if (const auto checked = plan.validate(); !checked)
        return checked.error();
    if (!connector) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("endpoint \"%1\" has no connector").arg(plan.name));
    }
    const auto backOff = BackOff::create(plan.policy.backOff);
    return std::unique_ptr<SupervisedEndpoint>(
        new SupervisedEndpoint(std::move(plan), *backOff, services, std::move(connector)));
}

SupervisedEndpoint::SupervisedEndpoint(EndpointPlan plan,
                                       const BackOff &backOff,
                                       EndpointServices &services,
                                       std::unique_ptr<EndpointConnector> connector)
    : m_plan(std::move(plan))
    , m_backOff(backOff)
    , m_services(services)
    , m_connector(std::move(connector))
    , m_slot(
          services.timers,
          [](void *self) noexcept {
              static_cast<SupervisedEndpoint *>(self)->handleAttemptTimer();
          },
          this,
          [this](quint64 generation) {
              m_effects.push_back({Effect::Kind::Cancel, {}, generation, 0, {}});
          })
    , m_linkTimer(
          [](void *self) noexcept { static_cast<SupervisedEndpoint *>(self)->handleLinkTimer(); },
          this)
    , m_crash(m_plan.policy.crash)
    , m_enabled(m_plan.enabled)
    , m_since(services.clock.now())
{
    m_connector->setReceiver(this);
}

SupervisedEndpoint::~SupervisedEndpoint()
{
    // What the connector reports from here on is stale and runs no effects.
    m_isRunningEffects = true;
    m_slot.release();
    for (const Effect &effect : std::exchange(m_effects, {})) {
        if (effect.kind == Effect::Kind::Cancel)
            m_connector->cancel(effect.generation);
    }
    if (const quint64 link = std::exchange(m_link, 0); link != 0)
        m_connector->close(link, m_stopReason);
}

Result<> SupervisedEndpoint::canStart() const
{
    if (m_services.closing)
        return shuttingDown(m_plan.name);
    if (!m_enabled) {
        return Error(ErrorCode::InvalidTransition,
                     QStringLiteral("endpoint \"%1\" is disabled").arg(m_plan.name));
    }
    switch (m_state) {
    case State::Idle:
    case State::Stopped:
    case State::Failed:
        return {};
    case State::Starting:
    case State::Running:
    case State::Reconnecting:
        return Error(ErrorCode::AlreadyStarted,
                     QStringLiteral("endpoint \"%1\" is %2 already")
                         .arg(m_plan.name, QLatin1String(endpointStateName(m_state))));
    case State::Draining:
    case State::Stopping:
        break;
    }
    return checkTransition(m_state, State::Starting).error();
}

Result<> SupervisedEndpoint::begin(DialTrigger trigger)
{
    if (auto may = canStart(); !may)
        return may;
    m_slot.resetCount();
    m_crash.reset();
    m_notBefore = 0;
    m_stopReason = {};
    enter(State::Starting, {});
    announce(EndpointEvent::Kind::Started);
    if (m_plan.role != SupervisedRole::Passive)
        open(trigger);
    return {};
}

Result<> SupervisedEndpoint::start()
{
    auto result = begin(DialTrigger::Start);
    runEffects();
    return result;
}

void SupervisedEndpoint::halt(const Error &reason, bool thenRestart)
{
    m_restart = thenRestart;
    if (m_state == State::Stopping || m_state == State::Stopped)
        return;
    m_slot.release();
    m_services.timers.disarm(m_linkTimer);
    m_stopReason = reason;
    if (!reason.isNull())
        m_lastReason = reason;
    enter(State::Stopping, reason);
    if (m_link == 0) {
        finishStop(reason);
        return;
    }
    m_services.timers.arm(m_linkTimer, m_services.clock.now() + m_plan.policy.closeDeadlineNs);
    m_effects.push_back({Effect::Kind::Close, {}, m_link, 0, reason});
}

void SupervisedEndpoint::finishStop(const Error &reason)
{
    m_link = 0;
    m_services.timers.disarm(m_linkTimer);
    enter(State::Stopped, reason);
    announce(EndpointEvent::Kind::Stopped, reason);
    if (std::exchange(m_restart, false)) {
        // Refused only when the host closes or the endpoint was disabled: then it stays down.
        static_cast<void>(begin(DialTrigger::Operator));
    }
}

void SupervisedEndpoint::stop(const Error &reason)
{
    halt(reason, false);
    runEffects();
}

void SupervisedEndpoint::drain(const Error &reason)
{
    if (m_state == State::Draining) {
        m_restart = false;
    } else if (m_state != State::Running) {
        halt(reason, false);
    } else {
        m_restart = false;
        m_stopReason = reason;
        if (!reason.isNull())
            m_lastReason = reason;
        enter(State::Draining, reason);
        const qint64 deadline = m_services.clock.now() + m_plan.policy.drainDeadlineNs;
        m_services.timers.arm(m_linkTimer, deadline);
        m_effects.push_back({Effect::Kind::Drain, {}, m_link, deadline, reason});
    }
    runEffects();
}

Result<> SupervisedEndpoint::restart()
{
    Result<> result;
    if (m_state == State::Idle || m_state == State::Stopped || m_state == State::Failed) {
        result = begin(DialTrigger::Operator);
    } else if (m_services.closing) {
        result = shuttingDown(m_plan.name);
    } else if (!m_enabled) {
        result = canStart();
    } else {
        halt({}, true);
    }
    runEffects();
    return result;
}

Result<> SupervisedEndpoint::setEnabled(bool enabled)
{
    Result<> result;
    m_enabled = enabled;
    if (!enabled) {
        if (m_state != State::Idle)
            halt(Error(ErrorCode::Cancelled, QStringLiteral("the endpoint was disabled")), false);
    } else if (m_services.closing) {
        result = shuttingDown(m_plan.name);
    } else if (m_state == State::Stopping || m_state == State::Draining) {
        m_restart = true;
    } else if (canStart()) {
        result = begin(DialTrigger::Operator);
    }
    runEffects();
    return result;
}

Result<> SupervisedEndpoint::adoptLink(quint64 generation, const QString &peer)
{
    if (m_services.closing)
        return shuttingDown(m_plan.name);
    if (m_plan.role == SupervisedRole::Listen) {
        return Error(
            ErrorCode::NotSupported,
            QStringLiteral("endpoint \"%1\" listens, its links are not its own").arg(m_plan.name));
    }
    if (generation == 0) {
        return Error(ErrorCode::InvalidArgument,
                     QStringLiteral("endpoint \"%1\": a link without generation").arg(m_plan.name));
    }
    switch (m_state) {
    case State::Running:
        if (m_link == generation)
            return {};
        break;
    case State::Starting:
    case State::Reconnecting:
        m_slot.release();
        break;
    default:
        return checkTransition(m_state, State::Running).error();
    }
    becomeReady(generation, peer);
    runEffects();
    return {};
}

bool SupervisedEndpoint::owesStopped() const noexcept
{
    return std::any_of(m_effects.cbegin(), m_effects.cend(), [](const Effect &effect) {
        return effect.kind == Effect::Kind::Emit
            && effect.event.kind == EndpointEvent::Kind::Stopped;
    });
}

EndpointStatus SupervisedEndpoint::status() const
{
    EndpointStatus now;
    now.name = m_plan.name;
    now.url = m_plan.url;
    now.role = m_plan.role;
    now.state = m_state;
    now.enabled = m_enabled;
    now.since = m_since;
    now.attempts = m_slot.count();
    now.maxAttempts = m_plan.policy.maxAttempts;
    if (m_slot.phase() == AttemptSlot::Phase::Waiting)
        now.nextRetryAt = m_slot.deadline();
    if (m_state == State::Reconnecting && m_crash.unavailableUntil() > m_services.clock.now())
        now.unavailableUntil = m_crash.unavailableUntil();
    now.lastReason = m_lastReason;
    now.generation = m_generation;
    now.peer = m_peer;
    if (m_plan.role == SupervisedRole::Listen)
        now.links = m_connector->acceptedLinks();
    else
        now.links = m_link != 0 ? 1 : 0;
    now.stale = m_stale;
    return now;
}

void SupervisedEndpoint::enter(State to, const Error &reason)
{
    const auto change = checkTransition(m_state, to);
    Q_ASSERT(change);
    if (!change.value_or(false))
        return;
    EndpointEvent event = makeEvent(EndpointEvent::Kind::StateChanged, reason);
    event.to = to;
    m_state = to;
    m_since = event.at;
    m_effects.push_back({Effect::Kind::Emit, std::move(event), 0, 0, {}});
}

EndpointEvent SupervisedEndpoint::makeEvent(EndpointEvent::Kind kind, const Error &reason) const
{
    return {kind,
            m_plan.name,
            m_generation,
            m_state,
            m_state,
            m_services.clock.now(),
            reason,
            m_slot.count(),
            0};
}

void SupervisedEndpoint::announce(EndpointEvent::Kind kind, const Error &reason, qint64 delayNs)
{
    EndpointEvent event = makeEvent(kind, reason);
    event.delayNs = delayNs;
    m_effects.push_back({Effect::Kind::Emit, std::move(event), 0, 0, {}});
}

void SupervisedEndpoint::runEffects()
{
    if (m_isRunningEffects)
        return;
    m_isRunningEffects = true;
    const QPointer<SupervisedEndpoint> alive(this);
    while (!m_effects.empty()) {
        const Effect effect = std::move(m_effects.front());
        m_effects.pop_front();
        switch (effect.kind) {
        case Effect::Kind::Emit:
            emitEvent(effect.event);
            break;
        case Effect::Kind::Connect:
            // A slot that ran before it may have ended the attempt: then no dial follows.
            if (m_slot.isBusyWith(effect.generation)) {
                m_slot.markIssued();
                m_connector->connect(effect.generation, effect.deadline);
            }
            break;
        case Effect::Kind::Cancel:
            m_connector->cancel(effect.generation);
            break;
        case Effect::Kind::Close:
            if (m_link == effect.generation)
                m_connector->close(effect.generation, effect.reason);
            break;
        case Effect::Kind::Drain:
            if (m_link == effect.generation && m_state == State::Draining)
                m_connector->drain(effect.generation, effect.deadline);
            break;
        }
        if (!alive)
            return;
    }
    m_isRunningEffects = false;
}

void SupervisedEndpoint::emitEvent(const EndpointEvent &event)
{
    switch (event.kind) {
    case EndpointEvent::Kind::StateChanged:
        Q_EMIT stateChanged(event);
        break;
    case EndpointEvent::Kind::Started:
        Q_EMIT started(event);
        break;
    case EndpointEvent::Kind::Stopped:
        Q_EMIT stopped(event);
        break;
    case EndpointEvent::Kind::Reconnected:
        Q_EMIT reconnected(event);
        break;
    case EndpointEvent::Kind::ReconnectFailed:
        Q_EMIT reconnectFailed(event);
        break;
    case EndpointEvent::Kind::ReconnectScheduled:
        Q_EMIT reconnectScheduled(event);
        break;
    case EndpointEvent::Kind::DialStorm:
        Q_EMIT dialStorm(event);
        break;
    }
}

} // namespace fairlead::core
