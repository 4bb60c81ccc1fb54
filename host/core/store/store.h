// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/storageengine.h"
#include "core/store/storerecord.h"
#include "core/store/ticket.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace fairlead {
class Clock;
}

namespace fairlead::core {

/// The one queue to the storage thread, committed in groups: while one group is written the next one
/// collects, so that the disk's pace sets the size of the groups.
///
/// Thread: append(), kick() and the queries any; runGroup() one at a time. Order: records count in
/// the order of their appends. Errors: a group that the engine refuses is refused as a whole as far
/// as messages go (isRefused()); changes of sessions, settlements and retained messages stay queued
/// and are tried again, so that what is stored is what is, once there is room.
class Store
{
public:
    struct Options
    {
        qint64 minInterval = 0; ///< ns between two groups, to spare flash cards; 0: none
        qint64 lazyInterval = 50'000'000; ///< ns until what nobody waits for is written
        qint64 retryInterval = 1'000'000'000; ///< ns between attempts while degraded
    };

    /// Called on the storage thread, or whoever runs the groups.
    struct Listener
    {
        std::function<void()> groupDecided; ///< decidedUpTo() moved
        std::function<void(const Error &)> degraded;
        std::function<void()> recovered;
    };

    Store(StorageEngine &engine, const Clock &clock, Options options);
    ~Store();

    void setListener(Listener listener);

    /// Queues @p record. The ticket is that of the record; Durability::Memory: nobody will wait for
    /// it, and it is written within lazyInterval. Never blocks on the disk.
    Ticket append(StoreRecord record, Durability level);
    /// Starts a group if one is due; called after a batch of appends, outside of locks.
    void kick() noexcept;

    /// Every ticket up to here is kept or refused.
    Ticket decidedUpTo() const noexcept { return m_decided.load(std::memory_order_acquire); }

    /// Of a decided ticket: whether it was refused.
    bool isRefused(Ticket ticket) const noexcept;

    /// Nothing can be kept for now: what must be stored is refused at once.
    bool isDegraded() const noexcept { return m_degraded.load(std::memory_order_acquire); }

    bool isCongested() const noexcept;
    Error lastError() const;

private:
    std::atomic<Ticket> m_decided = 0;
    std::atomic<bool> m_degraded = false;
};

} // namespace fairlead::core
