// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/hostmethods.h"

#include "core/control/gather.h"
#include "core/control/hosttotals.h"
#include "core/control/hostview.h"
#include "core/host.h"
#include "core/platform/processmemory.h"
#include "core/platform/systemclock.h"
#include "core/reactor/reactorthread.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QDateTime>
#include <QtCore/QJsonArray>
#include <QtCore/QMetaEnum>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace fairlead::core {

namespace {

constexpr qint64 kDefaultPage = 100;
/// What two looks at the two clocks may differ by when nobody set either.
constexpr qint64 kClockSetNs = 5 * kNsPerMs;
/// An estimate of what fits a line; keys of hostile clients may be long and full of escapes.
constexpr qsizetype kPageBytes = 256 * 1024;
constexpr qsizetype kItemBytes = 512;
constexpr qsizetype kEscaped = 6; ///< the most a character grows in JSON

QString text(const char *latin1)
{
    return QString::fromLatin1(latin1);
}

/// What the time of day has ahead of the monotonic one, both read as close to each other as the
/// system lets us; nothing when others had the processor in between each time.
std::optional<qint64> utcOffset()
{
    constexpr int kTries = 5;
    for (int i = 0; i < kTries; ++i) {
        const qint64 before = monotonicNs();
        const qint64 utcMs = utcNowMs();
        if (monotonicNs() - before < kNsPerMs)
            return utcMs * kNsPerMs - before;
    }
    return std::nullopt;
}

double seconds(qint64 ns)
{
    const qint64 ms = ns / kNsPerMs;
    return double(ms) / 1000;
}

template <typename Enum>
QString enumName(Enum value)
{
    return text(QMetaEnum::fromType<Enum>().valueToKey(int(value))).toLower();
}

QJsonObject reasonOf(const Error &error)
{
    return {{QStringLiteral("code"), text(errorName(error.code()))},
            {QStringLiteral("text"), error.text()}};
}

QJsonArray strings(const QStringList &list)
{
    return QJsonArray::fromStringList(list);
}

template <typename View>
struct Merged
{
    std::vector<View> items;
    quint64 total = 0;
    bool more = false;
    QJsonArray missing; ///< reactors without an answer
};

quint64 numberOf(const LinkView &view)
{
    return view.generation;
}

quint64 numberOf(const SessionView &view)
{
    return view.number;
}

template <typename View>
Merged<View> merge(std::vector<std::optional<Page<View>>> pages, std::size_t limit)
{
    Merged<View> out;
    for (std::size_t i = 0; i < pages.size(); ++i) {
        if (!pages[i]) {
            out.missing.append(int(i));
            continue;
        }
        out.total += pages[i]->total;
        out.more = out.more || pages[i]->more;
        std::move(pages[i]->items.begin(), pages[i]->items.end(), std::back_inserter(out.items));
    }
    std::sort(out.items.begin(), out.items.end(), [](const View &a, const View &b) {
        return numberOf(a) < numberOf(b);
    });
    qsizetype bytes = 0;
    std::size_t kept = 0;
    while (kept < out.items.size() && kept < limit && bytes < kPageBytes) {
        bytes += kItemBytes + kEscaped * out.items[kept].peerKey.size();
        ++kept;
    }
    out.more = out.more || kept < out.items.size();
    out.items.resize(kept);
    return out;
}

template <typename View>
QJsonObject pageObject(const char *name,
                       const Merged<View> &merged,
                       const std::function<QJsonObject(const View &)> &toJson)
{
    QJsonArray items;
    for (const View &view : merged.items)
        items.append(toJson(view));
    QJsonObject out{{text(name), items},
                    {QStringLiteral("total"), qint64(merged.total)},
                    {QStringLiteral("partial"), !merged.missing.isEmpty()}};
    if (merged.more && !merged.items.empty())
        out.insert(QStringLiteral("next"), qint64(numberOf(merged.items.back())));
    if (!merged.missing.isEmpty())
        out.insert(QStringLiteral("missingReactors"), merged.missing);
    return out;
}

QJsonObject sessionObject(const SessionView &view)
{
    QJsonObject out{
        {QStringLiteral("number"), qint64(view.number)},
        {QStringLiteral("peerKey"), QString::fromUtf8(view.peerKey)},
        {QStringLiteral("connected"), view.link != 0},
        {QStringLiteral("reactor"), view.reactor},
        {QStringLiteral("expirySeconds"),
         view.expirySeconds < 0 ? QJsonValue() : QJsonValue(view.expirySeconds)},
        {QStringLiteral("subscriptions"), qint64(view.subscriptions)},
        {QStringLiteral("queued"), qint64(view.queued)},
        {QStringLiteral("queuedBytes"), qint64(view.queuedBytes)},
        {QStringLiteral("inFlight"), qint64(view.inFlight)},
    };
    if (view.link != 0)
        out.insert(QStringLiteral("link"), qint64(view.link));
    if (view.expiresInNs >= 0)
        out.insert(QStringLiteral("expiresInSeconds"), seconds(view.expiresInNs));
    return out;
}

std::vector<Parameter> pageParameters()
{
    return {{QStringLiteral("limit"), Parameter::Kind::Integer, false, 1, HostMethods::kMaxPage},
            {QStringLiteral("after"), Parameter::Kind::Integer}};
}

struct PageWish
{
    explicit PageWish(const QJsonObject &params)
        : limit(std::size_t(params.value(QStringLiteral("limit")).toInteger(kDefaultPage)))
        , after(quint64(params.value(QStringLiteral("after")).toInteger()))
    { }

