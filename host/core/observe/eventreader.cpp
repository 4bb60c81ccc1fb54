// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventreader.h"

#include "core/observe/eventbus.h"

namespace fairlead::core {

EventReader::EventReader(EventBus &bus, EventFilter filter, std::size_t capacity)
    : m_bus(&bus)
    , m_filter(std::move(filter))
    , m_buffer(capacity)
{ }

EventReader::~EventReader()
{
    if (m_bus)
        m_bus->leave(*this);
}

EventPtr EventReader::take()
{
    EventPtr event = m_buffer.take();
    if (event && event->kind == EventKind::Closed)
        m_finished = true;
    return event;
}

void EventReader::requestReady()
{
    if (m_bus && !isEmpty())
        m_bus->schedule(*this);
}

} // namespace fairlead::core
