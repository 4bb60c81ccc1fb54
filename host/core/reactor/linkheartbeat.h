// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/heartbeat/heartbeatmonitor.h"

#include <fairlead/heartbeat.h>

#include <memory>

namespace fairlead::core {

class HostLink;

/// The heartbeat of one link as its driver sees it. Costs next to nothing until it is asked for.
///
/// Silence counts only while somebody listens: input that the host itself has not read yet, for back
/// pressure or at its end, lets nothing expire.
///
/// Thread: the link's reactor. Ownership: the link's.
class LinkHeartbeat final : public Heartbeat, private HeartbeatHandler
{
public:
    explicit LinkHeartbeat(HostLink &link) noexcept
        : m_link(link)
    { }

    Result<> watch(const HeartbeatPlan &plan) override;
    Result<> beginRequest() override;
    Result<> endRequest() override;

    /// Something came in.
    void noteTraffic() noexcept
    {
        if (m_watch)
            hear();
    }

    /// Nothing more is called.
    void stop() noexcept;

private:
    struct Watch
    {
        Watch(const Clock &clock, Timers &timers, HeartbeatHandler &handler) noexcept
            : monitor(clock, timers, handler)
        { }

        HeartbeatMonitor monitor;
        HeartbeatSetting setting;
        int requests = 0;
        bool isProbed = false; ///< and nothing came since
        bool isVerified = false; ///< the peer answered a probe, once
    };

    void begin();
    void hear() noexcept;
    void handleProbeDue(quint64 generation) noexcept override;
    void handleHeartbeatExpired(quint64 generation, const Error &reason) noexcept override;

    HostLink &m_link;
    std::unique_ptr<Watch> m_watch;
};

} // namespace fairlead::core
