// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/result.h>
#include <sys/types.h>

#include <memory>
#include <optional>

namespace fairlead::core {

struct ChildCommand
{
    QStringList arguments; ///< the program first: a path, or a name that PATH leads to
    QString workingDirectory; ///< empty: the host's
    QStringList environment; ///< "NAME=value", beyond the host's own
    /// Over its standard input and output; else it reads nothing there, and what it writes goes where
    /// its standard error goes.
    bool talks = true;
};

/// How a process ended.
struct ChildExit
{
    bool bySignal = false;
    int number = 0; ///< of the signal, else the exit status

    bool isClean() const noexcept { return !bySignal && number == 0; }

    QString text() const;
};

/// A program that the host launched, with the host's standard error, and with one end of a socket pair
/// as its standard input and output if it talks. It leads a process group of its own, which ends with it and with
/// the host's main thread. Thread: main.
class ChildProcess
{
public:
    /// Errors: InvalidArgument, NotFound, PermissionDenied, DescriptorsExhausted, Internal.
    static Result<std::unique_ptr<ChildProcess>> start(const ChildCommand &command);
    /// Kills what still runs, and waits for it.
    ~ChildProcess();
    ChildProcess(const ChildProcess &) = delete;
    ChildProcess &operator=(const ChildProcess &) = delete;

    pid_t pid() const noexcept { return m_pid; }

    /// Readable once it ended. The process's; stays open as long as this object.
    int exitFd() const noexcept { return m_pidFd; }

    /// The host's end of the socket pair, non-blocking; the caller's from then on. -1: there is none.
    int takeSocket() noexcept;

    void terminate() noexcept; ///< asks the group to end
    void kill() noexcept;

    /// Reaps it; nothing while it runs.
    std::optional<ChildExit> tryWait() noexcept;
    /// The same, for at most @p ns nanoseconds; blocks.
    std::optional<ChildExit> waitUpTo(qint64 ns) noexcept;

private:
    ChildProcess(pid_t pid, int pidFd, int socket) noexcept
        : m_pid(pid)
        , m_pidFd(pidFd)
        , m_socket(socket)
    { }

    void signalGroup(int number) noexcept;

    const pid_t m_pid;
    const int m_pidFd;
    int m_socket;
    std::optional<ChildExit> m_exit;
};

} // namespace fairlead::core
