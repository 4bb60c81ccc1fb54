// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/outgoingaliases.h"

#include <QtCore/QHashFunctions>

#include <algorithm>
#include <cstring>

namespace fairlead::mqtt {

namespace {

constexpr quint32 kSetSize = 4;
constexpr quint32 kRememberedPerAlias = 2;

} // namespace

OutgoingAliases::OutgoingAliases(quint16 maximum)
    : m_setSize(std::min<quint32>(maximum, kSetSize))
    , m_setCount(maximum / m_setSize)
{
    m_entries.resize(std::size_t(m_setSize) * m_setCount);
    m_seenOnce.resize(m_entries.size() * kRememberedPerAlias);
}

OutgoingAliases::Choice OutgoingAliases::choose(Bytes topic)
{
    // Never 0, which marks an empty place in m_seenOnce.
    const auto hash = quint32(qHashBits(topic.data(), topic.size())) | 1U;
    Entry *const set = &m_entries[std::size_t((hash >> 8) % m_setCount) * m_setSize];
    for (quint32 way = 0; way < m_setSize; ++way) {
        Entry &entry = set[way];
        if (entry.topic && entry.hash == hash && Bytes(entry.topic.get(), entry.size) == topic) {
            entry.used = true;
            return {quint16(&entry - m_entries.data() + 1), true};
        }
    }
    quint32 &seen = seenOnce(hash);
    if (seen != hash) {
        seen = hash;
        return {};
    }
    Entry *const entry = findVictim(set);
    if (entry == nullptr)
        return {};
    seen = 0;
    if (entry->size != topic.size() || !entry->topic)
        entry->topic = std::make_unique_for_overwrite<char[]>(topic.size());
    std::memcpy(entry->topic.get(), topic.data(), topic.size());
    entry->size = quint16(topic.size());
    entry->hash = hash;
    entry->used = true;
    return {quint16(entry - m_entries.data() + 1), false};
}

quint32 &OutgoingAliases::seenOnce(quint32 hash) noexcept
{
    return m_seenOnce[(hash >> 1) % m_seenOnce.size()];
}

OutgoingAliases::Entry *OutgoingAliases::findVictim(Entry *set) const noexcept
{
    Entry *victim = nullptr;
    for (quint32 way = 0; way < m_setSize; ++way) {
        if (!set[way].topic)
            return &set[way];
        if (!set[way].used)
            victim = &set[way];
    }
    if (victim == nullptr) {
        for (quint32 way = 0; way < m_setSize; ++way)
            set[way].used = false;
    }
    return victim;
}

void OutgoingAliases::withdraw(quint16 alias) noexcept
{
    Entry &entry = m_entries[alias - 1U];
    seenOnce(entry.hash) = entry.hash;
    entry = Entry{};
}

} // namespace fairlead::mqtt
