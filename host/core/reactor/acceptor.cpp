// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/acceptor.h"

#include "core/platform/systemerror.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace fairlead::core {

namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptsPerTurn = 64;
// Descriptors come back when other links end; asking at once again would only burn time.
constexpr qint64 kRetryNs = 100'000'000;

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

Acceptor::Acceptor(MainLoop &loop, DescriptorReserve &reserve, Use use, int fd, Accepted accepted)
    : m_loop(loop)
    , m_reserve(reserve)
    , m_use(use)
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
                                                   DescriptorReserve &reserve,
                                                   Use use,
                                                   const QHostAddress &address,
                                                   quint16 port,
                                                   Accepted accepted)
{
    const SocketAddress name(address, port);
    const int fd = ::socket(name.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return bindError(errno, address, port);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (name.storage.ss_family == AF_INET6) {
        // "::" means both families, as users expect; a real IPv6 address only itself.
        const int only = address == QHostAddress(QHostAddress::AnyIPv6) ? 0 : 1;
        ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    }
    // Accepted sockets inherit it: small frames leave when the turn writes them.
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::bind(fd, name.data(), name.size) < 0 || ::listen(fd, kBacklog) < 0) {
        const Error error = bindError(errno, address, port);
        ::close(fd);
        return error;
    }
    SocketAddress bound;
    ::getsockname(fd, bound.data(), &bound.size);
    std::unique_ptr<Acceptor> acceptor(new Acceptor(loop, reserve, use, fd, std::move(accepted)));
    acceptor->m_address = address;
    acceptor->m_port = bound.port();
    acceptor->resume();
    return acceptor;
}

void Acceptor::handleFdEvents(quint32) noexcept
{
    using Outcome = DescriptorReserve::Outcome;
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
        SocketAddress peer;
        const auto [outcome, fd] = m_reserve.accept(m_fd, m_use, peer.data(), &peer.size);
        switch (outcome) {
        case Outcome::Good:
        case Outcome::Refuse:
            m_accepted({fd, peer.address(), peer.text(), outcome == Outcome::Refuse});
            break;
        case Outcome::Close:
            ::close(fd);
            break;
        case Outcome::Exhausted:
            pause();
            return;
        case Outcome::None:
            return;
        }
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
