// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/store.h"

#include <QString>

#include <fairlead/clock.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace fairlead::core {

namespace {

// Threads race with what they know.
void raise(std::atomic<quint64> &number, quint64 to) noexcept
{
    quint64 known = number.load(std::memory_order_relaxed);
    while (known < to && !number.compare_exchange_weak(known, to, std::memory_order_relaxed)) { }
}

constexpr std::size_t kKeptRecords = 65'536;
constexpr std::size_t kRefusedRanges = 64;
constexpr quint64 kNoteEvery = quint64(1) << 18;

/// What a record costs while it waits, beside its bytes.
constexpr quint64 kRecordCost = 128;

quint64 costOf(const StoreRecord &record) noexcept
{
    quint64 bytes = kRecordCost;
    if (const auto *put = std::get_if<record::PutMessage>(&record))
        bytes += put->message.size();
    else if (const auto *added = std::get_if<record::AddTarget>(&record))
        bytes += added->message.size();
    else if (const auto *value = std::get_if<record::PutValue>(&record))
        bytes += quint64(value->value.size());
    else if (const auto *session = std::get_if<record::PutSession>(&record)) {
        const SessionRow *row = session->row.get();
        bytes += row ? quint64(row->note.size()) : 0;
        if (row && row->testament)
            bytes += quint64(row->testament->payload.size() + row->testament->properties.size());
    }
    return bytes;
}

bool isMessage(const StoreRecord &record) noexcept
{
    return std::holds_alternative<record::PutMessage>(record)
        || std::holds_alternative<record::AddTarget>(record);
}

} // namespace

Store::Store(StorageEngine &engine, const Clock &clock, Options options)
    : m_engine(engine)
    , m_clock(clock)
    , m_options(options)
    , m_ledger(std::make_unique<Ledger>(clock))
{ }

Store::~Store() = default;

void Store::setListener(Listener listener)
{
    const std::lock_guard running(m_running);
    m_listener = std::move(listener);
}

// The queue.

Ticket Store::append(StoreRecord record, Durability level, bool isAwaited)
{
    const quint64 cost = costOf(record);
    const bool isRefusable = isAwaited && level != Durability::Memory && isMessage(record);
    const std::lock_guard lock(m_lock);
    const Ticket ticket = ++m_last;
    if (m_isClosed) {
        refuseLocked(ticket, ticket);
        m_decided.store(ticket, std::memory_order_release);
        return ticket;
    }
    m_queue.push_back({std::move(record), level, isRefusable});
    m_queuedBytes += cost;
    if (m_queuedBytes + m_groupBytes > m_options.maxWaitingBytes)
        m_congested.store(true, std::memory_order_relaxed);
    wantLocked(level == Durability::Memory ? Wanted::Lazily : Wanted::Now);
    return ticket;
}

void Store::wantLocked(Wanted wanted) noexcept
{
    m_wanted = std::max(m_wanted, wanted);
    if (m_wanted > m_told)
        m_kickDue.store(true, std::memory_order_relaxed);
}

void Store::kick() noexcept
{
    if (!m_kickDue.load(std::memory_order_relaxed)
        || !m_kickDue.exchange(false, std::memory_order_acq_rel))
        return;
    StoreDriver *driver = m_driver.load(std::memory_order_acquire);
    if (driver)
        driver->wake();
}

void Store::noteUsed(quint64 nextSequence, quint64 nextSession) noexcept
{
    raise(m_usedSequence, nextSequence);
    raise(m_usedSession, nextSession);
    if (nextSequence < m_noteAt.load(std::memory_order_relaxed))
        return;
    const std::lock_guard lock(m_lock);
    m_noteAt.store(nextSequence + kNoteEvery, std::memory_order_relaxed);
    wantLocked(Wanted::Lazily);
}

bool Store::isRefused(Ticket ticket) const
{
    if (ticket == 0 || ticket > m_lastRefused.load(std::memory_order_acquire))
        return false;
    const std::lock_guard lock(m_lock);
    return std::any_of(
        m_refusedRanges.begin(), m_refusedRanges.end(), [ticket](const Range &range) {
            return range.first <= ticket && ticket <= range.last;
        });
}

Error Store::lastError() const
{
    const std::lock_guard lock(m_lock);
    return m_error;
}

StoreFigures Store::figures() const
{
    const std::lock_guard lock(m_lock);
    StoreFigures figures = m_figures;
    figures.waitingBytes = m_queuedBytes + m_groupBytes;
    return figures;
}

// Groups.

