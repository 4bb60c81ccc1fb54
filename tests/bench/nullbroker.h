// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "benchtypes.h"
#include "wire.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace fairlead::bench {

// What the null broker does wrong on purpose, once in `every` deliveries.
enum class Fault {
    None,
    Drop,
    Duplicate,
    Reorder,
    Corrupt,
    Misroute,
    Disconnect
};

// The least that lets a load run: exact filters, a last "+" and shared groups, QoS 0 and 1,
// retained messages, no checks. It is the floor that any broker's figures stand on, and with a
// fault it proves that the generator would see one.
class NullBroker
{
public:
    NullBroker(Fault fault, std::uint64_t every);
    ~NullBroker();
    NullBroker(const NullBroker &) = delete;
    NullBroker &operator=(const NullBroker &) = delete;

    std::uint16_t port() const { return m_port; }

    // Serves until the file is readable or at its end.
    void serveUntil(int stopFd);

private:
    struct Peer
    {
        int fd = -1;
        Protocol protocol = Protocol::V311;
        std::uint16_t nextId = 0;
        bool dirty = false;
        bool waitsForRoom = false;
        std::size_t sent = 0;
        Bytes output;
        Bytes tail;
        Bytes held; // the delivery that goes out after the next one
    };

    struct Subscription
    {
        std::string filter; // without a share prefix
        bool shared = false;
        std::uint8_t qos = 0;
        Peer *peer = nullptr;
    };

    struct Route
    {
        std::vector<Subscription> each;
        std::vector<Subscription> group; // one of these per message
        std::size_t turn = 0;
    };

    void acceptAll();
    void receive(Peer &peer);
    void handlePacket(Peer &peer, std::uint8_t header, std::span<const std::uint8_t> body);
    void handleConnect(Peer &peer, std::span<const std::uint8_t> body);
    void handleSubscribe(Peer &peer, std::span<const std::uint8_t> body);
    void handlePublish(Peer &peer, std::uint8_t header, std::span<const std::uint8_t> body);
    Route &routeFor(const std::string &topic);
    void deliver(const Subscription &subscription, const Publish &publish, bool retain);
    void queue(Peer &peer, std::span<const std::uint8_t> bytes);
    void flushAll();
    void drop(Peer &peer);
    void reap();
    void control(Peer &peer, std::uint32_t events, int operation) const;

    Fault m_fault;
    std::uint64_t m_every;
    std::uint64_t m_deliveries = 0;
    int m_listener = -1;
    int m_epoll = -1;
    std::uint16_t m_port = 0;
    std::vector<std::unique_ptr<Peer>> m_peers;
    std::vector<Subscription> m_subscriptions;
    std::unordered_map<std::string, Route> m_routes;
    std::map<std::string, Bytes> m_retained;
    std::vector<Peer *> m_dirty;
    std::vector<Peer *> m_doomed;
    Bytes m_input;
    Bytes m_frame;
    std::string m_topic;
};

} // namespace fairlead::bench
