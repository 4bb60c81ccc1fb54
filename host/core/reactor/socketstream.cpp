// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/socketstream.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace fairlead::core {

SocketStream::SocketStream(ChunkPool &pool,
                           EpollDispatcher &dispatcher,
                           int fd,
                           QByteArray peerAddress)
    : LinkStream(pool)
    , m_dispatcher(dispatcher)
    , m_peerAddress(std::move(peerAddress))
    , m_fd(fd)
    , m_registered(dispatcher.addFd(fd, this, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET))
{ }

SocketStream::~SocketStream()
{
    abandon();
}

void SocketStream::abandon() noexcept
{
    if (m_fd < 0)
        return;
    if (m_registered)
        m_dispatcher.removeFd(m_fd);
    ::close(m_fd);
    m_fd = -1;
}

void SocketStream::finishOutput() noexcept
{
    if (m_fd >= 0)
        ::shutdown(m_fd, SHUT_WR);
}

LinkStream::IoResult SocketStream::read(char *buffer, std::size_t size) noexcept
{
    if (m_fd < 0 || !m_registered)
        return {Io::Failed, 0, EBADF};
    ssize_t got = 0;
    do {
        got = ::recv(m_fd, buffer, size, 0);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        const bool drained = std::size_t(got) < size && !m_ending;
        return {drained ? Io::WouldBlock : Io::Done, std::size_t(got), 0};
    }
    if (got == 0)
        return {Io::Ended, 0, 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return {Io::WouldBlock, 0, 0};
    return {Io::Failed, 0, errno};
}

LinkStream::IoResult SocketStream::write(const iovec *parts, int count) noexcept
{
    if (m_fd < 0)
        return {Io::Failed, 0, EBADF};
    msghdr header = {};
    header.msg_iov = const_cast<iovec *>(parts);
    header.msg_iovlen = std::size_t(count);
    ssize_t sent = 0;
    do {
        sent = count == 1 ? ::send(m_fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL)
                          : ::sendmsg(m_fd, &header, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return {Io::Done, std::size_t(sent), 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return {Io::WouldBlock, 0, 0};
    return {Io::Failed, 0, errno};
}

void SocketStream::handleFdEvents(quint32 events) noexcept
{
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        m_ending = true;
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        carrierWritable();
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        carrierReadable();
}

} // namespace fairlead::core
