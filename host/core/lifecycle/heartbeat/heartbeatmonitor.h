// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/heartbeat/heartbeatsetting.h"
#include "core/registry/linkliveness.h"

#include <fairlead/error.h>
#include <fairlead/timers.h>

#include <memory>

namespace fairlead::core {

/// What a heartbeat asks of its link. Thread: the link's reactor. Either call may stop, start or
/// destroy the monitor.
class HeartbeatHandler
{
public:
    virtual ~HeartbeatHandler() = default;

    /// Nothing was heard for a probe interval: ask the peer for a sign of life.
    virtual void handleProbeDue(quint64 generation) noexcept = 0;
    /// The peer was silent for too long; once per outage. The link is lost: the handler tears it
    /// down, the heartbeat itself changes no status.
    virtual void handleHeartbeatExpired(quint64 generation, const Error &reason) noexcept = 0;
};

/// Watches the life of one link at a time (HB-01..HB-05).
///
/// Anything that comes in counts. Traffic only stores the time; the timer looks at it when it
/// fires, at every third of the timeout and exactly at the deadline. Only monotonic time is used.
///
/// While a request to the peer is in flight silence is excused, for suspensionNs from when the peer
/// was last heard, or from the first request if that began later. When the last request ends with the deadline already
/// past, one check period is left for a probe.
///
/// Thread: the link's reactor. Ownership: the link's.
class HeartbeatMonitor
{
public:
    enum class State : quint8 {
        Stopped,
        Watching,
        Expired, ///< until the next start()
    };

    HeartbeatMonitor(const Clock &clock, Timers &timers, HeartbeatHandler &handler) noexcept;
    HeartbeatMonitor(const HeartbeatMonitor &) = delete;
    HeartbeatMonitor &operator=(const HeartbeatMonitor &) = delete;

    /// The link of @p generation became Ready: it is healthy until a full timeout has passed.
    /// @p liveness: told until when the link counts as alive (RG-04); may be null.
    void start(quint64 generation,
               const HeartbeatSetting &setting,
               std::shared_ptr<LinkLiveness> liveness = nullptr);
    /// Nothing more is called. Idempotent.
    void stop() noexcept;

    /// Something came in on the link that is being watched.
    void noteTraffic() noexcept
    {
        m_lastHeard = m_clock.now();
        m_heardAny = true;
        if (m_liveness && m_state == State::Watching)
            m_liveness->extend(deadline());
    }

    /// A sign of life that names its link. Errors, which revive nothing and are counted: NotFound
    /// (nothing is watched), Superseded (an older generation), InvalidTransition (expired).
    Result<> beat(quint64 generation);
    /// A request to the peer began, or ended in any way. Errors: as beat().
    Result<> beginRequest(quint64 generation);
    Result<> endRequest(quint64 generation);

    State state() const noexcept { return m_state; }

    quint64 generation() const noexcept { return m_generation; }

    /// When the link expires if nothing is heard, monotonic nanoseconds; LinkLiveness::kNoDeadline
    /// when nothing is watched.
    qint64 deadline() const noexcept;

    qint64 lastHeard() const noexcept { return m_lastHeard; }

    /// Calls that were refused because of their generation or the state.
    quint64 strayCount() const noexcept { return m_strays; }

private:
    static constexpr qint64 kNever = -1;

    bool isSuspended() const noexcept { return m_inFlight > 0; }

    qint64 suspensionEnd() const noexcept;
    Result<> accept(quint64 generation);
    void handleTimeout() noexcept;
    void expire(qint64 now) noexcept;
    void rearm(qint64 now) noexcept;
    qint64 nextProbe() const noexcept;
    void publishDeadline() noexcept;

    const Clock &m_clock;
    Timers &m_timers;
    HeartbeatHandler &m_handler;
    HeartbeatSetting m_setting;
    std::shared_ptr<LinkLiveness> m_liveness;
    quint64 m_generation = 0;
    quint64 m_strays = 0;
    qint64 m_lastHeard = 0; ///< or when the link became Ready
    qint64 m_lastProbe = kNever;
    qint64 m_suspendedSince = kNever; ///< the first request since the peer was heard
    qint64 m_reprieve = kNever; ///< not before that, after a request ended late
    int m_inFlight = 0;
    State m_state = State::Stopped;
    bool m_heardAny = false;
    Timer m_timer;
};

} // namespace fairlead::core
