// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "eventpart.h"

#include "servicepart.h"
#include "supervisorpart.h"

#include <algorithm>
#include <utility>

namespace fairlead::sim {

using core::EndpointEvent;
using core::EventBus;
using core::EventPtr;
using core::EventReader;
using core::ServiceRecord;
using core::ServiceStatus;

namespace {

constexpr std::array<std::size_t, 4> kCapacities = {1, 3, 16, 200};
constexpr int kStepsClosed = 60;

constexpr std::array<EventKind, 6> kKinds = {EventKind::BroadcastTarget,
                                             EventKind::HeartbeatTimeout,
                                             EventKind::LinkConnected,
                                             EventKind::EndpointReconnectFailed,
                                             EventKind::EndpointStopped,
                                             EventKind::HandshakeFailed};

std::optional<EventKind> kindOf(EndpointEvent::Kind kind)
{
    switch (kind) {
    case EndpointEvent::Kind::StateChanged:
        return EventKind::EndpointState;
    case EndpointEvent::Kind::Started:
        return EventKind::EndpointStarted;
    case EndpointEvent::Kind::Stopped:
        return EventKind::EndpointStopped;
    case EndpointEvent::Kind::ReconnectFailed:
        return EventKind::EndpointReconnectFailed;
    default:
        return std::nullopt;
    }
}

} // namespace

EventPart::EventPart(ControlBase &base, SupervisorPart &supervisor, ServicePart &services)
    : ControlPart(base)
{
    begin();
    connectSources(supervisor, services);
}

EventPart::~EventPart()
{
    end();
}

void EventPart::connectSources(SupervisorPart &supervisor, ServicePart &services)
{
    QObject::connect(&supervisor.supervisor(),
                     &core::Supervisor::endpointEvent,
                     &m_sources,
                     [this](const EndpointEvent &event) {
                         const auto kind = kindOf(event.kind);
                         if (!kind)
                             return;
                         m_bus->publish(*kind, [&event](Event &out) {
                             out.key = event.name.toUtf8();
                             if (event.kind == EndpointEvent::Kind::StateChanged) {
                                 out.from = QLatin1String(core::endpointStateName(event.from));
                                 out.to = QLatin1String(core::endpointStateName(event.to));
                             }
                         });
                     });
    using core::ServiceRegistry;
    QObject::connect(&services.registry(),
                     &ServiceRegistry::registered,
                     &m_sources,
                     [this](const ServiceRecord &service) {
                         m_bus->publish(EventKind::ServiceRegistered, [&service](Event &out) {
                             out.key = service.info.id.toUtf8();
                         });
                     });
    QObject::connect(&services.registry(),
                     &ServiceRegistry::unregistered,
                     &m_sources,
                     [this](const ServiceRecord &service) {
                         m_bus->publish(EventKind::ServiceUnregistered, [&service](Event &out) {
                             out.key = service.info.id.toUtf8();
                         });
                     });
    QObject::connect(&services.registry(),
                     &ServiceRegistry::statusChanged,
                     &m_sources,
                     [this](const ServiceRecord &service, ServiceStatus from) {
                         m_bus->publish(EventKind::ServiceStatus, [&service, from](Event &out) {
                             out.key = service.info.id.toUtf8();
                             out.generation = service.generation;
                             out.from = core::serviceStatusName(from);
                             out.to = core::serviceStatusName(service.status);
                         });
                     });
}

void EventPart::begin()
{
    m_bus = std::make_unique<EventBus>(m_base.time, m_base.executor);
    m_witness = *m_bus->subscribe({core::EventFilter(), EventBus::kMaxCapacity, false});
    m_history.clear();
    m_historyLimit = 0;
    m_number = 0;
    m_posted = 0;
    m_arrived = 0;
    m_stepsClosed = 0;
}

/// The bus goes; its readers stay until they have all they are to get, Closed last.
void EventPart::end()
{
    m_inside = 0;
    if (!m_bus->isClosed())
        m_bus->close();
    pull();
    m_bus.reset();
    for (auto &reader : m_readers) {
        for (bool took = reader != nullptr; took;) {
            if (const QString wrong = reader->take(&took); !wrong.isEmpty())
                fail("OB-03", wrong);
        }
        if (reader && !reader->reader().isFinished())
            fail("OB-03", QStringLiteral("a reader did not hear of the end"));
        reader.reset();
    }
    m_witness.reset();
}

int EventPart::actions() const
{
    return 10;
}

void EventPart::act(int action, quint32 whom, quint32 how)
{
    const std::size_t place = whom % m_readers.size();
    note([&] {
        return QStringLiteral("action %1 on reader %2 (%3)").arg(action).arg(place).arg(how);
    });
    switch (action) {
    case 0:
    case 1:
    case 2:
        publish(how);
        break;
    case 3:
        post(how);
        break;
    case 4:
        subscribe(place, how);
        break;
    case 5:
    case 6:
        take(place, int(how % 32));
        break;
    case 7:
        m_inside = how | 1U;
        break;
    case 8:
        movePeers(how);
        break;
    default:
        pull();
        if (how % 4 == 0) {
            m_readers[place].reset();
        } else if (how % 4 == 1) {
            m_historyLimit = (how >> 2) % 3 * 10;
            m_bus->setHistory(qsizetype(m_historyLimit));
            while (m_history.size() > m_historyLimit)
                m_history.pop_front();
        } else if (how % 4 == 2) {
            m_bus->flush();
        } else if ((how >> 2) % 16 == 0) {
            m_bus->close();
        }
        break;
    }
}

void EventPart::publish(quint32 how)
{
    const bool wasQuiet = std::exchange(m_quiet, true);
    for (quint32 i = 0; i <= (how >> 8) % 8; ++i) {
        m_bus->publish(kKinds[(how + i) % kKinds.size()], [how](Event &out) {
            out.key = QByteArrayLiteral("key") + QByteArray::number((how >> 4) % 8);
        });
    }
    m_quiet = wasQuiet;
}

/// From another thread, as it were; now and then more than the feed holds.
void EventPart::post(quint32 how)
{
    if (m_bus->isClosed())
        return;
    const bool isFlood = (how >> 8) % 64 == 0;
    std::vector<Event> events(isFlood ? core::EventFeed::kDefaultCapacity + 9 : 3);
    for (Event &event : events) {
        event.kind = EventKind::HandshakeFailed;
        event.key = QByteArrayLiteral("feed");
        event.monotonicNs = now();
    }
    // What ends something has a place even then.
    for (std::size_t i = events.size() - how % 3; i < events.size(); ++i) {
        events[i].kind = EventKind::ShutdownPhase;
        ++m_posted;
    }
    m_bus->feed().post(std::move(events));
}

void EventPart::subscribe(std::size_t place, quint32 how)
{
    pull();
    core::EventReaderOptions options;
    options.capacity = kCapacities[how % kCapacities.size()];
    options.history = (how >> 2) % 2 == 0;
    if ((how >> 3) % 3 == 0)
        options.filter.keyPrefix = QByteArrayLiteral("endpoint");
    if ((how >> 5) % 3 == 0) {
        options.filter.kinds = core::EventKinds();
        options.filter.kinds.add(EventKind::EndpointState).add(EventKind::EndpointStopped);
        options.filter.kinds.add(EventKind::ServiceStatus).add(EventKind::BroadcastTarget);
    }
    m_readers[place].reset();
    auto reader = m_bus->subscribe(options);
    if (bool(reader) == m_bus->isClosed())
        fail("OB-03", QStringLiteral("a reader came after the end"));
    if (!reader)
        return;
    QObject::connect(
        reader->get(), &EventReader::ready, &m_sources, [this, place] { handleReady(place); });
    m_readers[place]
        = std::make_unique<EventReaderModel>(std::move(*reader), options.filter, options.capacity);
    for (const EventPtr &event : m_history) {
        if (options.history && options.filter.matches(*event))
            m_readers[place]->expect(event);
    }
}

void EventPart::handleReady(std::size_t place)
{
    if (m_quiet)
        fail("OB-03", QStringLiteral("a reader is told from inside publish()"));
    pull();
    m_readers[place]->isOwed = false;
    const quint32 how = std::exchange(m_inside, 0);
    if (how == 0) {
        // Most readers take what there is at once, one a little, one nothing.
        take(place, place == 0 ? 0 : (place == 1 ? 2 : 1000));
        return;
    }
    note([&] { return QStringLiteral("    inside reader %1 (%2)").arg(place).arg(how); });
    switch ((how >> 1) % 5) {
    case 0:
        m_readers[place].reset();
        break;
    case 1:
        subscribe((how >> 8) % m_readers.size(), how >> 12);
        break;
    case 2:
        publish(how >> 4);
        break;
    case 3:
        m_bus->flush();
        break;
    default:
        take(place, 1);
        if (m_readers[place])
            m_readers[place]->reader().requestReady();
        break;
    }
}

void EventPart::take(std::size_t place, int most)
{
    pull();
    for (bool took = m_readers[place] != nullptr; took && most > 0; --most) {
        if (const QString wrong = m_readers[place]->take(&took); !wrong.isEmpty())
            fail("OB-03", QStringLiteral("reader %1: %2").arg(place).arg(wrong));
    }
}

void EventPart::pull()
{
    while (m_witness) {
        const EventPtr event = m_witness->take();
        if (!event)
            break;
        const auto value = [&event](QLatin1String name) {
            return quint64(event->details.value(name).toInteger());
        };
        const bool isLag = event->kind == EventKind::Lag;
        const quint64 first = isLag ? value(QLatin1String("first")) : event->number;
        if (first != m_number + 1)
            fail("OB-01", QStringLiteral("a hole before event %1").arg(first));
        m_number = event->number;
        if (event->kind == EventKind::ShutdownPhase)
            ++m_arrived;
        for (const auto &reader : m_readers) {
            if (!reader)
                continue;
            if (isLag)
                reader->expectLost({value(QLatin1String("count")), first, event->number, 0, 0});
            else if (reader->filter().matches(*event))
                reader->expect(event);
        }
        if (isLag || m_historyLimit == 0)
            continue;
        if (m_history.size() >= m_historyLimit)
            m_history.pop_front();
        m_history.push_back(event);
    }
}

/// OB-02, SH-07: the first peer and the last one are edges; who waits hears of one of them.
void EventPart::movePeers(quint32 how)
{
    if (how % 4 == 0) {
        ++m_waiting;
        m_edges.whenFirst([this](const QByteArray *key) {
            --m_waiting;
            if (!key || m_peers == 0)
                fail("SH-07", QStringLiteral("who waits for a peer was told of none"));
        });
        return;
    }
    const qsizetype before = m_peers;
    m_peers = std::max<qsizetype>(0, m_peers + (how % 2 == 0 ? 1 : -1));
    const core::PeerEdge edge = m_edges.note(m_peers, QByteArrayLiteral("peer"));
    core::PeerEdge expected = core::PeerEdge::None;
    if (before == 0 && m_peers > 0)
        expected = core::PeerEdge::First;
    else if (before > 0 && m_peers == 0)
        expected = core::PeerEdge::AllGone;
    if (edge != expected)
        fail("OB-02", QStringLiteral("an edge where there is none, or none where one is"));
    if (m_peers > 0 && m_waiting != 0)
        fail("SH-07", QStringLiteral("somebody still waits for the first peer"));
}

void EventPart::check()
{
    pull();
    const bool isIdle = m_base.executor.isIdle();
    if (isIdle && m_posted != m_arrived)
        fail("OB-03", QStringLiteral("a terminal event was lost on its way"));
    for (const auto &reader : m_readers) {
        if (reader)
            checkReader(*reader, isIdle);
    }
    if (m_bus->isClosed() && ++m_stepsClosed > kStepsClosed) {
        end();
        begin();
    }
}

void EventPart::checkReader(EventReaderModel &reader, bool isIdle)
{
    if (isIdle && reader.isOwed && !reader.reader().isEmpty())
        fail("OB-03", QStringLiteral("a reader is not told"));
}

} // namespace fairlead::sim
