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

/// Launches the peer: the endpoint's command runs once per attempt. Program and link end together; the
/// endpoint hears of the end when both are over, so that there are never two copies. A program that
/// failed has crashed (SV-15). How it is reached is up to who derives.
///
/// Thread: main.
class LaunchConnector : public DialConnector, private FdHandler
{
public:
    /// What a program may take to end after it was asked, before it is killed.
    static constexpr qint64 kGraceNs = 2 * kNsPerSecond;
    /// What a link may take to end after its program did: there may be much to read.
    static constexpr qint64 kLinkGraceNs = 10 * kNsPerSecond;

    ~LaunchConnector() override;

protected:
    /// @p loop outlives it.
    LaunchConnector(MainLoop &loop, std::shared_ptr<HostEndpoint> endpoint, const Host &host);

    /// What to launch; the command itself is filled in.
    virtual void complete(ChildCommand &command) const = 0;
    /// @p process runs: reach it until @p deadline. Ends in adopt() or giveUp(), possibly before it
    /// returns.
    virtual void reach(ChildProcess &process, qint64 deadline) = 0;

    /// Stops that at once.
    virtual void abortReach() noexcept { }

    /// Whether it may be somebody else who was reached.
    virtual bool mayBeTaken() const noexcept { return false; }

    /// It was reached, over @p fd. The last thing reach() does.
    void adopt(int fd, const QByteArray &peerAddress);
    /// It cannot be reached, and ends. The last thing reach() does.
    void giveUp(const Error &error);

    MainLoop &loop() noexcept { return m_loop; }

private:
    void startDial(qint64 deadline) final;
    void abortDial() noexcept final;
    void linkIsOver(const LinkReport &report) final;
    void handleFdEvents(quint32 events) noexcept override;

    void launch();
    void handleExit(const ChildExit &exit);
    Error crash() const;
    void tell(LinkReport report);
    void handleGraceOver() noexcept;
    void endProcess();

    MainLoop &m_loop;
    std::unique_ptr<ChildProcess> m_process;
    std::optional<ChildExit> m_exit; ///< of the latest one, once it is over
    std::optional<LinkReport> m_ended; ///< of the link, told once the process is over too
    Timer m_grace;
    qint64 m_deadline = 0; ///< of the attempt
    bool m_wasAsked = false; ///< to end
    bool m_launchDue = false; ///< as soon as the former one is over
    bool m_isReaching = false;
    bool m_wasTaken = false; ///< the link outlived its program, and was ended for that
};

} // namespace fairlead::core
