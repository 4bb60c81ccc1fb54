// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqttclient/propertyset.h"

namespace fairlead::cli {

using namespace fairlead::mqtt;

const PropertySet::Entry *PropertySet::find(PropertyId id) const noexcept
{
    for (const Entry &entry : m_entries) {
        if (entry.id == id) {
            return &entry;
        }
    }
    return nullptr;
}

quint32 PropertySet::number(PropertyId id, quint32 absent) const noexcept
{
    const Entry *entry = find(id);
    return entry != nullptr ? entry->number : absent;
}

std::optional<quint32> PropertySet::number(PropertyId id) const noexcept
{
    const Entry *entry = find(id);
    return entry != nullptr ? std::optional<quint32>(entry->number) : std::nullopt;
}

std::optional<Bytes> PropertySet::text(PropertyId id) const noexcept
{
    const Entry *entry = find(id);
    return entry != nullptr ? std::optional<Bytes>(view(entry->value)) : std::nullopt;
}

QByteArray PropertySet::encoded(PropertyMask ids) const
{
    qsizetype room = 0;
    for (const Entry &entry : m_entries) {
        // Identifier, two lengths or a number of at most four octets.
        room += 5 + entry.name.size() + entry.value.size();
    }
    QByteArray octets(room, Qt::Uninitialized);
    Writer writer(octets.data(), static_cast<std::size_t>(room));
    for (const Entry &entry : m_entries) {
        if ((maskOf(entry.id) & ids) == 0) {
            continue;
        }
        switch (typeOf(entry.id)) {
        case PropertyType::Pair:
            writeUserProperty(writer, view(entry.name), view(entry.value));
            break;
        case PropertyType::String:
        case PropertyType::Binary:
            writeProperty(writer, entry.id, view(entry.value));
            break;
        default:
            writeProperty(writer, entry.id, entry.number);
            break;
        }
    }
    octets.truncate(writer.failed() ? 0 : static_cast<qsizetype>(writer.size()));
    return octets;
}

} // namespace fairlead::cli
