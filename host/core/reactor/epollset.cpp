// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "epollset.h"

#include <QString>

#include <fairlead/clock.h>
#include <linux/time_types.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>

namespace fairlead::core {

namespace {

constexpr qint64 kNsPerSecond = 1'000'000'000;

// A process without an epoll instance has no event loop; there is nothing to fall back to.
int createEpoll()
{
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) {
        qFatal("event loop: epoll_create1 failed: %s", qUtf8Printable(qt_error_string(errno)));
    }
    return fd;
}

int roundUpToMs(qint64 timeoutNs)
{
    const qint64 ms = timeoutNs / kNsPerMs + (timeoutNs % kNsPerMs != 0 ? 1 : 0);
    return static_cast<int>(std::min<qint64>(ms, std::numeric_limits<int>::max()));
}

#ifdef SYS_epoll_pwait2
// By number, because the wrapper is younger than the oldest C library served.
int waitNs(int fd, epoll_event *events, int capacity, qint64 timeoutNs)
{
    __kernel_timespec timeout{};
    timeout.tv_sec = timeoutNs / kNsPerSecond;
    timeout.tv_nsec = timeoutNs % kNsPerSecond;
    return static_cast<int>(
        ::syscall(SYS_epoll_pwait2, fd, events, capacity, &timeout, nullptr, size_t{0}));
}
#endif

} // namespace

EpollSet::EpollSet()
    : m_fd(createEpoll())
{ }

EpollSet::~EpollSet()
{
    ::close(m_fd);
}

int EpollSet::control(int operation, int fd, quint32 events, quint64 token) noexcept
{
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    ++m_controlCalls;
    return ::epoll_ctl(m_fd, operation, fd, &event) == 0 ? 0 : errno;
}

int EpollSet::add(int fd, quint32 events, quint64 token) noexcept
{
    const int error = control(EPOLL_CTL_ADD, fd, events, token);
    // Closed elsewhere and opened anew under one number while another descriptor kept it alive.
    return error == EEXIST ? control(EPOLL_CTL_MOD, fd, events, token) : error;
}

int EpollSet::modify(int fd, quint32 events, quint64 token) noexcept
{
    const int error = control(EPOLL_CTL_MOD, fd, events, token);
    // The kernel forgot it when the descriptor was closed; the number means another file now.
    return error == ENOENT ? control(EPOLL_CTL_ADD, fd, events, token) : error;
}

int EpollSet::remove(int fd) noexcept
{
    return control(EPOLL_CTL_DEL, fd, 0, 0);
}

int EpollSet::wait(epoll_event *events, int capacity, qint64 timeoutNs)
{
    ++m_waits;
    int count = -1;
#ifdef SYS_epoll_pwait2
    if (timeoutNs > 0 && m_nanosecondWaits) {
        count = waitNs(m_fd, events, capacity, timeoutNs);
        // EPERM: a system call filter older than the call.
        if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
            m_nanosecondWaits = false;
        } else if (count >= 0 || errno == EINTR) {
            return std::max(count, 0);
        }
    }
#endif
    count = ::epoll_wait(m_fd, events, capacity, timeoutNs < 0 ? -1 : roundUpToMs(timeoutNs));
    if (count < 0 && errno != EINTR) {
        // Only a foreign close() of this descriptor leads here; going on would spin for ever.
        qFatal("event loop: epoll_wait failed: %s", qUtf8Printable(qt_error_string(errno)));
    }
    return std::max(count, 0);
}

void EpollSet::reset()
{
    ::close(m_fd);
    m_fd = createEpoll();
}

} // namespace fairlead::core
