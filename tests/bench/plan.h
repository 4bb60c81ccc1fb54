// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "benchtypes.h"
#include "histogram.h"
#include "network.h"
#include "wire.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace fairlead::bench {

// What a paced publisher has in flight at most at QoS 1, whatever the schedule says.
inline constexpr std::uint32_t kPacedInFlight = 16;

enum class Shape {
    PointToPoint, // publisher i to subscriber i
    FanOut, // every publisher to every subscriber
    FanIn, // every publisher, each on its own topic, to every subscriber's wildcard
    Shared, // every message to one member of a shared subscription
    Retained // a retained set, read by new subscriptions
};

struct Plan
{
    std::string host = "127.0.0.1";
    std::uint16_t port = 1883;
    Protocol protocol = Protocol::V311;
    Shape shape = Shape::PointToPoint;
    std::uint32_t publishers = 10;
    std::uint32_t subscribers = 10;
    std::uint8_t qos = 0;
    std::uint32_t window = 1; // messages in flight per publisher
    std::size_t payload = 64;
    std::uint64_t rate = 0; // messages published per second in all; 0: as fast as the window lets
    std::uint64_t warmupNs = kNsPerSecond / 2;
    std::uint64_t durationNs = 2 * kNsPerSecond;
    std::uint64_t stallNs = 5 * kNsPerSecond; // no progress for this long: what is owed is lost
    std::uint64_t maximumMessages = 20'000'000;
    std::uint32_t retainedTopics = 1000;
    std::uint32_t threads = 1; // each runs the whole shape on its own connections
    std::uint32_t run = 1; // sets this run's topics and payloads apart from any other's
    SessionKind session = SessionKind::Clean; // of whoever subscribes
    bool keepsRetained = false; // leave the retained set on the server
    int serverPid = 0; // 0: the server's CPU time is not read
};

// One thread's outcome; the figures are those of the measured time, the tally is of the whole run.
struct LoadResult
{
    Tally tally;
    Histogram latency;
    std::uint64_t published = 0;
    std::uint64_t delivered = 0;
    std::uint64_t elapsedNs = 0;
    std::uint64_t serverCpuNs = 0;
    std::uint64_t generatorCpuNs = 0;
    std::uint64_t mostBehindNs = 0; // paced: how late the generator itself sent at worst
    std::uint64_t heldBack = 0; // paced: messages not sent because the server was far behind
    std::string lossReason; // why the first lost connection ended
};

NetworkSetup networkSetup(const Plan &plan, std::size_t largestFrame);
std::string topicName(const Plan &plan, std::uint32_t publisher);
std::string topicFilter(const Plan &plan, std::uint32_t subscriber);
std::string clientName(const Plan &plan, char role, std::uint32_t index);

} // namespace fairlead::bench
