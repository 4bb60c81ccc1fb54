// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/broadcast/broadcastreport.h"
#include "core/registry/servicerecord.h"

#include <fairlead/events.h>

#include <functional>

namespace fairlead {
class Logger;
} // namespace fairlead

namespace fairlead::core {

class EndpointSet;
class EventBus;
struct EndpointEvent;
struct LinkReport;
struct PhaseReport;

// What happens to endpoints and links, told to people (log) and to listeners (event bus).
// Thread: main.

void logEndpointEvent(Logger &logger, const EndpointEvent &event);
void publishEndpointEvent(EventBus &bus, const EndpointEvent &event);
void publishStoreState(EventBus &bus, EventKind kind, const Error &reason);
void publishShutdownPhase(EventBus &bus, const PhaseReport &report);
void publishServiceRegistered(EventBus &bus, const ServiceRecord &service);
void publishServiceUnregistered(EventBus &bus, const ServiceRecord &service, const Error &reason);
void publishServiceStatus(EventBus &bus,
                          const ServiceRecord &service,
                          ServiceStatus from,
                          const Error &reason);
void publishBroadcastStarted(EventBus &bus, quint64 id, OperationKind kind, int targets);
void publishBroadcastTarget(EventBus &bus,
                            quint64 id,
                            const TargetFailure &target,
                            TargetResult result);
void publishBroadcastFinished(EventBus &bus, const BroadcastReport &report);
void publishLinkEvent(EventBus &bus, const EndpointSet &endpoints, const LinkReport &report);
/// @p nameOf: the name of the endpoint with that number; asked only when somebody listens.
void publishLinkEvent(EventBus &bus,
                      const std::function<QString(int)> &nameOf,
                      const LinkReport &report);

} // namespace fairlead::core
