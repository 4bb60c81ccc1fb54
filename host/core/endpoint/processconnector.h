// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/endpoint/dialconnector.h"
#include "core/platform/childprocess.h"
#include "core/reactor/fdhandler.h"

#include <fairlead/clock.h>
#include <fairlead/timers.h>

#include <memory>
#include <optional>

namespace fairlead::core {

class MainLoop;

/// Launches the peer: the endpoint's command runs once per attempt, and its standard input and output
/// are the connection. Program and link end together; the endpoint hears of the end when both are
/// over, so that there are never two copies. A program that failed has crashed (SV-15).
///
/// Thread: main.
class ProcessConnector final : public DialConnector, private FdHandler
{
public:
    /// What a program may take to end after it was asked, before it is killed.
    static constexpr qint64 kGraceNs = 2 * kNsPerSecond;

    /// @p loop outlives it.
    ProcessConnector(MainLoop &loop, std::shared_ptr<HostEndpoint> endpoint, const Host &host);
    ~ProcessConnector() override;

private:
    void startDial(qint64 deadline) override;
    void abortDial() noexcept override;
    void linkIsOver(const LinkReport &report) override;
    void handleFdEvents(quint32 events) noexcept override;

    void launch();
    void handleExit(const ChildExit &exit);
    void tell(LinkReport report);
    void handleGraceOver() noexcept;
    void endProcess();

    MainLoop &m_loop;
    std::unique_ptr<ChildProcess> m_process;
    std::optional<ChildExit> m_exit; ///< of the latest one, once it is over
    std::optional<LinkReport> m_ended; ///< of the link, told once the process is over too
    Timer m_grace;
    bool m_wasAsked = false; ///< to end
    bool m_launchDue = false; ///< as soon as the former one is over
};

} // namespace fairlead::core
