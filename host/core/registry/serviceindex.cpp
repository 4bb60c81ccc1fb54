// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/serviceindex.h"

namespace fairlead::core {

namespace {

Error taken(const QString &what, const QString &value, quint64 holder)
{
    Error error(ErrorCode::AlreadyExists,
                QStringLiteral("the %1 \"%2\" belongs to another service").arg(what, value));
    error.setDetail(QStringLiteral("field"), what);
    error.setDetail(QStringLiteral("value"), value);
    error.setDetail(QStringLiteral("holder"), holder);
    return error;
}

} // namespace

Error ServiceIndex::check(const ServiceInfo &info) const
{
    if (const auto holder = byId(info.id))
        return taken(QStringLiteral("id"), info.id, *holder);
    if (const auto holder = byKey(info.key))
        return taken(QStringLiteral("name"), info.key.name, *holder);
    for (const QString &thing : info.owned) {
        if (const auto holder = byOwned(thing))
            return taken(QStringLiteral("owned"), thing, *holder);
    }
    return {};
}

void ServiceIndex::add(const ServiceInfo &info, quint64 order)
{
    m_ids.insert(info.id, order);
    m_keys.insert(info.key, order);
    for (const QString &thing : info.owned)
        m_owned.insert(thing, order);
    m_names[info.key.name].insert(order);
    for (const QString &capability : info.capabilities)
        m_capabilities[capability].insert(order);
}

void ServiceIndex::remove(const ServiceInfo &info, quint64 order)
{
    m_ids.remove(info.id);
    m_keys.remove(info.key);
    for (const QString &thing : info.owned)
        m_owned.remove(thing);
    removeFrom(m_names, info.key.name, order);
    for (const QString &capability : info.capabilities)
        removeFrom(m_capabilities, capability, order);
}

const ServiceIndex::Orders *ServiceIndex::bucketOf(const Buckets &buckets, const QString &key)
{
    const auto found = buckets.constFind(key);
    return found == buckets.constEnd() ? nullptr : &found.value();
}

void ServiceIndex::removeFrom(Buckets &buckets, const QString &key, quint64 order)
{
    const auto bucket = buckets.find(key);
    if (bucket == buckets.end())
        return;
    bucket->erase(order);
    if (bucket->empty())
        buckets.erase(bucket);
}

} // namespace fairlead::core
