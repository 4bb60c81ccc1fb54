// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <memory>

namespace fairlead::mqtt {

/// How far a delivery at QoS 1 or 2 got.
enum class Flight : quint8 {
    AwaitPuback,
    AwaitPubrec,
    Reassigning, ///< its new id is being stored; PUBLISH follows
    Releasing, ///< PUBREC came and is being stored; PUBREL follows
    AwaitPubcomp,
};

/// The deliveries a client has not acknowledged, by packet id. An open hash table: ids come in runs,
/// so the id itself is the hash. Nothing is allocated before the first entry.
class InFlight
{
public:
    struct Entry
    {
        quint64 handle = 0;
        quint16 id = 0; ///< 0: free
        Flight state = Flight::AwaitPuback;
    };

    int size() const noexcept { return int(m_size); }

    /// Null when there is none; valid until the next change.
    Entry *find(quint16 id) noexcept;

    bool contains(quint16 id) const noexcept { return m_size != 0 && m_slots[slotOf(id)].id == id; }

    /// @p id is not 0 and not in the table.
    void insert(quint16 id, quint64 handle, Flight state);
    void erase(quint16 id) noexcept;
    /// The first id after @p id that is not in the table, which is not full.
    quint16 nextFree(quint16 id) const noexcept;

private:
    quint32 slotOf(quint16 id) const noexcept;
    void resize(quint32 capacity);

    std::unique_ptr<Entry[]> m_slots;
    quint32 m_capacity = 0; ///< a power of two, or 0
    quint32 m_size = 0;
};

} // namespace fairlead::mqtt
