// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "network.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace fairlead::bench {

namespace {

constexpr std::size_t kInputSize = 256 * 1024;
constexpr std::size_t kEventsPerTurn = 512;
// Below the accept queue of every broker, so that no SYN is dropped and sent again a second later.
constexpr std::size_t kHandshakesAtOnce = 64;
// A quarter of the usual range of ephemeral ports for each 127.0.0.x.
constexpr std::size_t kClientsPerSource = 7000;
constexpr std::uint64_t kHandshakeStallNs = 10 * kNsPerSecond;
constexpr std::uint64_t kPollNs = kNsPerSecond / 10;

std::string lastError()
{
    return std::system_category().message(errno);
}

} // namespace

void Sink::handlePublish(Client &, const Publish &, std::uint64_t) { }

void Sink::handlePubAck(Client &, std::uint16_t) { }

void Sink::handleSubscribed(Client &) { }

Network::Network(NetworkSetup setup)
    : m_setup(std::move(setup))
    , m_input(std::max(kInputSize, 4 * m_setup.largestFrame))
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo *found = nullptr;
    const int error
        = getaddrinfo(m_setup.host.c_str(), std::to_string(m_setup.port).c_str(), &hints, &found);
    if (error != 0) {
        throw BenchError("address", m_setup.host + ": " + gai_strerror(error));
    }
    std::memcpy(&m_address, found->ai_addr, found->ai_addrlen);
    m_addressSize = found->ai_addrlen;
    freeaddrinfo(found);
    if (m_address.ss_family == AF_INET) {
        sockaddr_in address{};
        std::memcpy(&address, &m_address, sizeof address);
        m_spreadsSources = (ntohl(address.sin_addr.s_addr) >> 24) == 127;
    }
    m_epoll = epoll_create1(EPOLL_CLOEXEC);
    if (m_epoll < 0) {
        throw BenchError("epoll", lastError());
    }
    m_now = nowNs();
}

Network::~Network()
{
    for (const Client &client : m_clients) {
        if (client.fd >= 0) {
            close(client.fd);
        }
    }
    close(m_epoll);
}

Client &Network::add(
    std::string id, std::uint32_t index, std::string filter, std::uint8_t qos, SessionKind session)
{
    Client &client = m_clients.emplace_back();
    client.id = std::move(id);
    client.index = index;
    client.filter = std::move(filter);
    client.qos = qos;
    client.session = session;
    return client;
}

void Network::connectAll()
{
    Sink sink;
    std::size_t next = 0;
    std::uint64_t progress = nowNs();
    std::size_t settled = 0;
    while (next < m_clients.size() || m_pending > 0) {
        while (next < m_clients.size() && m_pending < kHandshakesAtOnce) {
            ++m_pending;
            startConnect(m_clients[next], next);
            ++next;
        }
        turn(kPollNs, sink);
        flushAll();
        if (m_connectionsLost > 0) {
            throw BenchError("connect", m_lossReason);
        }
        if (next - m_pending > settled) {
            settled = next - m_pending;
            progress = m_now;
        } else if (m_now - progress > kHandshakeStallNs) {
            throw BenchError("connect",
                             "the server left " + std::to_string(m_pending)
                                 + " clients without an answer");
        }
    }
}

