// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "commands/termination.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

namespace fairlead::cli {

namespace {

int s_pipe[2] = {-1, -1};

extern "C" void noteSignal(int)
{
    const char octet = 1;
    [[maybe_unused]] const ssize_t written = ::write(s_pipe[1], &octet, 1);
}

[[nodiscard]] int openPipe()
{
    return ::pipe2(s_pipe, O_CLOEXEC | O_NONBLOCK) == 0 ? s_pipe[0] : -1;
}

} // namespace

Termination::Termination(QObject *parent)
    : Termination(openPipe(), parent)
{ }

Termination::Termination(int readEnd, QObject *parent)
    : QObject(parent)
    , m_notifier(readEnd, QSocketNotifier::Read)
{
    connect(&m_notifier, &QSocketNotifier::activated, this, [this] {
        m_notifier.setEnabled(false);
        Q_EMIT requested();
    });
    struct sigaction action = {};
    action.sa_handler = noteSignal;
    // Back to the default after the first one, so that an impatient user gets out.
    action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

Termination::~Termination()
{
    static_cast<void>(::signal(SIGINT, SIG_DFL));
    static_cast<void>(::signal(SIGTERM, SIG_DFL));
    m_notifier.setEnabled(false);
    ::close(s_pipe[0]);
    ::close(s_pipe[1]);
}

} // namespace fairlead::cli
