// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/host.h"

#include "core/endpoint/hostendpoint.h"
#include "core/hostevents.h"
#include "core/hostshutdown.h"
#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/observe/eventbus.h"
#include "core/observe/eventservice.h"
#include "core/reactor/reactorthread.h"

#include <fairlead/clock.h>
#include <fairlead/events.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace fairlead::core {

Host::Host(MainLoop &loop, HostSetup setup)
    : m_loop(loop)
    , m_distributor(std::make_unique<Distributor>(setup.epoch, setup.limits, m_store))
    , m_events(std::make_unique<EventBus>(loop.clock(), loop))
    , m_eventService(std::make_unique<EventService>(*m_events))
    , m_broadcaster(std::make_unique<Broadcaster>(loop.clock(), loop.timers(), loop))
    , m_supervisor(std::make_unique<Supervisor>(
          loop.clock(), loop.timers(), m_random, m_distributor->generations))
    , m_shutdown(std::make_unique<ShutdownCoordinator>(loop.clock(), loop.timers(), loop))
{
    const int count = std::clamp(setup.reactors, 1, 64);
    for (int i = 0; i < count; ++i)
        m_reactors.push_back(std::make_unique<ReactorThread>(i, *m_distributor));
    setup.endpoints.service = [this](const char *iid) -> void * {
        return std::strcmp(iid, FAIRLEAD_EVENTS_IID) == 0 ? static_cast<Events *>(&*m_eventService)
                                                          : nullptr;
    };
    m_endpoints = std::make_unique<EndpointSet>(
        loop, *m_supervisor, m_reactors, m_events->feed(), std::move(setup.endpoints));
    connect(m_supervisor.get(), &Supervisor::endpointEvent, this, &Host::handleEndpointEvent);
    connect(
        &m_endpoints->reports(), &LinkReports::reported, this, [this](const LinkReport &report) {
            publishLinkEvent(*m_events, *m_endpoints, report);
        });
    connect(m_shutdown.get(),
            &ShutdownCoordinator::phaseFinished,
            this,
            [this](const PhaseReport &report) { publishShutdownPhase(*m_events, report); });
    connect(m_shutdown.get(), &ShutdownCoordinator::finished, this, &Host::stopped);
    connect(m_endpoints.get(),
            &EndpointSet::added,
            this,
            [this](const QString &name, const std::shared_ptr<OperationTarget> &target) {
                BroadcastTarget entry;
                entry.id = name;
                entry.target = target;
                entry.live = false;
                const auto known = m_broadcaster->registerTarget(std::move(entry));
                m_targets.insert(name, known->generation);
            });
    connect(m_endpoints.get(), &EndpointSet::removed, this, [this](const QString &name) {
        m_broadcaster->unregisterTarget(name);
        m_targets.remove(name);
    });
}

Host::~Host()
{
    // Without events: who would hear them is being destroyed too.
    m_supervisor->disconnect(this);
    m_supervisor.reset();
    for (const auto &reactor : m_reactors)
        reactor->stop();
}

Result<> Host::start()
{
    if (isStopping()) {
        return Error(ErrorCode::ShuttingDown,
                     QStringLiteral("a host that was shut down does not start again"));
    }
    if (std::exchange(m_started, true))
        return Error(ErrorCode::AlreadyStarted, QStringLiteral("the host runs already"));
    for (const auto &reactor : m_reactors)
        reactor->start();
    m_shutdownSteps = std::make_unique<HostShutdown>(
        *m_shutdown,
        HostShutdown::Parts{
            m_loop, *m_supervisor, *m_endpoints, *m_broadcaster, *m_events, m_reactors});
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

void Host::handleEndpointEvent(const EndpointEvent &event)
{
    if (const auto endpoint = m_endpoints->find(event.name))
        logEndpointEvent(*endpoint->runtime()->logger, event);
    if (event.kind == EndpointEvent::Kind::StateChanged) {
        m_broadcaster->setLive(event.name, m_targets.value(event.name), isOperable(event));
    }
    publishEndpointEvent(*m_events, event);
}

void Host::shutDown(const QString &reason)
{
    if (!isStopping())
        m_shutdown->shutDown(reason);
}

} // namespace fairlead::core
