// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "nullbroker.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

namespace fairlead::bench {

namespace {

constexpr std::size_t kInputSize = 1024 * 1024;
constexpr std::string_view kSharePrefix = "$share/";

void require(bool good, const char *what)
{
    if (!good) {
        throw BenchError("null-broker", what + (": " + std::system_category().message(errno)));
    }
}

bool matches(std::string_view filter, std::string_view topic)
{
    if (filter.empty() || filter.back() != '+') {
        return filter == topic;
    }
    filter.remove_suffix(1);
    return topic.starts_with(filter) && topic.find('/', filter.size()) == std::string_view::npos;
}

void appendLength(Bytes &out, std::size_t value)
{
    while (value > 0x7F) {
        out.push_back(static_cast<std::uint8_t>((value & 0x7FU) | 0x80U));
        value >>= 7;
    }
    out.push_back(static_cast<std::uint8_t>(value));
}

} // namespace

NullBroker::NullBroker(Fault fault, std::uint64_t every)
    : m_fault(fault)
    , m_every(std::max<std::uint64_t>(every, 1))
    , m_input(kInputSize)
{
    m_listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    require(m_listener >= 0, "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_storage storage{};
    std::memcpy(&storage, &address, sizeof address);
    require(bind(m_listener, reinterpret_cast<const sockaddr *>(&storage), sizeof address) == 0,
            "bind");
    require(listen(m_listener, 1024) == 0, "listen");
    socklen_t size = sizeof storage;
    require(getsockname(m_listener, reinterpret_cast<sockaddr *>(&storage), &size) == 0,
            "getsockname");
    std::memcpy(&address, &storage, sizeof address);
    m_port = ntohs(address.sin_port);
    m_epoll = epoll_create1(EPOLL_CLOEXEC);
    require(m_epoll >= 0, "epoll");
}

NullBroker::~NullBroker()
{
    for (const auto &peer : m_peers) {
        if (peer->fd >= 0) {
            close(peer->fd);
        }
    }
    close(m_epoll);
    close(m_listener);
}

void NullBroker::serveUntil(int stopFd)
{
    std::array<epoll_event, 256> events;
    for (int *fd : {&stopFd, &m_listener}) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = fd;
        require(epoll_ctl(m_epoll, EPOLL_CTL_ADD, *fd, &event) == 0, "epoll");
    }
    for (;;) {
        const int count = epoll_wait(m_epoll, events.data(), static_cast<int>(events.size()), -1);
        require(count >= 0 || errno == EINTR, "epoll");
        for (int i = 0; i < count; ++i) {
            void *const tag = events[static_cast<std::size_t>(i)].data.ptr;
            if (tag == &stopFd) {
                return;
            }
            if (tag == &m_listener) {
                acceptAll();
                continue;
            }
            Peer &peer = *static_cast<Peer *>(tag);
            if (peer.waitsForRoom && !peer.dirty) {
                peer.dirty = true;
                m_dirty.push_back(&peer);
            }
            receive(peer);
        }
        flushAll();
        reap();
    }
}

void NullBroker::acceptAll()
{
    for (;;) {
        const int fd = accept4(m_listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return;
        }
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        m_peers.push_back(std::make_unique<Peer>());
        m_peers.back()->fd = fd;
        control(*m_peers.back(), EPOLLIN, EPOLL_CTL_ADD);
    }
}

void NullBroker::receive(Peer &peer)
{
    const std::size_t kept = peer.tail.size();
    std::copy(peer.tail.begin(), peer.tail.end(), m_input.begin());
    const ssize_t got
        = peer.fd < 0 ? 0 : recv(peer.fd, m_input.data() + kept, m_input.size() - kept, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN) {
            drop(peer);
        }
        return;
    }
    const std::uint8_t *at = m_input.data();
    const std::uint8_t *const end = at + kept + static_cast<std::size_t>(got);
    while (end - at >= 2 && peer.fd >= 0) {
        const std::uint8_t *body = at + 1;
        std::uint32_t size = 0;
        const Length length = decodeLength(body, end, size);
        if (length == Length::Malformed || size > m_input.size() / 2) {
            drop(peer);
            return;
        }
        if (length == Length::Incomplete || static_cast<std::size_t>(end - body) < size) {
            break;
        }
        handlePacket(peer, *at, {body, size});
        at = body + size;
    }
    peer.tail.assign(at, end);
}

