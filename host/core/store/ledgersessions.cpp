// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/ledger.h"

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr std::size_t kFewOwed = 16;

} // namespace

Ledger::SessionState *Ledger::findSession(quint64 number)
{
    const auto found = m_sessions.find(number);
    return found != m_sessions.end() ? &found->second : nullptr;
}

void Ledger::owe(quint64 number, SessionState &session, quint64 sequence)
{
    if (session.owed.size() >= kFewOwed + 2 * std::size_t(session.open))
        forgetSettled(number, session);
    if (session.owed.empty() || session.owed.back() != sequence)
        session.owed.push_back(sequence);
    ++session.open;
}

void Ledger::forgetSettled(quint64 number, SessionState &session)
{
    const auto isSettled = [this, number](quint64 sequence) {
        const auto entry = m_messages.find(sequence);
        bool isOpen = false;
        if (entry != m_messages.end())
            entry->second.targets.forEachOf(number, [&isOpen](const Target *) { isOpen = true; });
        return !isOpen;
    };
    session.owed.erase(std::remove_if(session.owed.begin(), session.owed.end(), isSettled),
                       session.owed.end());
}

Ledger::SessionChange &Ledger::change(quint64 number, SessionState &session)
{
    if (!session.change)
        session.change = std::make_unique<SessionChange>();
    if (!session.listed) {
        session.listed = true;
        m_changedSessions.push_back(number);
    }
    return *session.change;
}

void Ledger::take(record::PutSession &record, bool)
{
    const quint64 number = record.row ? record.row->number : 0;
    if (number == 0) {
        ++m_counters.ignored;
        return;
    }
    m_session.note(number);
    change(number, m_sessions[number]).row = std::move(record.row);
}

void Ledger::take(const record::RemoveSession &record, bool)
{
    const auto found = m_sessions.find(record.number);
    if (found == m_sessions.end()) {
        ++m_counters.ignored;
        return;
    }
    const SessionState session = std::move(found->second);
    m_sessions.erase(found);
    for (const quint64 sequence : session.owed) {
        const auto entry = m_messages.find(sequence);
        if (entry == m_messages.end())
            continue;
        entry->second.targets.forEachOf(record.number,
                                        [&](Target *target) { settle(entry, target); });
        release(entry);
    }
    if (session.onDisk)
        m_removedSessions.push_back(record.number);
}

void Ledger::take(record::PutSubscription &record, bool)
{
    SessionState *session = record.row ? findSession(record.row->session) : nullptr;
    if (!session) {
        ++m_counters.ignored;
        return;
    }
    const QByteArray filter = record.row->filter;
    change(record.row->session, *session).subscriptions[filter] = std::move(record.row);
}

void Ledger::take(const record::RemoveSubscription &record, bool)
{
    SessionState *session = findSession(record.session);
    if (!session) {
        ++m_counters.ignored;
        return;
    }
    change(record.session, *session).subscriptions[record.filter] = nullptr;
}

// Receive keys.

void Ledger::take(const record::PutKey &record, bool)
{
    keep(record.session, record.key, 0);
}

void Ledger::keep(quint64 session, quint32 key, quint64 source)
{
    SessionState *owner = findSession(session);
    if (!owner) {
        ++m_counters.ignored;
        return;
    }
    KeyState &state = owner->keys[key];
    // One that is there for another reason outlives its message.
    if (!state.present || source == 0)
        state.source = source;
    state.present = true;
    if (!state.listed) {
        state.listed = true;
        m_changedKeys.emplace_back(session, key);
    }
}

void Ledger::take(const record::ForgetKey &record, bool)
{
    SessionState *owner = findSession(record.session);
    const auto state = owner ? owner->keys.find(record.key) : QHash<quint32, KeyState>::iterator();
    if (!owner || state == owner->keys.end() || !state->present) {
        ++m_counters.ignored;
        return;
    }
    state->present = false;
    state->source = 0;
    if (!state->listed) {
        state->listed = true;
        m_changedKeys.emplace_back(record.session, record.key);
    }
}

// Values.

void Ledger::take(record::PutValue &record, bool)
{
    m_values[{std::move(record.space), std::move(record.key)}] = std::move(record.value);
}

void Ledger::take(const record::RemoveValue &record, bool)
{
    m_values[{record.space, record.key}] = std::nullopt;
}

} // namespace fairlead::core
