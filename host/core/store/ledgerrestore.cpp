// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/ledger.h"
#include "core/store/targetlist.h"

#include <algorithm>

namespace fairlead::core {

void Ledger::restoreMeta(const StoreMeta &meta, quint32 epoch)
{
    m_sequence.reserved = meta.reservedSequence;
    m_session.reserved = meta.reservedSession;
    noteUsed(std::max<quint64>(meta.reservedSequence, 1) - 1,
             std::max<quint64>(meta.reservedSession, 1) - 1);
    m_epochDue = epoch;
}

void Ledger::restoreSession(quint64 number)
{
    m_session.note(number);
    m_sessions[number].onDisk = true;
}

bool Ledger::restoreKey(quint64 session, quint32 key)
{
    SessionState *owner = findSession(session);
    if (!owner)
        return false;
    owner->keys[key] = {.source = 0, .present = true, .onDisk = true, .listed = false};
    return true;
}

void Ledger::restoreRetained(const QByteArray &topic, quint64 sequence)
{
    // Without a source until its message turns up.
    m_retained[topic] = {.sequence = sequence, .source = 0, .onDisk = sequence, .listed = false};
    m_restoredTopics.push_back(topic);
}

int Ledger::restoreMessage(const Message &message,
                           const std::vector<DurableTarget> &targets,
                           quint32 streams)
{
    const quint64 sequence = message.sequence();
    int unknown = 0;
    noteUsed(sequence, message.origin());
    m_collected.clear();
    for (const DurableTarget &target : targets) {
        SessionState *session = findSession(target.session);
        m_collected.push_back(
            {target.session, target.copy, session ? quint8(0) : TargetSet::kSettled});
        if (session)
            owe(target.session, *session, sequence);
        else
            ++unknown;
    }
    Stored &stored = m_messages[sequence];
    stored.targets.assign(m_collected);
    stored.streams = streams;
    stored.flags = kOnDisk;
    const auto retained = m_retained.find(
        QByteArray::fromRawData(message.topic().data(), qsizetype(message.topic().size())));
    if (retained != m_retained.end() && retained->sequence == sequence) {
        retained->source = sequence;
        stored.flags |= kRetained;
    }
    for (int stream = 0; stream < kStreams && streams >> stream != 0; ++stream) {
        if ((streams >> stream & 1) != 0)
            m_streams[std::size_t(stream)].push_back(sequence);
    }
    if (unknown > 0)
        amend(sequence, stored);
    m_restored.push_back(sequence);
    return unknown;
}

void Ledger::restoreUntargeted(const Message &message, quint32 streams, qint64 utcMs)
{
    const quint64 sequence = message.sequence();
    restoreMessage(message, {}, streams);
    Stored &stored = m_messages.at(sequence);
    stored.flags &= quint8(~kOnDisk);
    m_removedMessages.push_back(sequence);
    Pending pending;
    pending.sequence = sequence;
    pending.message = message;
    pending.utcMs = utcMs;
    pend(stored, std::move(pending));
}

std::optional<int> Ledger::restoreSettled(quint64 sequence, const SettledSet &set)
{
    const auto entry = m_messages.find(sequence);
    if (entry == m_messages.end() || !entry->second.has(kOnDisk))
        return std::nullopt;
    Stored &stored = entry->second;
    const std::size_t most = stored.targets.size() + set.added.size();
    for (std::size_t i = most; i < set.settled.size(); ++i) {
        if (set.settled[i])
            return std::nullopt;
    }
    const auto isSettled
        = [&set](std::size_t index) { return index < set.settled.size() && set.settled[index]; };
    const std::size_t rowSize = stored.targets.size();
    int left = 0; // of those whose session is unknown, and that are not settled
    int found = 0;
    for (std::size_t i = 0; i < rowSize; ++i) {
        Target *target = stored.targets.begin() + i;
        if ((target->flags & TargetSet::kSettled) != 0) {
            (isSettled(i) ? found : left) += 1;
            continue;
        }
        if (!isSettled(i))
            continue;
        stored.targets.settle(target);
        SessionState *session = findSession(target->session);
        if (session && --session->open == 0)
            session->owed.clear();
    }
    int unknown = 0;
    for (std::size_t i = 0; i < set.added.size(); ++i) {
        const DurableTarget &added = set.added[i];
        SessionState *session = findSession(added.session);
        unknown += session || isSettled(rowSize + i) ? 0 : 1;
        const bool isOpen
            = session && !isSettled(rowSize + i) && !stored.targets.find(added.session, added.copy);
        stored.targets.append(
            {added.session, added.copy, isOpen ? quint8(0) : TargetSet::kSettled});
        if (isOpen)
            owe(added.session, *session, sequence);
    }
    if (!set.added.empty() || set.releasedStreams != 0) {
        stored.flags |= kAmended;
        stored.streams &= ~set.releasedStreams;
        m_amendments[sequence] = {set.added, set.releasedStreams};
    }
    if (unknown > 0)
        amend(sequence, stored);
    else if (left == 0)
        stored.flags &= quint8(~kListed);
    return unknown - found;
}

void Ledger::restoreUnsettled(quint64 sequence)
{
    const auto entry = m_messages.find(sequence);
    if (entry == m_messages.end())
        m_removedMessages.push_back(sequence); // it goes with what it belongs to
    else if (entry->second.has(kOnDisk))
        amend(sequence, entry->second);
}

bool Ledger::restoreTag(const TagRow &row)
{
    const auto entry = m_messages.find(row.sequence);
    Target *target
        = entry != m_messages.end() ? entry->second.targets.find(row.session, row.copy) : nullptr;
    if (!target) {
        m_removedTags.push_back(row);
        return false;
    }
    target->flags |= TargetSet::kTagged;
    if (row.bodyDone)
        target->flags |= TargetSet::kBodyDone;
    return true;
}

void Ledger::discardMessage(quint64 sequence, const QByteArray &topic)
{
    m_sequence.note(sequence);
    m_removedMessages.push_back(sequence);
    const auto retained = m_retained.constFind(topic);
    if (retained == m_retained.constEnd() || retained->sequence != sequence)
        return;
    const auto entry = changeRetained(topic);
    entry->sequence = 0;
    entry->source = 0;
}

void Ledger::discardSession(quint64 number)
{
    m_sessions.erase(number);
    if (m_removedSessions.empty() || m_removedSessions.back() != number)
        m_removedSessions.push_back(number);
}

int Ledger::finishRestore()
{
    int unheld = 0;
    for (const QByteArray &topic : m_restoredTopics) {
        const auto retained = m_retained.constFind(topic);
        if (retained == m_retained.constEnd() || retained->sequence == 0 || retained->source != 0)
            continue;
        ++unheld;
        changeRetained(topic)->sequence = 0;
    }
    m_restoredTopics = std::vector<QByteArray>();
    for (const quint64 sequence : m_restored) {
        const auto entry = m_messages.find(sequence);
        if (entry == m_messages.end() || entry->second.isHeld())
            continue;
        ++unheld;
        drop(entry);
    }
    m_restored = std::vector<quint64>();
    std::sort(m_removedMessages.begin(), m_removedMessages.end());
    m_removedMessages.erase(std::unique(m_removedMessages.begin(), m_removedMessages.end()),
                            m_removedMessages.end());
    std::sort(m_removedSessions.begin(), m_removedSessions.end());
    m_removedSessions.erase(std::unique(m_removedSessions.begin(), m_removedSessions.end()),
                            m_removedSessions.end());
    return unheld;
}

bool Ledger::isOwed(quint64 session, quint64 sequence, quint32 copy)
{
    const auto entry = m_messages.find(sequence);
    return entry != m_messages.end() && entry->second.targets.find(session, copy);
}

bool Ledger::isRetained(quint64 sequence) const
{
    const auto entry = m_messages.find(sequence);
    return entry != m_messages.end() && entry->second.has(kRetained);
}

quint32 Ledger::streamsOf(quint64 sequence) const
{
    const auto entry = m_messages.find(sequence);
    return entry != m_messages.end() ? entry->second.streams : 0;
}

} // namespace fairlead::core
