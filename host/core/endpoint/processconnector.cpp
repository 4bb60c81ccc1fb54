// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/processconnector.h"

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

ProcessConnector::ProcessConnector(MainLoop &loop,
                                   std::shared_ptr<HostEndpoint> endpoint,
                                   const Host &host)
    : DialConnector(std::move(endpoint), host)
    , m_loop(loop)
    , m_grace([](void *self) noexcept { static_cast<ProcessConnector *>(self)->handleGraceOver(); },
              this)
{ }

// The host ends, or the endpoint was removed: the program gets its time all the same.
ProcessConnector::~ProcessConnector()
{
    if (!m_process)
        return;
    m_loop.unwatch(m_process->exitFd());
    if (!m_wasAsked)
        m_process->terminate();
    static_cast<void>(m_process->waitUpTo(kGraceNs));
}

void ProcessConnector::startDial(qint64)
{
    m_ended.reset();
    if (!m_process) {
        launch();
        return;
    }
    m_launchDue = true;
    endProcess();
}

void ProcessConnector::launch()
{
    const EndpointSettings &settings = endpoint().settings();
    ChildCommand command;
    command.arguments = settings.command;
    command.workingDirectory = settings.workingDirectory;
    command.environment = QStringList{QStringLiteral("FAIRLEAD_ENDPOINT=") + settings.name};
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
    const QByteArray address = "pid:" + QByteArray::number(m_process->pid());
    adopted(placer().adoptSocket(endpoint().runtime(),
                                 m_process->takeSocket(),
                                 address,
                                 Link::Direction::Dialled,
                                 generation()));
}

void ProcessConnector::abortDial() noexcept
{
    m_launchDue = false;
}

void ProcessConnector::linkIsOver(const LinkReport &report)
{
    if (!m_process) {
        tell(report);
        return;
    }
    m_ended = report;
    if (const std::optional<ChildExit> exit = m_process->tryWait())
        handleExit(*exit);
    else
        endProcess();
}

void ProcessConnector::endProcess()
{
    if (std::exchange(m_wasAsked, true))
        return;
    m_process->terminate();
    m_loop.timers().arm(m_grace, m_loop.clock().now() + kGraceNs);
}

void ProcessConnector::handleGraceOver() noexcept
{
    if (m_process)
        m_process->kill();
}

void ProcessConnector::handleFdEvents(quint32) noexcept
{
    if (const std::optional<ChildExit> exit = m_process->tryWait())
        handleExit(*exit);
}

void ProcessConnector::handleExit(const ChildExit &exit)
{
    m_loop.unwatch(m_process->exitFd());
    m_loop.timers().disarm(m_grace);
    m_process.reset();
    m_exit = exit;
    // Where the link is not over yet, it is about to: its input ended.
    if (m_ended)
        tell(*std::exchange(m_ended, std::nullopt));
    else if (std::exchange(m_launchDue, false))
        launch();
}

// An end on purpose stays one, however the program took it.
void ProcessConnector::tell(LinkReport report)
{
    if (m_exit && !isGraceful(*m_exit, m_wasAsked) && !report.wasShutDown) {
        report.hasCrashed = true;
        report.reason = Error(ErrorCode::ConnectionClosed,
                              QStringLiteral("the launched program %1").arg(m_exit->text()));
    }
    tellEnd(report);
}

} // namespace fairlead::core
