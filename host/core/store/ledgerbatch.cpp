// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/ledger.h"
#include "core/store/targetlist.h"

#include <fairlead/clock.h>

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr std::size_t kKeptTargets = 16'384;

/// Empties @p list, and gives back what a burst made it take.
template <typename T>
void empty(std::vector<T> *list)
{
    if (list->capacity() > kKeptTargets)
        *list = std::vector<T>();
    else
        list->clear();
}

void setExpiry(MessageRow *row, const Clock &clock)
{
    const qint64 deadline = row->message.expiryDeadline();
    if (deadline < 0)
        return;
    const qint64 left = std::max<qint64>(deadline - clock.now(), 0);
    row->expiryUtcMs = std::max<qint64>(clock.utcMs() + left / kNsPerMs, 0);
    const qint64 seconds = (left + kNsPerSecond - 1) / kNsPerSecond;
    row->expirySeconds = quint32(std::min<qint64>(seconds, qint64(kNever) - 1));
}

/// Sorts @p targets and keeps the last of each name.
void keepLast(std::vector<DurableTarget> *targets)
{
    std::stable_sort(targets->begin(), targets->end(), isBefore);
    auto out = targets->begin();
    for (auto at = targets->begin(); at != targets->end(); ++at) {
        const auto next = std::next(at);
        if (next != targets->end() && !isBefore(*at, *next))
            continue;
        if (out != at)
            *out = std::move(*at);
        ++out;
    }
    targets->erase(out, targets->end());
}

} // namespace

quint64 Ledger::Counter::due() noexcept
{
    writing = used + ahead / 2 >= reserved ? used + ahead + 1 : 0;
    return writing;
}

void Ledger::Counter::settle(bool stored) noexcept
{
    if (stored && writing != 0)
        reserved = writing;
    writing = 0;
}

void Ledger::fill(EngineBatch *batch)
{
    fillMessages(batch);
    fillSettled(batch);
    fillSessions(batch);
    fillKeys(batch);
    fillTags(batch);
    fillRetained(batch);
    fillValues(batch);
    batch->reservedSequence = m_sequence.due();
    batch->reservedSession = m_session.due();
    batch->epoch = m_epochDue;
}

void Ledger::fillMessages(EngineBatch *batch)
{
    batch->removedMessages = m_removedMessages;
    for (const RetainedUndo &undo : m_retainedUndo) {
        const auto replaced = m_messages.find(undo.previous);
        if (replaced != m_messages.end() && replaced->second.has(kOnDisk)
            && !replaced->second.isHeld())
            batch->removedMessages.push_back(undo.previous);
    }
    batch->messages.reserve(m_pending.size() - m_unneeded);
    for (const Pending &pending : m_pending) {
        if (pending.sequence == 0)
            continue;
        Stored &stored = m_messages.at(pending.sequence);
        if (!stored.isHeld())
            continue;
        MessageRow row;
        row.message = pending.message;
        row.targets = encode(pending, stored.targets);
        row.streams = stored.streams;
        row.utcMs = pending.utcMs;
        setExpiry(&row, m_clock);
        batch->messages.push_back(std::move(row));
    }
    m_encodedOf.reset();
    m_encoded.clear();
}

QByteArray Ledger::encode(const Pending &pending, TargetSet &targets)
{
    // Messages of one topic share their list, and its form.
    const bool isWhole = !pending.shared && pending.added.empty() && pending.targets
        && pending.targets->size() == targets.open() && targets.size() == targets.open();
    if (isWhole && pending.targets == m_encodedOf)
        return m_encoded;
    targets.dropSettled();
    std::vector<const DurableTarget *> owed;
    owed.reserve(targets.size());
    const auto gather = [&owed, &targets](const std::vector<DurableTarget> &list) {
        for (const DurableTarget &target : list) {
            if (targets.find(target.session, target.copy))
                owed.push_back(&target);
        }
    };
    // Of what came twice under one name the last counts.
    gather(pending.added);
    std::reverse(owed.begin(), owed.end());
    if (pending.targets)
        gather(*pending.targets);
    if (pending.shared)
        gather(*pending.shared);
    std::stable_sort(owed.begin(), owed.end(), [](const DurableTarget *a, const DurableTarget *b) {
        return isBefore(*a, *b);
    });
    owed.erase(std::unique(owed.begin(),
                           owed.end(),
                           [](const DurableTarget *a, const DurableTarget *b) {
                               return !isBefore(*a, *b);
                           }),
               owed.end());
    QByteArray form = encodeTargets(owed);
    if (isWhole) {
        m_encodedOf = pending.targets;
        m_encoded = form;
    }
    return form;
}