void Network::startConnect(Client &client, std::size_t ordinal)
{
    client.fd = socket(m_address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client.fd < 0) {
        throw BenchError("socket", "client " + std::to_string(ordinal) + ": " + lastError());
    }
    const int on = 1;
    setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (m_spreadsSources) {
        // The port is chosen at connect(), per pair of addresses.
        setsockopt(client.fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        sockaddr_in source{};
        source.sin_family = AF_INET;
        source.sin_addr.s_addr
            = htonl(INADDR_LOOPBACK + static_cast<std::uint32_t>(ordinal / kClientsPerSource));
        sockaddr_storage storage{};
        std::memcpy(&storage, &source, sizeof source);
        if (bind(client.fd, reinterpret_cast<const sockaddr *>(&storage), sizeof source) != 0) {
            throw BenchError("bind", lastError());
        }
    }
    const auto *address = reinterpret_cast<const sockaddr *>(&m_address);
    if (connect(client.fd, address, m_addressSize) != 0 && errno != EINPROGRESS) {
        throw BenchError("connect",
                         m_setup.host + ":" + std::to_string(m_setup.port) + ": " + lastError());
    }
    client.state = Client::State::Connecting;
    control(client, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}

void Network::finishConnect(Client &client)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(client.fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        throw BenchError("connect",
                         m_setup.host + ":" + std::to_string(m_setup.port) + ": "
                             + std::system_category().message(error));
    }
    control(client, EPOLLIN, EPOLL_CTL_MOD);
    client.state = Client::State::Greeting;
    queue(client, connectFrame(m_setup.protocol, client.id, kKeepAliveSeconds, client.session));
}

void Network::subscribe(Client &client, std::string filter, std::uint8_t qos)
{
    client.filter = std::move(filter);
    client.qos = qos;
    client.state = Client::State::Subscribing;
    ++m_pending;
    queue(client, subscribeFrame(m_setup.protocol, 1, client.filter, client.qos));
}

void Network::turn(std::uint64_t timeoutNs, Sink &sink)
{
    std::array<epoll_event, kEventsPerTurn> events;
    timespec timeout{};
    timeout.tv_sec = static_cast<time_t>(timeoutNs / kNsPerSecond);
    timeout.tv_nsec = static_cast<long>(timeoutNs % kNsPerSecond);
    const int count
        = epoll_pwait2(m_epoll, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    if (count < 0 && errno != EINTR) {
        throw BenchError("epoll", lastError());
    }
    m_now = nowNs();
    for (int i = 0; i < count; ++i) {
        const epoll_event &event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr == nullptr) {
            m_watchFired = true;
            continue;
        }
        Client &client = *static_cast<Client *>(event.data.ptr);
        if (client.state == Client::State::Connecting) {
            finishConnect(client);
            continue;
        }
        if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            receive(client, sink);
        }
        if ((event.events & EPOLLOUT) != 0 && client.fd >= 0) {
            markDirty(client);
        }
    }
}

void Network::receive(Client &client, Sink &sink)
{
    const std::size_t kept = client.tail.size();
    if (kept > 0) {
        std::memcpy(m_input.data(), client.tail.data(), kept);
    }
    const ssize_t got = recv(client.fd, m_input.data() + kept, m_input.size() - kept, 0);
    if (got <= 0) {
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        lose(client, got == 0 ? "the server closed the connection" : lastError());
        return;
    }
    m_now = nowNs();
    const std::uint8_t *const end = m_input.data() + kept + static_cast<std::size_t>(got);
    const std::uint8_t *const rest = parse(client, m_input.data(), end, sink);
    client.tail.assign(rest, end);
}

const std::uint8_t *Network::parse(Client &client,
                                   const std::uint8_t *at,
                                   const std::uint8_t *end,
                                   Sink &sink)
{
    while (end - at >= 2) {
        const std::uint8_t *body = at + 1;
        std::uint32_t size = 0;
        const Length length = decodeLength(body, end, size);
        if (length == Length::Incomplete) {
            break;
        }
        if (length == Length::Malformed || size > m_input.size() / 2) {
            lose(client, "the server sent a packet of impossible length");
            return end;
        }
        if (static_cast<std::size_t>(end - body) < size) {
            break;
        }
        handlePacket(client, *at, {body, size}, sink);
        if (client.fd < 0) {
            return end;
        }
        at = body + size;
    }
    return at;
}

void Network::handlePacket(Client &client,
                           std::uint8_t header,
                           std::span<const std::uint8_t> body,
                           Sink &sink)
{
    switch (header >> 4) {
    case kPublish: {
        Publish publish;
        if (!parsePublish(m_setup.protocol, header, body, publish)) {
            lose(client, "the server sent a malformed PUBLISH");
            return;
        }
        sink.handlePublish(client, publish, m_now);
        if (publish.qos == 1) {
            std::array<std::uint8_t, 4> ack{kPubAck << 4, 2, 0, 0};
            writeU16(ack.data() + 2, publish.packetId);
            queue(client, ack);
        }
        return;
    }
    case kPubAck:
        if (body.size() < 2 || (body.size() > 2 && body[2] >= 0x80)) {
            lose(client, "the server refused a PUBLISH");
            return;
        }
        sink.handlePubAck(client, readU16(body.data()));
        return;
    case kConnAck:
        handleConnAck(client, body);
        return;
    case kSubAck:
        handleSubAck(client, body, sink);
        return;
    case kPingResp:
        if (client.waitsForPing) {
            client.waitsForPing = false;
            --m_pings;
        }
        return;
    case kDisconnect:
        lose(client,
             "the server sent DISCONNECT with reason "
                 + std::to_string(body.empty() ? 0 : unsigned{body[0]}));
        return;
    default:
        lose(client, "the server sent a packet of type " + std::to_string(header >> 4));
    }
}

