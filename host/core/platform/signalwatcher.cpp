// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/signalwatcher.h"

#include "core/platform/systemerror.h"

#include <QtCore/QSocketNotifier>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

namespace fairlead::core {

namespace {

// All that a signal handler may touch.
std::atomic<int> s_writeEnd{-1};
static_assert(std::atomic<int>::is_always_lock_free);

void forward(int number)
{
    const int saved = errno;
    const auto byte = static_cast<unsigned char>(number);
    // A full pipe holds thousands of signals that nobody read: one more tells nothing.
    const ssize_t written = ::write(s_writeEnd.load(std::memory_order_relaxed), &byte, 1);
    static_cast<void>(written);
    errno = saved;
}

} // namespace

class SignalWatcher::Handlers
{
public:
    Handlers() = default;

    ~Handlers()
    {
        for (const auto &[number, action] : m_former)
            ::sigaction(number, &action, nullptr);
        if (m_pipe[0] >= 0) {
            s_writeEnd.store(-1);
            ::close(m_pipe[0]);
            ::close(m_pipe[1]);
        }
    }

    Handlers(const Handlers &) = delete;
    Handlers &operator=(const Handlers &) = delete;

    Result<> install(const QList<int> &numbers)
    {
        if (::pipe2(m_pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
            m_pipe = {-1, -1};
            return systemError(errno, QStringLiteral("the pipe of the signal watcher"));
        }
        s_writeEnd.store(m_pipe[1]);
        for (const int number : numbers) {
            struct sigaction action
            {
            };

            struct sigaction former
            {
            };

            action.sa_handler = &forward;
            action.sa_flags = SA_RESTART;
            sigfillset(&action.sa_mask);
            if (::sigaction(number, &action, &former) != 0) {
                return Error(ErrorCode::InvalidArgument,
                             QStringLiteral("signal %1: ").arg(number) + systemText(errno));
            }
            m_former.emplace_back(number, former);
        }
        return {};
    }

    int readEnd() const noexcept { return m_pipe[0]; }

private:
    std::array<int, 2> m_pipe{-1, -1};
    std::vector<std::pair<int, struct sigaction>> m_former;
};

SignalWatcher::SignalWatcher(QObject *parent)
    : QObject(parent)
{ }

SignalWatcher::~SignalWatcher() = default;

Result<> SignalWatcher::watch(const QList<int> &numbers)
{
    if (s_writeEnd.load() >= 0) {
        return Error(ErrorCode::AlreadyStarted, QStringLiteral("signals are watched already"));
    }
    auto handlers = std::make_unique<Handlers>();
    if (const Result<> installed = handlers->install(numbers); !installed)
        return installed;
    m_handlers = std::move(handlers);
    m_notifier = std::make_unique<QSocketNotifier>(m_handlers->readEnd(), QSocketNotifier::Read);
    connect(m_notifier.get(), &QSocketNotifier::activated, this, &SignalWatcher::handleReadable);
    return {};
}

void SignalWatcher::ignoreFailedWrites() noexcept
{
    struct sigaction action
    {
    };

    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, nullptr);
    ::sigaction(SIGXFSZ, &action, nullptr);
}

void SignalWatcher::handleReadable()
{
    std::array<unsigned char, 64> numbers;
    const ssize_t got = ::read(m_handlers->readEnd(), numbers.data(), numbers.size());
    for (ssize_t i = 0; i < got; ++i)
        Q_EMIT received(numbers[std::size_t(i)]);
}

} // namespace fairlead::core
