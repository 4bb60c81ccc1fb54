// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/restore.h"
#include "core/store/memoryengine.h"
#include "core/store/sqliteengine.h"
#include "core/store/store.h"
#include "received.h"
#include "simhost.h"

#include <QTest>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// Starts of a host whose streams are in its store.
namespace fairlead::test {

using sim::numbers;
using sim::SimHost;

using Peer = std::unique_ptr<sim::SimLink>;

/// Counts what a store keeps.
class Counts final : public core::StoreVisitor
{
public:
    void visitSession(core::SessionRow) override { }

    void visitSubscription(core::SubscriptionRow) override { }

    void visitKey(quint64, quint32) override { }

    void visitRetained(const QByteArray &, quint64) override { }

    void visitMessage(core::MessageRow row) override
    {
        ++messages;
        logged += row.streams != 0 ? 1 : 0;
    }

    void visitSettled(quint64, const QByteArray &) override { }

    void visitTag(const core::TagRow &) override { }

    void visitValue(core::record::PutValue row) override { ++values[row.space]; }

    int messages = 0;
    int logged = 0;
    std::map<QByteArray, int> values;
};

inline core::StreamSpec stream(const char *name, const char *filter)
{
    core::StreamSpec spec;
    spec.name = name;
    spec.filter = *TopicFilter::parse(filter);
    spec.durable = true;
    spec.limits = {1000, 0, 0};
    return spec;
}

/// One start of the host on the engine.
class Run
{
public:
    Run(core::StorageEngine &engine, sim::SimClock &clock, std::vector<core::StreamSpec> streams)
        : store(engine, clock, core::Store::Options())
        , kept(store.open())
        , host(setup(clock, std::move(streams)))
    {
        core::restore(host.distributor(), kept);
        for (int i = 0; i < host.reactorCount(); ++i) {
            core::Reactor &reactor = host.reactor(i);
            reactor.post([&reactor] { reactor.beginWaiting(); });
        }
        host.settle();
    }

    /// Everything that can be kept is.
    void settle()
    {
        for (int i = 0; i < 20; ++i) {
            host.settle();
            static_cast<void>(store.drain());
            host.wakeAll();
        }
        host.settle();
    }

    void publish(const Peer &link, const char *topic, int from, int to, quint8 qos = 0)
    {
        for (int i = from; i < to; ++i)
            (*link)->publish(topic, std::to_string(i), qos, false, quint32(i + 1));
        host.settle();
    }

    Peer subscriber(const char *peerKey, const std::string &filter, const std::string &from = {})
    {
        Peer link = host.connect(0, peerKey);
        SubscribeRequest request;
        request.filter = filter;
        request.replayFrom = from;
        request.showPositions = true;
        (*link)->lease()->subscribe(&request, 1, 1);
        host.settle();
        return link;
    }

    core::Store store;
    const core::Recovered kept;
    SimHost host;

private:
    SimHost::Setup setup(sim::SimClock &clock, std::vector<core::StreamSpec> streams)
    {
        SimHost::Setup setup;
        setup.reactors = 2;
        setup.limits.streams = std::move(streams);
        setup.store = &store;
        setup.next = {kept.epoch, kept.nextSequence};
        setup.clock = &clock;
        return setup;
    }
};

inline std::string text(Position position)
{
    return std::to_string(position.epoch) + ':' + std::to_string(position.sequence);
}

inline std::string placeOf(const sim::SimLink &link, std::size_t index)
{
    return text(link.record->got.at(index).position);
}

inline Counts countsOf(core::StorageEngine &engine)
{
    Counts counts;
    [&] { QVERIFY(engine.open() && engine.load(counts)); }();
    return counts;
}

inline Error full()
{
    return {ErrorCode::StorageFull, QStringLiteral("no space is left")};
}

} // namespace fairlead::test
