// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/launchconnector.h"

#include "core/endpoint/hostendpoint.h"
#include "core/endpoint/linkplacer.h"
#include "core/reactor/mainloop.h"

#include <csignal>
#include <utility>

namespace fairlead::core {

namespace {

/// It ended as it was asked to, or by itself with success.
bool isGraceful(const ChildExit &exit, bool wasAsked) noexcept
{
    constexpr int kShellBase = 128; // a shell's status for a command that a signal ended
    if (exit.isClean())
        return true;
    return wasAsked && exit.number == (exit.bySignal ? SIGTERM : kShellBase + SIGTERM);
}

} // namespace

LaunchConnector::LaunchConnector(MainLoop &loop,
                                 std::shared_ptr<HostEndpoint> endpoint,
                                 const Host &host)
    : DialConnector(std::move(endpoint), host)
    , m_loop(loop)
    , m_grace([](void *self) noexcept { static_cast<LaunchConnector *>(self)->handleGraceOver(); },
              this)
{ }

// The host ends, or the endpoint was removed: the program gets its time all the same.
LaunchConnector::~LaunchConnector()
{
    if (!m_process)
        return;
    m_loop.unwatch(m_process->exitFd());
    if (!m_wasAsked)
        m_process->terminate();
    static_cast<void>(m_process->waitUpTo(kGraceNs));
}

void LaunchConnector::startDial(qint64 deadline)
{
    m_ended.reset();
    m_deadline = deadline;
    if (!m_process) {
        launch();
        return;
    }
    m_launchDue = true;
    endProcess();
}

void LaunchConnector::launch()
{
    const EndpointSettings &settings = endpoint().settings();
    ChildCommand command;
    command.arguments = settings.command;
    command.workingDirectory = settings.workingDirectory;
    command.environment = QStringList{QStringLiteral("FAIRLEAD_ENDPOINT=") + settings.name};
    complete(command);
    Result<std::unique_ptr<ChildProcess>> started = ChildProcess::start(command);
    if (!started) {
        // A program may be about to be installed, or to be replaced.
        failed(Error(started.error()).setRetryable(true));
        return;
    }
    if (!m_loop.watch((*started)->exitFd(), *this)) {
        failed(Error(ErrorCode::DescriptorsExhausted,
                     QStringLiteral("no room to watch the launched program")));
        return;
    }
    m_process = std::move(*started);
    m_wasAsked = false;
    m_exit.reset();
    m_isReaching = true;
    reach(*m_process, m_deadline);
}

void LaunchConnector::adopt(int fd, const QByteArray &peerAddress)
{
    m_isReaching = false;
    adopted(placer().adoptSocket(
        endpoint().runtime(), fd, peerAddress, Link::Direction::Dialled, generation()));
}

void LaunchConnector::giveUp(const Error &error)
{
    m_isReaching = false;
    endProcess();
    failed(error);
}

void LaunchConnector::abortDial() noexcept
{
    m_launchDue = false;
    if (!std::exchange(m_isReaching, false))
        return;
    abortReach();
    endProcess();
}

void LaunchConnector::linkIsOver(const LinkReport &report)
{
    if (!m_process) {
        m_loop.timers().disarm(m_grace);
        tell(report);
        return;
    }
    m_ended = report;
    if (const std::optional<ChildExit> exit = m_process->tryWait())
        handleExit(*exit);
    else
        endProcess();
}

void LaunchConnector::endProcess()
{
    if (std::exchange(m_wasAsked, true))
        return;
    m_process->terminate();
    m_loop.timers().arm(m_grace, m_loop.clock().now() + kGraceNs);
}

void LaunchConnector::handleGraceOver() noexcept
{
    if (m_process) {
        m_process->kill();
        return;
    }
    m_wasTaken = true;
    close(generation(), crash());
}

void LaunchConnector::handleFdEvents(quint32) noexcept
{
    if (const std::optional<ChildExit> exit = m_process->tryWait())
        handleExit(*exit);
}

void LaunchConnector::handleExit(const ChildExit &exit)
{
    m_loop.unwatch(m_process->exitFd());
    m_loop.timers().disarm(m_grace);
    m_process.reset();
    m_exit = exit;
    if (std::exchange(m_isReaching, false)) {
        abortReach();
        failed(crash(), isGraceful(exit, m_wasAsked) ? EndCause::Lost : EndCause::Crashed);
        return;
    }
    // Where the link is not over yet, it is about to: its input ended. Unless somebody else took it.
    if (m_ended)
        tell(*std::exchange(m_ended, std::nullopt));
    else if (std::exchange(m_launchDue, false))
        launch();
    else if (mayBeTaken())
        m_loop.timers().arm(m_grace, m_loop.clock().now() + kLinkGraceNs);
}

Error LaunchConnector::crash() const
{
    return Error(ErrorCode::ConnectionClosed,
                 QStringLiteral("the launched program %1").arg(m_exit->text()));
}

// An end on purpose stays one, however the program took it.
void LaunchConnector::tell(LinkReport report)
{
    if (std::exchange(m_wasTaken, false)) {
        report.wasShutDown = false;
        report.asksReconnect = true;
    }
    if (m_exit && !isGraceful(*m_exit, m_wasAsked) && !report.wasShutDown) {
        report.hasCrashed = true;
        report.reason = crash();
    }
    tellEnd(report);
}

} // namespace fairlead::core
