// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <memory>

namespace fairlead::mqtt {

/// A set of packet ids, two octets each. Nothing is allocated before the first one.
class PacketIdSet
{
public:
    /// False when it is in the set already. @p id is not 0.
    bool insert(quint16 id);
    /// False when it is not in the set.
    bool erase(quint16 id) noexcept;

private:
    quint32 slotOf(quint16 id) const noexcept;
    void grow();

    std::unique_ptr<quint16[]> m_slots; ///< an open hash table with the id as hash; 0: free
    quint32 m_capacity = 0; ///< a power of two, or 0
    quint32 m_size = 0;
};

} // namespace fairlead::mqtt
