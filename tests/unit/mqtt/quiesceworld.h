// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "harness.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace fairlead::test {

inline ListenerOptions redirecting(bool moved = false)
{
    ListenerOptions options;
    options.serverReference = "b.example:1883 c.example";
    options.serverMoved = moved;
    return options;
}

/// What the target answers to an operation.
inline Result<> ask(MqttListener &listener,
                    OperationKind kind,
                    QuiesceReason reason = QuiesceReason::None)
{
    Result<> out = Error(ErrorCode::Timeout, QString());
    Operation operation;
    operation.kind = kind;
    operation.reason = reason;
    operation.pathPrefix = QStringLiteral("/");
    listener.operations()->handleOperation(
        operation, OperationReply([&](const Result<> &outcome) { out = outcome; }));
    return out;
}

inline Result<> quiesce(MqttListener &listener, QuiesceReason reason)
{
    return ask(listener, OperationKind::Quiesce, reason);
}

/// One of many clients of a listener.
struct Client
{
    Client(MqttListener &listener, FakeClock &clock, FakeTimers &timers, Version dialect)
        : version(dialect)
        , link(1, Link::Direction::Accepted, hooks)
        , driver(listener.createDriver(
              {link, stream, bus, clock, timers, random, logger, QByteArrayLiteral("a:1")}))
    {
        driver->handleStarted();
        Connect packet;
        packet.version = version;
        packet.clientId = "c";
        const QByteArray bytes = Harness::encoded(packet);
        driver->handleBytes(bytesOf(bytes));
        driver->handleAuthenticated({});
        if (bus.acquisitions.empty())
            return;
        link.setPeerKey("c");
        (void)link.succeed();
        LeaseGrant grant;
        grant.lease = &lease;
        driver->handleLease(grant);
        stream.written.clear();
    }

    bool isGone() const { return link.state() == Link::State::Closed; }

    Version version;
    FakeStream stream;
    FakeBus bus;
    FakeLease lease;
    FakeRandom random;
    FakeLogger logger;
    FakeHooks hooks = FakeHooks(stream);
    Link link;
    std::unique_ptr<LinkDriver> driver;
};

/// Clients of one listener, on one reactor or several.
struct Crowd
{
    explicit Crowd(const ListenerOptions &options = {})
        : listener(options)
    { }

    /// @p time and @p reactor: a reactor's.
    void add(int count, FakeClock &time, FakeTimers &reactor, Version version = Version::V5)
    {
        for (int i = 0; i < count; ++i)
            clients.push_back(std::make_unique<Client>(listener, time, reactor, version));
    }

    void add(int count) { add(count, clock, timers); }

    int gone() const
    {
        return int(std::count_if(
            clients.begin(), clients.end(), [](const auto &client) { return client->isGone(); }));
    }

    void advance(qint64 by) { timers.advance(clock, by); }

    FakeClock clock;
    FakeTimers timers;
    MqttListener listener;
    std::vector<std::unique_ptr<Client>> clients;
};

} // namespace fairlead::test
