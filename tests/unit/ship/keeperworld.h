// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "link/shipcommands.h"
#include "link/trustkeeper.h"
#include "linkharness.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QTest>

#include <fairlead/events.h>
#include <fairlead/hostservices.h>
#include <fairlead/publisher.h>
#include <fairlead/records.h>

#include <cstring>
#include <map>

/// A host that keeps and shows, and the plugin in it.
namespace fairlead::test {

using ship::Role;
using ship::ShipCommands;
using ship::Ski;
using ship::TrustedPeer;
using ship::TrustKeeper;

inline const QByteArray kInit = QByteArray("\0\0", 2);

inline Ski skiOf(const QByteArray &hex)
{
    return *Ski::fromText(ship::viewOf(hex));
}

/// Keeps nothing before turn(), and then only if it may.
class FakeRecords final : public Records
{
public:
    Result<QList<Record>> list() const override
    {
        if (!unreadable.isNull())
            return unreadable;
        QList<Record> all;
        for (const auto &[key, value] : kept)
            all.append({key, value});
        return all;
    }

    void put(const QByteArray &key, const QByteArray &value, Done done) override
    {
        m_calls.push_back([this, key, value, done = std::move(done)] {
            if (refusal.isNull())
                kept[key] = value;
            if (done)
                done(refusal.isNull() ? Result<>() : Result<>(refusal));
        });
    }

    void remove(const QByteArray &key, Done done) override
    {
        m_calls.push_back([this, key, done = std::move(done)] {
            if (refusal.isNull())
                kept.erase(key);
            if (done)
                done(refusal.isNull() ? Result<>() : Result<>(refusal));
        });
    }

    bool turn()
    {
        const auto calls = std::exchange(m_calls, {});
        for (const auto &call : calls)
            call();
        return !calls.empty();
    }

    std::map<QByteArray, QByteArray> kept;
    Error unreadable;
    Error refusal;

private:
    std::vector<std::function<void()>> m_calls;
};

class FakePublisher final : public Publisher
{
public:
    Result<> publish(const PublishView &view) override
    {
        const QByteArray topic(view.topic.data(), qsizetype(view.topic.size()));
        const QByteArray payload(view.payload.data(), qsizetype(view.payload.size()));
        if (!view.retain)
            qFatal("%s is not retained", topic.constData());
        ++count;
        shown[topic] = payload;
        expiry[topic] = view.expirySeconds;
        return {};
    }

    int count = 0;
    std::map<QByteArray, QByteArray> shown;
    std::map<QByteArray, quint32> expiry;
};

class FakeEvents final : public Events
{
public:
    Result<std::unique_ptr<EventSubscription>> subscribe(const EventRequest &,
                                                         EventHandler &) override
    {
        return Error(ErrorCode::NotSupported, QStringLiteral("nobody reads them"));
    }

    Result<> tell(const PeerEvent &event) override
    {
        told << eventName(event.kind) + QByteArray(1, ' ') + event.key;
        endpoints << event.endpoint;
        return {};
    }

    QByteArrayList told;
    QStringList endpoints;
};

class FakeHost final : public HostServices
{
public:
    Logger &logger() noexcept override { return log; }

    QString hostVersion() const override { return QStringLiteral("0"); }

    void *service(const char *iid) noexcept override
    {
        if (std::strcmp(iid, FAIRLEAD_RECORDS_IID) == 0)
            return hasRecords ? static_cast<Records *>(&records) : nullptr;
        if (std::strcmp(iid, FAIRLEAD_PUBLISHER_IID) == 0)
            return static_cast<Publisher *>(&publisher);
        if (std::strcmp(iid, FAIRLEAD_EVENTS_IID) == 0)
            return static_cast<Events *>(&events);
        if (std::strcmp(iid, FAIRLEAD_EXECUTOR_IID) == 0)
            return static_cast<Executor *>(&main);
        if (std::strcmp(iid, FAIRLEAD_CLOCK_IID) == 0)
            return static_cast<Clock *>(&clock);
        if (std::strcmp(iid, FAIRLEAD_TIMERS_IID) == 0)
            return static_cast<Timers *>(&timers);
        if (std::strcmp(iid, FAIRLEAD_LOGGER_IID) == 0)
            return static_cast<Logger *>(&log);
        return nullptr;
    }

    void turn()
    {
        do {
            main.run();
        } while (records.turn());
    }

    QJsonArray requestsAt(const QByteArray &topic)
    {
        return QJsonDocument::fromJson(publisher.shown[topic])
            .object()
            .value(QStringLiteral("requests"))
            .toArray();
    }

    FakeRecords records;
    FakePublisher publisher;
    FakeEvents events;
    CallQueue main;
    FakeClock clock;
    FakeTimers timers;
    FakeLogger log;
    bool hasRecords = true;
};

/// The plugin in one process, with one listener.
struct Plugin
{
    explicit Plugin(FakeHost &services, const QJsonObject &options = {})
        : host(services)
        , commands(keeper, [this] { return found; })
    {
        keeper.attach(host);
        commands.setIdentity({skiOf(kOwnSki), "Fairlead-1", "SHIP;SKI:1;ENDSHIP;"});
        endpoint
            = std::make_shared<ship::ShipEndpoint>(optionsOf(options, Role::Server), keeper.desk());
        host.turn();
    }

    /// The answer; or the error's name as a text.
    QJsonValue ask(const char *name, const QJsonObject &arguments = {})
    {
        QJsonValue got;
        commands.call(QLatin1String(name),
                      arguments,
                      CommandReply([this, &got](const Result<QJsonValue> &answer) {
                          got = answer
                              ? *answer
                              : QJsonValue(QLatin1String(errorName(answer.error().code())));
                          text = answer.error().text();
                      }));
        host.turn();
        return got;
    }

    QJsonValue askAbout(const char *name, const QByteArray &ski, QJsonObject more = {})
    {
        more.insert(QStringLiteral("ski"), QString::fromUtf8(ski));
        return ask(name, more);
    }

    QString stateOf(const QByteArray &ski)
    {
        const QJsonArray all = ask("list").toArray();
        for (const auto &one : all) {
            if (one.toObject().value(QStringLiteral("ski")).toString().toUtf8() == ski)
                return one.toObject().value(QStringLiteral("state")).toString();
        }
        return QStringLiteral("none");
    }

    FakeHost &host;
    TrustKeeper keeper;
    QJsonArray found; ///< in the network
    ShipCommands commands;
    std::shared_ptr<ship::ShipEndpoint> endpoint;
    QString text;
};

} // namespace fairlead::test
