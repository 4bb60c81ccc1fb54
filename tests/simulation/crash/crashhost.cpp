// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "crashhost.h"

#include "core/distributor/restore.h"

namespace fairlead::sim {

namespace {

core::SqliteEngine::Options engineOptions(const SimDisk &disk, qint64 logBytes)
{
    core::SqliteEngine::Options options;
    options.place.path = QStringLiteral("/state/store.db");
    options.place.vfs = disk.vfsName();
    options.logBytes = logBytes;
    return options;
}

} // namespace

Result<> InterruptedEngine::commit(const core::EngineBatch &batch)
{
    const Error gone(ErrorCode::StorageFailed, QStringLiteral("the process is gone"));
    m_isGone = elsewhere && !elsewhere();
    if (m_isGone)
        return gone;
    Result<> kept = m_engine.commit(batch);
    m_isGone = elsewhere && !elsewhere();
    if (m_isGone)
        return gone;
    return kept;
}

Result<> InterruptedEngine::setComplete(bool isComplete)
{
    if (m_isGone)
        return Error(ErrorCode::StorageFailed, QStringLiteral("the process is gone"));
    return m_engine.setComplete(isComplete);
}

CrashHost::CrashHost(SimDisk &disk, const Setup &setup)
    : m_clock(setup.utcMs)
    , m_engine(engineOptions(disk, setup.logBytes), m_clock)
    , m_paced(m_engine)
    , m_store(m_paced, m_clock, core::Store::Options())
    , m_kept(m_store.open())
    , m_listener(mqtt::ListenerOptions())
{
    if (disk.isStopped())
        return;
    SimHost::Setup host;
    host.reactors = setup.reactors;
    host.seed = setup.seed;
    host.store = &m_store;
    host.next = {m_kept.epoch, m_kept.nextSequence};
    host.clock = &m_clock;
    host.limits.streams = setup.streams;
    m_host = std::make_unique<SimHost>(host);
    m_host->endpoint().durability = setup.level;
    core::restore(m_host->distributor(), m_kept);
    core::Store::Listener listener;
    listener.groupDecided = [this] { m_host->wakeAll(); };
    m_store.setListener(std::move(listener));
    m_store.setDriver(this);
    for (int i = 0; i < m_host->reactorCount(); ++i) {
        core::Reactor &reactor = m_host->reactor(i);
        reactor.post([&reactor] { reactor.beginWaiting(); });
    }
}

CrashHost::~CrashHost()
{
    m_store.setDriver(nullptr);
    m_store.setListener({});
}

bool CrashHost::isStoreDue() const
{
    return !m_running && (m_woken || (m_due >= 0 && m_due <= m_clock.now()));
}

void CrashHost::runStore()
{
    m_running = true;
    m_woken = false;
    m_due = m_store.runGroup();
    m_running = false;
}

} // namespace fairlead::sim
