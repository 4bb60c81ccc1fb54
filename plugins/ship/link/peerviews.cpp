// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/peerviews.h"

#include "link/trustdesk.h"

#include <QtCore/QDateTime>
#include <QtCore/QJsonObject>

#include <fairlead/clock.h>

#include <algorithm>

namespace fairlead::ship {

namespace {

void putText(QJsonObject &view, const char *key, const QByteArray &text)
{
    if (!text.isEmpty())
        view.insert(QLatin1String(key), QString::fromUtf8(text));
}

void putTime(QJsonObject &view, const char *key, qint64 utcMs)
{
    if (utcMs > 0) {
        view.insert(QLatin1String(key),
                    QDateTime::fromMSecsSinceEpoch(utcMs, Qt::UTC).toString(Qt::ISODateWithMs));
    }
}

void putClaims(QJsonObject &view, const PeerClaims &claims)
{
    putText(view, "brand", claims.brand);
    putText(view, "model", claims.model);
    putText(view, "type", claims.type);
    putText(view, "shipId", claims.shipId);
}

QJsonObject objectOf(const Ski &ski, const char *state)
{
    return {{QStringLiteral("ski"), QString::fromLatin1(ski.toHex())},
            {QStringLiteral("state"), QLatin1String(state)}};
}

QJsonObject strangerView(const QJsonObject &claims)
{
    QJsonObject view{{QStringLiteral("ski"), claims.value(QLatin1String("ski"))},
                     {QStringLiteral("state"), QStringLiteral("found")},
                     {QStringLiteral("connected"), false}};
    for (const char *const key : {"brand", "model", "type"}) {
        if (claims.contains(QLatin1String(key)))
            view.insert(QLatin1String(key), claims.value(QLatin1String(key)));
    }
    if (claims.contains(QLatin1String("id")))
        view.insert(QStringLiteral("shipId"), claims.value(QLatin1String("id")));
    return view;
}

const char *wordOf(State state) noexcept
{
    if (state == State::Data)
        return "connected";
    return state > State::Data ? "closing" : "connecting";
}

/// The connection that got furthest; null: there is none.
const TrustVisitor *bestOf(const std::vector<TrustVisitorPtr> &visitors, const Ski &ski)
{
    const TrustVisitor *best = nullptr;
    const auto rank = [](const TrustVisitor &visitor) {
        const State state = visitor.state.load();
        return state > State::Data ? -1 : int(state);
    };
    for (const TrustVisitorPtr &visitor : visitors) {
        if (visitor->ski == ski && (!best || rank(*visitor) > rank(*best)))
            best = visitor.get();
    }
    return best;
}

} // namespace

QJsonArray withFound(QJsonArray views, const QJsonArray &found)
{
    for (const auto &one : found) {
        const QJsonObject claims = one.toObject();
        const QJsonValue ski = claims.value(QLatin1String("ski"));
        const bool isPresent = claims.value(QLatin1String("present")).toBool();
        qsizetype place = 0;
        while (place < views.size()
               && views.at(place).toObject().value(QLatin1String("ski")) != ski)
            ++place;
        QJsonObject view;
        if (place < views.size())
            view = views.at(place).toObject();
        else if (!isPresent)
            continue;
        else
            view = strangerView(claims);
        if (isPresent || !view.contains(QLatin1String("present"))) {
            view.insert(QStringLiteral("present"), isPresent);
            view.insert(QStringLiteral("addresses"), claims.value(QLatin1String("addresses")));
        }
        if (place < views.size())
            views.replace(place, view);
        else
            views.append(view);
    }
    return views;
}

QJsonArray peerViews(const TrustDesk &desk, qint64 now, qint64 utcMs)
{
    QJsonArray views;
    const std::vector<TrustVisitorPtr> visitors = desk.visitors();
    const auto utcOf = [now, utcMs](qint64 when) { return utcMs - (now - when) / kNsPerMs; };
    const auto requests = desk.requests(now);
    for (const TrustRequest &request : requests) {
        QJsonObject view = objectOf(request.ski, "pending");
        putClaims(view, request.claims);
        putTime(view, "since", utcOf(request.firstAt));
        putTime(view, "lastSeen", utcOf(request.lastAt));
        putText(view, "endpoint", request.endpoint);
        view.insert(QStringLiteral("attempts"), qint64(request.attempts));
        view.insert(QStringLiteral("connected"), bestOf(visitors, request.ski) != nullptr);
        views.append(view);
    }
    const auto peers = desk.peers();
    for (const TrustedPeer &peer : peers) {
        const TrustVisitor *const visitor = bestOf(visitors, peer.ski);
        QJsonObject view
            = objectOf(peer.ski, visitor ? wordOf(visitor->state.load()) : "disconnected");
        putText(view, "label", peer.label);
        putClaims(view, peer.claims);
        view.insert(QStringLiteral("source"), QLatin1String(toText(peer.source)));
        putTime(view, "since", peer.addedUtcMs);
        putTime(view, "lastSeen", peer.seenUtcMs);
        view.insert(QStringLiteral("connected"), visitor && visitor->state.load() == State::Data);
        if (visitor) {
            putText(view, "endpoint", visitor->endpoint);
            view.insert(QStringLiteral("wantsPin"), visitor->wantsPin.load());
        }
        views.append(view);
    }
    const auto rejected = desk.rejected(now);
    for (const auto &[ski, until] : rejected) {
        QJsonObject view = objectOf(ski, "rejected");
        view.insert(QStringLiteral("seconds"), (until - now + kNsPerSecond - 1) / kNsPerSecond);
        views.append(view);
    }
    return views;
}

} // namespace fairlead::ship
