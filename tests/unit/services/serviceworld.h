// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/serviceregistry.h"

#include <fairlead/clock.h>

#include <vector>

class FakeClock final : public fairlead::Clock
{
public:
    qint64 now() const noexcept override { return m_now; }

    qint64 utcMs() const noexcept override { return 1'700'000'000'000; }

    void setNow(qint64 now) noexcept { m_now = now; }

    void advance(qint64 ns) noexcept { m_now += ns; }

private:
    qint64 m_now = fairlead::kNsPerSecond;
};

struct ServiceWorld
{
    FakeClock clock;
    fairlead::core::GenerationSource generations;
    fairlead::core::ServiceRegistry registry{clock, generations};

    /// The generation, 0 when refused.
    quint64 add(const fairlead::core::ServiceInfo &info) { return registry.add(info).value_or(0); }

    quint64 generationOf(const QString &id) const
    {
        const auto record = registry.find(id);
        return record ? record->generation : 0;
    }

    fairlead::Error setStatus(const QString &id, fairlead::core::ServiceStatus status)
    {
        return registry.setStatus(id, generationOf(id), status).error();
    }
};

/// A service that shares nothing with one of another @p id.
inline fairlead::core::ServiceInfo service(const QString &id)
{
    fairlead::core::ServiceInfo info;
    info.id = id;
    info.key.name = QStringLiteral("name of ") + id;
    return info;
}

inline QStringList idsOf(const std::vector<fairlead::core::ServiceRecord> &records)
{
    QStringList ids;
    for (const fairlead::core::ServiceRecord &record : records)
        ids << record.info.id;
    return ids;
}

inline QStringList names(const char *text)
{
    return QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}
