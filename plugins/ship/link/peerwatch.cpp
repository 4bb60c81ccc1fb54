// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/peerwatch.h"

#include <fairlead/heartbeat.h>
#include <fairlead/messagestream.h>

namespace fairlead::ship {

Result<> PeerWatch::begin(const QByteArray &places)
{
    m_places = places;
    return watch(kPingMs, kSilenceMs);
}

Result<> PeerWatch::follow(const QByteArray &places)
{
    if (!m_heartbeat || places == m_places)
        return {};
    const bool wasKnown = !m_places.isEmpty();
    m_places = places;
    // To begin again without an answer would give it more time, and reports may flicker for ever.
    if (!wasKnown || (m_isDoubted && !hasAnswered()))
        return {};
    m_isDoubted = true;
    m_pongs = m_messages->pongCount();
    m_messages->ping();
    return watch(kAnswerMs / 2, kAnswerMs);
}

Result<> PeerWatch::handleProbeDue()
{
    if (m_isDoubted && hasAnswered()) {
        m_isDoubted = false;
        return watch(kPingMs, kSilenceMs);
    }
    m_messages->ping();
    return {};
}

bool PeerWatch::hasAnswered() const noexcept
{
    return m_messages->pongCount() != m_pongs;
}

Result<> PeerWatch::watch(qint64 probeMs, qint64 timeoutMs)
{
    if (!m_heartbeat)
        return {};
    HeartbeatPlan plan;
    plan.timeoutMs = timeoutMs;
    plan.probeMs = probeMs;
    return m_heartbeat->watch(plan);
}

} // namespace fairlead::ship