qint64 Store::runGroup()
{
    const std::lock_guard running(m_running);
    runDue(false);
    return nextDue();
}

void Store::beginStreams()
{
    const std::lock_guard running(m_running);
    m_hasStreams = true;
    runDue(true);
    noteComplete(!isDegraded());
}

Result<> Store::drain()
{
    const std::lock_guard running(m_running);
    runDue(true);
    if (!isDegraded())
        return {};
    return lastError();
}

void Store::runDue(bool now)
{
    if (isDegraded()) {
        takeAll();
        refuseGroup();
        decide(true);
        if (now || m_clock.now() >= m_retryDue)
            retry();
        return;
    }
    if (!takeGroup(now))
        return;
    applyGroup();
    const Result<> kept = commit();
    if (!kept)
        degrade(kept.error());
    decide(!kept);
}

/// Whether a group is due; then it is taken out of the queue.
bool Store::takeGroup(bool now)
{
    if (!now) {
        const qint64 due = nextDue();
        if (due < 0 || due > m_clock.now())
            return false;
    }
    takeAll();
    return true;
}

qint64 Store::nextDue()
{
    const bool degraded = isDegraded();
    const std::lock_guard lock(m_lock);
    m_told = m_wanted;
    m_kickDue.store(false, std::memory_order_relaxed);
    if (m_wanted == Wanted::Nothing)
        return degraded ? m_retryDue : -1;
    const qint64 now = m_clock.now();
    qint64 due = now;
    if (m_wanted == Wanted::Lazily) {
        if (m_lazyDue < 0)
            m_lazyDue = now + m_options.lazyInterval;
        due = m_lazyDue;
    }
    return degraded ? std::min(due, m_retryDue) : std::max(due, m_earliest);
}

void Store::takeAll()
{
    m_group.records.clear();
    if (m_group.records.capacity() > kKeptRecords)
        m_group.records = std::vector<Queued>();
    m_lazyDue = -1;
    const std::lock_guard lock(m_lock);
    m_group.records.swap(m_queue);
    m_group.last = m_last;
    m_group.sync = false;
    m_group.messages = 0;
    m_groupBytes = m_queuedBytes;
    m_queuedBytes = 0;
    m_wanted = Wanted::Nothing;
    m_told = Wanted::Nothing;
    m_kickDue.store(false, std::memory_order_relaxed);
}

void Store::applyGroup()
{
    for (Queued &queued : m_group.records) {
        m_group.sync = m_group.sync || queued.level == Durability::Disk;
        m_group.messages += queued.isRefusable ? 1 : 0;
        m_ledger->apply(std::move(queued.record), queued.isRefusable);
    }
}

/// While nothing can be kept: the rest is remembered until it can.
void Store::refuseGroup()
{
    for (Queued &queued : m_group.records) {
        if (queued.isRefusable) {
            ++m_group.messages;
            m_ledger->refuse(queued.record);
            continue;
        }
        m_ledger->apply(std::move(queued.record), false);
    }
}

void Store::decide(bool refused)
{
    bool moved = false;
    {
        const std::lock_guard lock(m_lock);
        const Ticket before = m_decided.load(std::memory_order_relaxed);
        moved = m_group.last > before;
        if (moved && refused)
            refuseLocked(before + 1, m_group.last);
        if (moved)
            m_decided.store(m_group.last, std::memory_order_release);
        m_groupBytes = 0;
        if (m_queuedBytes <= m_options.maxWaitingBytes / 2)
            m_congested.store(false, std::memory_order_relaxed);
        m_figures.records += m_group.records.size();
        m_figures.refused += refused ? m_group.messages : 0;
        m_figures.cancelled = m_ledger->counters().cancelled;
        m_figures.ignored = m_ledger->counters().ignored;
        m_figures.messages = m_ledger->storedMessages();
    }
    if (moved && m_listener.groupDecided)
        m_listener.groupDecided();
}

void Store::refuseLocked(Ticket first, Ticket last)
{
    if (!m_refusedRanges.empty() && m_refusedRanges.back().last + 1 == first)
        m_refusedRanges.back().last = last;
    else
        m_refusedRanges.push_back({first, last});
    // Whoever asks that late is told "refused" once too often rather than once too seldom.
    if (m_refusedRanges.size() > kRefusedRanges) {
        m_refusedRanges[1].first = m_refusedRanges[0].first;
        m_refusedRanges.erase(m_refusedRanges.begin());
    }
    m_lastRefused.store(last, std::memory_order_release);
}

} // namespace fairlead::core
