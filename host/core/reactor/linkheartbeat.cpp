// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/linkheartbeat.h"

#include "core/reactor/hostlink.h"
#include "core/reactor/reactor.h"

namespace fairlead::core {

Result<> LinkHeartbeat::watch(const HeartbeatPlan &plan)
{
    if (m_link.state() != Link::State::Ready) {
        return Error(ErrorCode::InvalidTransition,
                     QStringLiteral("only a link that is ready has a heartbeat"));
    }
    HeartbeatWish wish;
    wish.protocolMs = plan.timeoutMs;
    if (plan.probeMs >= 0)
        wish.probeMs = plan.probeMs;
    wish.graceMs = plan.graceMs;
    wish.suspensionMs = plan.suspensionMs;
    const Result<HeartbeatSetting> setting = resolveHeartbeat(wish);
    if (!setting)
        return setting.error();
    if (!m_watch) {
        Reactor &reactor = m_link.m_reactor;
        HeartbeatHandler &handler = *this;
        m_watch = std::make_unique<Watch>(reactor.clock(), reactor.timers(), handler);
    }
    m_watch->setting = *setting;
    m_watch->requests = 0;
    begin();
    return {};
}

void LinkHeartbeat::begin()
{
    m_watch->isProbed = false;
    m_watch->monitor.start(m_link.generation(), m_watch->setting, m_link.m_liveness);
    for (int i = 0; i < m_watch->requests; ++i)
        (void)m_watch->monitor.beginRequest(m_link.generation());
}

Result<> LinkHeartbeat::beginRequest()
{
    if (!m_watch)
        return Error(ErrorCode::NotFound, QStringLiteral("no heartbeat is expected"));
    Result<> begun = m_watch->monitor.beginRequest(m_link.generation());
    if (begun)
        ++m_watch->requests;
    return begun;
}

Result<> LinkHeartbeat::endRequest()
{
    if (!m_watch)
        return Error(ErrorCode::NotFound, QStringLiteral("no heartbeat is expected"));
    Result<> ended = m_watch->monitor.endRequest(m_link.generation());
    if (ended)
        --m_watch->requests;
    return ended;
}

void LinkHeartbeat::stop() noexcept
{
    if (m_watch)
        m_watch->monitor.stop();
}

void LinkHeartbeat::hear() noexcept
{
    m_watch->monitor.noteTraffic();
    if (!std::exchange(m_watch->isProbed, false) || std::exchange(m_watch->isVerified, true))
        return;
    m_link.tell(LinkReport::Kind::Verified);
}

void LinkHeartbeat::handleProbeDue(quint64) noexcept
{
    m_watch->isProbed = true;
    m_link.driver()->handleProbeDue();
}

void LinkHeartbeat::handleHeartbeatExpired(quint64, const Error &reason) noexcept
{
    if (m_link.mayHaveInput()) {
        begin();
        return;
    }
    m_link.tell(LinkReport::Kind::HeartbeatExpired, reason);
    m_link.close(reason, CloseMode::Abort, false);
}

} // namespace fairlead::core
