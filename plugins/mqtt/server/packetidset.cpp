// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/packetidset.h"

#include <utility>

namespace fairlead::mqtt {

namespace {

constexpr quint32 kFirstCapacity = 16;
/// An empty set of at most this size keeps its memory, so that a steady flow does not allocate.
constexpr quint32 kKeptCapacity = 128;

} // namespace

/// Where @p id is, or where it would be put.
quint32 PacketIdSet::slotOf(quint16 id) const noexcept
{
    const quint32 mask = m_capacity - 1;
    quint32 slot = id & mask;
    while (m_slots[slot] != 0 && m_slots[slot] != id)
        slot = (slot + 1) & mask;
    return slot;
}

bool PacketIdSet::insert(quint16 id)
{
    if (m_size != 0 && m_slots[slotOf(id)] == id)
        return false;
    if ((m_size + 1) * 4 > m_capacity * 3)
        grow();
    m_slots[slotOf(id)] = id;
    ++m_size;
    return true;
}

bool PacketIdSet::erase(quint16 id) noexcept
{
    if (m_size == 0)
        return false;
    quint32 hole = slotOf(id);
    if (m_slots[hole] != id)
        return false;
    if (--m_size == 0 && m_capacity > kKeptCapacity) {
        m_slots.reset();
        m_capacity = 0;
        return true;
    }
    // Ids of the same run move up, so that a search never meets a hole.
    const quint32 mask = m_capacity - 1;
    for (quint32 next = (hole + 1) & mask; m_slots[next] != 0; next = (next + 1) & mask) {
        const quint32 home = m_slots[next] & mask;
        if (((next - home) & mask) >= ((next - hole) & mask)) {
            m_slots[hole] = m_slots[next];
            hole = next;
        }
    }
    m_slots[hole] = 0;
    return true;
}

void PacketIdSet::grow()
{
    const quint32 capacity = m_capacity == 0 ? kFirstCapacity : m_capacity * 2;
    const auto old = std::exchange(m_slots, std::make_unique<quint16[]>(capacity));
    const quint32 oldCapacity = std::exchange(m_capacity, capacity);
    for (quint32 slot = 0; slot < oldCapacity; ++slot) {
        if (old[slot] != 0)
            m_slots[slotOf(old[slot])] = old[slot];
    }
}

} // namespace fairlead::mqtt
