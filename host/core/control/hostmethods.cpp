// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/hostmethods.h"

#include "core/control/hosttotals.h"
#include "core/control/hostview.h"
#include "core/control/reasonobject.h"
#include "core/host.h"
#include "core/observe/storeview.h"
#include "core/platform/processmemory.h"
#include "core/reactor/mainloop.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QJsonArray>

#include <algorithm>

namespace fairlead::core {

namespace {

QJsonArray strings(const QStringList &list)
{
    return QJsonArray::fromStringList(list);
}

// The streams that only so many may subscribe to.
QJsonArray limitedStreams(const StreamSeats &seats)
{
    QJsonArray out;
    for (const StreamSeats::Taken &stream : seats.list()) {
        out.append(QJsonObject{{QStringLiteral("name"), QString::fromUtf8(stream.stream)},
                               {QStringLiteral("subscribers"), qint64(stream.taken)},
                               {QStringLiteral("maxSubscribers"), qint64(stream.seats)}});
    }
    return out;
}

} // namespace

const char *stateName(HostView::State state) noexcept
{
    switch (state) {
    case HostView::State::Starting:
        return "starting";
    case HostView::State::Running:
        return "running";
    case HostView::State::Degraded:
        return "degraded";
    case HostView::State::Stopping:
        break;
    }
    return "stopping";
}

HostMethods::HostMethods(MainLoop &loop, Host &host, const HostView &view, QString version)
    : m_loop(loop)
    , m_host(host)
    , m_view(view)
    , m_version(std::move(version))
    , m_started(loop.clock().now())
    , m_readiness(loop, host, view)
{ }

void HostMethods::addTo(ControlApi &api)
{
    const auto add = [&api](const char *name, ControlApi::Handler handler) {
        // Each name is added once, here.
        static_cast<void>(api.add(QString::fromLatin1(name), {}, std::move(handler)));
    };
    add("version", [this, &api](const Call &call) { call.reply->succeed(versionFacts(api)); });
    add("status", [this](const Call &call) { call.reply->succeed(status()); });
    add("health", [this](const Call &call) {
        m_readiness.check(
            [reply = call.reply](const Health &health) { reply->succeed(health.toJson(true)); });
    });
    add("endpoints", [this](const Call &call) {
        call.reply->succeed(QJsonObject{{QStringLiteral("endpoints"), endpoints()}});
    });
    add("plugins", [this](const Call &call) {
        call.reply->succeed(QJsonObject{{QStringLiteral("plugins"), plugins()}});
    });
}

QJsonObject HostMethods::versionFacts(const ControlApi &api) const
{
    return {{QStringLiteral("protocol"), kProtocol},
            {QStringLiteral("version"), m_version},
            {QStringLiteral("methods"), strings(api.methods())}};
}

QJsonObject HostMethods::status() const
{
    const HostTotals totals(m_host);
    const Distributor &distributor = m_host.distributor();
    QJsonObject dropped;
    for (std::size_t i = 0; i < totals.drops.size(); ++i)
        dropped.insert(QString::fromLatin1(dropName(DropReason(i))), qint64(totals.drops[i]));
    QJsonObject refused;
    for (std::size_t i = 0; i < std::size_t(RefusalReason::Count); ++i) {
        const auto reason = RefusalReason(i);
        refused.insert(QString::fromLatin1(refusalName(reason)),
                       qint64(m_host.endpoints().admission().refused(reason)));
    }
    const QList<EndpointView> endpoints = m_view.endpoints();
    QJsonObject durability;
    for (const EndpointView &endpoint : endpoints)
        durability.insert(endpoint.name, QString::fromLatin1(durabilityName(endpoint.durability)));
    const auto failed
        = std::count_if(endpoints.begin(), endpoints.end(), [](const EndpointView &endpoint) {
              return endpoint.isWanted && !endpoint.isUp && endpoint.quiesced.isEmpty();
          });
    const qint64 memory = residentMemory();
    const Health health = m_readiness.now();
    return {
        {QStringLiteral("state"), health.state},
        {QStringLiteral("ready"), health.ready},
        {QStringLiteral("reasons"), strings(health.reasons)},
        {QStringLiteral("version"), m_version},
        {QStringLiteral("protocol"), kProtocol},
        {QStringLiteral("pid"), QCoreApplication::applicationPid()},
        {QStringLiteral("startedAt"), m_time.timeOf(m_started)},
        {QStringLiteral("uptimeSeconds"), ControlTime::ageOf(m_started)},
        {QStringLiteral("reactors"), qint64(m_host.reactors().size())},
        {QStringLiteral("endpoints"), qint64(endpoints.size())},
        {QStringLiteral("endpointsFailed"), qint64(failed)},
        {QStringLiteral("durability"), durability},
        {QStringLiteral("store"), toJson(viewStore(m_host))},
        {QStringLiteral("links"), m_host.linkCount()},
        {QStringLiteral("linksConnected"),
         qint64(totals.linksConnected - totals.linksDisconnected)},
        {QStringLiteral("linksRefused"), refused},
        {QStringLiteral("sessions"), qint64(distributor.directory.count())},
        {QStringLiteral("subscriptions"), qint64(distributor.index.subscriptionCount())},
        {QStringLiteral("limitedStreams"), limitedStreams(distributor.seats)},
        {QStringLiteral("retainedMessages"), qint64(distributor.retained.count())},
        {QStringLiteral("retainedBytes"), qint64(distributor.retained.bytes())},
        {QStringLiteral("memoryBytes"), memory < 0 ? QJsonValue() : QJsonValue(memory)},
        {QStringLiteral("messages"),
         QJsonObject{{QStringLiteral("published"), qint64(totals.published)},
                     {QStringLiteral("delivered"), qint64(totals.delivered)},
                     {QStringLiteral("dropped"), dropped}}},
        {QStringLiteral("bytes"),
         QJsonObject{{QStringLiteral("received"), qint64(totals.bytesReceived)},
                     {QStringLiteral("sent"), qint64(totals.bytesSent)}}},
    };
}

QJsonArray HostMethods::endpoints() const
{
    QJsonArray out;
    const QList<EndpointView> endpoints = m_view.endpoints();
    for (const EndpointView &endpoint : endpoints) {
        QJsonObject one{
            {QStringLiteral("name"), endpoint.name},
            {QStringLiteral("url"), endpoint.url},
            {QStringLiteral("role"), endpoint.role},
            {QStringLiteral("transport"), endpoint.transport},
            {QStringLiteral("state"), endpoint.state},
            {QStringLiteral("durability"),
             QString::fromLatin1(durabilityName(endpoint.durability))},
            {QStringLiteral("attempts"), qint64(endpoint.attempts)},
            {QStringLiteral("since"), m_time.timeOf(endpoint.since)},
            {QStringLiteral("ageSeconds"), ControlTime::ageOf(endpoint.since)},
        };
        if (endpoint.links)
            one.insert(QStringLiteral("links"), *endpoint.links);
        if (endpoint.generation != 0)
            one.insert(QStringLiteral("generation"), qint64(endpoint.generation));
        if (!endpoint.peer.isEmpty())
            one.insert(QStringLiteral("peer"), endpoint.peer);
        if (endpoint.nextRetry) {
            one.insert(QStringLiteral("nextRetrySeconds"),
                       ControlTime::seconds(
                           std::max<qint64>(0, *endpoint.nextRetry - m_loop.clock().now())));
        }
        if (!endpoint.reason.isNull())
            one.insert(QStringLiteral("reason"), reasonObject(endpoint.reason));
        if (!endpoint.quiesced.isEmpty())
            one.insert(QStringLiteral("quiesced"), endpoint.quiesced);
        one.insert(QStringLiteral("pluginFailures"), qint64(endpoint.pluginFailures));
        out.append(one);
    }
    return out;
}

QJsonArray HostMethods::plugins() const
{
    QJsonArray out;
    const QList<PluginRecord> records = m_view.plugins();
    for (const PluginRecord &record : records) {
        QJsonObject one{
            {QStringLiteral("file"), record.path},
            {QStringLiteral("verdict"), QString::fromLatin1(verdictName(record.verdict))}};
        if (record.metadata) {
            one.insert(QStringLiteral("id"), record.metadata->id);
            one.insert(QStringLiteral("version"), record.metadata->version.toString());
        }
        if (record.verdict != Verdict::Accepted) {
            one.insert(QStringLiteral("text"), record.text);
            one.insert(QStringLiteral("meaning"), verdictUserText(record.verdict));
            one.insert(QStringLiteral("hint"), verdictHint(record.verdict));
        }
        if (!record.warnings.isEmpty())
            one.insert(QStringLiteral("warnings"), strings(record.warnings));
        out.append(one);
    }
    return out;
}

} // namespace fairlead::core
