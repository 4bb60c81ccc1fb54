// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "controlpart.h"
#include "core/observe/eventbus.h"
#include "core/observe/eventedges.h"
#include "eventreadermodel.h"

#include <QtCore/QObject>

#include <array>
#include <memory>
#include <vector>

namespace fairlead::sim {

class ServicePart;
class SupervisorPart;

/// The event bus with the events of the other parts and some of its own, and readers that take all,
/// little or nothing, come and go, and call back in from their slots.
class EventPart final : public ControlPart
{
public:
    EventPart(ControlBase &base, SupervisorPart &supervisor, ServicePart &services);
    ~EventPart() override;

    int actions() const override;
    void act(int action, quint32 whom, quint32 how) override;
    void check() override;

private:
    void connectSources(SupervisorPart &supervisor, ServicePart &services);
    void begin();
    void end();
    void publish(quint32 how);
    void post(quint32 how);
    void subscribe(std::size_t place, quint32 how);
    void handleReady(std::size_t place);
    void take(std::size_t place, int most);
    /// What came since the last look, from a reader that loses nothing.
    void pull();
    void movePeers(quint32 how);
    void checkReader(EventReaderModel &reader, bool isIdle);

    QObject m_sources; ///< ends what is connected to it
    std::unique_ptr<core::EventBus> m_bus;
    std::unique_ptr<core::EventReader> m_witness;
    std::array<std::unique_ptr<EventReaderModel>, 5> m_readers;
    std::deque<core::EventPtr> m_history;
    std::size_t m_historyLimit = 0;
    quint64 m_number = 0; ///< of the latest event
    quint64 m_posted = 0; ///< terminal ones, to the feed
    quint64 m_arrived = 0;
    int m_stepsClosed = 0;
    bool m_quiet = false; ///< nobody may be told in this call
    quint32 m_inside = 0; ///< what to do in the next slot

    core::PeerEdges m_edges;
    qsizetype m_peers = 0;
    int m_waiting = 0; ///< for the first peer
};

} // namespace fairlead::sim
