// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/generationsource.h"
#include "core/registry/servicefilter.h"
#include "core/registry/serviceindex.h"
#include "core/registry/servicerecord.h"

#include <QtCore/QObject>

#include <fairlead/clock.h>
#include <fairlead/result.h>

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace fairlead::core {

struct ServiceStatistics
{
    qsizetype size = 0; ///< the sum of byStatus, and of byHeartbeat
    std::array<qsizetype, kServiceStatusCount> byStatus = {};
    std::array<qsizetype, kHeartbeatStateCount> byHeartbeat = {};
    quint64 registered = 0; ///< size == registered - unregistered - pruned
    quint64 unregistered = 0;
    quint64 pruned = 0;
    quint64 refusedDuplicate = 0;
    quint64 refusedLimit = 0;
    quint64 refusedOther = 0;
    quint64 heartbeats = 0; ///< accepted
    quint64 strayHeartbeats = 0; ///< for unknown, ended, expired or older ones
    quint64 stale = 0; ///< other calls with an older generation
};

/// The services of the host by id, name, capability and what they own (RG-11..RG-13).
///
/// A change is complete in all indexes before the first signal of it; signals come in the order of
/// the changes, each after the one before it has been dealt with, so that a slot may change the
/// registry again, or delete it. Every call on behalf of a service names its generation; an older
/// one is refused and counted (RG-14).
///
/// Thread: main. Ownership: the host's.
class ServiceRegistry final : public QObject
{
    Q_OBJECT

public:
    static constexpr qsizetype kDefaultCapacity = 4096;
    static constexpr qsizetype kMaxText = 256; ///< of each name
    static constexpr qsizetype kMaxList = 1024; ///< capabilities, or things owned, of one service

    ServiceRegistry(const Clock &clock, GenerationSource &generations, QObject *parent = nullptr);

    /// The generation of the new entry. When the registry is full, dead entries give way first.
    /// Errors: InvalidArgument, AlreadyExists (details: field, value, holder), LimitReached.
    Result<quint64> add(const ServiceInfo &info, ServiceStatus status = ServiceStatus::Starting);
    /// Changes all that the service said of itself but its id, all or nothing. Errors: as add().
    Result<> setInfo(const QString &id, quint64 generation, const ServiceInfo &info);
    /// Changes what the service offers, all or nothing. Errors: as add().
    Result<> setOffer(const QString &id,
                      quint64 generation,
                      const QStringList &capabilities,
                      const QStringList &owned);
    Result<> remove(const QString &id, quint64 generation, const Error &reason = Error());

    /// The same status is a silent no-op. Errors: NotFound, Superseded, InvalidTransition.
    Result<> setStatus(const QString &id,
                       quint64 generation,
                       ServiceStatus status,
                       const Error &reason = Error());
    /// Begins another generation of a service that is Stopped, Failed or Unavailable: Starting,
    /// in its old place.
    Result<quint64> restart(const QString &id, quint64 generation);
    /// A sign of life. Errors, which change nothing (HB-05): NotFound, Superseded,
    /// InvalidTransition for one that ended or expired.
    Result<> heartbeat(const QString &id, quint64 generation);
    /// Marks those that have been silent for their timeout, once per outage, and returns them.
    std::vector<ServiceRecord> checkHeartbeats(qint64 now);
    /// When checkHeartbeats() may find something next; -1: nothing to expect.
    qint64 nextHeartbeatDeadline() const;
    /// Removes what ended or is silent, permanent ones excepted, and returns it in the order of
    /// registration; unregistered() follows for each.
    std::vector<ServiceRecord> prune(qint64 now);

    std::optional<ServiceRecord> find(const QString &id) const;
    /// That very backend: never another build or instance.
    std::optional<ServiceRecord> findExact(const ServiceKey &key) const;
    /// Every backend of that name, and version unless empty, whatever its build and instance.
    std::vector<ServiceRecord> findAnyBuild(const QString &name,
                                            const QString &version = QString()) const;
    /// Who owns the tool or topic.
    std::optional<ServiceRecord> ownerOf(const QString &thing) const;
    /// Values, in the order of registration.
    std::vector<ServiceRecord> query(const ServiceFilter &filter) const;
    std::vector<ServiceRecord> snapshot() const;
    ServiceStatistics statistics() const;

    qsizetype size() const noexcept { return qsizetype(m_records.size()); }

    /// See ServiceIndex::entryCount(): 0 when nothing is registered.
    qsizetype indexEntryCount() const noexcept { return m_index.entryCount(); }

    /// At least 1; what is registered stays.
    void setCapacity(qsizetype capacity);

Q_SIGNALS:
    void registered(const fairlead::core::ServiceRecord &service);
    void unregistered(const fairlead::core::ServiceRecord &service, const fairlead::Error &reason);
    /// @p service as it is after the change.
    void statusChanged(const fairlead::core::ServiceRecord &service,
                       fairlead::core::ServiceStatus from,
                       const fairlead::Error &reason);
    void heartbeatExpired(const fairlead::core::ServiceRecord &service);

private:
    struct Notice
    {
        enum class Kind : quint8 {
            Registered,
            Unregistered,
            Status,
            Expired
        };
        Kind kind = Kind::Registered;
        ServiceRecord service;
        ServiceStatus from = ServiceStatus::Starting;
        Error reason;
    };

    using Records = std::map<quint64, ServiceRecord>;

    Error checkNew(const ServiceInfo &info);
    Result<> change(ServiceRecord &record, ServiceInfo info);
    Error withHolder(Error error) const;
    Result<Records::iterator> at(const QString &id, quint64 generation, quint64 &staleCount);
    std::vector<ServiceRecord> takeDead(qint64 now);
    void changeStatus(ServiceRecord &record, ServiceStatus status, const Error &reason);
    std::optional<ServiceRecord> recordOf(std::optional<quint64> order) const;
    const ServiceIndex::Orders *candidatesFor(const ServiceFilter &filter, bool &isBounded) const;
    void tell();

    const Clock &m_clock;
    GenerationSource &m_generations;
    Records m_records;
    ServiceIndex m_index;
    qsizetype m_capacity = kDefaultCapacity;
    quint64 m_nextOrder = 1;
    ServiceStatistics m_counters;
    std::deque<Notice> m_outbox;
    bool m_telling = false;
};

} // namespace fairlead::core
