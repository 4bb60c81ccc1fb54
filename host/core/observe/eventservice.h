// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/eventbus.h"

#include <fairlead/events.h>

namespace fairlead::core {

/// The event bus as plugins see it. Thread: main. Ownership: the host's; outlives no bus.
class EventService final : public Events
{
public:
    explicit EventService(EventBus &bus)
        : m_bus(bus)
    { }

    Result<std::unique_ptr<EventSubscription>> subscribe(const EventRequest &request,
                                                         EventHandler &handler) override;
    Result<> tell(const PeerEvent &event) override;

private:
    EventBus &m_bus;
};

} // namespace fairlead::core
