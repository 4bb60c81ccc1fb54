// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "broadcast/fakeloop.h"
#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/registry/serviceregistry.h"
#include "core/services/servicedesk.h"
#include "lifecycle/framedriver.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::test {

/// A service that does what the test says: what the host told it is kept, nothing is answered by
/// itself.
class ServiceProbe final : public FrameDriver, public ServiceDriver
{
public:
    ServiceProbe(const LinkContext &given, std::shared_ptr<Seen> seen, const std::string &peer)
        : FrameDriver(given, std::move(seen), peer)
        , context(given)
    { }

    ServiceSeat &seat() noexcept { return *context.service; }

    void handleRegistered(const ServiceGrant &grant) override { grants.push_back(grant); }

    void handleOperation(const Operation &operation, OperationReply reply) override
    {
        operations.push_back(operation);
        replies.push_back(std::move(reply));
    }

    void handleResume() override { ++resumed; }

    void handleCall(const ServiceCall &call) override { calls.push_back(call); }

    void handleCallDropped(quint64 id) override { dropped.push_back(id); }

    void handleResult(quint32 tag, const Result<QByteArray> &result) override
    {
        results.emplace_back(tag, result);
    }

    const LinkContext context;
    std::vector<ServiceGrant> grants;
    std::vector<Operation> operations;
    std::deque<OperationReply> replies;
    std::vector<ServiceCall> calls;
    std::vector<quint64> dropped;
    std::vector<std::pair<quint32, Result<QByteArray>>> results;
    int resumed = 0;
};

/// Links on simulated reactors, and the desk they register at on a main thread of the test.
class SeatWorld
{
public:
    struct Peer
    {
        std::unique_ptr<sim::SimLink> link;
        std::shared_ptr<FrameDriver::Seen> seen = std::make_shared<FrameDriver::Seen>();

        ServiceProbe *operator->() const { return static_cast<ServiceProbe *>(seen->driver); }

        bool isUp() const { return seen->driver != nullptr; }
    };

    explicit SeatWorld(int reactors = 1)
        : host(reactors)
    {
        host.endpoint().seats = &desk;
    }

    /// A link that holds its session.
    Peer connect(const std::string &name, int reactor = 0)
    {
        Peer peer;
        peer.link = host.open(reactor, [&](const LinkContext &context, sim::SimLink &) {
            return std::make_unique<ServiceProbe>(context, peer.seen, name);
        });
        host.settle();
        peer.link->stream->arrive("!");
        settle();
        return peer;
    }

    /// A service that can do @p capability.
    Peer serve(const std::string &name, const QString &capability, int reactor = 0)
    {
        Peer peer = connect(name, reactor);
        static_cast<void>(
            peer->seat().registerService(offer(name, capability), *peer.operator->()));
        settle();
        return peer;
    }

    static ServiceOffer offer(const std::string &name, const QString &capability)
    {
        ServiceOffer offer;
        offer.name = QString::fromStdString(name);
        offer.capabilities = QStringList{capability};
        offer.keepMs = 60'000;
        return offer;
    }

    /// The link breaks.
    void lose(Peer &peer)
    {
        peer.link->stream->breakOff();
        settle();
    }

    void settle()
    {
        for (int i = 0; i < 8; ++i) {
            for (int reactor = 0; reactor < host.reactorCount(); ++reactor)
                host.reactor(reactor).turn();
            host.settle();
            main.run();
        }
    }

    /// Moves both clocks on together.
    void advance(qint64 ns)
    {
        constexpr qint64 kStep = 10 * kNsPerMs;
        for (qint64 gone = 0; gone < ns; gone += kStep) {
            const qint64 step = std::min(kStep, ns - gone);
            host.advance(step);
            main.advance(step);
            settle();
        }
    }

    QString status(const QString &id) const
    {
        const auto record = registry.find(id);
        return record ? core::serviceStatusName(record->status) : QStringLiteral("none");
    }

    FakeLoop main;
    core::GenerationSource generations;
    core::ServiceRegistry registry{main, generations};
    core::Broadcaster broadcaster{main, main.timers, main};
    core::ServiceDesk desk{registry, broadcaster, main, main.timers, main};
    sim::SimHost host;
};

} // namespace fairlead::test
