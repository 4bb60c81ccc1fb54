// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/systopics.h"

#include "core/host.h"
#include "core/platform/buildinfo.h"
#include "core/reactor/reactorthread.h"

#include <cmath>

namespace fairlead::core {

namespace {

constexpr qint64 kIntervalNs = 10 * kNsPerSecond;
constexpr double kMinutes[3] = {1, 5, 15};
constexpr const char *kLoadSuffix[3] = {"/1min", "/5min", "/15min"};

} // namespace

SysTopics::SysTopics(Host &host, MainLoop &loop)
    : m_host(host)
    , m_loop(loop)
    , m_timer([](void *self) noexcept { static_cast<SysTopics *>(self)->tick(); }, this)
    , m_start(loop.clock().now())
    , m_last(m_start)
{
    put("version", QByteArrayLiteral("fairlead version ") + kHostVersion);
    tick();
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

void SysTopics::tick() noexcept
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
    send();
    m_loop.timers().arm(m_timer, now + kIntervalNs);
}

void SysTopics::send()
{
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
