// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "../callqueue.h"
#include "core/endpoint/dialconnector.h"
#include "core/endpoint/endpointregistrar.h"
#include "core/endpoint/hostendpoint.h"
#include "core/endpoint/linkplacer.h"
#include "core/endpoint/linkreports.h"
#include "core/hostevents.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/observe/eventbus.h"
#include "core/reactor/reactorthread.h"
#include "core/registry/serviceregistry.h"
#include "hostfixture.h"
#include "simhost.h"

#include <fairlead/hostservices.h>

#include <utility>

namespace fairlead::test {

/// A dialled endpoint of the host, with supervisor, registry and events, on a clock that the test
/// moves; its peer is the test.
class EndpointWorld
{
public:
    explicit EndpointWorld(TransportFactory &factory)
        : host(1)
        , events(host.clock(), m_main)
        , m_reports(m_main, events.feed())
        , services(host.clock(), host.distributor().generations)
        , supervisor(host.clock(), m_timers, host.random(), host.distributor().generations)
        , m_registrar(services)
        , m_placer(m_reactors)
        , m_factory(factory)
        , m_reader(*events.subscribe(core::EventReaderOptions()))
    {
        QObject::connect(&supervisor,
                         &core::Supervisor::endpointEvent,
                         &supervisor,
                         [this](const core::EndpointEvent &event) {
                             m_registrar.follow(event);
                             core::publishEndpointEvent(events, event);
                         });
        QObject::connect(&m_reports,
                         &core::LinkReports::reported,
                         &supervisor,
                         [this](const core::LinkReport &report) {
                             core::publishLinkEvent(
                                 events, [this](int) { return settings.name; }, report);
                         });
        settings = dialler("bridge", QStringLiteral("peer"), 1);
    }

    ~EndpointWorld()
    {
        if (stream)
            stream->watch(nullptr);
    }

    /// The endpoint as `settings` say; what making it met with.
    Result<> open()
    {
        core::HostEndpoint::Parts parts;
        parts.factory = &m_factory;
        parts.logger = std::make_shared<SilentLogger>();
        parts.services = std::make_unique<Services>();
        parts.follower = &m_reports;
        parts.home = &m_main;
        auto made = core::HostEndpoint::create(settings, std::move(parts));
        if (!made)
            return made.error();
        endpoint = std::move(*made);
        m_registrar.add(settings, false);
        core::EndpointPlan plan;
        plan.name = settings.name;
        plan.policy = settings.policy;
        auto connector = std::make_unique<Connector>(*this, endpoint);
        if (auto added = supervisor.add(plan, std::move(connector)); !added)
            return added;
        const auto started = supervisor.find(settings.name)->start();
        settle();
        return started;
    }

    void settle()
    {
        do {
            while (host.settle() && (answer() || m_main.turn())) { }
        } while (host.reactor(0).hasPendingWork());
    }

    void advance(qint64 ns)
    {
        const qint64 end = host.clock().now() + ns;
        for (;;) {
            settle();
            qint64 next = end;
            for (const qint64 one : {host.reactor(0).nextDeadline(), m_timers.nextDeadline()}) {
                if (one >= 0)
                    next = std::min(next, std::max(one, host.clock().now()));
            }
            host.advance(next - host.clock().now());
            m_timers.fireDue(host.clock().now());
            settle();
            if (next == end)
                return;
        }
    }

    core::EndpointStatus status() const { return supervisor.find(settings.name)->status(); }

    /// The state as each of those tells it who are asked: status, health, registry, last event.
    QStringList views()
    {
        takeEvents();
        const core::EndpointState state = status().state;
        QString health = QStringLiteral("down");
        if (supervisor.counts().count(core::EndpointState::Running) == 1)
            health = QStringLiteral("up");
        else if (supervisor.counts().isDegraded())
            health = QStringLiteral("degraded");
        QString service;
        for (const core::ServiceRecord &record : services.snapshot())
            service = core::serviceStatusName(record.status);
        return {QLatin1String(core::endpointStateName(state)), health, service, m_lastState};
    }

    /// The kinds of the events since the last call, those of states with the new state.
    QStringList takeTold()
    {
        takeEvents();
        return std::exchange(m_told, {});
    }

    sim::SimHost host;

private:
    // What the supervisor and its connectors use goes after them.
    CallQueue m_main;
    core::TimerQueue m_timers;

public:
    core::EventBus events;

private:
    core::LinkReports m_reports;

public:
    core::ServiceRegistry services;
    core::Supervisor supervisor;
    core::EndpointSettings settings;
    std::shared_ptr<core::HostEndpoint> endpoint;
    sim::SimStream *stream = nullptr; ///< of the link that is there
    int dials = 0;
    std::vector<qint64> dialledAt;
    /// Answers what the endpoint sent; without it the peer is mute.
    std::function<void(std::string *sent, sim::SimStream &stream)> peer;

private:
    class Services final : public HostServices
    {
    public:
        Logger &logger() noexcept override { return m_logger; }

        QString hostVersion() const override { return QStringLiteral("0"); }

        void *service(const char *) noexcept override { return nullptr; }

    private:
        SilentLogger m_logger;
    };

    class Connector final : public core::DialConnector
    {
    public:
        Connector(EndpointWorld &world, std::shared_ptr<core::HostEndpoint> endpoint)
            : DialConnector(std::move(endpoint), {world.m_placer, world.m_reports})
            , m_world(world)
        { }

    private:
        void startDial(qint64) override
        {
            core::Reactor &reactor = m_world.host.reactor(0);
            ++m_world.dials;
            m_world.dialledAt.push_back(m_world.host.clock().now());
            m_world.m_sent.clear();
            auto made = std::make_unique<sim::SimStream>(reactor.chunks());
            if (m_world.stream)
                m_world.stream->watch(nullptr);
            m_world.stream = made.get();
            m_world.stream->watch(&m_world.stream);
            auto shared = std::make_shared<std::unique_ptr<sim::SimStream>>(std::move(made));
            reactor.post([&reactor, shared, runtime = endpoint().runtime(), number = generation()] {
                reactor.adopt(runtime, std::move(*shared), Link::Direction::Dialled, number);
            });
            adopted(reactor);
        }

        void abortDial() noexcept override { }

        EndpointWorld &m_world;
    };

    bool answer()
    {
        if (!stream)
            return false;
        const std::string fresh = stream->takeSent();
        m_sent += fresh;
        if (peer && !fresh.empty())
            peer(&m_sent, *stream);
        return !fresh.empty();
    }

    void takeEvents()
    {
        settle();
        while (const core::EventPtr event = m_reader->take()) {
            QString text = QString::fromLatin1(eventName(event->kind));
            if (event->kind == EventKind::EndpointState) {
                m_lastState = event->to;
                text += QLatin1Char(' ') + event->to;
            }
            m_told.append(text);
        }
    }

    core::EndpointRegistrar m_registrar;
    core::LinkPlacer::Reactors m_reactors;
    core::LinkPlacer m_placer;
    TransportFactory &m_factory;
    std::unique_ptr<core::EventReader> m_reader;
    std::string m_sent;
    QString m_lastState;
    QStringList m_told;
};

} // namespace fairlead::test
