// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "network.h"
#include "payload.h"
#include "plan.h"
#include "sequence.h"

#include <functional>
#include <vector>

namespace fairlead::bench {

// Publishers and subscribers of one shape in one thread. A closed loop publishes the next message
// of a publisher when one of its window was delivered everywhere and, at QoS 1, acknowledged; with
// a rate messages go out on schedule.
class Load final : private Sink
{
public:
    explicit Load(const Plan &plan);

    // Connects, calls ready once, runs and checks.
    LoadResult run(const std::function<void()> &ready);

private:
    struct Publisher
    {
        Client *client = nullptr;
        std::string topic;
        PublishTemplate frame;
        std::uint64_t sent = 0;
        std::uint64_t acknowledged = 0;
        std::uint64_t completed = 0;
        std::vector<std::uint32_t> owed; // deliveries still due per message in flight, if several
        bool queued = false;
    };

    struct Receiver
    {
        std::uint32_t firstPublisher = 0;
        std::vector<SequenceTracker> trackers;
        std::vector<std::uint64_t> after; // shared: one past the highest number seen
    };

    void handlePublish(Client &client, const Publish &publish, std::uint64_t now) override;
    void handlePubAck(Client &client, std::uint16_t packetId) override;

    void addClients();
    void handleFresh(Publisher &publisher, const Stamp &stamp, std::uint64_t now);
    void wantToSend(Publisher &publisher);
    void fill(Publisher &publisher);
    void append(Publisher &publisher, std::uint64_t now);
    void sendOnSchedule();
    void step();
    void runUntil(std::uint64_t end);
    void drain();
    void countLost();
    bool stuck();

    Plan m_plan;
    std::uint32_t m_targets; // deliveries due per message
    Network m_network;
    std::vector<Publisher> m_publishers;
    std::vector<Receiver> m_receivers;
    std::vector<SequenceTracker> m_sharedTrackers;
    std::vector<Publisher *> m_queued;
    LoadResult m_result;
    std::uint64_t m_sent = 0;
    std::uint64_t m_deliveriesDue = 0;
    std::uint64_t m_acksDue = 0;
    std::uint64_t m_lastProgress = 0;
    std::uint64_t m_lastDelivered = 0;
    std::uint64_t m_intervalNs = 0;
    std::uint64_t m_dueNs = 0;
    std::size_t m_nextPublisher = 0;
    bool m_sending = false;
    bool m_measuring = false;
};

} // namespace fairlead::bench