    std::size_t limit;
    quint64 after;
};

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
    , m_utcOffsetNs(utcOffset().value_or(utcNowMs() * kNsPerMs - monotonicNs()))
{ }

template <typename Value>
void HostMethods::ask(const std::function<Value(Reactor &)> &question,
                      const std::function<void(std::vector<std::optional<Value>>)> &done) const
{
    std::vector<typename Gather<Value>::Source> sources;
    for (const auto &thread : m_host.reactors()) {
        Reactor &reactor = thread->reactor();
        sources.push_back({&reactor, [&reactor, question] { return question(reactor); }});
    }
    Gather<Value>::start(
        {m_loop, m_loop.timers(), m_loop.clock()}, std::move(sources), kReactorNs, done);
}

void HostMethods::addTo(ControlApi &api)
{
    const auto add
        = [&api](const char *name, std::vector<Parameter> parameters, ControlApi::Handler handler) {
              (void)api.add(text(name), std::move(parameters), std::move(handler));
          };
    add("version", {}, [this, &api](const Call &call) { call.reply->succeed(versionFacts(api)); });
    add("status", {}, [this](const Call &call) { call.reply->succeed(status()); });
    add("health", {}, [this](const Call &call) {
        checkHealth(
            [reply = call.reply](const Health &health) { reply->succeed(health.toJson(true)); });
    });
    add("endpoints", {}, [this](const Call &call) {
        call.reply->succeed(QJsonObject{{QStringLiteral("endpoints"), endpoints()}});
    });
    add("plugins", {}, [this](const Call &call) {
        call.reply->succeed(QJsonObject{{QStringLiteral("plugins"), plugins()}});
    });
    add("links", pageParameters(), [this](const Call &call) { listLinks(call); });
    add("sessions", pageParameters(), [this](const Call &call) { listSessions(call); });
    add("disconnect",
        {{QStringLiteral("peerKey"), Parameter::Kind::String, false, 1, 65535},
         {QStringLiteral("generation"), Parameter::Kind::Integer, false, 1},
         {QStringLiteral("reason"), Parameter::Kind::String, false, 0, 256}},
        [this](const Call &call) { disconnect(call); });
}

QString HostMethods::timeOf(qint64 monotonicNs) const
{
    const std::optional<qint64> offset = utcOffset();
    if (offset && std::abs(*offset - m_utcOffsetNs) > kClockSetNs)
        m_utcOffsetNs = *offset;
    const qint64 utcMs = (monotonicNs + m_utcOffsetNs) / kNsPerMs;
    return QDateTime::fromMSecsSinceEpoch(utcMs, Qt::UTC).toString(Qt::ISODateWithMs);
}

double HostMethods::ageOf(qint64 monotonicNs)
{
    return seconds(std::max<qint64>(0, core::monotonicNs() - monotonicNs));
}

QJsonObject HostMethods::versionFacts(const ControlApi &api) const
{
    return {{QStringLiteral("protocol"), kProtocol},
            {QStringLiteral("version"), m_version},
            {QStringLiteral("methods"), strings(api.methods())}};
}

HostMethods::Health HostMethods::readiness() const
{
    Health health;
    const HostView::State state = m_view.state();
    health.state = text(stateName(state));
    health.reasons = m_view.reasons();
    bool serves = false;
    const QList<EndpointView> endpoints = m_view.endpoints();
    for (const EndpointView &endpoint : endpoints) {
        serves = serves || endpoint.isUp;
        if (!endpoint.isWanted)
            continue;
        health.checks.append({QStringLiteral("endpoint ") + endpoint.name, endpoint.isUp});
        if (endpoint.isUp)
            continue;
        QString reason = QStringLiteral("endpoint \"%1\" is %2").arg(endpoint.name, endpoint.state);
        if (!endpoint.reason.isNull())
            reason += QStringLiteral(": ") + endpoint.reason.text();
        health.reasons.append(reason);
    }
    if (state == HostView::State::Starting || state == HostView::State::Stopping)
        health.reasons.prepend(QStringLiteral("the host is %1").arg(health.state));
    if (!serves)
        health.reasons.append(QStringLiteral("no endpoint serves"));
    health.ready
        = serves && state != HostView::State::Starting && state != HostView::State::Stopping;
    return health;
}

void HostMethods::checkHealth(const HealthDone &done) const
{
    ask<bool>(
        [](Reactor &) { return true; },
        [this, done](const std::vector<std::optional<bool>> &answers) {
            Health health = readiness();
            for (std::size_t i = 0; i < answers.size(); ++i) {
                health.checks.append({QStringLiteral("reactor %1").arg(i), answers[i].has_value()});
                if (answers[i])
                    continue;
                health.alive = false;
                health.ready = false;
                health.reasons.append(QStringLiteral("reactor %1 has not turned for %2 s")
                                          .arg(i)
                                          .arg(kReactorNs / kNsPerSecond));
            }
            done(health);
        });
}

QJsonObject HostMethods::Health::toJson(bool verbose) const
{
    QJsonObject out{{QStringLiteral("alive"), alive},
                    {QStringLiteral("ready"), ready},
                    {QStringLiteral("state"), state},
                    {QStringLiteral("reasons"), strings(reasons)}};
    if (!verbose)
        return out;
    QJsonObject all;
    for (const Check &check : checks) {
        all.insert(check.name, check.passed ? QStringLiteral("ok") : QStringLiteral("failed"));
    }
    out.insert(QStringLiteral("checks"), all);
    return out;
}

QJsonObject HostMethods::status() const
{
    const HostTotals totals(m_host);
    const Distributor &distributor = m_host.distributor();
    QJsonObject dropped;
    for (std::size_t i = 0; i < totals.drops.size(); ++i)
        dropped.insert(text(dropName(DropReason(i))), qint64(totals.drops[i]));
    QJsonObject refused;
    for (std::size_t i = 0; i < std::size_t(RefusalReason::Count); ++i) {
        const auto reason = RefusalReason(i);
        refused.insert(text(refusalName(reason)),
                       qint64(m_host.endpoints().admission().refused(reason)));
    }
    const QList<EndpointView> endpoints = m_view.endpoints();
    const auto failed
        = std::count_if(endpoints.begin(), endpoints.end(), [](const EndpointView &endpoint) {
              return endpoint.isWanted && !endpoint.isUp;
          });
    const qint64 memory = residentMemory();
    const Health health = readiness();
    return {
        {QStringLiteral("state"), health.state},
        {QStringLiteral("ready"), health.ready},
        {QStringLiteral("reasons"), strings(health.reasons)},
        {QStringLiteral("version"), m_version},
        {QStringLiteral("protocol"), kProtocol},
        {QStringLiteral("pid"), QCoreApplication::applicationPid()},
        {QStringLiteral("startedAt"), timeOf(m_started)},
        {QStringLiteral("uptimeSeconds"), ageOf(m_started)},
        {QStringLiteral("reactors"), qint64(m_host.reactors().size())},
        {QStringLiteral("endpoints"), qint64(endpoints.size())},
        {QStringLiteral("endpointsFailed"), qint64(failed)},
        {QStringLiteral("links"), m_host.linkCount()},
        {QStringLiteral("linksConnected"),
         qint64(totals.linksConnected - totals.linksDisconnected)},
        {QStringLiteral("linksRefused"), refused},
        {QStringLiteral("sessions"), qint64(distributor.directory.count())},
        {QStringLiteral("subscriptions"), qint64(distributor.index.subscriptionCount())},
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
            {QStringLiteral("attempts"), qint64(endpoint.attempts)},
            {QStringLiteral("since"), timeOf(endpoint.since)},
            {QStringLiteral("ageSeconds"), ageOf(endpoint.since)},
        };
        if (endpoint.links)
            one.insert(QStringLiteral("links"), *endpoint.links);
        if (endpoint.generation != 0)
            one.insert(QStringLiteral("generation"), qint64(endpoint.generation));
        if (!endpoint.peer.isEmpty())
            one.insert(QStringLiteral("peer"), endpoint.peer);
        if (endpoint.nextRetry) {
            one.insert(QStringLiteral("nextRetrySeconds"),
                       seconds(std::max<qint64>(0, *endpoint.nextRetry - m_loop.clock().now())));
        }
        if (!endpoint.reason.isNull())
            one.insert(QStringLiteral("reason"), reasonOf(endpoint.reason));
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
        QJsonObject one{{QStringLiteral("file"), record.path},
                        {QStringLiteral("verdict"), text(verdictName(record.verdict))}};
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

void HostMethods::listLinks(const Call &call) const
{
    const PageWish wish(call.params);
    ask<Page<LinkView>>(
        [wish](Reactor &reactor) { return viewLinks(reactor, wish.after, wish.limit); },
        [this, wish, reply = call.reply](std::vector<std::optional<Page<LinkView>>> pages) {
            QHash<QString, QString> transports;
            const QList<EndpointView> endpoints = m_view.endpoints();
            for (const EndpointView &endpoint : endpoints)
                transports.insert(endpoint.name, endpoint.transport);
            const auto toJson = [this, &transports](const LinkView &view) {
                QJsonObject out{
                    {QStringLiteral("generation"), qint64(view.generation)},
                    {QStringLiteral("peerKey"), QString::fromUtf8(view.peerKey)},
                    {QStringLiteral("peerAddress"), QString::fromUtf8(view.peerAddress)},
                    {QStringLiteral("endpoint"), view.endpoint},
                    {QStringLiteral("transport"), transports.value(view.endpoint)},
                    {QStringLiteral("state"), enumName(view.state)},
                    {QStringLiteral("direction"), enumName(view.direction)},
                    {QStringLiteral("reactor"), view.reactor},
                    {QStringLiteral("since"), timeOf(view.since)},
                    {QStringLiteral("ageSeconds"), ageOf(view.since)},
                    {QStringLiteral("queued"), qint64(view.queued)},
                    {QStringLiteral("queuedBytes"), qint64(view.queuedBytes)},
                    {QStringLiteral("inFlight"), qint64(view.inFlight)},
                    {QStringLiteral("unsentBytes"), qint64(view.unsentBytes)},
                };
                if (view.session != 0)
                    out.insert(QStringLiteral("session"), qint64(view.session));
                if (!view.reason.isNull())
                    out.insert(QStringLiteral("reason"), reasonOf(view.reason));
                return out;
            };
            reply->succeed(
                pageObject<LinkView>("links", merge(std::move(pages), wish.limit), toJson));
        });
}

void HostMethods::listSessions(const Call &call) const
{
    const PageWish wish(call.params);
    ask<Page<SessionView>>(
        [wish](Reactor &reactor) { return viewSessions(reactor, wish.after, wish.limit); },
        [wish, reply = call.reply](std::vector<std::optional<Page<SessionView>>> pages) {
            reply->succeed(pageObject<SessionView>(
                "sessions", merge(std::move(pages), wish.limit), sessionObject));
        });
}

void HostMethods::disconnect(const Call &call) const
{
    const QByteArray peerKey = call.params.value(QStringLiteral("peerKey")).toString().toUtf8();
    const auto generation = quint64(call.params.value(QStringLiteral("generation")).toInteger());
    if (peerKey.isEmpty() == (generation == 0)) {
        call.reply->fail(Error(ErrorCode::InvalidArgument,
                               QStringLiteral("name the link by either peerKey or generation")));
        return;
    }
    const QString why = call.params.value(QStringLiteral("reason")).toString();
    const Error reason(ErrorCode::Cancelled,
                       why.isEmpty() ? QStringLiteral("disconnected by the operator") : why);
    ask<std::vector<quint64>>(
        [peerKey, generation, reason](Reactor &reactor) {
            if (generation == 0)
                return disconnectPeer(reactor, peerKey, reason);
            return disconnectLink(reactor, generation, reason) ? std::vector{generation}
                                                               : std::vector<quint64>();
        },
        [peerKey, generation, reply = call.reply](
            const std::vector<std::optional<std::vector<quint64>>> &answers) {
            QJsonArray ended;
            QJsonArray missing;
            for (std::size_t i = 0; i < answers.size(); ++i) {
                if (!answers[i]) {
                    missing.append(int(i));
                    continue;
                }
                for (const quint64 one : *answers[i])
                    ended.append(qint64(one));
            }
            if (ended.isEmpty() && missing.isEmpty()) {
                reply->fail(
                    Error(ErrorCode::NotFound,
                          generation != 0
                              ? QStringLiteral("there is no link of generation %1").arg(generation)
                              : QStringLiteral("\"%1\" is not connected")
                                    .arg(QString::fromUtf8(peerKey))));
                return;
            }
            QJsonObject result{{QStringLiteral("disconnected"), ended},
                               {QStringLiteral("partial"), !missing.isEmpty()}};
            if (!missing.isEmpty())
                result.insert(QStringLiteral("missingReactors"), missing);
            reply->succeed(result);
        });
}

} // namespace fairlead::core
