// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/heartbeat/heartbeatmonitor.h"

#include <algorithm>
#include <utility>

namespace fairlead::core {

HeartbeatMonitor::HeartbeatMonitor(const Clock &clock,
                                   Timers &timers,
                                   HeartbeatHandler &handler) noexcept
    : m_clock(clock)
    , m_timers(timers)
    , m_handler(handler)
    , m_timer([](void *self) noexcept { static_cast<HeartbeatMonitor *>(self)->handleTimeout(); },
              this)
{ }

void HeartbeatMonitor::start(quint64 generation,
                             const HeartbeatSetting &setting,
                             std::shared_ptr<LinkLiveness> liveness)
{
    stop();
    m_setting = setting;
    m_liveness = std::move(liveness);
    m_generation = generation;
    m_lastHeard = m_clock.now();
    m_lastProbe = kNever;
    m_suspendedSince = kNever;
    m_reprieve = kNever;
    m_inFlight = 0;
    m_heardAny = false;
    m_state = State::Watching;
    publishDeadline();
    rearm(m_lastHeard);
}

void HeartbeatMonitor::stop() noexcept
{
    m_timers.disarm(m_timer);
    m_state = State::Stopped;
    m_liveness.reset();
}

Result<> HeartbeatMonitor::beat(quint64 generation)
{
    Result<> accepted = accept(generation);
    if (accepted)
        noteTraffic();
    return accepted;
}

Result<> HeartbeatMonitor::beginRequest(quint64 generation)
{
    Result<> accepted = accept(generation);
    if (!accepted)
        return accepted;
    // One that was in flight when the peer was heard excuses the silence since then already.
    if (m_suspendedSince < m_lastHeard)
        m_suspendedSince = isSuspended() ? m_lastHeard : m_clock.now();
    ++m_inFlight;
    publishDeadline();
    return accepted;
}

Result<> HeartbeatMonitor::endRequest(quint64 generation)
{
    Result<> accepted = accept(generation);
    if (!accepted)
        return accepted;
    if (m_inFlight == 0) {
        ++m_strays;
        return Error(ErrorCode::InvalidTransition, QStringLiteral("no request is in flight"));
    }
    const qint64 excusedUntil = suspensionEnd();
    const qint64 now = m_clock.now();
    if (--m_inFlight > 0)
        return accepted;
    m_reprieve = std::min(now + m_setting.checkPeriodNs(), excusedUntil);
    publishDeadline();
    rearm(now);
    return accepted;
}

Result<> HeartbeatMonitor::accept(quint64 generation)
{
    if (m_state == State::Watching && generation == m_generation)
        return {};
    ++m_strays;
    if (m_state != State::Stopped && generation != m_generation) {
        return Error(
            ErrorCode::Superseded,
            QStringLiteral("the link watched is %1, not %2").arg(m_generation).arg(generation));
    }
    if (m_state == State::Expired)
        return Error(ErrorCode::InvalidTransition, QStringLiteral("the heartbeat has expired"));
    return Error(ErrorCode::NotFound, QStringLiteral("no heartbeat is expected"));
}

qint64 HeartbeatMonitor::suspensionEnd() const noexcept
{
    return std::max(m_suspendedSince, m_lastHeard) + m_setting.suspensionNs;
}

qint64 HeartbeatMonitor::deadline() const noexcept
{
    if (m_state != State::Watching || !m_setting.isEnabled())
        return LinkLiveness::kNoDeadline;
    const qint64 grace = m_heardAny ? 0 : m_setting.graceNs;
    const qint64 silent = m_lastHeard + m_setting.timeoutNs + grace;
    return std::max(silent, isSuspended() ? suspensionEnd() : m_reprieve);
}

qint64 HeartbeatMonitor::nextProbe() const noexcept
{
    if (m_setting.probeNs == 0 || isSuspended())
        return LinkLiveness::kNoDeadline; // a request in flight asks already
    return std::max(m_lastHeard, m_lastProbe) + m_setting.probeNs;
}

void HeartbeatMonitor::rearm(qint64 now) noexcept
{
    if (!m_setting.isEnabled())
        return;
    const qint64 check = now + m_setting.checkPeriodNs();
    m_timers.arm(m_timer, std::min({deadline(), nextProbe(), check}));
}

void HeartbeatMonitor::publishDeadline() noexcept
{
    if (m_liveness)
        m_liveness->extend(deadline());
}

void HeartbeatMonitor::handleTimeout() noexcept
{
    if (m_state != State::Watching)
        return;
    const qint64 now = m_clock.now();
    if (now >= deadline()) {
        expire(now);
        return;
    }
    const bool mustProbe = now >= nextProbe();
    if (mustProbe)
        m_lastProbe = now;
    rearm(now);
    if (mustProbe)
        m_handler.handleProbeDue(m_generation); // may destroy this
}

void HeartbeatMonitor::expire(qint64 now) noexcept
{
    const qint64 silentMs = (now - m_lastHeard) / kNsPerMs;
    // Keeps the deadline that has passed: the registry goes on to see the link as dead.
    m_state = State::Expired;
    Error reason(ErrorCode::HeartbeatTimeout,
                 QStringLiteral("nothing was heard of the peer for %1 ms").arg(silentMs));
    reason.setDetail(QStringLiteral("silentMs"), silentMs);
    m_handler.handleHeartbeatExpired(m_generation, reason); // may destroy this
}

} // namespace fairlead::core
