// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "servicepart.h"

#include <QtCore/QSet>

#include <algorithm>
#include <utility>

namespace fairlead::sim {

using core::HeartbeatState;
using core::ServiceRecord;
using core::ServiceStatus;

void ServicePart::watchRegistered(const ServiceRecord &service)
{
    m_changed = true;
    if (!m_told.emplace(service.info.id, service).second)
        fail("OB-01", QStringLiteral("%1 was told of twice").arg(service.info.id));
    for (ServiceRecord &record : m_model) {
        if (record.order == service.order && record.generation == 0)
            record.generation = service.generation;
    }
    stepInside();
}

void ServicePart::watchUnregistered(const ServiceRecord &service)
{
    m_changed = true;
    const auto told = m_told.find(service.info.id);
    if (told == m_told.end() || told->second.generation != service.generation
        || told->second.status != service.status) {
        fail("OB-01", QStringLiteral("%1 left without having come").arg(service.info.id));
        return;
    }
    m_told.erase(told);
    // During the event the registry shows what is left.
    const auto shown = m_registry.find(service.info.id);
    if (shown && shown->order == service.order)
        fail("RG-13", QStringLiteral("%1 is there after its end").arg(service.info.id));
    stepInside();
}

/// OB-01: one chain of states for each service.
void ServicePart::watchStatus(const ServiceRecord &service, ServiceStatus from)
{
    m_changed = true;
    const auto told = m_told.find(service.info.id);
    if (told == m_told.end() || told->second.order != service.order || told->second.status != from
        || service.status == from) {
        fail("OB-01", QStringLiteral("%1 has a hole in its chain").arg(service.info.id));
        return;
    }
    const bool isRestart = service.status == ServiceStatus::Starting;
    if (isRestart != (service.generation > told->second.generation))
        fail("RG-14", QStringLiteral("%1 changed its generation").arg(service.info.id));
    told->second = service;
    for (ServiceRecord &record : m_model) {
        if (isRestart && record.order == service.order && record.generation == 0)
            record.generation = service.generation;
    }
    stepInside();
}

/// HB-02, HB-03: at its time, and once.
void ServicePart::watchExpired(const ServiceRecord &service)
{
    m_changed = true;
    const auto told = m_told.find(service.info.id);
    if (told == m_told.end() || told->second.generation != service.generation
        || std::exchange(told->second.heartbeat, HeartbeatState::Expired)
            == HeartbeatState::Expired)
        fail("HB-03", QStringLiteral("%1 expired twice").arg(service.info.id));
    if (service.isEnded() || now() != service.lastHeartbeat + service.info.heartbeatTimeoutNs)
        fail("HB-02", QStringLiteral("%1 expired out of time").arg(service.info.id));
    // All that are silent now are marked before the first of them is told.
    for (ServiceRecord &record : m_model) {
        if (!record.isEnded() && record.isSilent(now()))
            record.heartbeat = HeartbeatState::Expired;
    }
    stepInside();
}

void ServicePart::check()
{
    if (std::exchange(m_checkedAt, now()) == now() && !m_changed)
        return;
    m_changed = false;
    checkAll();
    checkStatistics();
}

/// RG-11, RG-12, RG-13: the registry, its signals and the plain list are the same.
void ServicePart::checkAll()
{
    const Records shown = m_registry.snapshot();
    if (shown.size() != m_model.size() || m_told.size() != m_model.size()) {
        fail("RG-13", QStringLiteral("%1 services are shown").arg(shown.size()));
        return;
    }
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const ServiceRecord &is = shown[i];
        const ServiceRecord &should = m_model[i];
        const QString &id = should.info.id;
        if (is.info.id != id || is.order != should.order || is.status != should.status
            || is.heartbeat != should.heartbeat || is.generation != should.generation
            || is.lastHeartbeat != should.lastHeartbeat)
            fail("RG-13", QStringLiteral("%1 is not shown as it is").arg(id));
        const auto told = m_told.find(id);
        if (told == m_told.end() || told->second.generation != is.generation
            || told->second.status != is.status)
            fail("OB-01", QStringLiteral("the signals tell another story of %1").arg(id));
        if (!is.isEnded() && is.isSilent(now()) && is.heartbeat != HeartbeatState::Expired)
            fail("HB-02", QStringLiteral("%1 is silent, and nobody says so").arg(id));
        const auto byId = m_registry.find(id);
        const auto byKey = m_registry.findExact(should.info.key);
        if (!byId || byId->order != is.order || !byKey || byKey->order != is.order)
            fail("RG-12", QStringLiteral("%1 is not found").arg(id));
        for (const QString &thing : should.info.owned) {
            const auto owner = m_registry.ownerOf(thing);
            if (!owner || owner->order != is.order)
                fail("RG-11", QStringLiteral("%1 lost what it owns").arg(id));
        }
    }
}

void ServicePart::checkStatistics()
{
    QSet<QString> names;
    QSet<QString> capabilities;
    std::size_t entries = 0;
    core::ServiceStatistics should = m_counts;
    for (const ServiceRecord &record : m_model) {
        names.insert(record.info.key.name);
        for (const QString &capability : record.info.capabilities)
            capabilities.insert(capability);
        entries += 2 + std::size_t(record.info.owned.size());
        ++should.byStatus[std::size_t(record.status)];
        ++should.byHeartbeat[std::size_t(record.heartbeat)];
    }
    entries += std::size_t(names.size() + capabilities.size());
    if (m_registry.indexEntryCount() != qsizetype(entries))
        fail("RG-11", QStringLiteral("%1 index entries").arg(m_registry.indexEntryCount()));
    const core::ServiceStatistics is = m_registry.statistics();
    const bool addsUp = is.size == qsizetype(m_model.size())
        && is.registered == is.unregistered + is.pruned + quint64(is.size);
    if (!addsUp || is.byStatus != should.byStatus || is.byHeartbeat != should.byHeartbeat
        || is.registered != should.registered || is.unregistered != should.unregistered
        || is.pruned != should.pruned)
        fail("RG-13", QStringLiteral("the statistics of the services do not add up"));
    if (is.refusedDuplicate != should.refusedDuplicate || is.refusedLimit != should.refusedLimit
        || is.refusedOther != should.refusedOther || is.heartbeats != should.heartbeats
        || is.strayHeartbeats != should.strayHeartbeats || is.stale != should.stale)
        fail("RG-14", QStringLiteral("what was refused is not counted"));
}

} // namespace fairlead::sim
