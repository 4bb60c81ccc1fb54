// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/eventbuffer.h"
#include "core/observe/eventfilter.h"

#include <QtCore/QObject>

namespace fairlead::core {

class EventBus;

/// One subscription to the event bus, from EventBus::subscribe(). Destroying it ends it at once,
/// from inside ready() too; it may outlive the bus. Thread: main. Ownership: the subscriber's.
class EventReader final : public QObject
{
    Q_OBJECT

public:
    ~EventReader() override;

    /// The next event; null when there is none now. Nothing comes after Closed.
    EventPtr take();

    bool isEmpty() const noexcept { return m_buffer.isEmpty(); }

    /// Whether Closed was taken.
    bool isFinished() const noexcept { return m_finished; }

    std::size_t size() const noexcept { return m_buffer.size(); }

    quint64 lostCount() const noexcept { return m_buffer.lostCount(); }

    /// Asks for another ready() in a later turn, for readers that take a few at a time.
    void requestReady();

Q_SIGNALS:
    /// Something is there to take. Comes in a turn of its own, once for all that arrived since.
    void ready();

private:
    friend class EventBus;

    EventReader(EventBus &bus, EventFilter filter, std::size_t capacity);

    EventBus *m_bus; ///< null once the bus is gone
    const EventFilter m_filter;
    EventBuffer m_buffer;
    bool m_pending = false; ///< ready() is due
    bool m_finished = false;
};

} // namespace fairlead::core
