// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/streamlog.h"

#include "core/store/recovery.h"
#include "core/store/store.h"

#include <fairlead/clock.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <map>

namespace fairlead::core {

namespace {

// Positions of a start longer ago than so many are not known any more.
constexpr std::size_t kEpochs = 256;

QByteArray filterOf(const StreamSpec &spec)
{
    const ByteSpan filter = spec.filter.bytes();
    return {filter.data(), qsizetype(filter.size())};
}

struct Found
{
    StreamState state;
    quint64 trimmedUpTo = 0;
};

/// By name; no slot comes twice.
std::map<QByteArray, Found> foundIn(const Recovered &recovered)
{
    std::map<QByteArray, Found> found;
    quint32 taken = 0;
    for (const record::PutValue &value : recovered.values) {
        if (value.space != kStreamSpace)
            continue;
        std::optional<StreamState> state = decodeStreamState(value.value);
        if (!state || (taken >> state->slot & 1) != 0)
            continue;
        taken |= 1U << state->slot;
        found[value.key].state = std::move(*state);
    }
    for (const record::PutValue &value : recovered.values) {
        const auto entry = value.space == kTrimmedSpace ? found.find(value.key) : found.end();
        if (entry != found.end())
            entry->second.trimmedUpTo = value.value.toULongLong();
    }
    return found;
}

} // namespace

StreamLog::StreamLog(StreamSet &streams, Store *store)
    : m_streams(streams)
    , m_store(store)
    , m_logged(std::size_t(streams.count()))
{ }

void StreamLog::restore(const Recovered &recovered, Position first, const Clock &clock)
{
    if (!m_store)
        return;
    m_first = first;
    const quint32 durable = m_streams.durableMask();
    std::map<QByteArray, Found> found = foundIn(recovered);
    quint32 taken = 0;
    for (quint32 left = durable; left != 0; left &= left - 1) {
        const int stream = std::countr_zero(left);
        const StreamSpec &spec = m_streams.spec(stream);
        const auto earlier = found.find(spec.name);
        // Another filter would have selected others.
        if (earlier == found.end() || earlier->second.state.filter != filterOf(spec))
            continue;
        taken |= 1U << earlier->second.state.slot;
        resume(stream, std::move(earlier->second.state), earlier->second.trimmedUpTo, recovered);
        fill(stream, earlier->second.trimmedUpTo, recovered, clock);
        found.erase(earlier);
    }
    // Also what ends must be written down before anything is published that it does not get.
    const bool isChanged = durable != 0 || !found.empty();
    for (const auto &[name, gone] : found) {
        m_store->append(record::RemoveValue{kStreamSpace, name}, Durability::Memory);
        m_store->append(record::RemoveValue{kTrimmedSpace, name}, Durability::Memory);
    }
    for (int slot = 0; slot < Ledger::kStreams; ++slot) {
        if ((taken >> slot & 1) == 0 && !recovered.streams[std::size_t(slot)].empty()) {
            m_store->append(record::TrimStream{slot, std::numeric_limits<quint64>::max()},
                            Durability::Memory);
        }
    }
    for (quint32 left = durable; left != 0; left &= left - 1) {
        const int stream = std::countr_zero(left);
        if (isLogged(stream))
            continue;
        const int slot = std::countr_one(taken);
        taken |= 1U << slot;
        begin(stream, slot);
    }
    for (quint32 left = durable; left != 0; left &= left - 1)
        put(std::countr_zero(left));
    if (isChanged)
        m_store->beginStreams();
    trim(durable, true);
}

void StreamLog::resume(int stream,
                       StreamState state,
                       quint64 trimmedUpTo,
                       const Recovered &recovered)
{
    Logged &logged = m_logged[std::size_t(stream)];
    logged.state = std::move(state);
    logged.isLogged = true;
    auto &epochs = logged.state.epochs;
    epochs.emplace_back(m_first.epoch, m_first.sequence);
    // Who was in a start of which nothing is left gets a gap either way.
    std::size_t past = epochs.size() > kEpochs ? epochs.size() - kEpochs : 0;
    while (past + 1 < epochs.size() && epochs[past + 1].second <= trimmedUpTo)
        ++past;
    epochs.erase(epochs.begin(), epochs.begin() + std::ptrdiff_t(past));
    if (!recovered.isComplete)
        logged.state.unprovenUpTo = m_first.sequence - 1;
    m_streams.restore(stream, trimmedUpTo);
    m_streams.setSlot(stream, logged.state.slot);
}

/// Times in the ring are those of this process' clock.
void StreamLog::fill(int stream, quint64 after, const Recovered &recovered, const Clock &clock)
{
    const qint64 now = clock.now();
    const qint64 utcMs = clock.utcMs();
    ReplayRing &ring = m_streams.ring(stream);
    for (const RecoveredEntry &entry : recovered.streams[std::size_t(at(stream).state.slot)]) {
        if (entry.message.sequence() <= after)
            continue;
        const qint64 agoMs = entry.utcMs > 0 ? std::max<qint64>(utcMs - entry.utcMs, 0) : 0;
        ring.append(entry.message, now - agoMs * kNsPerMs);
    }
    while (ring.expire(now) == now) { }
}

void StreamLog::begin(int stream, int slot)
{
    Logged &logged = m_logged[std::size_t(stream)];
    logged.state.slot = slot;
    logged.state.filter = filterOf(m_streams.spec(stream));
    logged.state.epochs.emplace_back(m_first.epoch, m_first.sequence);
    logged.isLogged = true;
    m_streams.setSlot(stream, slot);
    m_store->append(record::PutValue{kTrimmedSpace,
                                     m_streams.spec(stream).name,
                                     QByteArray::number(m_first.sequence - 1)},
                    Durability::Memory);
}

void StreamLog::put(int stream)
{
    m_store->append(record::PutValue{kStreamSpace,
                                     m_streams.spec(stream).name,
                                     encodeStreamState(at(stream).state)},
                    Durability::Memory);
}

bool StreamLog::hasPosition(int stream, quint32 epoch, quint64 number) const noexcept
{
    const auto &epochs = at(stream).state.epochs;
    for (std::size_t i = 0; i + 1 < epochs.size(); ++i) {
        if (epochs[i].first == epoch)
            return number < epochs[i + 1].second;
    }
    return false;
}

void StreamLog::trim(quint32 streams, bool all)
{
    streams &= m_streams.loggedMask();
    if (streams == 0)
        return;
    const std::scoped_lock locked(m_trimming);
    for (; streams != 0; streams &= streams - 1) {
        const int stream = std::countr_zero(streams);
        const quint64 lostUpTo = m_streams.ring(stream).takeDropped(all);
        if (lostUpTo == 0)
            continue;
        // The mark goes first: what is said to be gone may still be there, but not the reverse.
        m_store->append(record::PutValue{kTrimmedSpace,
                                         m_streams.spec(stream).name,
                                         QByteArray::number(lostUpTo)},
                        Durability::Memory);
        m_store->append(record::TrimStream{at(stream).state.slot, lostUpTo + 1},
                        Durability::Memory);
    }
}

} // namespace fairlead::core