void Ledger::fillSettled(EngineBatch *batch)
{
    std::sort(m_resettled.begin(), m_resettled.end());
    m_resettled.erase(std::unique(m_resettled.begin(), m_resettled.end()), m_resettled.end());
    for (const quint64 sequence : m_resettled) {
        const auto entry = m_messages.find(sequence);
        if (entry == m_messages.end())
            continue;
        Stored &stored = entry->second;
        if (!stored.has(kOnDisk) || !stored.has(kListed) || !stored.isHeld())
            continue;
        SettledSet set;
        if (stored.has(kAmended)) {
            Amendment &amendment = m_amendments[sequence];
            stored.targets.tidyAdded();
            keepLast(&amendment.added);
            // Details in the order of the targets they belong to.
            for (Target *at = stored.targets.begin() + stored.targets.rowSize();
                 at != stored.targets.end();
                 ++at) {
                DurableTarget name;
                name.session = at->session;
                name.copy = at->copy;
                set.added.push_back(*std::lower_bound(
                    amendment.added.begin(), amendment.added.end(), name, isBefore));
            }
            amendment.added = set.added;
            set.releasedStreams = amendment.releasedStreams;
        }
        set.settled.reserve(stored.targets.size());
        for (const Target &target : stored.targets)
            set.settled.push_back((target.flags & TargetSet::kSettled) != 0);
        batch->settled.emplace_back(sequence, encodeSettled(set));
    }
}

void Ledger::fillSessions(EngineBatch *batch)
{
    batch->removedSessions = m_removedSessions;
    for (const quint64 number : m_changedSessions) {
        const SessionState *session = findSession(number);
        if (!session || !session->change)
            continue;
        if (session->change->row)
            batch->sessions.push_back(*session->change->row);
        for (const auto &[filter, row] : session->change->subscriptions) {
            if (row)
                batch->subscriptions.push_back(*row);
            else
                batch->removedSubscriptions.emplace_back(number, filter);
        }
    }
}

void Ledger::fillKeys(EngineBatch *batch)
{
    for (const EngineBatch::Key &name : m_changedKeys) {
        const SessionState *session = findSession(name.first);
        if (!session)
            continue;
        const auto state = session->keys.constFind(name.second);
        if (state == session->keys.constEnd() || state->present == state->onDisk)
            continue;
        (state->present ? batch->keys : batch->removedKeys).push_back(name);
    }
}

void Ledger::fillTags(EngineBatch *batch)
{
    batch->removedTags = m_removedTags;
    batch->tags.reserve(m_marks.size());
    for (const auto &[name, mark] : m_marks) {
        const auto &[sequence, session, copy] = name;
        batch->tags.push_back({session, sequence, copy, mark.tag, mark.bodyDone});
    }
}

void Ledger::fillRetained(EngineBatch *batch)
{
    for (const QByteArray &topic : m_changedRetained) {
        const auto entry = m_retained.constFind(topic);
        if (entry == m_retained.constEnd() || entry->sequence == entry->onDisk)
            continue;
        if (entry->sequence == 0)
            batch->removedRetained.push_back(topic);
        else
            batch->retained.emplace_back(topic, entry->sequence);
    }
}

void Ledger::fillValues(EngineBatch *batch)
{
    for (const auto &[name, value] : m_values) {
        if (value)
            batch->values.push_back({name.first, name.second, *value});
        else
            batch->removedValues.push_back(name);
    }
}

void Ledger::committed()
{
    commitMessages();
    commitTags();
    commitKeys();
    commitRetained();
    for (const quint64 number : m_changedSessions) {
        SessionState *session = findSession(number);
        if (!session)
            continue;
        session->onDisk = true;
        session->listed = false;
        session->change.reset();
    }
    empty(&m_changedSessions);
    empty(&m_removedSessions);
    m_values.clear();
    m_sequence.settle(true);
    m_session.settle(true);
    m_epochDue = 0;
    empty(&m_refusable);
    empty(&m_refusableTargets);
}

