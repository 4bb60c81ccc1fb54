// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/systopics.h"

#include "core/host.h"
#include "core/observe/storeview.h"
#include "core/platform/buildinfo.h"
#include "core/reactor/reactorthread.h"

#include <algorithm>
#include <cmath>

namespace fairlead::core {

namespace {

constexpr qint64 kIntervalNs = 10 * kNsPerSecond;
/// What somebody may have to act on is told sooner.
constexpr qint64 kStateIntervalNs = 2 * kNsPerSecond;
constexpr double kMinutes[3] = {1, 5, 15};
constexpr const char *kLoadSuffix[3] = {"/1min", "/5min", "/15min"};

} // namespace

SysTopics::SysTopics(Host &host, MainLoop &loop, AskHealth askHealth)
    : m_host(host)
    , m_loop(loop)
    , m_askHealth(std::move(askHealth))
    , m_timer([](void *self) noexcept { static_cast<SysTopics *>(self)->tick(); }, this)
    , m_stateTimer([](void *self) noexcept { static_cast<SysTopics *>(self)->putState(); }, this)
    , m_start(loop.clock().now())
    , m_last(m_start)
{
    put("version", QByteArrayLiteral("fairlead version ") + kHostVersion);
    tick();
    putState();
}

SysTopics::~SysTopics() = default;

void SysTopics::Load::update(quint64 grown, double seconds) noexcept
{
    if (seconds <= 0)
        return;
    const double perMinute = double(grown) * 60 / seconds;
    for (std::size_t i = 0; i < average.size(); ++i) {
        const double weight = std::exp(-seconds / (60 * kMinutes[i]));
        average[i] = perMinute + weight * (average[i] - perMinute);
    }
}

SysTopics::Totals SysTopics::sum() const
{
    Totals totals;
    for (const auto &thread : m_host.reactors()) {
        const Traffic &traffic = thread->reactor().traffic();
        totals.framesReceived += traffic.frames.received();
        totals.framesSent += traffic.frames.sent();
        totals.published += traffic.published.value();
        totals.publishedBytes += traffic.publishedBytes.value();
        totals.delivered += traffic.delivered.value();
        totals.deliveredBytes += traffic.deliveredBytes.value();
        for (const Traffic::Counter &drop : traffic.drops)
            totals.dropped += drop.value();
        totals.bytesReceived += traffic.bytesReceived.value();
        totals.bytesSent += traffic.bytesSent.value();
        totals.sockets += traffic.linksAccepted.value();
        totals.connections += traffic.linksConnected.value();
        totals.disconnections += traffic.linksDisconnected.value();
        totals.expired += traffic.sessionsExpired.value();
    }
    return totals;
}

void SysTopics::put(const char *name, const QByteArray &value)
{
    const QByteArray topic = QByteArrayLiteral("$SYS/broker/") + name;
    QByteArray &kept = m_values[topic];
    if (kept == value)
        return;
    kept = value;
    m_changed.emplace_back(topic, value);
}

void SysTopics::putLoad(const char *name, Load &load, quint64 grown, double seconds)
{
    load.update(grown, seconds);
    for (std::size_t i = 0; i < load.average.size(); ++i)
        put((QByteArrayLiteral("load/") + name + kLoadSuffix[i]).constData(),
            QByteArray::number(load.average[i], 'f', 2));
}

void SysTopics::remove(const QByteArray &name)
{
    const QByteArray topic = QByteArrayLiteral("$SYS/broker/") + name;
    if (m_values.remove(topic) > 0)
        m_changed.emplace_back(topic, QByteArray());
}

void SysTopics::tick() noexcept
{
    putFigures();
    send();
    m_loop.timers().arm(m_timer, m_loop.clock().now() + kIntervalNs);
}

void SysTopics::putState() noexcept
{
    putStore();
    putDurability();
    send();
    m_askHealth([this, alive = std::weak_ptr<bool>(m_isAlive)](const QByteArray &health) {
        if (alive.expired())
            return;
        put("health", health);
        send();
    });
    m_loop.timers().arm(m_stateTimer, m_loop.clock().now() + kStateIntervalNs);
}

void SysTopics::putStore()
{
    const StoreView store = viewStore(m_host);
    put("store/engine", QByteArray(store.engine));
    put("store/state", QByteArray(storeStateName(store.state)));
    if (!store.exists())
        return;
    put("store/durable/messages", store.figures.messages);
    put("store/durable/bytes", quint64(store.bytes));
    put("store/waiting/bytes", store.figures.waitingBytes);
    put("store/written/messages", store.figures.rows);
    put("store/written/bytes", store.figures.rowBytes);
    put("store/refused/messages", store.figures.refused);
    put("store/commits", store.figures.groups);
    put("store/syncs", store.figures.syncs);
    put("store/failures", store.figures.failures);
}

void SysTopics::putDurability()
{
    const auto topicOf = [](const QByteArray &endpoint) {
        return QByteArrayLiteral("endpoints/") + endpoint + "/durability";
    };
    std::vector<QByteArray> present;
    const QList<EndpointSettings> endpoints = m_host.endpoints().settings();
    for (const EndpointSettings &endpoint : endpoints) {
        const char *level = durabilityName(effectiveDurability(m_host, endpoint.durability));
        present.push_back(endpoint.name.toUtf8());
        put(topicOf(present.back()).constData(), QByteArray(level));
    }
    for (const QByteArray &known : m_endpoints) {
        if (std::find(present.begin(), present.end(), known) == present.end())
            remove(topicOf(known));
    }
    m_endpoints = std::move(present);
}

void SysTopics::putFigures()
{
    const qint64 now = m_loop.clock().now();
    const Totals totals = sum();
    const double seconds = double(now - m_last) / double(kNsPerSecond);
    Distributor &distributor = m_host.distributor();

    const quint64 connected = totals.connections - totals.disconnections;
    const quint64 sessions = distributor.directory.count();
    m_mostClients = std::max(m_mostClients, connected);
    put("uptime", QByteArray::number((now - m_start) / kNsPerSecond) + " seconds");
    put("clients/total", std::max(sessions, connected));
    put("clients/connected", connected);
    put("clients/active", connected);
    put("clients/disconnected", sessions > connected ? sessions - connected : 0);
    put("clients/inactive", sessions > connected ? sessions - connected : 0);
    put("clients/maximum", m_mostClients);
    put("clients/expired", totals.expired);
    put("messages/received", totals.framesReceived);
    put("messages/sent", totals.framesSent);
    put("messages/stored", distributor.retained.count());
    put("store/messages/count", distributor.retained.count());
    put("store/messages/bytes", distributor.retained.bytes());
    put("retained messages/count", distributor.retained.count());
    put("subscriptions/count", distributor.index.subscriptionCount());
    put("shared_subscriptions/count", distributor.index.sharedCount());
    put("publish/messages/received", totals.published);
    put("publish/messages/sent", totals.delivered);
    put("publish/messages/dropped", totals.dropped);
    put("publish/bytes/received", totals.publishedBytes);
    put("publish/bytes/sent", totals.deliveredBytes);
    put("bytes/received", totals.bytesReceived);
    put("bytes/sent", totals.bytesSent);
    putLoad(
        "messages/received", m_loads[0], totals.framesReceived - m_before.framesReceived, seconds);
    putLoad("messages/sent", m_loads[1], totals.framesSent - m_before.framesSent, seconds);
    putLoad("publish/received", m_loads[2], totals.published - m_before.published, seconds);
    putLoad("publish/sent", m_loads[3], totals.delivered - m_before.delivered, seconds);
    putLoad("publish/dropped", m_loads[4], totals.dropped - m_before.dropped, seconds);
    putLoad("bytes/received", m_loads[5], totals.bytesReceived - m_before.bytesReceived, seconds);
    putLoad("bytes/sent", m_loads[6], totals.bytesSent - m_before.bytesSent, seconds);
    putLoad("sockets", m_loads[7], totals.sockets - m_before.sockets, seconds);
    putLoad("connections", m_loads[8], totals.connections - m_before.connections, seconds);
    m_before = totals;
    m_last = now;
}

void SysTopics::send()
{
    if (m_changed.empty())
        return;
    Reactor &reactor = m_host.reactors().front()->reactor();
    reactor.post([&reactor, changed = std::move(m_changed)] {
        for (const auto &[topic, value] : changed) {
            PublishView view;
            view.topic = {topic.constData(), std::size_t(topic.size())};
            view.payload = {value.constData(), std::size_t(value.size())};
            view.retain = true;
            reactor.publish({nullptr, &view, 0});
        }
    });
    m_changed.clear();
}

} // namespace fairlead::core
