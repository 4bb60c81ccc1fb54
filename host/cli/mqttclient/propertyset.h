// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/properties.h"

#include <QByteArray>

#include <optional>
#include <vector>

namespace fairlead::cli {

/// Octets of a QByteArray as the codec takes them.
[[nodiscard]] inline mqtt::Bytes view(const QByteArray &octets) noexcept
{
    return {octets.constData(), static_cast<std::size_t>(octets.size())};
}

/// A copy of what the codec only borrows.
[[nodiscard]] inline QByteArray copyOf(mqtt::Bytes octets)
{
    return QByteArray(octets.data(), static_cast<qsizetype>(octets.size()));
}

/// The properties that a user wants on one kind of packet, in the order given.
class PropertySet
{
public:
    struct Entry
    {
        mqtt::PropertyId id{};
        quint32 number = 0;
        QByteArray name; ///< of a user property
        QByteArray value;
    };

    void add(Entry entry) { m_entries.push_back(std::move(entry)); }

    [[nodiscard]] bool isEmpty() const noexcept { return m_entries.empty(); }

    [[nodiscard]] bool has(mqtt::PropertyId id) const noexcept { return find(id) != nullptr; }

    [[nodiscard]] quint32 number(mqtt::PropertyId id, quint32 absent) const noexcept;
    [[nodiscard]] std::optional<quint32> number(mqtt::PropertyId id) const noexcept;
    /// Borrows from the set.
    [[nodiscard]] std::optional<mqtt::Bytes> text(mqtt::PropertyId id) const noexcept;

    /// The entries whose ids are in @p ids, as they stand on the wire, without a length.
    [[nodiscard]] QByteArray encoded(mqtt::PropertyMask ids) const;

private:
    [[nodiscard]] const Entry *find(mqtt::PropertyId id) const noexcept;

    std::vector<Entry> m_entries;
};

} // namespace fairlead::cli
