// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/histogram.h"
#include "core/store/ledger.h"
#include "core/store/recovery.h"
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

/// Whoever calls Store::runGroup(): a thread, or a simulation's executor.
class StoreDriver
{
public:
    virtual ~StoreDriver() = default;
    /// runGroup() is due. Thread: any.
    virtual void wake() noexcept = 0;
};

/// What a store has done since it was opened.
struct StoreFigures
{
    quint64 records = 0; ///< that were appended and are decided
    quint64 groups = 0; ///< that an engine committed
    quint64 syncs = 0; ///< of them, those that waited for the disk
    quint64 failures = 0; ///< commits that an engine refused
    quint64 rows = 0; ///< messages written
    quint64 rowBytes = 0; ///< their topics, properties and payloads
    quint64 cancelled = 0; ///< messages that needed no row, for they were settled in time
    quint64 ignored = 0; ///< records and targets that named nothing that is known
    quint64 refused = 0; ///< messages
    quint64 messages = 0; ///< stored now
    quint64 waitingBytes = 0;
};

/// The one queue to the storage thread, committed in groups: while one group is written the next one
/// collects, so that the disk's pace sets the size of the groups.
///
/// Thread: open() first; then append(), kick(), noteUsed() and the queries any; runGroup(), drain()
/// and close() any, one at a time. Its lock is the last of any order. Order: records count in the
/// order of their appends. Errors: of a group that the engine refuses, messages that somebody waits
/// for are refused (isRefused()); everything else stays due and is tried again, so that in the end
/// what is stored is what is.
class Store
{
public:
    struct Options
    {
        qint64 minInterval = 0; ///< ns from one group to the next, to spare flash cards; 0: none
        qint64 lazyInterval = 50'000'000; ///< ns until what nobody waits for is written
        qint64 retryInterval = 1'000'000'000; ///< ns between attempts while degraded
        quint64 maxWaitingBytes = quint64(64) * 1024 * 1024; ///< see isCongested()
    };

    /// Called by whoever runs the group, under no lock but the one of runGroup().
    struct Listener
    {
        std::function<void()> groupDecided; ///< decidedUpTo() moved
        std::function<void(const Error &)> degraded; ///< once, until recovered
        std::function<void()> recovered;
    };

    /// @p clock reads the time at the call; it is asked by whoever runs groups.
    Store(StorageEngine &engine, const Clock &clock, Options options);
    ~Store();
    Store(const Store &) = delete;
    Store &operator=(const Store &) = delete;

    /// Before the first append; both may be unset again once nobody appends.
    void setListener(Listener listener);

    void setDriver(StoreDriver *driver) noexcept { m_driver.store(driver); }

    /// Opens the engine, yields what it kept and begins an epoch. Never fails: without its engine the
    /// store is degraded from the start, and the result says why.
    Recovered open();

    /// Queues @p record; what counts as waiting for it, see Durability. With Durability::Memory nobody
    /// does, and it is written with the next group or within lazyInterval. Never blocks on the disk.
    /// @p isAwaited false: nobody is told whether it is kept, so that it is not refused either.
    Ticket append(StoreRecord record, Durability level, bool isAwaited = true);
    /// Has the driver run what is due; called after a batch of appends, outside of locks.
    void kick() noexcept;
    /// Numbers below these are given out, with or without a record.
    void noteUsed(quint64 nextSequence, quint64 nextSession) noexcept;

    /// Every ticket up to here is decided.
    Ticket decidedUpTo() const noexcept { return m_decided.load(std::memory_order_acquire); }

    /// Of a decided ticket: a message (PutMessage, AddTarget) will never be kept; anything else is
    /// not kept yet.
    bool isRefused(Ticket ticket) const;

    /// Nothing can be kept for now: what must be stored is refused at once.
    bool isDegraded() const noexcept { return m_degraded.load(std::memory_order_acquire); }

    /// So much waits that publishers had better wait too; until half of it is gone.
    bool isCongested() const noexcept { return m_congested.load(std::memory_order_relaxed); }

    /// Why it is degraded, or was last.
    Error lastError() const;
    StoreFigures figures() const;

    /// How long the engine took over each group, those it refused included.
    const Histogram &commitTimes() const noexcept { return m_commitTimes; }

    /// What was appended up to here says which durable streams there are. From here on what is appended
    /// for them is either kept once it is decided, or the next start learns that it may not be
    /// (Recovered::isComplete).
    void beginStreams();
    /// Runs a group if one is due. Yields the monotonic time at which to call again, unless woken
    /// earlier; -1: not before.
    qint64 runGroup();
    /// Everything appended so far is decided, and written if that is possible: else its error.
    Result<> drain();
    /// Drains, leaves everything in its final place and closes the engine. Later appends are refused.
    Result<> close();

private:
    enum class Wanted : quint8 {
        Nothing,
        Lazily,
        Now
    };

    struct Queued
    {
        StoreRecord record;
        Durability level;
        bool isRefusable;
    };

    struct Range
    {
        Ticket first = 0;
        Ticket last = 0;
    };

    /// What is taken out of the queue at once.
    struct Group
    {
        std::vector<Queued> records;
        Ticket last = 0;
        quint64 messages = 0; ///< that are refused if it fails
        bool sync = false;
    };

    Recovered load();
    qint64 nextDue();
    void runDue(bool now);
    bool takeGroup(bool now);
    void takeAll();
    void applyGroup();
    void refuseGroup();
    void retry();
    Result<> reopen();
    Result<> commit();
    void degrade(const Error &error);
    void noteComplete(bool isComplete);
    void recover();
    void decide(bool refused);
    void refuseLocked(Ticket first, Ticket last);
    void wantLocked(Wanted wanted) noexcept;
    void unburdenLocked() noexcept;

    StorageEngine &m_engine;
    const Clock &m_clock;
    const Options m_options;

    std::mutex m_running; ///< one group at a time; before m_lock
    // Under m_running.
    Listener m_listener;
    std::unique_ptr<Ledger> m_ledger;
    Group m_group;
    qint64 m_earliest = 0; ///< no group before; see minInterval
    qint64 m_lazyDue = -1;
    qint64 m_retryDue = -1;
    bool m_hasProbe = false; ///< stored, to be removed
    bool m_isOpen = false; ///< the engine
    bool m_hasStreams = false;
    bool m_isComplete = true; ///< as the engine noted last
    Histogram m_commitTimes; ///< read by any

    mutable std::mutex m_lock;
    // Under m_lock.
    std::vector<Queued> m_queue;
    Ticket m_last = 0;
    quint64 m_queuedBytes = 0;
    quint64 m_groupBytes = 0;
    bool m_isClosed = false;
    Wanted m_wanted = Wanted::Nothing;
    Wanted m_told = Wanted::Nothing; ///< what the driver knows of
    std::vector<Range> m_refusedRanges; ///< ascending, apart from each other
    Error m_error;
    StoreFigures m_figures;

    std::atomic<StoreDriver *> m_driver = nullptr;
    std::atomic<bool> m_kickDue = false;
    std::atomic<Ticket> m_decided = 0;
    std::atomic<Ticket> m_lastRefused = 0;
    std::atomic<bool> m_degraded = false;
    std::atomic<bool> m_congested = false;
    std::atomic<quint64> m_usedSequence = 0;
    std::atomic<quint64> m_usedSession = 0;
    std::atomic<quint64> m_noteAt = 0; ///< sequence at which the reserve is looked at again
};

} // namespace fairlead::core
