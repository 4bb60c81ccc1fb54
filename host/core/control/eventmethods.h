// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/controlapi.h"
#include "core/observe/eventbus.h"

#include <QtCore/QHash>
#include <QtCore/QObject>

namespace fairlead::core {

class EventSubscriber;

/// The methods about events: subscribe, unsubscribe, events. A subscriber that reads slowly gets a
/// lag event in place of what its buffer did not hold (OB-03). Thread: main. Ownership: outlives
/// the API's use of it; the bus may go first.
class EventMethods final : public QObject
{
    Q_OBJECT

public:
    static constexpr int kMaxPerPeer = 8;

    /// @p buffer: events that wait for one subscriber, unless it asks for another number.
    EventMethods(EventBus &bus, int buffer);
    ~EventMethods() override;

    void addTo(ControlApi &api);

private:
    void subscribe(const Call &call);
    void unsubscribe(const Call &call);
    void recent(const Call &call);
    void drop(quint64 number);

    EventBus &m_bus;
    const int m_buffer;
    QHash<quint64, EventSubscriber *> m_subscribers; ///< children
    quint64 m_next = 1;
};

} // namespace fairlead::core
