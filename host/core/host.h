// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/distributor.h"
#include "core/endpoint/endpointset.h"
#include "core/hoststore.h"
#include "core/lifecycle/shutdown/shutdowncoordinator.h"
#include "core/lifecycle/shutdown/startsequence.h"
#include "core/platform/descriptorreserve.h"
#include "core/platform/systemrandom.h"
#include "core/reactor/mainloop.h"

#include <QHash>
#include <QObject>

#include <fairlead/result.h>

#include <memory>
#include <optional>
#include <vector>

namespace fairlead::core {

class Broadcaster;
class DoubleLinkDesk;
class EndpointRegistrar;
class EventBus;
class EventService;
class HostShutdown;
class IdleTracker;
class ReactorThread;
class ServiceDesk;
class ServiceRegistry;
class ServiceWatch;
class Supervisor;
struct EndpointEvent;

/// What a host is made from.
struct HostSetup
{
    int reactors = 1; ///< 1 to 64
    DistributorLimits limits;
    Position next = {1, 1}; ///< of the first message of this start, unless the store knows better
    std::optional<HostStore::Settings> store; ///< nothing: nothing outlives the process
    EndpointSet::Setup endpoints;
};

/// The running host: reactors, distributor, endpoints, and who tells of them. Single use: a host
/// that was shut down does not start again (SH-06).
///
/// Thread: main.
class Host final : public QObject
{
    Q_OBJECT

public:
    Host(MainLoop &loop, HostSetup setup);
    ~Host() override;

    /// Something that start() does after the reactors run, in the order of the calls. Errors:
    /// StartSequence::add()'s.
    Result<> addStartStep(StartStep step);
    /// Starts the reactors and takes the steps. When one fails, those before are taken back and the
    /// start can be tried again; the reactors go on waiting for it. Errors: StartSequence::start()'s.
    Result<> start();

    const StartSequence &startSequence() const noexcept { return m_startSequence; }

    /// Makes and starts an endpoint. Errors: EndpointSet::add()'s; for a listener also why it does
    /// not listen now, in which case the supervisor keeps trying if that may help.
    Result<> open(const EndpointSettings &settings);

    /// Ends in the order of ShutdownPhase, within its budgets. stopped() follows; further calls
    /// change nothing.
    void shutDown(const QString &reason);

    bool isStopping() const noexcept { return m_shutdown->isClosing(); }

    Distributor &distributor() noexcept { return *m_distributor; }

    const std::vector<std::unique_ptr<ReactorThread>> &reactors() const noexcept
    {
        return m_reactors;
    }

    /// Null when nothing outlives the process.
    HostStore *store() const noexcept { return m_store.get(); }

    /// What an earlier start left; its sessions and messages were handed on.
    const StoreSummary &recovered() const noexcept { return m_recovered; }

    EndpointSet &endpoints() noexcept { return *m_endpoints; }

    const EndpointSet &endpoints() const noexcept { return *m_endpoints; }

    Supervisor &supervisor() noexcept { return *m_supervisor; }

    const Supervisor &supervisor() const noexcept { return *m_supervisor; }

    EventBus &events() noexcept { return *m_events; }

    ServiceRegistry &services() noexcept { return *m_services; }

    const ServiceDesk &serviceDesk() const noexcept { return *m_serviceDesk; }

    Broadcaster &broadcaster() noexcept { return *m_broadcaster; }

    const Broadcaster &broadcaster() const noexcept { return *m_broadcaster; }

    /// Of all that accept for the host.
    DescriptorReserve &descriptors() noexcept { return m_descriptors; }

    const DescriptorReserve &descriptors() const noexcept { return m_descriptors; }

    qint64 linkCount() const noexcept { return m_endpoints->linkCount(); }

Q_SIGNALS:
    /// Once, as the last of all.
    void stopped(const fairlead::core::ShutdownReport &report);

private:
    void connectParts();
    void connectStore();
    Result<> startReactors();
    void handleAdded(const QString &name, const std::shared_ptr<OperationTarget> &target);
    void handleEndpointEvent(const EndpointEvent &event);
    void followIdleness(const EndpointEvent &event);
    bool isOperable(const EndpointEvent &event) const;

    MainLoop &m_loop;
    DescriptorReserve m_descriptors;
    std::unique_ptr<HostStore> m_store;
    StoreSummary m_recovered;
    std::unique_ptr<Distributor> m_distributor;
    std::unique_ptr<DoubleLinkDesk> m_doubleLinks; ///< outlives the links
    std::unique_ptr<EventBus> m_events;
    std::unique_ptr<EventService> m_eventService;
    std::unique_ptr<Broadcaster> m_broadcaster;
    std::unique_ptr<IdleTracker> m_idle;
    std::unique_ptr<ServiceRegistry> m_services;
    std::unique_ptr<ServiceWatch> m_serviceWatch;
    std::unique_ptr<ServiceDesk> m_serviceDesk; ///< outlives the links
    std::unique_ptr<EndpointRegistrar> m_registrar;
    SystemRandom m_random;
    std::unique_ptr<Supervisor> m_supervisor;
    std::vector<std::unique_ptr<ReactorThread>> m_reactors;
    std::unique_ptr<PluginOffers> m_offers;
    std::unique_ptr<EndpointSet> m_endpoints;
    QHash<QString, quint64> m_targets; ///< endpoints by name: their registration for broadcasts
    std::unique_ptr<ShutdownCoordinator> m_shutdown;
    std::unique_ptr<HostShutdown> m_shutdownSteps;
    StartSequence m_startSequence;
};

} // namespace fairlead::core
