// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QByteArray>

#include <fairlead/events.h>

#include <limits>

namespace fairlead::core {

/// A set of event kinds. Thread: a value.
class EventKinds
{
public:
    constexpr EventKinds() = default;

    static constexpr EventKinds all() noexcept
    {
        return fromBits(std::numeric_limits<quint64>::max());
    }

    static constexpr EventKinds fromBits(quint64 bits) noexcept
    {
        EventKinds kinds;
        kinds.m_bits = bits;
        return kinds;
    }

    constexpr EventKinds &add(EventKind kind) noexcept
    {
        m_bits |= bitOf(kind);
        return *this;
    }

    constexpr bool contains(EventKind kind) const noexcept { return (m_bits & bitOf(kind)) != 0; }

    constexpr quint64 bits() const noexcept { return m_bits; }

private:
    // Their numbers differ in this too.
    static constexpr quint64 bitOf(EventKind kind) noexcept
    {
        return quint64(1) << (quint8(kind) % 64);
    }

    quint64 m_bits = 0;
};

/// Which events a reader gets. Lag and Closed belong to the stream itself and pass every filter.
struct EventFilter
{
    EventKinds kinds = EventKinds::all();
    QByteArray keyPrefix; ///< empty: every key

    bool matches(const Event &event) const
    {
        if (event.kind == EventKind::Lag || event.kind == EventKind::Closed)
            return true;
        return kinds.contains(event.kind) && event.key.startsWith(keyPrefix);
    }
};

} // namespace fairlead::core