void Ledger::commitMessages()
{
    for (const Pending &pending : m_pending) {
        if (pending.sequence == 0)
            continue;
        Stored &stored = m_messages.at(pending.sequence);
        if (!stored.isHeld())
            continue;
        stored.flags |= kOnDisk;
        stored.pending = kNone;
    }
    for (const RetainedUndo &undo : m_retainedUndo) {
        const auto replaced = m_messages.find(undo.previous);
        if (replaced == m_messages.end())
            continue;
        replaced->second.flags &= quint8(~kPinned);
        if (replaced->second.isHeld())
            continue;
        // Its row, if it had one, went with the batch.
        m_amendments.remove(undo.previous);
        m_messages.erase(replaced);
    }
    for (const quint64 sequence : m_resettled) {
        const auto entry = m_messages.find(sequence);
        if (entry != m_messages.end())
            entry->second.flags &= quint8(~kListed);
    }
    empty(&m_pending);
    m_unneeded = 0;
    empty(&m_removedMessages);
    empty(&m_resettled);
    m_retainedUndo.clear();
}

void Ledger::commitTags()
{
    for (const auto &[name, mark] : m_marks) {
        const auto &[sequence, session, copy] = name;
        const auto entry = m_messages.find(sequence);
        Target *target
            = entry != m_messages.end() ? entry->second.targets.find(session, copy) : nullptr;
        if (target)
            target->flags = quint8((target->flags & ~TargetSet::kMarked) | TargetSet::kTagged);
    }
    m_marks.clear();
    empty(&m_removedTags);
}

void Ledger::commitKeys()
{
    for (const auto &[number, key] : m_changedKeys) {
        SessionState *session = findSession(number);
        if (!session)
            continue;
        const auto state = session->keys.find(key);
        if (state == session->keys.end())
            continue;
        if (state->present)
            *state = {.source = 0, .present = true, .onDisk = true, .listed = false};
        else
            session->keys.erase(state);
    }
    empty(&m_changedKeys);
}

void Ledger::commitRetained()
{
    for (const QByteArray &topic : m_changedRetained) {
        const auto entry = m_retained.find(topic);
        if (entry == m_retained.end())
            continue;
        entry->onDisk = entry->sequence;
        entry->listed = false;
        if (entry->sequence == 0)
            m_retained.erase(entry);
    }
    empty(&m_changedRetained);
}

void Ledger::failed()
{
    undoRetained();
    undoMessages();
    for (const auto &[number, key] : m_changedKeys) {
        SessionState *session = findSession(number);
        if (!session)
            continue;
        const auto state = session->keys.find(key);
        if (state != session->keys.end() && state->source != 0)
            *state = {.source = 0, .present = false, .onDisk = state->onDisk, .listed = true};
    }
    m_sequence.settle(false);
    m_session.settle(false);
}

void Ledger::undoRetained()
{
    for (auto undo = m_retainedUndo.rbegin(); undo != m_retainedUndo.rend(); ++undo) {
        const auto replaced = m_messages.find(undo->previous);
        const bool isThere = replaced != m_messages.end();
        const auto topic = m_retained.find(undo->topic);
        if (topic != m_retained.end() && topic->source == undo->source) {
            topic->sequence = isThere ? undo->previous : 0;
            topic->source = undo->previousSource;
            if (isThere)
                replaced->second.flags |= kRetained;
        }
        if (isThere) {
            replaced->second.flags &= quint8(~kPinned);
            release(replaced);
        }
    }
    m_retainedUndo.clear();
}

void Ledger::undoMessages()
{
    for (const auto &[sequence, session, copy] : m_refusableTargets) {
        const auto entry = m_messages.find(sequence);
        Target *target
            = entry != m_messages.end() ? entry->second.targets.find(session, copy) : nullptr;
        if (!target)
            continue;
        settle(entry, target);
        release(entry);
    }
    empty(&m_refusableTargets);
    for (const quint64 sequence : m_refusable) {
        const auto entry = m_messages.find(sequence);
        if (entry != m_messages.end() && entry->second.streams != 0) {
            leaveToStreams(entry);
            continue;
        }
        noteRefused(sequence);
        if (entry == m_messages.end())
            continue;
        settleAll(entry);
        drop(entry);
    }
    empty(&m_refusable);
}

void Ledger::settleAll(Messages::iterator entry)
{
    for (Target &target : entry->second.targets) {
        if ((target.flags & TargetSet::kSettled) == 0)
            settle(entry, &target);
    }
}

/// A refused message was seen by who was there, so that it is a part of the past.
void Ledger::leaveToStreams(Messages::iterator entry)
{
    settleAll(entry);
    entry->second.flags &= quint8(~kRetained);
}

} // namespace fairlead::core