void NullBroker::handlePacket(Peer &peer, std::uint8_t header, std::span<const std::uint8_t> body)
{
    switch (header >> 4) {
    case kConnect:
        handleConnect(peer, body);
        break;
    case kSubscribe:
        handleSubscribe(peer, body);
        break;
    case kPublish:
        handlePublish(peer, header, body);
        break;
    case kPingReq:
        queue(peer, std::array<std::uint8_t, 2>{kPingResp << 4, 0});
        break;
    default:
        break; // PUBACK and DISCONNECT need nothing done
    }
}

void NullBroker::handleConnect(Peer &peer, std::span<const std::uint8_t> body)
{
    peer.protocol = body.size() > 6 && body[6] == 5 ? Protocol::V5 : Protocol::V311;
    if (peer.protocol == Protocol::V5) {
        queue(peer, std::array<std::uint8_t, 5>{kConnAck << 4, 3, 0, 0, 0});
    } else {
        queue(peer, std::array<std::uint8_t, 4>{kConnAck << 4, 2, 0, 0});
    }
}

void NullBroker::handleSubscribe(Peer &peer, std::span<const std::uint8_t> body)
{
    const bool v5 = peer.protocol == Protocol::V5;
    const std::size_t filterAt = v5 ? 3 : 2;
    if (body.size() < filterAt + 3
        || body.size() < filterAt + 3 + readU16(body.data() + filterAt)) {
        drop(peer);
        return;
    }
    std::string filter(body.begin() + static_cast<std::ptrdiff_t>(filterAt) + 2, body.end() - 1);
    Subscription subscription{filter, false, body.back(), &peer};
    if (filter.starts_with(kSharePrefix)) {
        subscription.shared = true;
        subscription.filter = filter.substr(filter.find('/', kSharePrefix.size()) + 1);
    }
    m_subscriptions.push_back(subscription);
    m_routes.clear();
    Bytes ack{kSubAck << 4, static_cast<std::uint8_t>(v5 ? 4 : 3), body[0], body[1]};
    if (v5) {
        ack.push_back(0);
    }
    ack.push_back(subscription.qos);
    queue(peer, ack);
    for (const auto &[topic, payload] : m_retained) {
        if (!subscription.shared && matches(subscription.filter, topic)) {
            Publish publish;
            publish.topic = {reinterpret_cast<const std::uint8_t *>(topic.data()), topic.size()};
            publish.payload = payload;
            publish.qos = 1;
            deliver(subscription, publish, true);
        }
    }
}

void NullBroker::handlePublish(Peer &peer, std::uint8_t header, std::span<const std::uint8_t> body)
{
    Publish publish;
    if (!parsePublish(peer.protocol, header, body, publish)) {
        drop(peer);
        return;
    }
    m_topic.assign(publish.topic.begin(), publish.topic.end());
    if (publish.retain) {
        if (publish.payload.empty()) {
            m_retained.erase(m_topic);
        } else {
            m_retained[m_topic].assign(publish.payload.begin(), publish.payload.end());
        }
    }
    Route &route = routeFor(m_topic);
    for (const Subscription &subscription : route.each) {
        deliver(subscription, publish, false);
    }
    if (!route.group.empty()) {
        deliver(route.group[route.turn++ % route.group.size()], publish, false);
    }
    if (publish.qos > 0) {
        std::array<std::uint8_t, 4> ack{kPubAck << 4, 2, 0, 0};
        writeU16(ack.data() + 2, publish.packetId);
        queue(peer, ack);
    }
}

NullBroker::Route &NullBroker::routeFor(const std::string &topic)
{
    const auto [found, fresh] = m_routes.try_emplace(topic);
    if (fresh) {
        for (const Subscription &subscription : m_subscriptions) {
            if (matches(subscription.filter, topic)) {
                Route &route = found->second;
                (subscription.shared ? route.group : route.each).push_back(subscription);
            }
        }
    }
    return found->second;
}

