// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/host.h"

#include "core/distributor/restore.h"
#include "core/endpoint/doublelinkdesk.h"
#include "core/endpoint/endpointregistrar.h"
#include "core/endpoint/hostendpoint.h"
#include "core/hostevents.h"
#include "core/hostshutdown.h"
#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/lifecycle/broadcast/idlequiesce.h"
#include "core/lifecycle/broadcast/idletracker.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/observe/eventbus.h"
#include "core/observe/eventservice.h"
#include "core/reactor/reactorthread.h"
#include "core/registry/serviceregistry.h"
#include "core/registry/servicewatch.h"
#include "core/services/servicedesk.h"
#include "core/store/recordkeeper.h"

#include <fairlead/clock.h>
#include <fairlead/events.h>

#include <algorithm>
#include <utility>

namespace fairlead::core {

Host::Host(MainLoop &loop, HostSetup setup)
    : m_loop(loop)
    , m_events(std::make_unique<EventBus>(loop.clock(), loop))
    , m_eventService(std::make_unique<EventService>(*m_events))
    , m_broadcaster(std::make_unique<Broadcaster>(loop.clock(), loop.timers(), loop))
    , m_idle(std::make_unique<IdleTracker>(loop.clock(), loop.timers()))
    , m_shutdown(std::make_unique<ShutdownCoordinator>(loop.clock(), loop.timers(), loop))
{
    Recovered kept;
    if (setup.store) {
        m_store = std::make_unique<HostStore>(loop, *setup.store);
        kept = m_store->open(&m_recovered);
        setup.next = {kept.epoch, kept.nextSequence};
    }
    m_distributor = std::make_unique<Distributor>(
        setup.next, setup.limits, m_store ? &m_store->store() : nullptr);
    m_doubleLinks
        = std::make_unique<DoubleLinkDesk>(loop, loop.clock(), loop.timers(), *m_distributor);
    m_distributor->arbitration = m_doubleLinks.get();
    m_services = std::make_unique<ServiceRegistry>(loop.clock(), m_distributor->generations);
    m_serviceWatch = std::make_unique<ServiceWatch>(*m_services, loop.clock(), loop.timers());
    m_serviceDesk = std::make_unique<ServiceDesk>(
        *m_services, *m_broadcaster, loop.clock(), loop.timers(), loop);
    m_registrar = std::make_unique<EndpointRegistrar>(*m_services);
    m_supervisor = std::make_unique<Supervisor>(
        loop.clock(), loop.timers(), m_random, m_distributor->generations);
    if (setup.endpoints.maxLinks > 0)
        m_distributor->links.setLimit(qsizetype(setup.endpoints.maxLinks));
    const int count = std::clamp(setup.reactors, 1, 64);
    for (int i = 0; i < count; ++i)
        m_reactors.push_back(std::make_unique<ReactorThread>(i, *m_distributor));
    restore(*m_distributor, kept);
    m_offers = std::make_unique<PluginOffers>(loop,
                                              *m_eventService,
                                              m_store ? &m_store->store() : nullptr,
                                              kept,
                                              m_reactors.front()->reactor());
    setup.endpoints.service
        = [this](const char *iid, const ServiceAsker &asker) { return m_offers->find(iid, asker); };
    setup.endpoints.seats = &*m_serviceDesk;
    setup.endpoints.doubleLinks = &*m_doubleLinks;
    m_endpoints = std::make_unique<EndpointSet>(loop,
                                                *m_supervisor,
                                                m_reactors,
                                                m_events->feed(),
                                                m_descriptors,
                                                std::move(setup.endpoints));
    connectParts();
    // The first of all steps, under a name of its own.
    static_cast<void>(m_startSequence.add(
        {QStringLiteral("reactors"), [this] { return startReactors(); }, {}, false}));
    if (m_store)
        connectStore();
}

void Host::connectStore()
{
    connect(m_store.get(), &HostStore::degraded, this, [this](const Error &reason) {
        publishStoreState(*m_events, EventKind::StoreDegraded, reason);
    });
    connect(m_store.get(), &HostStore::recovered, this, [this] {
        publishStoreState(*m_events, EventKind::StoreRecovered, Error());
    });
}

void Host::connectParts()
{
    connectIdleQuiesce(*m_idle, *m_broadcaster);
    connect(m_supervisor.get(), &Supervisor::endpointEvent, this, &Host::handleEndpointEvent);
    connect(
        &m_endpoints->reports(), &LinkReports::reported, this, [this](const LinkReport &report) {
            publishLinkEvent(*m_events, *m_endpoints, report);
        });
    connect(m_endpoints.get(), &EndpointSet::added, this, &Host::handleAdded);
    connect(m_endpoints.get(), &EndpointSet::removed, this, [this](const QString &name) {
        m_broadcaster->unregisterTarget(name);
        m_idle->forget(name);
        m_targets.remove(name);
        m_registrar->remove(name);
    });
    connect(m_shutdown.get(),
            &ShutdownCoordinator::phaseFinished,
            this,
            [this](const PhaseReport &report) { publishShutdownPhase(*m_events, report); });
    connect(m_shutdown.get(), &ShutdownCoordinator::finished, this, &Host::stopped);
    connect(m_services.get(),
            &ServiceRegistry::registered,
            this,
            [this](const ServiceRecord &service) { publishServiceRegistered(*m_events, service); });
    connect(m_services.get(),
            &ServiceRegistry::unregistered,
            this,
            [this](const ServiceRecord &service, const Error &reason) {
                publishServiceUnregistered(*m_events, service, reason);
            });
    connect(m_services.get(),
            &ServiceRegistry::statusChanged,
            this,
            [this](const ServiceRecord &service, ServiceStatus from, const Error &reason) {
                publishServiceStatus(*m_events, service, from, reason);
            });
    connect(m_broadcaster.get(),
            &Broadcaster::started,
            this,
            [this](quint64 id, OperationKind kind, int targets) {
                publishBroadcastStarted(*m_events, id, kind, targets);
            });
    connect(m_broadcaster.get(),
            &Broadcaster::targetFinished,
            this,
            [this](quint64 id, const QString &target, TargetResult result, const Error &error) {
                publishBroadcastTarget(*m_events, id, {target, error}, result);
            });
    connect(m_broadcaster.get(),
            &Broadcaster::finished,
            this,
            [this](const BroadcastReport &report) { publishBroadcastFinished(*m_events, report); });
}

void Host::handleAdded(const QString &name, const std::shared_ptr<OperationTarget> &target)
{
    m_registrar->add(m_endpoints->find(name)->settings(), target != nullptr);
    BroadcastTarget entry;
    entry.id = name;
    entry.target = target;
    entry.live = false;
    // Refused only without a name, and every endpoint has one.
    if (const auto known = m_broadcaster->registerTarget(std::move(entry)))
        m_targets.insert(name, known->generation);
}

Host::~Host()
{
    // Without events and answers: who would hear them is being destroyed too.
    m_shutdown->abandon();
    m_supervisor->disconnect(this);
    m_supervisor.reset();
    // Its thread outlives the reactors that it wakes.
    if (m_store)
        m_store->store().setListener({});
    for (const auto &reactor : m_reactors)
        reactor->stop();
}

Result<> Host::addStartStep(StartStep step)
{
    return m_startSequence.add(std::move(step));
}

Result<> Host::start()
{
    return m_startSequence.start();
}

// Not undone: they hold nothing that another could want, and a loop ends but once.
Result<> Host::startReactors()
{
    if (m_shutdownSteps)
        return {};
    if (m_store) {
        m_store->start([this, records = m_offers->records()] {
            for (const auto &reactor : m_reactors)
                reactor->reactor().wake();
            records->noteDecided();
        });
        if (!m_recovered.quarantined.isNull())
            publishStoreState(*m_events, EventKind::StoreQuarantined, m_recovered.quarantined);
    }
    for (const auto &thread : m_reactors) {
        Reactor &reactor = thread->reactor();
        reactor.post([&reactor] { reactor.beginWaiting(); });
        thread->start();
    }
    m_shutdownSteps = std::make_unique<HostShutdown>(*m_shutdown,
                                                     HostShutdown::Parts{m_loop,
                                                                         *m_supervisor,
                                                                         *m_endpoints,
                                                                         *m_doubleLinks,
                                                                         *m_broadcaster,
                                                                         *m_events,
                                                                         m_reactors,
                                                                         m_store.get()});
    return {};
}

Result<> Host::open(const EndpointSettings &settings)
{
    if (auto added = m_endpoints->add(settings); !added)
        return added;
    const EndpointStatus status = m_supervisor->find(settings.name)->status();
    const bool isDown = status.state == EndpointState::Failed
        || (status.role == SupervisedRole::Listen && status.state != EndpointState::Running);
    if (status.enabled && isDown)
        return status.lastReason;
    return {};
}

// Whether there is somebody to carry out an operation. A listener that the shutdown closed still has
// its links.
bool Host::isOperable(const EndpointEvent &event) const
{
    switch (event.to) {
    case EndpointState::Running:
    case EndpointState::Draining:
        return true;
    case EndpointState::Stopping:
    case EndpointState::Stopped: {
        const auto endpoint = m_endpoints->find(event.name);
        return isStopping() && endpoint && endpoint->isListener();
    }
    default:
        return false;
    }
}

// An endpoint that nothing passes over is quiesced, if it is configured so and can be (BC-07).
void Host::followIdleness(const EndpointEvent &event)
{
    if (event.kind != EndpointEvent::Kind::StateChanged || event.to == EndpointState::Draining)
        return;
    const auto endpoint = m_endpoints->find(event.name);
    const qint64 timeout = endpoint ? endpoint->settings().idleTimeout : 0;
    if (event.to != EndpointState::Running || timeout == 0 || !endpoint->operations()) {
        m_idle->forget(event.name);
        return;
    }
    m_idle->watch(
        event.name, m_targets.value(event.name), timeout, [runtime = endpoint->runtime()] {
            return runtime->lastUse.load(std::memory_order_relaxed);
        });
}

void Host::handleEndpointEvent(const EndpointEvent &event)
{
    if (const auto endpoint = m_endpoints->find(event.name))
        logEndpointEvent(*endpoint->runtime()->logger, event);
    if (event.kind == EndpointEvent::Kind::StateChanged) {
        m_broadcaster->setLive(event.name, m_targets.value(event.name), isOperable(event));
    }
    followIdleness(event);
    m_registrar->follow(event);
    publishEndpointEvent(*m_events, event);
}

void Host::shutDown(const QString &reason)
{
    if (isStopping())
        return;
    m_startSequence.shutDown();
    m_serviceDesk->beginShutdown();
    m_shutdown->shutDown(reason);
}

} // namespace fairlead::core