void Network::handleConnAck(Client &client, std::span<const std::uint8_t> body)
{
    ConnAck connAck;
    if (client.state != Client::State::Greeting || !parseConnAck(m_setup.protocol, body, connAck)) {
        throw BenchError("connect", "the server sent a malformed or unasked CONNACK");
    }
    if (connAck.code != 0) {
        throw BenchError("connect",
                         "the server refused the connection with code "
                             + std::to_string(connAck.code));
    }
    if (connAck.maximumQos < m_setup.qos
        || (m_setup.qos > 0 && connAck.receiveMaximum < m_setup.window)
        || (connAck.maximumPacket > 0 && connAck.maximumPacket < m_setup.largestFrame)
        || (connAck.serverKeepAlive > 0 && connAck.serverKeepAlive < kKeepAliveSeconds)) {
        throw BenchError("limits",
                         "the server's limits (maximum QoS, receive maximum, maximum packet size "
                         "or server keep-alive) do not allow this load");
    }
    if (client.filter.empty()) {
        client.state = Client::State::Ready;
        --m_pending;
        return;
    }
    client.state = Client::State::Subscribing;
    queue(client, subscribeFrame(m_setup.protocol, 1, client.filter, client.qos));
}

void Network::handleSubAck(Client &client, std::span<const std::uint8_t> body, Sink &sink)
{
    if (client.state != Client::State::Subscribing
        || parseSubAck(m_setup.protocol, body) != client.qos) {
        throw BenchError("subscribe", "the server did not grant " + client.filter);
    }
    client.state = Client::State::Ready;
    --m_pending;
    sink.handleSubscribed(client);
}

void Network::flush(Client &client)
{
    client.dirty = false;
    while (client.fd >= 0 && client.sent < client.output.size()) {
        const ssize_t count = send(client.fd,
                                   client.output.data() + client.sent,
                                   client.output.size() - client.sent,
                                   MSG_NOSIGNAL);
        if (count >= 0) {
            client.sent += static_cast<std::size_t>(count);
        } else if (errno == EAGAIN) {
            if (!client.waitsForRoom) {
                client.waitsForRoom = true;
                control(client, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            }
            return;
        } else if (errno != EINTR) {
            lose(client, lastError());
            return;
        }
    }
    client.output.clear();
    client.sent = 0;
    if (client.waitsForRoom) {
        client.waitsForRoom = false;
        control(client, EPOLLIN, EPOLL_CTL_MOD);
    }
}

void Network::flushAll()
{
    // flush() may lose a client but never marks one.
    for (Client *client : m_dirty) {
        if (client->dirty) {
            flush(*client);
        }
    }
    m_dirty.clear();
}

void Network::fence(Sink &sink, std::uint64_t timeoutNs)
{
    constexpr std::array<std::uint8_t, 2> kPing{kPingReq << 4, 0};
    for (Client &client : m_clients) {
        if (client.state == Client::State::Ready) {
            client.waitsForPing = true;
            ++m_pings;
            queue(client, kPing);
        }
    }
    flushAll();
    const std::uint64_t deadline = nowNs() + timeoutNs;
    while (m_pings > 0 && m_now < deadline) {
        turn(kPollNs, sink);
        flushAll();
    }
    for (Client &client : m_clients) {
        if (client.waitsForPing) {
            lose(client, "the server did not answer a ping");
        }
    }
}

void Network::disconnectAll()
{
    constexpr std::array<std::uint8_t, 2> kGoodbye{kDisconnect << 4, 0};
    for (Client &client : m_clients) {
        if (client.state == Client::State::Ready) {
            queue(client, kGoodbye);
            flush(client);
        }
        if (client.fd >= 0) {
            close(client.fd);
            client.fd = -1;
            client.state = Client::State::Closed;
        }
    }
    m_dirty.clear();
}

void Network::watch(int fd)
{
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    if (epoll_ctl(m_epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        if (errno == EPERM) {
            m_watchFired = true; // a plain file or /dev/null never blocks
            return;
        }
        throw BenchError("epoll", lastError());
    }
}

void Network::control(Client &client, std::uint32_t events, int operation) const
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = &client;
    if (epoll_ctl(m_epoll, operation, client.fd, &event) != 0) {
        throw BenchError("epoll", lastError());
    }
}

void Network::lose(Client &client, const std::string &reason)
{
    if (m_connectionsLost == 0) {
        m_lossReason = client.id + ": " + reason;
    }
    ++m_connectionsLost;
    if (client.waitsForPing) {
        client.waitsForPing = false;
        --m_pings;
    }
    if (client.fd >= 0) {
        close(client.fd);
        client.fd = -1;
    }
    client.state = Client::State::Closed;
}

} // namespace fairlead::bench
