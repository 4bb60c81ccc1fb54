// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtGlobal>

#include <sys/epoll.h>

namespace fairlead::core {

// One epoll instance: the system calls and their errors, no policy.
class EpollSet
{
public:
    EpollSet();
    ~EpollSet();
    Q_DISABLE_COPY_MOVE(EpollSet)

    // These three answer 0 or an errno value.
    [[nodiscard]] int add(int fd, quint32 events, quint64 token) noexcept;
    [[nodiscard]] int modify(int fd, quint32 events, quint64 token) noexcept;
    int remove(int fd) noexcept;

    // timeoutNs < 0 waits without limit. Never returns before the timeout without an event or a
    // signal; answers the number of events, 0 also when a signal cut the wait short.
    int wait(epoll_event *events, int capacity, qint64 timeoutNs);

    // Forgets every registration.
    void reset();

    // Off: waits are rounded up to whole milliseconds, as on kernels without epoll_pwait2.
    void setNanosecondWaits(bool enabled) noexcept { m_nanosecondWaits = enabled; }

    quint64 controlCalls() const noexcept { return m_controlCalls; }

    quint64 waits() const noexcept { return m_waits; }

private:
    int control(int operation, int fd, quint32 events, quint64 token) noexcept;

    int m_fd = -1;
    bool m_nanosecondWaits = true;
    quint64 m_controlCalls = 0;
    quint64 m_waits = 0;
};

} // namespace fairlead::core
