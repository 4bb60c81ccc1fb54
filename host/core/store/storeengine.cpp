// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// What the Store does with its engine.

#include "core/store/store.h"

#include <QString>

#include <fairlead/clock.h>

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

// Written while nothing else proves that there is room again; large enough to need some.
const QByteArray kProbeSpace = QByteArrayLiteral("fairlead.store");
const QByteArray kProbeKey = QByteArrayLiteral("probe");
constexpr qsizetype kProbeBytes = 16'384;

bool isProbe(const record::PutValue &value)
{
    return value.space == kProbeSpace && value.key == kProbeKey;
}

/// Each start has its own, even if the last could not be stored, or was lost with its store.
quint32 nextEpoch(const StoreMeta &meta, const Clock &clock) noexcept
{
    return std::max<quint32>(meta.epoch + 1, quint32(std::max<qint64>(clock.utcMs() / 1000, 1)));
}

} // namespace

Recovered Store::open()
{
    const std::lock_guard running(m_running);
    Recovered recovered = load();
    if (!recovered.failure.isNull()) {
        degrade(recovered.failure);
        return recovered;
    }
    m_isOpen = true;
    m_isComplete = recovered.isComplete;
    const auto probe = std::find_if(recovered.values.begin(), recovered.values.end(), isProbe);
    m_hasProbe = probe != recovered.values.end();
    if (m_hasProbe)
        recovered.values.erase(probe);
    // Nobody may see a position of this epoch before a later start would know of it.
    m_group.sync = true;
    const Result<> begun = commit();
    if (!begun) {
        recovered.failure = begun.error();
        degrade(recovered.failure);
    }
    decide(false);
    return recovered;
}

Recovered Store::load()
{
    Recovered recovered;
    // What turns out to be damaged while it is read is put aside when it is opened again.
    for (int attempt = 0; attempt < 2; ++attempt) {
        const Result<StoreMeta> meta = m_engine.open();
        const StoreMeta &found = meta ? *meta : StoreMeta();
        m_ledger = std::make_unique<Ledger>(m_clock);
        const quint32 epoch = nextEpoch(found, m_clock);
        m_ledger->restoreMeta(found, epoch);
        Result<> loaded = meta ? Result<>() : Result<>(meta.error());
        if (meta) {
            Recovery recovery(*m_ledger, m_clock);
            loaded = m_engine.load(recovery);
            if (loaded) {
                recovered = recovery.finish();
                recovered.isRead = true;
            }
            if (!loaded)
                m_engine.close();
        }
        recovered.epoch = epoch;
        recovered.previousEpoch = found.epoch;
        recovered.quarantined = found.quarantined;
        recovered.isComplete = found.isComplete;
        recovered.failure = loaded.error();
        if (loaded.error().code() != ErrorCode::StorageDamaged)
            return recovered;
    }
    m_ledger = std::make_unique<Ledger>(m_clock);
    m_ledger->restoreMeta({}, recovered.epoch);
    return recovered;
}

/// Writes what is due, if anything is.
Result<> Store::commit()
{
    m_ledger->noteUsed(std::max<quint64>(m_usedSequence.load(std::memory_order_relaxed), 1) - 1,
                       std::max<quint64>(m_usedSession.load(std::memory_order_relaxed), 1) - 1);
    const bool probing = isDegraded();
    EngineBatch batch;
    m_ledger->fill(&batch);
    if (batch.isEmpty() && !probing) {
        m_ledger->committed();
        return {};
    }
    // After a failure somebody may wait for the disk in what is still due.
    batch.sync = m_group.sync || probing;
    if (probing)
        batch.values.push_back({kProbeSpace, kProbeKey, QByteArray(kProbeBytes, '\0')});
    else if (m_hasProbe)
        batch.removedValues.emplace_back(kProbeSpace, kProbeKey);
    const qint64 begun = m_clock.now();
    m_earliest = m_options.minInterval > 0 ? begun + m_options.minInterval : 0;
    Result<> kept = m_engine.commit(batch);
    m_commitTimes.add(m_clock.now() - begun);
    if (!kept) {
        m_ledger->failed();
    } else {
        m_hasProbe = probing;
        m_ledger->committed();
    }
    quint64 rowBytes = 0;
    for (const MessageRow &row : batch.messages)
        rowBytes += row.message.size();
    const std::lock_guard lock(m_lock);
    m_figures.failures += kept ? 0 : 1;
    m_figures.groups += kept ? 1 : 0;
    m_figures.syncs += kept && batch.sync ? 1 : 0;
    m_figures.rows += kept ? batch.messages.size() : 0;
    m_figures.rowBytes += kept ? rowBytes : 0;
    return kept;
}

// Before anybody learns that what he waits for is decided, and after all of it is kept.
void Store::noteComplete(bool isComplete)
{
    if (m_hasStreams && m_isComplete != isComplete && m_engine.setComplete(isComplete))
        m_isComplete = isComplete;
}

void Store::degrade(const Error &error)
{
    noteComplete(false);
    m_retryDue = m_clock.now() + m_options.retryInterval;
    {
        const std::lock_guard lock(m_lock);
        m_error = error;
    }
    if (!m_degraded.exchange(true, std::memory_order_acq_rel) && m_listener.degraded)
        m_listener.degraded(error);
}

void Store::retry()
{
    Result<> kept = m_isOpen ? Result<>() : reopen();
    if (kept)
        kept = commit();
    if (!kept) {
        degrade(kept.error());
        return;
    }
    noteComplete(true);
    m_degraded.store(false, std::memory_order_release);
    if (m_listener.recovered)
        m_listener.recovered();
}

/// A store that could not be opened at the start may be begun later, but not picked up: what it kept
/// was not restored, and this run would write over it.
Result<> Store::reopen()
{
    const Result<StoreMeta> meta = m_engine.open();
    if (!meta)
        return meta.error();
    if (meta->epoch != 0) {
        m_engine.close();
        return Error(
            ErrorCode::StorageFailed,
            QStringLiteral("the store can be read again, but what it keeps of earlier runs "
                           "is restored by a restart alone"));
    }
    m_isOpen = true;
    return {};
}

Result<> Store::close()
{
    const std::lock_guard running(m_running);
    runDue(true);
    Result<> ended = isDegraded() ? Result<>(lastError()) : Result<>();
    if (m_isOpen) {
        const Result<> placed = m_engine.checkpoint();
        if (ended)
            ended = placed;
        m_engine.close();
        m_isOpen = false;
    }
    std::vector<Queued> late;
    {
        const std::lock_guard lock(m_lock);
        m_isClosed = true;
        late.swap(m_queue);
        m_queuedBytes = 0;
        const Ticket decided = m_decided.load(std::memory_order_relaxed);
        if (m_last > decided) {
            refuseLocked(decided + 1, m_last);
            m_decided.store(m_last, std::memory_order_release);
        }
    }
    if (!late.empty() && m_listener.groupDecided)
        m_listener.groupDecided();
    return ended;
}

} // namespace fairlead::core
