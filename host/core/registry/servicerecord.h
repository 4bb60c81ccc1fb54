// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QList>
#include <QtCore/QMetaType>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <cstddef>

namespace fairlead::core {

/// Stopped and Failed are final for a generation; ServiceRegistry::restart() begins another.
enum class ServiceStatus : quint8 {
    Starting,
    Running,
    Draining, ///< finishes its work, gets none
    Unavailable, ///< not reachable now, expected back
    Stopped,
    Failed,
};
inline constexpr std::size_t kServiceStatusCount = 6;

enum class HeartbeatState : quint8 {
    None, ///< not asked for
    Waiting, ///< none came yet
    Alive,
    Expired,
};
inline constexpr std::size_t kHeartbeatStateCount = 4;

/// Stable names, "running", "expired", as events and the control API show them.
QString serviceStatusName(ServiceStatus status);
QString heartbeatStateName(HeartbeatState state);

/// Which backend a service is. The same name and version with another build is another backend
/// (RG-12); parts that are not known are empty, and empty equals only empty.
struct ServiceKey
{
    QString name;
    QString version;
    QString build;
    QString instance;

    bool operator==(const ServiceKey &) const = default;

    friend std::size_t qHash(const ServiceKey &key, std::size_t seed = 0) noexcept
    {
        return qHashMulti(seed, key.name, key.version, key.build, key.instance);
    }
};

/// What a service says of itself.
struct ServiceInfo
{
    QString id; ///< unique in the host
    ServiceKey key; ///< unique in the host; the name is required
    QStringList capabilities; ///< what it can do; others may have the same
    QStringList owned; ///< tools or topics that belong to it alone
    QString transport;
    QString endpoint;
    qint64 heartbeatTimeoutNs = 0; ///< 0: none are expected
    bool permanent = false; ///< configured: prune() leaves it
};

/// A service as the registry knows it. Thread: a value.
struct ServiceRecord
{
    ServiceInfo info;
    ServiceStatus status = ServiceStatus::Starting;
    HeartbeatState heartbeat = HeartbeatState::None;
    quint64 generation = 0;
    quint64 order = 0; ///< of registration
    qint64 since = 0; ///< in this status, monotonic nanoseconds
    qint64 lastHeartbeat = 0; ///< or when this generation began

    bool isEnded() const noexcept
    {
        return status == ServiceStatus::Stopped || status == ServiceStatus::Failed;
    }

    /// Silent for its whole timeout.
    bool isSilent(qint64 now) const noexcept
    {
        return info.heartbeatTimeoutNs > 0 && now - lastHeartbeat >= info.heartbeatTimeoutNs;
    }
};

} // namespace fairlead::core

Q_DECLARE_METATYPE(fairlead::core::ServiceRecord)
