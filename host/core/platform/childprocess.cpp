// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/childprocess.h"

#include "core/platform/systemerror.h"

#include <QtCore/QByteArray>
#include <QtCore/QByteArrayList>
#include <QtCore/QFileInfo>

#include <fairlead/clock.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

namespace fairlead::core {

namespace {

/// Both ends of a pair of descriptors; closed unless taken.
struct Ends
{
    std::array<int, 2> fds = {-1, -1};

    Ends() = default;
    Ends(const Ends &) = delete;
    Ends &operator=(const Ends &) = delete;

    ~Ends()
    {
        close(0);
        close(1);
    }

    void close(std::size_t end) noexcept
    {
        if (const int fd = take(end); fd >= 0)
            ::close(fd);
    }

    int take(std::size_t end) noexcept { return std::exchange(fds[end], -1); }
};

/// The host's end, if there is one, and what the child reads.
bool open(bool talks, Ends &ends) noexcept
{
    if (talks)
        return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.fds.data()) == 0;
    ends.fds[1] = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    return ends.fds[1] >= 0;
}

QByteArray programOf(const QString &name)
{
    if (name.contains(QLatin1Char('/')))
        return name.toLocal8Bit();
    const QList<QByteArray> folders = qgetenv("PATH").split(':');
    for (const QByteArray &folder : folders) {
        QByteArray path = folder + '/' + name.toLocal8Bit();
        if (!folder.isEmpty() && ::access(path.constData(), X_OK) == 0
            && QFileInfo(QString::fromLocal8Bit(path)).isFile()) {
            return path;
        }
    }
    return {};
}

/// What execve() wants: pointers that live as long as the texts.
std::vector<char *> pointersTo(QByteArrayList &texts)
{
    std::vector<char *> pointers;
    pointers.reserve(std::size_t(texts.size()) + 1);
    for (QByteArray &text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

QByteArrayList environmentWith(const QStringList &additions)
{
    QByteArrayList environment;
    for (char **one = environ; *one; ++one)
        environment.append(QByteArray(*one));
    for (const QString &addition : additions) {
        const QByteArray text = addition.toLocal8Bit();
        const QByteArray name = text.left(text.indexOf('=') + 1);
        environment.removeIf([&](const QByteArray &one) { return one.startsWith(name); });
        environment.append(text);
    }
    return environment;
}

struct Plan
{
    const char *program;
    char **arguments;
    char **environment;
    const char *folder; ///< null: stay
    int input;
    int output;
    int report; ///< where the child says why it could not run
    pid_t parent;
};

/// In the child, after fork(): nothing but calls that are safe there.
[[noreturn]] void run(const Plan &plan) noexcept
{
    const auto giveUp = [&plan]() {
        const int failed = errno;
        const ssize_t told = ::write(plan.report, &failed, sizeof failed);
        static_cast<void>(told);
        ::_exit(127);
    };
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != plan.parent)
        ::_exit(127);
    struct sigaction standard = {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number)
        ::sigaction(number, &standard, nullptr);
    sigset_t none;
    sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    if (::dup2(plan.input, STDIN_FILENO) < 0 || ::dup2(plan.output, STDOUT_FILENO) < 0)
        giveUp();
    if (plan.folder && ::chdir(plan.folder) != 0)
        giveUp();
    ::execve(plan.program, plan.arguments, plan.environment);
    giveUp();
    ::_exit(127);
}

/// The errno with which the child gave up; 0 when its program runs.
int failureFrom(int report) noexcept
{
    int failed = 0;
    ssize_t got = 0;
    do {
        got = ::read(report, &failed, sizeof failed);
    } while (got < 0 && errno == EINTR);
    return got == ssize_t(sizeof failed) ? failed : 0;
}

Error notStarted(int number, const QString &name)
{
    if (number == ENOENT || number == ENOTDIR || number == ENOEXEC) {
        return {ErrorCode::NotFound,
                QStringLiteral("%1 cannot be run: %2").arg(name, systemText(number))};
    }
    return systemError(number, name, ErrorCode::Internal);
}

} // namespace

QString ChildExit::text() const
{
    return bySignal ? QStringLiteral("ended by signal %1").arg(number)
                    : QStringLiteral("ended with status %1").arg(number);
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const ChildCommand &command)
{
    if (command.arguments.isEmpty() || command.arguments.front().isEmpty())
        return Error(ErrorCode::InvalidArgument, QStringLiteral("a command names a program"));
    const QString &name = command.arguments.front();
    const QByteArray program = programOf(name);
    if (program.isEmpty())
        return notStarted(ENOENT, name);
    QByteArrayList arguments;
    for (const QString &argument : command.arguments)
        arguments.append(argument.toLocal8Bit());
    QByteArrayList environment = environmentWith(command.environment);
    const QByteArray folder = command.workingDirectory.toLocal8Bit();
    std::vector<char *> argumentPointers = pointersTo(arguments);
    std::vector<char *> environmentPointers = pointersTo(environment);

    Ends sockets;
    Ends report;
    if (!open(command.talks, sockets) || ::pipe2(report.fds.data(), O_CLOEXEC) != 0)
        return systemError(errno, name);
    const Plan plan = {program.constData(),
                       argumentPointers.data(),
                       environmentPointers.data(),
                       folder.isEmpty() ? nullptr : folder.constData(),
                       sockets.fds[1],
                       command.talks ? sockets.fds[1] : STDERR_FILENO,
                       report.fds[1],
                       ::getpid()};
    const pid_t pid = ::fork();
    if (pid < 0)
        return systemError(errno, name);
    if (pid == 0)
        run(plan);
    report.close(1);
    sockets.close(1);
    if (const int failed = failureFrom(report.fds[0]); failed != 0) {
        ::waitpid(pid, nullptr, 0);
        return notStarted(failed, name);
    }
    const int pidFd = int(::syscall(SYS_pidfd_open, pid, 0));
    if (pidFd < 0 || (sockets.fds[0] >= 0 && ::fcntl(sockets.fds[0], F_SETFL, O_NONBLOCK) != 0)) {
        const int failed = errno;
        ::kill(-pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        return systemError(failed, name);
    }
    return std::unique_ptr<ChildProcess>(new ChildProcess(pid, pidFd, sockets.take(0)));
}

ChildProcess::~ChildProcess()
{
    if (!m_exit) {
        kill();
        ::waitpid(m_pid, nullptr, 0);
    }
    if (m_socket >= 0)
        ::close(m_socket);
    ::close(m_pidFd);
}

int ChildProcess::takeSocket() noexcept
{
    return std::exchange(m_socket, -1);
}

void ChildProcess::terminate() noexcept
{
    signalGroup(SIGTERM);
}

void ChildProcess::kill() noexcept
{
    signalGroup(SIGKILL);
}

// Once it is reaped its number may be somebody else's.
void ChildProcess::signalGroup(int number) noexcept
{
    if (!m_exit && ::kill(-m_pid, number) != 0)
        ::kill(m_pid, number); // before it leads a group
}

std::optional<ChildExit> ChildProcess::tryWait() noexcept
{
    if (m_exit)
        return m_exit;
    int status = 0;
    if (::waitpid(m_pid, &status, WNOHANG) != m_pid)
        return std::nullopt;
    // What it left behind in its group goes too.
    ::kill(-m_pid, SIGKILL);
    m_exit = WIFSIGNALED(status) ? ChildExit{true, WTERMSIG(status)}
                                 : ChildExit{false, WEXITSTATUS(status)};
    return m_exit;
}

std::optional<ChildExit> ChildProcess::waitUpTo(qint64 ns) noexcept
{
    pollfd ends = {m_pidFd, POLLIN, 0};
    static_cast<void>(::poll(&ends, 1, int(ns / kNsPerMs)));
    return tryWait();
}

} // namespace fairlead::core
