// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/store/recovery.h"
#include "core/store/sqliteengine.h"
#include "core/store/store.h"
#include "server/mqttlistener.h"
#include "simdisk.h"
#include "simhost.h"

#include <functional>
#include <memory>
#include <vector>

namespace fairlead::sim {

/// A clock whose process began at some moment of the world's time.
class ProcessClock final : public SimClock
{
public:
    explicit ProcessClock(qint64 utcMs)
        : m_utcOffset(utcMs - now() / kNsPerMs)
    { }

    qint64 utcMs() const noexcept override { return m_utcOffset + now() / kNsPerMs; }

private:
    const qint64 m_utcOffset;
};

/// An engine that lets the world go on around each commit, as it does while the disk works.
class InterruptedEngine final : public core::StorageEngine
{
public:
    explicit InterruptedEngine(core::StorageEngine &engine)
        : m_engine(engine)
    { }

    /// False: the process is gone.
    std::function<bool()> elsewhere;

    Result<core::StoreMeta> open() override { return m_engine.open(); }

    Result<> load(core::StoreVisitor &visitor) override { return m_engine.load(visitor); }

    Result<> commit(const core::EngineBatch &batch) override;

    Result<> setComplete(bool isComplete) override;

    Result<> checkpoint() override { return m_engine.checkpoint(); }

    void close() override { m_engine.close(); }

private:
    core::StorageEngine &m_engine;
    bool m_isGone = false;
};

/// One process with a host in it: message path, store and SQLite over a simulated disk. The storage
/// thread is one more of those that take turns.
class CrashHost final : private core::StoreDriver
{
public:
    struct Setup
    {
        int reactors = 1;
        quint64 seed = 1;
        core::Durability level = core::Durability::Disk;
        qint64 utcMs = 1'700'000'000'000;
        qint64 logBytes = 0; ///< see SqliteEngine
        std::vector<core::StreamSpec> streams;
    };

    CrashHost(SimDisk &disk, const Setup &setup);
    ~CrashHost() override;

    /// What was kept when it began; the deliveries of the sessions and all that follows are its host's.
    const core::Recovered &kept() const noexcept { return m_kept; }

    SimHost &host() noexcept { return *m_host; }

    mqtt::MqttListener &listener() noexcept { return m_listener; }

    ProcessClock &clock() noexcept { return m_clock; }

    core::Store &store() noexcept { return m_store; }

    /// See InterruptedEngine.
    void setElsewhere(std::function<bool()> elsewhere) { m_paced.elsewhere = std::move(elsewhere); }

    /// Whether runStore() has something to do now.
    bool isStoreDue() const;
    void runStore();

    bool isStoreRunning() const noexcept { return m_running; }

private:
    void wake() noexcept override { m_woken = true; }

    ProcessClock m_clock;
    core::SqliteEngine m_engine;
    InterruptedEngine m_paced;
    core::Store m_store;
    core::Recovered m_kept;
    mqtt::MqttListener m_listener;
    std::unique_ptr<SimHost> m_host;
    qint64 m_due = -1;
    bool m_woken = true;
    bool m_running = false;
};

} // namespace fairlead::sim
