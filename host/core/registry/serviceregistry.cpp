// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/serviceregistry.h"

#include "core/registry/servicerules.h"

#include <QtCore/QPointer>

#include <algorithm>
#include <utility>

namespace fairlead::core {

ServiceRegistry::ServiceRegistry(const Clock &clock, GenerationSource &generations, QObject *parent)
    : QObject(parent)
    , m_clock(clock)
    , m_generations(generations)
{ }

Result<quint64> ServiceRegistry::add(const ServiceInfo &info, ServiceStatus status)
{
    if (const Error error = checkNew(info); !error.isNull()) {
        tell(); // dead ones may have given way
        return error;
    }
    ServiceRecord record;
    record.info = info;
    record.status = status;
    record.heartbeat = info.heartbeatTimeoutNs > 0 ? HeartbeatState::Waiting : HeartbeatState::None;
    record.generation = m_generations.next();
    record.order = m_nextOrder++;
    record.since = m_clock.now();
    record.lastHeartbeat = record.since;
    m_index.add(info, record.order);
    m_records.emplace(record.order, record);
    ++m_counters.registered;
    m_outbox.push_back({Notice::Kind::Registered, record, status, Error()});
    tell();
    return record.generation;
}

Error ServiceRegistry::checkNew(const ServiceInfo &info)
{
    if (Error error = checkServiceInfo(info); !error.isNull()) {
        ++m_counters.refusedOther;
        return error;
    }
    const bool isFull = size() >= m_capacity;
    if (isFull)
        takeDead(m_clock.now());
    if (const Error error = m_index.check(info); !error.isNull()) {
        ++m_counters.refusedDuplicate;
        return withHolder(error);
    }
    if (size() >= m_capacity) {
        ++m_counters.refusedLimit;
        return {ErrorCode::LimitReached,
                QStringLiteral("%1 services are registered, no more are allowed").arg(m_capacity)};
    }
    return {};
}

Error ServiceRegistry::withHolder(Error error) const
{
    const auto holder
        = m_records.find(error.details().value(QStringLiteral("holder")).toULongLong());
    if (holder != m_records.end())
        error.setDetail(QStringLiteral("holder"), holder->second.info.id);
    return error;
}

Result<> ServiceRegistry::setOffer(const QString &id,
                                   quint64 generation,
                                   const QStringList &capabilities,
                                   const QStringList &owned)
{
    const auto found = at(id, generation, m_counters.stale);
    if (!found)
        return found.error();
    ServiceInfo changed = (*found)->second.info;
    changed.capabilities = capabilities;
    changed.owned = owned;
    return change((*found)->second, std::move(changed));
}

Result<> ServiceRegistry::setInfo(const QString &id, quint64 generation, const ServiceInfo &info)
{
    const auto found = at(id, generation, m_counters.stale);
    if (!found)
        return found.error();
    ServiceInfo changed = info;
    changed.id = id;
    return change((*found)->second, std::move(changed));
}

Result<> ServiceRegistry::change(ServiceRecord &record, ServiceInfo info)
{
    if (Error error = checkServiceInfo(info); !error.isNull()) {
        ++m_counters.refusedOther;
        return error;
    }
    m_index.remove(record.info, record.order);
    if (const Error error = m_index.check(info); !error.isNull()) {
        m_index.add(record.info, record.order);
        ++m_counters.refusedDuplicate;
        return withHolder(error);
    }
    m_index.add(info, record.order);
    if ((info.heartbeatTimeoutNs > 0) != (record.heartbeat != HeartbeatState::None)) {
        record.heartbeat
            = info.heartbeatTimeoutNs > 0 ? HeartbeatState::Waiting : HeartbeatState::None;
    }
    record.info = std::move(info);
    return {};
}

Result<> ServiceRegistry::remove(const QString &id, quint64 generation, const Error &reason)
{
    const auto found = at(id, generation, m_counters.stale);
    if (!found)
        return found.error();
    const ServiceRecord record = (*found)->second;
    m_records.erase(*found);
    m_index.remove(record.info, record.order);
    ++m_counters.unregistered;
    m_outbox.push_back({Notice::Kind::Unregistered, record, record.status, reason});
    tell();
    return {};
}

Result<> ServiceRegistry::setStatus(const QString &id,
                                    quint64 generation,
                                    ServiceStatus status,
                                    const Error &reason)
{
    const auto found = at(id, generation, m_counters.stale);
    if (!found)
        return found.error();
    ServiceRecord &record = (*found)->second;
    if (record.status == status)
        return {};
    if (!isServiceTransition(record.status, status)) {
        return Error(ErrorCode::InvalidTransition,
                     QStringLiteral("a service does not go from %1 to %2")
                         .arg(serviceStatusName(record.status), serviceStatusName(status)));
    }
    changeStatus(record, status, reason);
    tell();
    return {};
}

Result<quint64> ServiceRegistry::restart(const QString &id, quint64 generation)
{
    const auto found = at(id, generation, m_counters.stale);
    if (!found)
        return found.error();
    ServiceRecord &record = (*found)->second;
    if (!record.isEnded() && record.status != ServiceStatus::Unavailable) {
        return Error(ErrorCode::InvalidTransition,
                     QStringLiteral("a service that is %1 is not started again")
                         .arg(serviceStatusName(record.status)));
    }
    const quint64 next = m_generations.next();
    record.generation = next;
    record.lastHeartbeat = m_clock.now();
    if (record.heartbeat != HeartbeatState::None)
        record.heartbeat = HeartbeatState::Waiting;
    changeStatus(record, ServiceStatus::Starting, Error());
    tell();
    return next;
}

void ServiceRegistry::changeStatus(ServiceRecord &record, ServiceStatus status, const Error &reason)
{
    const ServiceStatus from = std::exchange(record.status, status);
    record.since = m_clock.now();
    m_outbox.push_back({Notice::Kind::Status, record, from, reason});
}

Result<> ServiceRegistry::heartbeat(const QString &id, quint64 generation)
{
    const auto found = at(id, generation, m_counters.strayHeartbeats);
    if (!found)
        return found.error();
    ServiceRecord &record = (*found)->second;
    if (record.isEnded() || record.heartbeat == HeartbeatState::Expired) {
        ++m_counters.strayHeartbeats;
        const QString what = record.isEnded() ? serviceStatusName(record.status)
                                              : heartbeatStateName(record.heartbeat);
        return Error(ErrorCode::InvalidTransition,
                     QStringLiteral("a heartbeat does not revive a service that is %1").arg(what));
    }
    ++m_counters.heartbeats;
    record.lastHeartbeat = m_clock.now();
    if (record.heartbeat == HeartbeatState::Waiting)
        record.heartbeat = HeartbeatState::Alive;
    return {};
}

std::vector<ServiceRecord> ServiceRegistry::checkHeartbeats(qint64 now)
{
    std::vector<ServiceRecord> expired;
    for (auto &[order, record] : m_records) {
        if (record.isEnded() || record.heartbeat == HeartbeatState::Expired
            || !record.isSilent(now)) {
            continue;
        }
        record.heartbeat = HeartbeatState::Expired;
        expired.push_back(record);
        m_outbox.push_back({Notice::Kind::Expired, record, record.status, Error()});
    }
    tell();
    return expired;
}

qint64 ServiceRegistry::nextHeartbeatDeadline() const
{
    qint64 next = -1;
    for (const auto &[order, record] : m_records) {
        const qint64 timeout = record.info.heartbeatTimeoutNs;
        if (timeout <= 0 || record.isEnded() || record.heartbeat == HeartbeatState::Expired)
            continue;
        const qint64 deadline = record.lastHeartbeat + timeout;
        next = next < 0 ? deadline : std::min(next, deadline);
    }
    return next;
}

std::vector<ServiceRecord> ServiceRegistry::prune(qint64 now)
{
    std::vector<ServiceRecord> dead = takeDead(now);
    tell();
    return dead;
}

std::vector<ServiceRecord> ServiceRegistry::takeDead(qint64 now)
{
    std::vector<ServiceRecord> dead;
    for (auto at = m_records.begin(); at != m_records.end();) {
        const ServiceRecord &record = at->second;
        if (record.info.permanent || (!record.isEnded() && !record.isSilent(now))) {
            ++at;
            continue;
        }
        m_index.remove(record.info, record.order);
        const Error reason = record.isEnded()
            ? Error()
            : Error(ErrorCode::HeartbeatTimeout, QStringLiteral("no sign of life in time"));
        m_outbox.push_back({Notice::Kind::Unregistered, record, record.status, reason});
        dead.push_back(record);
        at = m_records.erase(at);
    }
    m_counters.pruned += dead.size();
    return dead;
}

std::optional<ServiceRecord> ServiceRegistry::find(const QString &id) const
{
    return recordOf(m_index.byId(id));
}

std::optional<ServiceRecord> ServiceRegistry::findExact(const ServiceKey &key) const
{
    return recordOf(m_index.byKey(key));
}

std::vector<ServiceRecord> ServiceRegistry::findAnyBuild(const QString &name,
                                                         const QString &version) const
{
    ServiceFilter filter;
    filter.name = name;
    if (!version.isEmpty())
        filter.version = version;
    return query(filter);
}

std::optional<ServiceRecord> ServiceRegistry::ownerOf(const QString &thing) const
{
    return recordOf(m_index.byOwned(thing));
}

std::vector<ServiceRecord> ServiceRegistry::query(const ServiceFilter &filter) const
{
    std::vector<ServiceRecord> found;
    const auto consider = [&](const ServiceRecord &record) {
        if (filter.matches(record))
            found.push_back(record);
    };
    bool isBounded = false;
    const ServiceIndex::Orders *const candidates = candidatesFor(filter, isBounded);
    if (!isBounded) {
        for (const auto &[order, record] : m_records)
            consider(record);
    } else if (candidates) {
        for (const quint64 order : *candidates)
            consider(m_records.at(order));
    }
    return found;
}

/// The smallest bucket that holds all answers, null for an empty one; @p isBounded: there is one.
const ServiceIndex::Orders *ServiceRegistry::candidatesFor(const ServiceFilter &filter,
                                                           bool &isBounded) const
{
    const ServiceIndex::Orders *smallest = nullptr;
    const auto consider = [&](const ServiceIndex::Orders *bucket) {
        if (!isBounded || !bucket || (smallest && bucket->size() < smallest->size()))
            smallest = bucket;
        isBounded = true;
        return bucket != nullptr;
    };
    if (filter.name && !consider(m_index.byName(*filter.name)))
        return nullptr;
    for (const QString &capability : filter.capabilities) {
        if (!consider(m_index.byCapability(capability)))
            return nullptr;
    }
    return smallest;
}

std::vector<ServiceRecord> ServiceRegistry::snapshot() const
{
    std::vector<ServiceRecord> all;
    all.reserve(m_records.size());
    for (const auto &[order, record] : m_records)
        all.push_back(record);
    return all;
}

ServiceStatistics ServiceRegistry::statistics() const
{
    ServiceStatistics statistics = m_counters;
    statistics.size = size();
    for (const auto &[order, record] : m_records) {
        ++statistics.byStatus[std::size_t(record.status)];
        ++statistics.byHeartbeat[std::size_t(record.heartbeat)];
    }
    return statistics;
}

void ServiceRegistry::setCapacity(qsizetype capacity)
{
    m_capacity = std::max<qsizetype>(capacity, 1);
}

Result<ServiceRegistry::Records::iterator> ServiceRegistry::at(const QString &id,
                                                               quint64 generation,
                                                               quint64 &staleCount)
{
    const std::optional<quint64> order = m_index.byId(id);
    if (!order) {
        if (&staleCount == &m_counters.strayHeartbeats)
            ++staleCount;
        return Error(ErrorCode::NotFound, QStringLiteral("there is no service \"%1\"").arg(id));
    }
    const auto found = m_records.find(*order);
    if (found->second.generation != generation) {
        ++staleCount;
        return Error(ErrorCode::Superseded,
                     QStringLiteral("service \"%1\" is of generation %2, not %3")
                         .arg(id)
                         .arg(found->second.generation)
                         .arg(generation));
    }
    return found;
}

std::optional<ServiceRecord> ServiceRegistry::recordOf(std::optional<quint64> order) const
{
    return order ? std::optional(m_records.at(*order)) : std::nullopt;
}

void ServiceRegistry::tell()
{
    if (m_telling)
        return;
    m_telling = true;
    const QPointer<ServiceRegistry> self(this); // a slot may delete it
    while (!m_outbox.empty()) {
        const Notice notice = std::move(m_outbox.front());
        m_outbox.pop_front();
        switch (notice.kind) {
        case Notice::Kind::Registered:
            Q_EMIT registered(notice.service);
            break;
        case Notice::Kind::Unregistered:
            Q_EMIT unregistered(notice.service, notice.reason);
            break;
        case Notice::Kind::Status:
            Q_EMIT statusChanged(notice.service, notice.from, notice.reason);
            break;
        case Notice::Kind::Expired:
            Q_EMIT heartbeatExpired(notice.service);
            break;
        }
        if (!self)
            return;
    }
    m_telling = false;
}

} // namespace fairlead::core
