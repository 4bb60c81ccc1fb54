// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/controlserver.h"

#include "core/control/controlconnection.h"
#include "core/platform/socketio.h"
#include "core/reactor/epolldispatcher.h"

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr quint32 kMode = 0660;
constexpr int kClientsPerTurn = 16;
// Descriptors come back when others end; asking at once again would only burn time.
constexpr qint64 kAcceptRetryNs = 100 * kNsPerMs;
/// Clients that were refused and have not read why.
constexpr int kMaxLeaving = 16;

} // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::listen(const ControlLoop &loop,
                                                             ControlApi &api,
                                                             const QString &path,
                                                             DescriptorReserve *reserve)
{
    auto socket = LocalSocket::listen(path, kMode);
    if (!socket)
        return socket.error();
    // Not make_unique: the constructor is private.
    return std::unique_ptr<ControlServer>( // NOLINT(modernize-make-unique)
        new ControlServer(loop, api, std::move(*socket), reserve));
}

ControlServer::ControlServer(const ControlLoop &loop,
                             ControlApi &api,
                             std::unique_ptr<LocalSocket> socket,
                             DescriptorReserve *reserve)
    : m_loop(loop)
    , m_api(api)
    , m_socket(std::move(socket))
    , m_none(0)
    , m_reserve(reserve ? *reserve : m_none)
    , m_retry([](void *self) noexcept { static_cast<ControlServer *>(self)->startAccepting(); },
              this)
{
    startAccepting();
}

ControlServer::~ControlServer()
{
    m_loop.dispatcher.removeFd(m_socket->fd());
    // They are children; none of them comes back here meanwhile.
    m_connections.clear();
}

void ControlServer::startAccepting() noexcept
{
    m_loop.dispatcher.addFd(m_socket->fd(), this, kPollIn);
}

void ControlServer::handleFdEvents(quint32) noexcept
{
    for (int i = 0; i < kClientsPerTurn; ++i) {
        const auto [outcome, fd]
            = m_reserve.accept(m_socket->fd(), DescriptorReserve::Use::Operators);
        if (outcome == DescriptorReserve::Outcome::Good) {
            admit(fd);
            continue;
        }
        if (outcome == DescriptorReserve::Outcome::Exhausted) {
            m_loop.dispatcher.removeFd(m_socket->fd());
            m_loop.timers.arm(m_retry, m_loop.clock.now() + kAcceptRetryNs);
        }
        return;
    }
}

void ControlServer::admit(int fd)
{
    const bool full = connectionCount() >= kMaxConnections && !makeRoom();
    if (full) {
        ++m_refused;
        if (connectionCount() >= kMaxConnections + kMaxLeaving) {
            closeSocket(fd);
            return;
        }
    }
    auto *connection = new ControlConnection(m_loop, fd, m_api, this);
    m_connections.push_back(connection);
    connect(connection, &ControlConnection::ended, this, [this, connection] {
        std::erase(m_connections, connection);
    });
    if (full) {
        connection->refuse(ErrorCode::LimitReached,
                           QStringLiteral("%1 clients are connected and busy, which is the limit")
                               .arg(kMaxConnections));
    }
}

bool ControlServer::makeRoom()
{
    ControlConnection *longest = nullptr;
    for (ControlConnection *connection : m_connections) {
        const qint64 since = connection->idleSince();
        if (since >= 0 && (!longest || since < longest->idleSince()))
            longest = connection;
    }
    if (!longest || m_loop.clock.now() - longest->idleSince() < kIdleNs)
        return false;
    ++m_evicted;
    std::erase(m_connections, longest);
    delete longest; // NOLINT(cppcoreguidelines-owning-memory): a child, and nothing of it is running
    return true;
}

} // namespace fairlead::core
