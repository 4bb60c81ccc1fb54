// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/retainedstore.h"

namespace fairlead::core {

namespace {

// The text that every topic which @p pattern selects begins with.
ByteSpan literalPrefix(ByteSpan pattern) noexcept
{
    const std::size_t wild = pattern.find_first_of("+#");
    if (wild == ByteSpan::npos)
        return pattern;
    // "a/#" selects "a" too.
    return pattern.substr(0, wild > 0 ? wild - 1 : 0);
}

bool hasExpired(const Message &message, qint64 now) noexcept
{
    return message.expiryDeadline() >= 0 && message.expiryDeadline() <= now;
}

} // namespace

bool RetainedStore::admits(ByteSpan topic, std::size_t size) const
{
    if (count() < m_limits.messages && bytes() + size <= m_limits.bytes)
        return true;
    const std::scoped_lock locked(m_lock);
    const auto found = m_byTopic.find(topic);
    return found != m_byTopic.end()
        && bytes() - found->second->second.size() + size <= m_limits.bytes;
}

void RetainedStore::removeLocked(Ordered::iterator entry)
{
    m_bytes.fetch_sub(entry->second.size(), std::memory_order_relaxed);
    m_count.fetch_sub(1, std::memory_order_relaxed);
    m_byTopic.erase(std::string_view(entry->first));
    m_ordered.erase(entry);
}

void RetainedStore::store(const Message &message)
{
    const std::scoped_lock locked(m_lock);
    const auto found = m_byTopic.find(message.topic());
    if (message.payload().empty()) {
        if (found != m_byTopic.end())
            removeLocked(found->second);
        return;
    }
    if (found != m_byTopic.end()) {
        m_bytes.fetch_sub(found->second->second.size(), std::memory_order_relaxed);
        found->second->second = message;
    } else {
        const auto entry = m_ordered.emplace(std::string(message.topic()), message).first;
        m_byTopic.emplace(std::string_view(entry->first), entry);
        m_count.fetch_add(1, std::memory_order_relaxed);
    }
    m_bytes.fetch_add(message.size(), std::memory_order_relaxed);
}

bool RetainedStore::read(Cursor *cursor, qint64 now, std::vector<Message> *out) const
{
    const ByteSpan pattern = cursor->filter.pattern();
    const std::scoped_lock locked(m_lock);
    if (!cursor->filter.hasWildcard()) {
        const auto found = m_byTopic.find(pattern);
        if (found != m_byTopic.end()) {
            const Message &message = found->second->second;
            if (message.sequence() < cursor->before && !hasExpired(message, now))
                out->push_back(message);
        }
        return false;
    }
    const ByteSpan prefix = literalPrefix(pattern);
    auto entry
        = cursor->started ? m_ordered.upper_bound(cursor->after) : m_ordered.lower_bound(prefix);
    cursor->started = true;
    for (int looked = 0; looked < kPage; ++looked, ++entry) {
        if (entry == m_ordered.end() || !ByteSpan(entry->first).starts_with(prefix))
            return false;
        cursor->after = entry->first;
        const Message &message = entry->second;
        if (message.sequence() < cursor->before && !hasExpired(message, now)
            && cursor->filter.matches(entry->first)) {
            out->push_back(message);
        }
    }
    return true;
}

void RetainedStore::expire(qint64 now, int budget)
{
    const std::scoped_lock locked(m_lock);
    auto entry = m_ordered.upper_bound(m_expireAfter);
    while (budget-- > 0 && entry != m_ordered.end()) {
        const auto here = entry++;
        if (hasExpired(here->second, now))
            removeLocked(here);
    }
    m_expireAfter = entry == m_ordered.end() ? std::string() : entry->first;
}

} // namespace fairlead::core
