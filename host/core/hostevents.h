// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

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
void publishShutdownPhase(EventBus &bus, const PhaseReport &report);
void publishLinkEvent(EventBus &bus, const EndpointSet &endpoints, const LinkReport &report);

} // namespace fairlead::core
