// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/acceptor.h"

#include "core/platform/systemerror.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fairlead::core {

namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptsPerTurn = 64;
// Descriptors come back when other links end; asking at once again would only burn time.
constexpr qint64 kRetryNs = 100'000'000;

socklen_t fill(sockaddr_storage *out, const QHostAddress &address, quint16 port)
{
    std::memset(out, 0, sizeof *out);
    if (address.protocol() == QAbstractSocket::IPv4Protocol) {
        auto *v4 = reinterpret_cast<sockaddr_in *>(out);
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        v4->sin_addr.s_addr = htonl(address.toIPv4Address());
        return sizeof *v4;
    }
    auto *v6 = reinterpret_cast<sockaddr_in6 *>(out);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    const Q_IPV6ADDR bytes = address.toIPv6Address();
    std::memcpy(&v6->sin6_addr, &bytes, sizeof bytes);
    v6->sin6_scope_id = address.scopeId().toUInt();
    return sizeof *v6;
}

QByteArray describe(const sockaddr_storage &peer)
{
    char text[INET6_ADDRSTRLEN] = {};
    if (peer.ss_family == AF_INET) {
        const auto *v4 = reinterpret_cast<const sockaddr_in *>(&peer);
        inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        return QByteArray(text) + ':' + QByteArray::number(ntohs(v4->sin_port));
    }
    const auto *v6 = reinterpret_cast<const sockaddr_in6 *>(&peer);
    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    return QByteArray("[") + text + "]:" + QByteArray::number(ntohs(v6->sin6_port));
}

Error bindError(int systemError, const QHostAddress &address, quint16 port)
{
    const ErrorCode code = systemError == EADDRINUSE ? ErrorCode::AddressInUse
        : systemError == EACCES                      ? ErrorCode::PermissionDenied
                                                     : ErrorCode::AddressInvalid;
    QString text = QStringLiteral("cannot listen on %1 port %2: %3")
                       .arg(address.toString())
                       .arg(port)
                       .arg(systemText(systemError));
    if (code == ErrorCode::AddressInUse) {
        text += QStringLiteral("; another program holds the port (see: ss -ltnp 'sport = :%1')")
                    .arg(port);
    } else if (code == ErrorCode::PermissionDenied) {
        text += QStringLiteral("; ports below 1024 need CAP_NET_BIND_SERVICE");
    }
    return Error(code, text)
        .setDetail(QStringLiteral("address"), address.toString())
        .setDetail(QStringLiteral("port"), port);
}

} // namespace

Acceptor::Acceptor(MainLoop &loop, int fd, Accepted accepted)
    : m_loop(loop)
    , m_fd(fd)
    , m_accepted(std::move(accepted))
    , m_retry([](void *self) noexcept { static_cast<Acceptor *>(self)->resume(); }, this)
{ }

Acceptor::~Acceptor()
{
    m_loop.dispatcher().removeFd(m_fd);
    ::close(m_fd);
}

Result<std::unique_ptr<Acceptor>> Acceptor::listen(MainLoop &loop,
                                                   const QHostAddress &address,
                                                   quint16 port,
                                                   Accepted accepted)
{
    sockaddr_storage name;
    const socklen_t size = fill(&name, address, port);
    const int fd = ::socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return bindError(errno, address, port);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (name.ss_family == AF_INET6) {
        // "::" means both families, as users expect; a real IPv6 address only itself.
        const int only = address == QHostAddress(QHostAddress::AnyIPv6) ? 0 : 1;
        ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    }
    // Accepted sockets inherit it: small frames leave when the turn writes them.
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::bind(fd, reinterpret_cast<sockaddr *>(&name), size) < 0 || ::listen(fd, kBacklog) < 0) {
        const Error error = bindError(errno, address, port);
        ::close(fd);
        return error;
    }
    sockaddr_storage bound;
    socklen_t boundSize = sizeof bound;
    ::getsockname(fd, reinterpret_cast<sockaddr *>(&bound), &boundSize);
    std::unique_ptr<Acceptor> acceptor(new Acceptor(loop, fd, std::move(accepted)));
    acceptor->m_address = address;
    acceptor->m_port
        = ntohs(bound.ss_family == AF_INET ? reinterpret_cast<sockaddr_in *>(&bound)->sin_port
                                           : reinterpret_cast<sockaddr_in6 *>(&bound)->sin6_port);
    acceptor->resume();
    return acceptor;
}

void Acceptor::handleFdEvents(quint32) noexcept
{
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        sockaddr_storage peer;
        socklen_t size = sizeof peer;
        const int fd = ::accept4(
            m_fd, reinterpret_cast<sockaddr *>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            m_accepted(fd, describe(peer));
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            ++m_exhaustions;
            pause();
        } else if (errno == EINTR || errno == ECONNABORTED) {
            continue;
        }
        return;
    }
}

void Acceptor::pause()
{
    m_loop.dispatcher().removeFd(m_fd);
    m_loop.timers().arm(m_retry, EpollDispatcher::nowNs() + kRetryNs);
}

void Acceptor::resume() noexcept
{
    m_loop.dispatcher().addFd(m_fd, this, EPOLLIN);
}

} // namespace fairlead::core