void NullBroker::deliver(const Subscription &subscription, const Publish &publish, bool retain)
{
    Peer &peer = *subscription.peer;
    const std::uint8_t qos = std::min(publish.qos, subscription.qos);
    const bool v5 = peer.protocol == Protocol::V5;
    m_frame.clear();
    m_frame.push_back(static_cast<std::uint8_t>((kPublish << 4) | (qos << 1) | (retain ? 1 : 0)));
    appendLength(m_frame,
                 2 + publish.topic.size() + (qos > 0 ? 2U : 0U) + (v5 ? 1U : 0U)
                     + publish.payload.size());
    m_frame.push_back(static_cast<std::uint8_t>(publish.topic.size() >> 8));
    m_frame.push_back(static_cast<std::uint8_t>(publish.topic.size() & 0xFFU));
    m_frame.insert(m_frame.end(), publish.topic.begin(), publish.topic.end());
    if (qos > 0) {
        peer.nextId = peer.nextId == 65535 ? 1 : static_cast<std::uint16_t>(peer.nextId + 1);
        m_frame.push_back(static_cast<std::uint8_t>(peer.nextId >> 8));
        m_frame.push_back(static_cast<std::uint8_t>(peer.nextId & 0xFFU));
    }
    if (v5) {
        m_frame.push_back(0);
    }
    m_frame.insert(m_frame.end(), publish.payload.begin(), publish.payload.end());

    ++m_deliveries;
    const Fault fault = m_deliveries % m_every == 0 ? m_fault : Fault::None;
    if (fault == Fault::Drop) {
        return;
    }
    if (fault == Fault::Disconnect) {
        drop(peer);
        return;
    }
    if (fault == Fault::Corrupt) {
        m_frame.back() ^= 0xFFU;
    }
    if (fault == Fault::Reorder && peer.held.empty()) {
        peer.held = m_frame;
        return;
    }
    queue(peer, m_frame);
    if (fault == Fault::Duplicate) {
        queue(peer, m_frame);
    }
    if (fault == Fault::Misroute) {
        for (const Subscription &other : m_subscriptions) {
            if (other.peer != &peer) {
                queue(*other.peer, m_frame);
                break;
            }
        }
    }
    if (!peer.held.empty()) {
        queue(peer, peer.held);
        peer.held.clear();
    }
}

void NullBroker::queue(Peer &peer, std::span<const std::uint8_t> bytes)
{
    peer.output.insert(peer.output.end(), bytes.begin(), bytes.end());
    if (!peer.dirty) {
        peer.dirty = true;
        m_dirty.push_back(&peer);
    }
}

void NullBroker::flushAll()
{
    for (Peer *peer : m_dirty) {
        peer->dirty = false;
        if (peer->fd < 0) {
            continue;
        }
        const ssize_t count = send(peer->fd,
                                   peer->output.data() + peer->sent,
                                   peer->output.size() - peer->sent,
                                   MSG_NOSIGNAL);
        peer->sent += count > 0 ? static_cast<std::size_t>(count) : 0;
        const bool complete = peer->sent == peer->output.size();
        if (complete) {
            peer->output.clear();
            peer->sent = 0;
        }
        if (peer->waitsForRoom == complete) {
            peer->waitsForRoom = !complete;
            control(*peer, complete ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
        }
    }
    m_dirty.clear();
}

void NullBroker::drop(Peer &peer)
{
    if (peer.fd < 0) {
        return;
    }
    close(peer.fd);
    peer.fd = -1;
    m_doomed.push_back(&peer); // removed after the turn: a delivery may be walking its route
}

void NullBroker::reap()
{
    if (m_doomed.empty()) {
        return;
    }
    m_routes.clear();
    for (Peer *peer : m_doomed) {
        std::erase_if(m_subscriptions, [peer](const auto &entry) { return entry.peer == peer; });
        std::erase_if(m_peers, [peer](const auto &owned) { return owned.get() == peer; });
    }
    m_doomed.clear();
}

void NullBroker::control(Peer &peer, std::uint32_t events, int operation) const
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = &peer;
    require(epoll_ctl(m_epoll, operation, peer.fd, &event) == 0, "epoll");
}

} // namespace fairlead::bench
