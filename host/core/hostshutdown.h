// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/endpoint/linkplacer.h"
#include "core/hoststore.h"
#include "core/lifecycle/shutdown/shutdowncoordinator.h"

#include <fairlead/operations.h>
#include <fairlead/timers.h>

namespace fairlead::core {

class Broadcaster;
class DoubleLinkDesk;
class EndpointSet;
class EventBus;
class MainLoop;
class Supervisor;

/// What each phase of the shutdown means to a running host (SH-01). Thread: main. Ownership: the
/// host's; what it is made with outlives it.
class HostShutdown
{
public:
    struct Parts
    {
        MainLoop &loop;
        Supervisor &supervisor;
        EndpointSet &endpoints;
        DoubleLinkDesk &doubleLinks;
        Broadcaster &broadcaster;
        EventBus &events;
        const LinkPlacer::Reactors &reactors;
        HostStore *store; ///< null: there is none
    };

    HostShutdown(ShutdownCoordinator &coordinator, const Parts &parts);

private:
    void setSteps(ShutdownCoordinator &coordinator);
    void quiesce(OperationReply reply);
    void endStore(OperationReply reply, void (HostStore::*end)(HostStore::Done));
    void drainLinks(OperationReply reply);
    void closeLinks(OperationReply reply);
    void stopReactors(OperationReply reply);
    void checkDrained() noexcept;
    QStringList runningReactors() const;
    void onReactors(const std::function<void(Reactor &)> &call, OperationReply reply);

    Parts m_parts;
    quint64 m_quiesce = 0; ///< the broadcast
    OperationReply m_drained;
    Timer m_look;
};

} // namespace fairlead::core
