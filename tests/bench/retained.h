// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "network.h"
#include "plan.h"

#include <functional>
#include <vector>

namespace fairlead::bench {

// Stores a set of retained messages, then lets subscribers come, a window of them at a time; each
// must get the whole set once. Measured is from the first SUBSCRIBE to the last delivery.
class RetainedLoad final : private Sink
{
public:
    explicit RetainedLoad(const Plan &plan);

    LoadResult run(const std::function<void()> &ready);

private:
    void handlePublish(Client &client, const Publish &publish, std::uint64_t now) override;
    void handlePubAck(Client &client, std::uint16_t packetId) override;

    // An empty payload takes the message back.
    void publishSet(std::size_t payload);
    void subscribeNext();
    void stepUntil(const std::function<bool()> &done);

    Plan m_plan;
    Network m_network;
    Client *m_publisher = nullptr;
    std::vector<Client *> m_subscribers;
    std::vector<std::vector<bool>> m_seen; // per subscriber and topic
    std::vector<std::uint32_t> m_count; // distinct topics per subscriber
    std::vector<std::uint64_t> m_askedNs;
    std::uint32_t m_started = 0;
    std::uint32_t m_finished = 0;
    std::uint32_t m_acknowledged = 0;
    std::uint64_t m_events = 0;
    LoadResult m_result;
};

} // namespace fairlead::bench
