// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/host.h"

#include "core/endpoint/hostendpoint.h"
#include "core/hostevents.h"
#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/observe/eventbus.h"
#include "core/observe/eventservice.h"
#include "core/reactor/reactorthread.h"

#include <fairlead/clock.h>
#include <fairlead/events.h>

#include <algorithm>
#include <cstring>

namespace fairlead::core {

namespace {

constexpr qint64 kLinksNs = 3 * kNsPerSecond; ///< SH-02: for all links
constexpr qint64 kLookNs = 10 * kNsPerMs;

Error shuttingDown()
{
    return Error(ErrorCode::ShuttingDown, QStringLiteral("the host is shutting down"));
}

} // namespace

Host::Host(MainLoop &loop, HostSetup setup)
    : m_loop(loop)
    , m_distributor(std::make_unique<Distributor>(setup.epoch, setup.limits, m_store))
    , m_events(std::make_unique<EventBus>(loop.clock(), loop))
    , m_eventService(std::make_unique<EventService>(*m_events))
    , m_broadcaster(std::make_unique<Broadcaster>(loop.clock(), loop.timers(), loop))
    , m_supervisor(std::make_unique<Supervisor>(
          loop.clock(), loop.timers(), m_random, m_distributor->generations))
    , m_stopTimer([](void *self) noexcept { static_cast<Host *>(self)->checkStopped(); }, this)
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
    if (m_phase != Phase::Idle) {
        return Error(ErrorCode::AlreadyStarted,
                     m_phase == Phase::Running
                         ? QStringLiteral("the host runs already")
                         : QStringLiteral("a host that was shut down does not start again"));
    }
    m_phase = Phase::Running;
    for (const auto &reactor : m_reactors)
        reactor->start();
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

void Host::handleEndpointEvent(const EndpointEvent &event)
{
    if (const auto endpoint = m_endpoints->find(event.name))
        logEndpointEvent(*endpoint->runtime()->logger, event);
    if (event.kind == EndpointEvent::Kind::StateChanged) {
        const bool isUp = event.to == EndpointState::Running || event.to == EndpointState::Draining;
        m_broadcaster->setLive(event.name, m_targets.value(event.name), isUp);
    }
    publishEndpointEvent(*m_events, event);
}

void Host::shutDown()
{
    if (isStopping())
        return;
    const bool ran = m_phase == Phase::Running;
    m_phase = Phase::Stopping;
    m_endpoints->refuseLinks();
    m_supervisor->beginClosing();
    m_supervisor->stopListening();
    if (!ran) {
        finishStop(0);
        return;
    }
    for (const auto &thread : m_reactors) {
        Reactor &reactor = thread->reactor();
        reactor.post([&reactor] { reactor.shutDownLinks(shuttingDown()); });
    }
    m_stopDeadline = m_loop.clock().now() + kLinksNs;
    checkStopped();
}

void Host::checkStopped()
{
    const qint64 left = linkCount();
    if (left > 0 && EpollDispatcher::nowNs() < m_stopDeadline) {
        m_loop.timers().arm(m_stopTimer, EpollDispatcher::nowNs() + kLookNs);
        return;
    }
    finishStop(int(left));
}

void Host::finishStop(int cutOff)
{
    for (const auto &reactor : m_reactors)
        reactor->stop();
    m_phase = Phase::Stopped;
    m_events->close();
    Q_EMIT stopped(cutOff);
}

} // namespace fairlead::core
