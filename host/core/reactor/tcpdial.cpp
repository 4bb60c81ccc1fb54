// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/tcpdial.h"

#include "core/platform/systemerror.h"
#include "core/reactor/mainloop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace fairlead::core {

TcpDial::TcpDial(MainLoop &loop, const SocketAddress &address, Done done)
    : m_loop(loop)
    , m_address(address)
    , m_done(std::move(done))
    , m_alive(std::make_shared<bool>(true))
    , m_fd(::socket(
          address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP))
{
    int failed = m_fd < 0 ? errno : 0;
    if (m_fd >= 0) {
        const int on = 1;
        ::setsockopt(m_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(m_fd, m_address.data(), m_address.size) != 0 && errno != EINPROGRESS)
            failed = errno;
    }
    if (failed == 0 && m_loop.dispatcher().addFd(m_fd, this, EPOLLOUT))
        return;
    m_loop.post([this, failed, alive = m_alive] {
        if (*alive)
            finish(failed != 0 ? failed : ENOMEM);
    });
}

TcpDial::~TcpDial()
{
    *m_alive = false;
    if (m_fd >= 0) {
        m_loop.dispatcher().removeFd(m_fd);
        ::close(m_fd);
    }
}

void TcpDial::handleFdEvents(quint32) noexcept
{
    int failed = 0;
    socklen_t size = sizeof failed;
    if (::getsockopt(m_fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0)
        failed = errno;
    finish(failed);
}

void TcpDial::finish(int systemError)
{
    const Done done = std::move(m_done);
    // A failed socket stays "ready" for as long as it is polled.
    if (m_fd >= 0)
        m_loop.dispatcher().removeFd(m_fd);
    const int fd = std::exchange(m_fd, -1);
    if (systemError == 0) {
        done(fd);
        return;
    }
    if (fd >= 0)
        ::close(fd);
    done(core::systemError(
        systemError, QString::fromLatin1(m_address.text()), ErrorCode::Unreachable));
}

} // namespace fairlead::core
