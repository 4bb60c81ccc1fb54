// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "load.h"

#include "procstat.h"

#include <algorithm>
#include <cstring>

namespace fairlead::bench {

namespace {

constexpr std::uint64_t kWakeUpNs = kNsPerSecond / 10;
// A paced load stops feeding a server that is this far behind.
constexpr std::uint64_t kMostDeliveriesDue = 200'000;
constexpr std::size_t kMostOutput = 4 * 1024 * 1024;
constexpr int kPacedBurst = 64;
constexpr std::uint32_t kPacketIds = 65535;

std::uint16_t packetIdOf(std::uint64_t sequence)
{
    return static_cast<std::uint16_t>(sequence % kPacketIds + 1);
}

std::size_t frameSize(const Plan &plan)
{
    return publishTemplate(
               plan.protocol, topicName(plan, plan.publishers), plan.qos, false, plan.payload)
        .bytes.size();
}

} // namespace

Load::Load(const Plan &plan)
    : m_plan(plan)
    , m_targets(plan.shape == Shape::FanOut || plan.shape == Shape::FanIn ? plan.subscribers : 1)
    , m_network(networkSetup(plan, frameSize(plan)))
    , m_intervalNs(plan.rate > 0 ? kNsPerSecond / plan.rate : 0)
{
    addClients();
}

void Load::addClients()
{
    const bool pairs = m_plan.shape == Shape::PointToPoint;
    const bool shared = m_plan.shape == Shape::Shared;
    m_publishers.resize(m_plan.publishers);
    m_receivers.resize(m_plan.subscribers);
    m_sharedTrackers.resize(shared ? m_plan.publishers : 0);
    for (std::uint32_t i = 0; i < m_plan.subscribers; ++i) {
        Receiver &receiver = m_receivers[i];
        receiver.firstPublisher = pairs ? i : 0;
        receiver.trackers.resize(pairs ? 1 : m_plan.publishers);
        receiver.after.resize(shared ? m_plan.publishers : 0);
        m_network.add(
            clientName(m_plan, 's', i), i, topicFilter(m_plan, i), m_plan.qos, m_plan.session);
    }
    for (std::uint32_t i = 0; i < m_plan.publishers; ++i) {
        Publisher &publisher = m_publishers[i];
        publisher.client = &m_network.add(clientName(m_plan, 'p', i), i, {}, m_plan.qos);
        publisher.topic = topicName(m_plan, i);
        publisher.frame
            = publishTemplate(m_plan.protocol, publisher.topic, m_plan.qos, false, m_plan.payload);
        publisher.owed.resize(m_targets > 1 && m_plan.rate == 0 ? m_plan.window : 0);
    }
}

LoadResult Load::run(const std::function<void()> &ready)
{
    m_network.connectAll();
    ready();
    const std::uint64_t start = nowNs();
    m_dueNs = start;
    m_lastProgress = start;
    m_sending = true;
    if (m_intervalNs == 0) {
        for (Publisher &publisher : m_publishers) {
            wantToSend(publisher);
        }
    }
    runUntil(start + m_plan.warmupNs);

    const auto cpuNow
        = [this] { return m_plan.serverPid > 0 ? processCpuNs(m_plan.serverPid) : 0; };
    const std::uint64_t delivered = m_result.tally.delivered;
    const std::uint64_t published = m_sent;
    const std::uint64_t ownCpu = threadCpuNs();
    const std::uint64_t serverCpu = cpuNow();
    const std::uint64_t begin = nowNs();
    m_measuring = true;
    runUntil(begin + m_plan.durationNs);
    m_measuring = false;
    m_result.elapsedNs = nowNs() - begin;
    m_result.serverCpuNs = cpuNow() - serverCpu;
    m_result.generatorCpuNs = threadCpuNs() - ownCpu;
    m_result.delivered = m_result.tally.delivered - delivered;
    m_result.published = m_sent - published;

    drain();
    countLost();
    m_network.disconnectAll();
    return m_result;
}

void Load::runUntil(std::uint64_t end)
{
    while (m_network.now() < end && m_sent < m_plan.maximumMessages && !stuck()) {
        step();
    }
}

void Load::drain()
{
    m_sending = false;
    while ((m_deliveriesDue > 0 || m_acksDue > 0) && !stuck()) {
        step();
    }
    // Brings in anything that comes once too often.
    m_network.fence(*this, m_plan.stallNs);
}

void Load::step()
{
    std::uint64_t timeout = kWakeUpNs;
    if (m_intervalNs > 0 && m_sending) {
        const std::uint64_t now = nowNs();
        timeout = m_dueNs > now ? std::min(timeout, m_dueNs - now) : 0;
    }
    m_network.turn(timeout, *this);
    if (m_intervalNs > 0) {
        sendOnSchedule();
    }
    for (Publisher *publisher : m_queued) {
        publisher->queued = false;
        fill(*publisher);
    }
    m_queued.clear();
    m_network.flushAll();
}

bool Load::stuck()
{
    if (m_network.connectionsLost() > 0) {
        return true;
    }
    const bool waiting = m_deliveriesDue > 0 || m_acksDue > 0;
    if (!waiting || m_result.tally.delivered != m_lastDelivered) {
        m_lastDelivered = m_result.tally.delivered;
        m_lastProgress = m_network.now();
        return false;
    }
    return m_network.now() > m_lastProgress + m_plan.stallNs;
}

void Load::wantToSend(Publisher &publisher)
{
    if (!publisher.queued && m_sending && m_intervalNs == 0) {
        publisher.queued = true;
        m_queued.push_back(&publisher);
    }
}

void Load::fill(Publisher &publisher)
{
    const std::uint64_t settled = m_plan.qos > 0
        ? std::min(publisher.completed, publisher.acknowledged)
        : publisher.completed;
    const std::uint64_t end = settled + m_plan.window;
    if (!m_sending || publisher.sent >= end) {
        return;
    }
    const std::uint64_t now = nowNs();
    while (publisher.sent < end && m_sent < m_plan.maximumMessages) {
        append(publisher, now);
    }
}

void Load::append(Publisher &publisher, std::uint64_t now)
{
    const std::uint64_t sequence = publisher.sent++;
    Bytes &output = publisher.client->output;
    const std::size_t at = output.size();
    m_network.queue(*publisher.client, publisher.frame.bytes);
    std::uint8_t *const frame = output.data() + at;
    if (m_plan.qos > 0) {
        writeU16(frame + publisher.frame.packetIdAt, packetIdOf(sequence));
        ++m_acksDue;
    }
    Stamp stamp;
    stamp.magic = kStampMagic;
    stamp.run = m_plan.run;
    stamp.publisher = publisher.client->index;
    stamp.size = static_cast<std::uint32_t>(m_plan.payload);
    stamp.sequence = sequence;
    stamp.sentNs = now;
    writeStamp(frame + publisher.frame.payloadAt, stamp);
    if (!publisher.owed.empty()) {
        publisher.owed[sequence % m_plan.window] = m_targets;
    }
    m_deliveriesDue += m_targets;
    ++m_sent;
}

void Load::sendOnSchedule()
{
    for (int i = 0; i < kPacedBurst && m_sending; ++i) {
        const std::uint64_t now = nowNs();
        if (now < m_dueNs || m_sent >= m_plan.maximumMessages) {
            return;
        }
        if (m_measuring) {
            m_result.mostBehindNs = std::max(m_result.mostBehindNs, now - m_dueNs);
        }
        m_dueNs += m_intervalNs;
        Publisher &publisher = m_publishers[m_nextPublisher];
        m_nextPublisher = (m_nextPublisher + 1) % m_publishers.size();
        if (m_deliveriesDue > kMostDeliveriesDue || publisher.client->output.size() > kMostOutput
            || (m_plan.qos > 0 && publisher.sent - publisher.acknowledged >= kPacedInFlight)) {
            ++m_result.heldBack;
            continue;
        }
        append(publisher, now);
        m_network.flush(*publisher.client);
    }
}

void Load::handlePublish(Client &client, const Publish &publish, std::uint64_t now)
{
    Stamp stamp;
    if (!readStamp(publish.payload, m_plan.run, stamp) || stamp.publisher >= m_publishers.size()
        || publish.qos != m_plan.qos || publish.retain) {
        ++m_result.tally.corrupted;
        return;
    }
    Publisher &publisher = m_publishers[stamp.publisher];
    if (stamp.sequence >= publisher.sent || publish.topic.size() != publisher.topic.size()
        || std::memcmp(publish.topic.data(), publisher.topic.data(), publisher.topic.size()) != 0) {
        ++m_result.tally.corrupted;
        return;
    }
    Receiver &receiver = m_receivers[client.index];
    const std::size_t slot = stamp.publisher - receiver.firstPublisher;
    if (stamp.publisher < receiver.firstPublisher || slot >= receiver.trackers.size()) {
        ++m_result.tally.misrouted;
        return;
    }
    Arrival arrival = Arrival::InOrder;
    if (m_plan.shape == Shape::Shared) {
        // Each member sees gaps; only the group as a whole gets every number once.
        arrival = m_sharedTrackers[slot].note(stamp.sequence);
        std::uint64_t &after = receiver.after[slot];
        if (arrival != Arrival::Duplicate) {
            arrival = stamp.sequence < after ? Arrival::Late : Arrival::InOrder;
            after = std::max(after, stamp.sequence + 1);
        }
    } else {
        arrival = receiver.trackers[slot].note(stamp.sequence);
    }
    if (arrival == Arrival::Duplicate) {
        ++m_result.tally.duplicated;
        return;
    }
    m_result.tally.reordered += arrival == Arrival::Late ? 1 : 0;
    handleFresh(publisher, stamp, now);
}

void Load::handleFresh(Publisher &publisher, const Stamp &stamp, std::uint64_t now)
{
    ++m_result.tally.delivered;
    --m_deliveriesDue;
    if (m_measuring) {
        m_result.latency.add(now - stamp.sentNs);
    }
    const bool complete = m_targets == 1
        || (!publisher.owed.empty() && --publisher.owed[stamp.sequence % m_plan.window] == 0);
    if (complete) {
        ++publisher.completed;
        wantToSend(publisher);
    }
}

void Load::handlePubAck(Client &client, std::uint16_t packetId)
{
    if (client.index >= m_publishers.size() || m_publishers[client.index].client != &client) {
        ++m_result.tally.ackErrors;
        return;
    }
    // A server acknowledges in the order of the messages.
    Publisher &publisher = m_publishers[client.index];
    if (publisher.acknowledged >= publisher.sent
        || packetId != packetIdOf(publisher.acknowledged)) {
        ++m_result.tally.ackErrors;
        return;
    }
    ++publisher.acknowledged;
    --m_acksDue;
    wantToSend(publisher);
}

void Load::countLost()
{
    Tally &tally = m_result.tally;
    if (m_plan.shape == Shape::Shared) {
        for (std::size_t i = 0; i < m_publishers.size(); ++i) {
            tally.lost += m_sharedTrackers[i].missing(m_publishers[i].sent);
        }
    } else {
        for (const Receiver &receiver : m_receivers) {
            for (std::size_t i = 0; i < receiver.trackers.size(); ++i) {
                tally.lost
                    += receiver.trackers[i].missing(m_publishers[receiver.firstPublisher + i].sent);
            }
        }
    }
    tally.ackErrors += m_acksDue;
    tally.connectionsLost += m_network.connectionsLost();
    m_result.lossReason = m_network.lossReason();
}

} // namespace fairlead::bench
