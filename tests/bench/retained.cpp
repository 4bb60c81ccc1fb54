// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "retained.h"

#include "payload.h"
#include "procstat.h"

namespace fairlead::bench {

namespace {

constexpr std::uint64_t kWakeUpNs = kNsPerSecond / 10;
constexpr std::uint32_t kPublishWindow = 16;

NetworkSetup setupFor(const Plan &plan)
{
    const auto largest = publishTemplate(
        plan.protocol, topicName(plan, plan.retainedTopics), 1, true, plan.payload);
    NetworkSetup setup = networkSetup(plan, largest.bytes.size());
    setup.qos = 1;
    setup.window = kPublishWindow;
    return setup;
}

} // namespace

RetainedLoad::RetainedLoad(const Plan &plan)
    : m_plan(plan)
    , m_network(setupFor(plan))
{
    m_publisher = &m_network.add(clientName(plan, 'p', 0), 0, {}, 1);
    for (std::uint32_t i = 0; i < plan.subscribers; ++i) {
        m_subscribers.push_back(&m_network.add(clientName(plan, 's', i), i, {}, plan.qos));
        m_seen.emplace_back(plan.retainedTopics);
    }
    m_count.resize(plan.subscribers);
    m_askedNs.resize(plan.subscribers);
}

LoadResult RetainedLoad::run(const std::function<void()> &ready)
{
    m_network.connectAll();
    publishSet(m_plan.payload);
    ready();

    const auto cpuNow
        = [this] { return m_plan.serverPid > 0 ? processCpuNs(m_plan.serverPid) : 0; };
    const std::uint64_t ownCpu = threadCpuNs();
    const std::uint64_t serverCpu = cpuNow();
    const std::uint64_t begin = nowNs();
    while (m_started < m_subscribers.size() && m_started < m_plan.window) {
        subscribeNext();
    }
    m_network.flushAll();
    stepUntil([this] { return m_finished == m_subscribers.size(); });
    m_result.elapsedNs = nowNs() - begin;
    m_result.serverCpuNs = cpuNow() - serverCpu;
    m_result.generatorCpuNs = threadCpuNs() - ownCpu;
    m_result.delivered = m_result.tally.delivered;
    m_result.published = m_plan.retainedTopics;

    m_network.fence(*this, m_plan.stallNs);
    const std::uint64_t due = std::uint64_t{m_plan.retainedTopics} * m_plan.subscribers;
    m_result.tally.lost = due - m_result.tally.delivered;
    m_result.tally.connectionsLost = m_network.connectionsLost();
    m_result.lossReason = m_network.lossReason();
    if (m_network.connectionsLost() == 0 && !m_plan.keepsRetained) {
        // The broker shall be left as it was found; the answers to this are of no interest.
        m_subscribers.clear();
        publishSet(0);
    }
    m_network.disconnectAll();
    return m_result;
}

void RetainedLoad::publishSet(std::size_t payload)
{
    m_acknowledged = 0;
    std::uint32_t sent = 0;
    while (m_acknowledged < m_plan.retainedTopics) {
        const std::uint32_t before = m_acknowledged;
        for (; sent < m_plan.retainedTopics && sent - m_acknowledged < kPublishWindow; ++sent) {
            PublishTemplate frame
                = publishTemplate(m_plan.protocol, topicName(m_plan, sent), 1, true, payload);
            writeU16(frame.bytes.data() + frame.packetIdAt, static_cast<std::uint16_t>(sent + 1));
            if (payload > 0) {
                Stamp stamp;
                stamp.magic = kStampMagic;
                stamp.run = m_plan.run;
                stamp.size = static_cast<std::uint32_t>(payload);
                stamp.sequence = sent;
                writeStamp(frame.bytes.data() + frame.payloadAt, stamp);
            }
            m_network.queue(*m_publisher, frame.bytes);
        }
        m_network.flushAll();
        stepUntil([this, before] { return m_acknowledged > before; });
        if (m_acknowledged == before) {
            throw BenchError("retained",
                             "the server did not acknowledge the retained messages "
                                 + m_network.lossReason());
        }
    }
}

void RetainedLoad::stepUntil(const std::function<bool()> &done)
{
    std::uint64_t progress = nowNs();
    std::uint64_t events = m_events;
    while (!done() && m_network.connectionsLost() == 0) {
        m_network.turn(kWakeUpNs, *this);
        m_network.flushAll();
        if (m_events != events) {
            events = m_events;
            progress = m_network.now();
        } else if (m_network.now() > progress + m_plan.stallNs) {
            return;
        }
    }
}

void RetainedLoad::subscribeNext()
{
    Client &client = *m_subscribers[m_started];
    m_askedNs[m_started] = nowNs();
    ++m_started;
    m_network.subscribe(client, topicFilter(m_plan, client.index), m_plan.qos);
}

void RetainedLoad::handlePublish(Client &client, const Publish &publish, std::uint64_t now)
{
    if (m_subscribers.empty()) {
        return;
    }
    Stamp stamp;
    if (!readStamp(publish.payload, m_plan.run, stamp) || stamp.sequence >= m_plan.retainedTopics
        || publish.qos != m_plan.qos || !publish.retain) {
        ++m_result.tally.corrupted;
        return;
    }
    std::vector<bool> &seen = m_seen[client.index];
    if (seen[stamp.sequence]) {
        ++m_result.tally.duplicated;
        return;
    }
    seen[stamp.sequence] = true;
    ++m_events;
    ++m_result.tally.delivered;
    m_result.latency.add(now - m_askedNs[client.index]);
    if (++m_count[client.index] == m_plan.retainedTopics) {
        ++m_finished;
        if (m_started < m_subscribers.size()) {
            subscribeNext();
        }
    }
}

void RetainedLoad::handlePubAck(Client &client, std::uint16_t packetId)
{
    if (&client != m_publisher || packetId != m_acknowledged + 1) {
        ++m_result.tally.ackErrors;
        return;
    }
    ++m_acknowledged;
    ++m_events;
}

} // namespace fairlead::bench
