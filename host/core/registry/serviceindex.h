// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/registry/servicerecord.h"

#include <QtCore/QHash>

#include <fairlead/error.h>

#include <optional>
#include <set>

namespace fairlead::core {

/// The ways to find a service, kept together: an entry is in all of them or in none (RG-11).
/// Values are the registration numbers of ServiceRecord::order.
class ServiceIndex
{
public:
    using Orders = std::set<quint64>;

    /// AlreadyExists with the field, the value and @p order's holder in the details; null when the
    /// entry may be added.
    Error check(const ServiceInfo &info) const;
    /// Only after check() found nothing.
    void add(const ServiceInfo &info, quint64 order);
    void remove(const ServiceInfo &info, quint64 order);

    std::optional<quint64> byId(const QString &id) const { return valueOf(m_ids, id); }

    std::optional<quint64> byKey(const ServiceKey &key) const { return valueOf(m_keys, key); }

    std::optional<quint64> byOwned(const QString &thing) const { return valueOf(m_owned, thing); }

    /// Null where there is none.
    const Orders *byName(const QString &name) const { return bucketOf(m_names, name); }

    const Orders *byCapability(const QString &capability) const
    {
        return bucketOf(m_capabilities, capability);
    }

    /// Entries and buckets of all indexes together; 0 when nothing is registered.
    qsizetype entryCount() const noexcept
    {
        return m_ids.size() + m_keys.size() + m_owned.size() + m_names.size()
            + m_capabilities.size();
    }

private:
    using Buckets = QHash<QString, Orders>;

    template <typename Key>
    static std::optional<quint64> valueOf(const QHash<Key, quint64> &index, const Key &key)
    {
        const auto found = index.constFind(key);
        return found == index.constEnd() ? std::nullopt : std::optional(found.value());
    }

    static const Orders *bucketOf(const Buckets &buckets, const QString &key);
    static void removeFrom(Buckets &buckets, const QString &key, quint64 order);

    QHash<QString, quint64> m_ids;
    QHash<ServiceKey, quint64> m_keys;
    QHash<QString, quint64> m_owned;
    Buckets m_names;
    Buckets m_capabilities;
};

} // namespace fairlead::core
