// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/ledger.h"

#include <fairlead/clock.h>

#include <algorithm>
#include <tuple>

namespace fairlead::core {

namespace {

/// A protocol may derive 16-bit ids from sequences. What the last run has finished and could not write
/// down any more then still has its id, so the next one begins with ids that are far from those.
constexpr quint64 kSequencesAhead = (quint64(1) << 20) + 25'017;
constexpr quint64 kSessionsAhead = quint64(1) << 16;
constexpr std::size_t kRefusedRemembered = 65'536;
constexpr std::size_t kUnneeded = 4096;

/// The bytes of @p span for a look-up: not a copy.
QByteArray lookup(ByteSpan span)
{
    return QByteArray::fromRawData(span.data(), qsizetype(span.size()));
}

bool isOwedBy(const DurableTarget &target, const Message &message) noexcept
{
    return target.qos > 0 && message.qos() > 0
        && !(target.noLocal && target.session == message.origin());
}

} // namespace

Ledger::Ledger(const Clock &clock)
    : m_clock(clock)
{
    m_sequence.ahead = kSequencesAhead;
    m_session.ahead = kSessionsAhead;
}

Ledger::~Ledger() = default;

void Ledger::apply(StoreRecord &&record, bool refusable)
{
    std::visit([this, refusable](auto &known) { take(known, refusable); }, record);
}

void Ledger::refuse(const StoreRecord &record)
{
    if (const auto *put = std::get_if<record::PutMessage>(&record)) {
        m_sequence.note(put->message.sequence());
        if (put->streams == 0) {
            noteRefused(put->message.sequence());
            return;
        }
        record::PutMessage logged;
        logged.message = put->message;
        logged.streams = put->streams;
        take(logged, false);
    }
}

void Ledger::noteUsed(quint64 sequence, quint64 session) noexcept
{
    m_sequence.note(sequence);
    m_session.note(session);
}

quint64 Ledger::retainedOf(const QByteArray &topic) const
{
    const auto found = m_retained.constFind(topic);
    return found != m_retained.constEnd() ? found->sequence : 0;
}

// Messages.

void Ledger::take(record::PutMessage &record, bool refusable)
{
    const quint64 sequence = record.message.sequence();
    if (sequence == 0 || m_messages.contains(sequence)) {
        ++m_counters.ignored;
        return;
    }
    noteUsed(sequence, record.message.origin());
    if (refusable)
        m_refusable.push_back(sequence);
    if (record.keySession != 0)
        keep(record.keySession, record.key, refusable ? sequence : 0);
    if (record.retained)
        retain(record.message, refusable);

    m_collected.clear();
    collect(record.targets, record.message);
    collect(record.shared, record.message);
    const bool isRetained = record.retained && !record.message.payload().empty();
    if (m_collected.empty() && record.streams == 0 && !isRetained)
        return;
    sortCollected();

    Stored &stored = m_messages[sequence];
    stored.targets.assign(m_collected);
    stored.streams = record.streams;
    stored.flags = isRetained ? kRetained : 0;
    pend(stored,
         {.sequence = sequence,
          .message = std::move(record.message),
          .targets = std::move(record.targets),
          .shared = std::move(record.shared),
          .added = {},
          .utcMs = record.streams != 0 ? m_clock.utcMs() : 0});
    for (const Target &target : m_collected)
        owe(target.session, *findSession(target.session), sequence);
    for (int stream = 0; stream < kStreams && record.streams >> stream != 0; ++stream) {
        if ((record.streams >> stream & 1) != 0)
            m_streams[std::size_t(stream)].push_back(sequence);
    }
}

void Ledger::collect(const DurableTargets &list, const Message &message)
{
    if (!list)
        return;
    for (const DurableTarget &target : *list) {
        if (!isOwedBy(target, message))
            continue;
        if (findSession(target.session))
            m_collected.push_back({target.session, target.copy, 0});
        else
            ++m_counters.ignored;
    }
}

void Ledger::sortCollected()
{
    const auto isEarlier = [](const Target &a, const Target &b) {
        return std::tie(a.session, a.copy) < std::tie(b.session, b.copy);
    };
    if (!std::is_sorted(m_collected.begin(), m_collected.end(), isEarlier))
        std::sort(m_collected.begin(), m_collected.end(), isEarlier);
    const auto twice
        = std::unique(m_collected.begin(),
                      m_collected.end(),
                      [isEarlier](const Target &a, const Target &b) { return !isEarlier(a, b); });
    m_counters.ignored += quint64(m_collected.end() - twice);
    m_collected.erase(twice, m_collected.end());
}

void Ledger::take(record::AddTarget &record, bool refusable)
{
    const quint64 sequence = record.message.sequence();
    const DurableTarget &wanted = record.target;
    SessionState *session = findSession(wanted.session);
    const auto found = m_messages.find(sequence);
    const bool isKnown = found != m_messages.end();
    if (sequence == 0 || !session || !isOwedBy(wanted, record.message) || wasRefused(sequence)
        || (isKnown && found->second.targets.find(wanted.session, wanted.copy))) {
        ++m_counters.ignored;
        return;
    }
    noteUsed(sequence, record.message.origin());
    if (refusable)
        m_refusableTargets.emplace_back(sequence, wanted.session, wanted.copy);
    const Target target = {wanted.session, wanted.copy, 0};
    Stored &stored = isKnown ? found->second : m_messages[sequence];
    if (!isKnown) {
        stored.targets.assign({target});
        Pending pending;
        pending.sequence = sequence;
        pending.message = std::move(record.message);
        pending.added.push_back(std::move(record.target));
        pend(stored, std::move(pending));
    } else if (stored.pending != kNone) {
        stored.targets.dropSettled();
        stored.targets.insert(target);
        m_pending[stored.pending].added.push_back(std::move(record.target));
    } else {
        stored.targets.append(target);
        m_amendments[sequence].added.push_back(std::move(record.target));
        stored.flags |= kAmended;
        amend(sequence, stored);
    }
    owe(target.session, *session, sequence);
}

void Ledger::take(const record::Settle &record, bool)
{
    const auto entry = m_messages.find(record.sequence);
    Target *target = entry != m_messages.end()
        ? entry->second.targets.find(record.session, record.copy)
        : nullptr;
    if (!target) {
        ++m_counters.ignored;
        return;
    }
    settle(entry, target);
    release(entry);
}

void Ledger::take(const record::Mark &record, bool)
{
    const auto entry = m_messages.find(record.sequence);
    Target *target = entry != m_messages.end()
        ? entry->second.targets.find(record.session, record.copy)
        : nullptr;
    if (!target) {
        ++m_counters.ignored;
        return;
    }
    target->flags |= TargetSet::kMarked;
    // What the peer has of the message does not come back.
    if (record.bodyDone)
        target->flags |= TargetSet::kBodyDone;
    m_marks[{record.sequence, record.session, record.copy}]
        = {record.tag, (target->flags & TargetSet::kBodyDone) != 0};
}

void Ledger::settle(Messages::iterator entry, Target *target)
{
    const quint64 sequence = entry->first;
    Stored &stored = entry->second;
    stored.targets.settle(target);
    SessionState *session = findSession(target->session);
    if (session && --session->open == 0)
        session->owed.clear();
    if ((target->flags & TargetSet::kMarked) != 0)
        m_marks.erase({sequence, target->session, target->copy});
    // A removed session's tags go with it.
    if (session && (target->flags & TargetSet::kTagged) != 0)
        m_removedTags.push_back({target->session, sequence, target->copy, 0, false});
    if (stored.has(kOnDisk))
        amend(sequence, stored);
}

void Ledger::release(Messages::iterator entry)
{
    if (!entry->second.isHeld() && !entry->second.has(kPinned))
        drop(entry);
}

void Ledger::drop(Messages::iterator entry)
{
    const Stored &stored = entry->second;
    if (stored.has(kOnDisk))
        m_removedMessages.push_back(entry->first);
    if (stored.has(kAmended))
        m_amendments.remove(entry->first);
    const bool isPending = stored.pending != kNone;
    if (isPending) {
        m_pending[stored.pending] = Pending();
        ++m_unneeded;
        ++m_counters.cancelled;
    }
    m_messages.erase(entry);
    if (isPending && m_unneeded > kUnneeded && m_unneeded > m_pending.size() / 2)
        dropUnneeded();
}

void Ledger::pend(Stored &stored, Pending pending)
{
    stored.pending = quint32(m_pending.size());
    m_pending.push_back(std::move(pending));
}

void Ledger::dropUnneeded()
{
    const auto isUnneeded = [](const Pending &pending) { return pending.sequence == 0; };
    m_pending.erase(std::remove_if(m_pending.begin(), m_pending.end(), isUnneeded),
                    m_pending.end());
    m_unneeded = 0;
    for (std::size_t i = 0; i < m_pending.size(); ++i)
        m_messages.at(m_pending[i].sequence).pending = quint32(i);
}

void Ledger::amend(quint64 sequence, Stored &stored)
{
    if (stored.has(kListed))
        return;
    stored.flags |= kListed;
    m_resettled.push_back(sequence);
}

void Ledger::take(const record::TrimStream &record, bool)
{
    if (record.stream < 0 || record.stream >= kStreams) {
        ++m_counters.ignored;
        return;
    }
    const quint32 bit = 1U << record.stream;
    std::deque<quint64> &sequences = m_streams[std::size_t(record.stream)];
    quint64 removed = 0;
    while (!sequences.empty() && sequences.front() < record.below) {
        const auto entry = m_messages.find(sequences.front());
        sequences.pop_front();
        if (entry == m_messages.end() || (entry->second.streams & bit) == 0)
            continue;
        Stored &stored = entry->second;
        stored.streams &= ~bit;
        if (stored.has(kOnDisk) && stored.isHeld()) {
            m_amendments[entry->first].releasedStreams |= bit;
            stored.flags |= kAmended;
            amend(entry->first, stored);
        } else if (stored.has(kOnDisk) && !stored.has(kPinned)) {
            removeBetween(removed, entry->first);
            removed = entry->first;
        }
        release(entry);
    }
}

/// Two rows that go with nothing between them go in one statement.
void Ledger::removeBetween(quint64 first, quint64 last)
{
    constexpr quint64 kFar = 16;
    if (first == 0 || last - first > kFar)
        return;
    for (quint64 sequence = first + 1; sequence < last; ++sequence) {
        if (m_messages.contains(sequence))
            return;
    }
    for (quint64 sequence = first + 1; sequence < last; ++sequence)
        m_removedMessages.push_back(sequence);
}

// Retained messages.

QHash<QByteArray, Ledger::Retained>::iterator Ledger::changeRetained(const QByteArray &topic)
{
    auto entry = m_retained.find(topic);
    if (entry == m_retained.end())
        entry = m_retained.insert(QByteArray(topic.constData(), topic.size()), {});
    if (!entry->listed) {
        entry->listed = true;
        m_changedRetained.push_back(entry.key());
    }
    return entry;
}

void Ledger::retain(const Message &message, bool refusable)
{
    const auto entry = changeRetained(lookup(message.topic()));
    const quint64 previous = entry->sequence;
    const quint64 previousSource = entry->source;
    entry->sequence = message.payload().empty() ? 0 : message.sequence();
    entry->source = message.sequence();
    if (!refusable) {
        releaseRetained(previous);
        return;
    }
    m_retainedUndo.push_back({entry.key(), entry->source, previous, previousSource});
    const auto replaced = m_messages.find(previous);
    if (replaced != m_messages.end())
        replaced->second.flags = quint8((replaced->second.flags & ~kRetained) | kPinned);
}

void Ledger::releaseRetained(quint64 sequence)
{
    const auto entry = m_messages.find(sequence);
    if (entry == m_messages.end())
        return;
    entry->second.flags &= quint8(~kRetained);
    release(entry);
}

void Ledger::take(const record::ClearRetained &record, bool)
{
    const auto found = m_retained.constFind(record.topic);
    if (found == m_retained.constEnd() || record.sequence == 0
        || found->sequence != record.sequence) {
        ++m_counters.ignored;
        return;
    }
    const auto entry = changeRetained(record.topic);
    // Its source stays: if that is refused, what it had replaced is back.
    entry->sequence = 0;
    releaseRetained(record.sequence);
}

void Ledger::noteRefused(quint64 sequence)
{
    m_refused.insert(std::upper_bound(m_refused.begin(), m_refused.end(), sequence), sequence);
    if (m_refused.size() > kRefusedRemembered)
        m_refused.pop_front();
}

bool Ledger::wasRefused(quint64 sequence) const
{
    return std::binary_search(m_refused.begin(), m_refused.end(), sequence);
}

} // namespace fairlead::core
