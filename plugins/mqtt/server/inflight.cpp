// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/inflight.h"

#include <utility>

namespace fairlead::mqtt {

namespace {

constexpr quint32 kFirstCapacity = 8;
/// An empty table of at most this size is kept, so that a steady flow does not allocate.
constexpr quint32 kKeptCapacity = 64;

} // namespace

/// Where @p id is, or where it would be put.
quint32 InFlight::slotOf(quint16 id) const noexcept
{
    const quint32 mask = m_capacity - 1;
    quint32 slot = id & mask;
    while (m_slots[slot].id != 0 && m_slots[slot].id != id)
        slot = (slot + 1) & mask;
    return slot;
}

InFlight::Entry *InFlight::find(quint16 id) noexcept
{
    if (m_size == 0)
        return nullptr;
    Entry &entry = m_slots[slotOf(id)];
    return entry.id == id && id != 0 ? &entry : nullptr;
}

void InFlight::insert(quint16 id, quint64 handle, Flight state)
{
    if ((m_size + 1) * 4 > m_capacity * 3)
        resize(m_capacity == 0 ? kFirstCapacity : m_capacity * 2);
    m_slots[slotOf(id)] = {handle, id, state};
    ++m_size;
}

void InFlight::erase(quint16 id) noexcept
{
    if (m_size == 0)
        return;
    quint32 hole = slotOf(id);
    if (m_slots[hole].id != id)
        return;
    if (--m_size == 0 && m_capacity > kKeptCapacity) {
        m_slots.reset();
        m_capacity = 0;
        return;
    }
    // Entries of the same run move up, so that a search never meets a hole.
    const quint32 mask = m_capacity - 1;
    for (quint32 next = (hole + 1) & mask; m_slots[next].id != 0; next = (next + 1) & mask) {
        const quint32 home = m_slots[next].id & mask;
        if (((next - home) & mask) >= ((next - hole) & mask)) {
            m_slots[hole] = m_slots[next];
            hole = next;
        }
    }
    m_slots[hole] = {};
}

quint16 InFlight::nextFree(quint16 id) const noexcept
{
    do {
        id = id == 65535 ? 1 : id + 1;
    } while (contains(id));
    return id;
}

void InFlight::resize(quint32 capacity)
{
    const auto old = std::exchange(m_slots, std::make_unique<Entry[]>(capacity));
    const quint32 oldCapacity = std::exchange(m_capacity, capacity);
    for (quint32 slot = 0; slot < oldCapacity; ++slot) {
        if (old[slot].id != 0)
            m_slots[slotOf(old[slot].id)] = old[slot];
    }
}

} // namespace fairlead::mqtt
