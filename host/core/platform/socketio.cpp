// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/socketio.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace fairlead::core {

const quint32 kPollIn = EPOLLIN;
const quint32 kPollOut = EPOLLOUT;

namespace {

SocketIo outcome(ssize_t size) noexcept
{
    if (size >= 0)
        return {SocketIo::Status::Done, qsizetype(size), 0};
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return {SocketIo::Status::WouldBlock, 0, 0};
    return {SocketIo::Status::Failed, 0, errno};
}

} // namespace

SocketIo receiveSome(int fd, char *to, qsizetype room) noexcept
{
    ssize_t size = 0;
    do {
        size = ::recv(fd, to, std::size_t(room), 0);
    } while (size < 0 && errno == EINTR);
    if (size == 0)
        return {SocketIo::Status::Ended, 0, 0};
    return outcome(size);
}

SocketIo sendSome(int fd, const char *from, qsizetype size) noexcept
{
    ssize_t sent = 0;
    do {
        sent = ::send(fd, from, std::size_t(size), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return outcome(sent);
}

void endSending(int fd) noexcept
{
    (void)::shutdown(fd, SHUT_WR);
}

void closeSocket(int fd) noexcept
{
    ::close(fd);
}

} // namespace fairlead::core
