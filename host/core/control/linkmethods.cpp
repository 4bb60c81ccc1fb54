// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/linkmethods.h"

#include "core/control/hostview.h"
#include "core/control/reactorquery.h"
#include "core/control/reactorviews.h"
#include "core/control/reasonobject.h"

#include <QtCore/QJsonArray>
#include <QtCore/QMetaEnum>

#include <algorithm>
#include <optional>

namespace fairlead::core {

namespace {

constexpr qint64 kDefaultPage = 100;
/// An estimate of what fits a line; keys of hostile clients may be long and full of escapes.
constexpr qsizetype kPageBytes = 256 * 1024;
constexpr qsizetype kItemBytes = 512;
constexpr qsizetype kEscaped = 6; ///< the most a character grows in JSON

template <typename Enum>
QString enumName(Enum value)
{
    return QString::fromLatin1(QMetaEnum::fromType<Enum>().valueToKey(int(value))).toLower();
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
    QJsonObject out{{QString::fromLatin1(name), items},
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
        out.insert(QStringLiteral("expiresInSeconds"), ControlTime::seconds(view.expiresInNs));
    return out;
}

std::vector<Parameter> pageParameters()
{
    return {{QStringLiteral("limit"), Parameter::Kind::Integer, false, 1, LinkMethods::kMaxPage},
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

LinkMethods::LinkMethods(MainLoop &loop, Host &host, const HostView &view)
    : m_loop(loop)
    , m_host(host)
    , m_view(view)
{ }

void LinkMethods::addTo(ControlApi &api)
{
    // Each name is added once, here.
    static_cast<void>(api.add(
        QStringLiteral("links"), pageParameters(), [this](const Call &call) { listLinks(call); }));
    static_cast<void>(api.add(QStringLiteral("sessions"),
                              pageParameters(),
                              [this](const Call &call) { listSessions(call); }));
    static_cast<void>(
        api.add(QStringLiteral("disconnect"),
                {{QStringLiteral("peerKey"), Parameter::Kind::String, false, 1, 65535},
                 {QStringLiteral("generation"), Parameter::Kind::Integer, false, 1},
                 {QStringLiteral("reason"), Parameter::Kind::String, false, 0, 256}},
                [this](const Call &call) { disconnect(call); }));
}

void LinkMethods::listLinks(const Call &call) const
{
    const PageWish wish(call.params);
    askReactors<Page<LinkView>>(
        m_loop,
        m_host,
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
                    {QStringLiteral("since"), m_time.timeOf(view.since)},
                    {QStringLiteral("ageSeconds"), ControlTime::ageOf(view.since)},
                    {QStringLiteral("queued"), qint64(view.queued)},
                    {QStringLiteral("queuedBytes"), qint64(view.queuedBytes)},
                    {QStringLiteral("inFlight"), qint64(view.inFlight)},
                    {QStringLiteral("unsentBytes"), qint64(view.unsentBytes)},
                };
                if (view.session != 0)
                    out.insert(QStringLiteral("session"), qint64(view.session));
                if (!view.reason.isNull())
                    out.insert(QStringLiteral("reason"), reasonObject(view.reason));
                return out;
            };
            reply->succeed(
                pageObject<LinkView>("links", merge(std::move(pages), wish.limit), toJson));
        });
}

void LinkMethods::listSessions(const Call &call) const
{
    const PageWish wish(call.params);
    askReactors<Page<SessionView>>(
        m_loop,
        m_host,
        [wish](Reactor &reactor) { return viewSessions(reactor, wish.after, wish.limit); },
        [wish, reply = call.reply](std::vector<std::optional<Page<SessionView>>> pages) {
            reply->succeed(pageObject<SessionView>(
                "sessions", merge(std::move(pages), wish.limit), sessionObject));
        });
}

void LinkMethods::disconnect(const Call &call) const
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
    askReactors<std::vector<quint64>>(
        m_loop,
        m_host,
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
