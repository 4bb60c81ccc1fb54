// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "benchtypes.h"
#include "wire.h"

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace fairlead::bench {

// Longer than any run may take, so that nobody has to send pings while the clock ticks.
inline constexpr std::uint16_t kKeepAliveSeconds = 1200;

struct Client
{
    enum class State : std::uint8_t {
        Unborn,
        Connecting,
        Greeting,
        Subscribing,
        Ready,
        Closed
    };

    std::string id;
    std::string filter; // empty: does not subscribe
    std::uint32_t index = 0;
    std::uint8_t qos = 0;
    SessionKind session = SessionKind::Clean;
    State state = State::Unborn;
    bool dirty = false;
    bool waitsForRoom = false;
    bool waitsForPing = false;
    int fd = -1;
    std::size_t sent = 0;
    Bytes output; // what the kernel has not taken begins at sent
    Bytes tail; // the beginning of a packet whose end has not come
};

// Gets what the server sends.
class Sink
{
public:
    virtual ~Sink() = default;
    virtual void handlePublish(Client &client, const Publish &publish, std::uint64_t now);
    virtual void handlePubAck(Client &client, std::uint16_t packetId);
    virtual void handleSubscribed(Client &client);
};

struct NetworkSetup
{
    std::string host;
    std::uint16_t port = 0;
    Protocol protocol = Protocol::V311;
    std::uint8_t qos = 0; // the highest that will be published
    std::uint32_t window = 0; // the most that a publisher has in flight
    std::size_t largestFrame = 0;
};

// All connections of one thread on one epoll set. Reads a batch per ready socket, answers QoS 1
// deliveries and writes once per socket and turn.
class Network
{
public:
    explicit Network(NetworkSetup setup);
    ~Network();
    Network(const Network &) = delete;
    Network &operator=(const Network &) = delete;

    Client &add(std::string id,
                std::uint32_t index,
                std::string filter,
                std::uint8_t qos,
                SessionKind session = SessionKind::Clean);

    // Brings every added client up, subscription included.
    void connectAll();
    void subscribe(Client &client, std::string filter, std::uint8_t qos);

    // Waits for at most this long, then handles everything that is ready.
    void turn(std::uint64_t timeoutNs, Sink &sink);

    void queue(Client &client, std::span<const std::uint8_t> bytes)
    {
        client.output.insert(client.output.end(), bytes.begin(), bytes.end());
        markDirty(client);
    }

    void markDirty(Client &client)
    {
        if (!client.dirty) {
            client.dirty = true;
            m_dirty.push_back(&client);
        }
    }

    void flush(Client &client);
    void flushAll();

    // Pings every client and waits for all answers: what the server sent before has come by then.
    void fence(Sink &sink, std::uint64_t timeoutNs);
    void disconnectAll();

    // Readiness of this file is reported by watchFired() after a turn.
    void watch(int fd);

    bool watchFired() const { return m_watchFired; }

    std::uint64_t now() const { return m_now; }

    std::uint64_t connectionsLost() const { return m_connectionsLost; }

    const std::string &lossReason() const { return m_lossReason; }

private:
    void startConnect(Client &client, std::size_t ordinal);
    void finishConnect(Client &client);
    void receive(Client &client, Sink &sink);
    const std::uint8_t *parse(Client &client,
                              const std::uint8_t *at,
                              const std::uint8_t *end,
                              Sink &sink);
    void handlePacket(Client &client,
                      std::uint8_t header,
                      std::span<const std::uint8_t> body,
                      Sink &sink);
    void handleConnAck(Client &client, std::span<const std::uint8_t> body);
    void handleSubAck(Client &client, std::span<const std::uint8_t> body, Sink &sink);
    void control(Client &client, std::uint32_t events, int operation) const;
    void lose(Client &client, const std::string &reason);

    NetworkSetup m_setup;
    sockaddr_storage m_address{};
    socklen_t m_addressSize = 0;
    bool m_spreadsSources = false;
    int m_epoll = -1;
    std::deque<Client> m_clients;
    std::vector<Client *> m_dirty;
    Bytes m_input;
    std::uint64_t m_now = 0;
    std::size_t m_pending = 0; // clients on their way to Ready
    std::size_t m_pings = 0;
    std::uint64_t m_connectionsLost = 0;
    std::string m_lossReason;
    bool m_watchFired = false;
};

} // namespace fairlead::bench
