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

void RetainedStore::countLocked(const Message &message, bool kept) noexcept
{
    // Unsigned sums wrap, so what is taken away is added as its complement.
    const quint64 one = kept ? 1 : ~quint64(0);
    m_count.fetch_add(one, std::memory_order_relaxed);
    m_bytes.fetch_add(one * message.size(), std::memory_order_relaxed);
    if (message.expiryDeadline() >= 0)
        m_expiring.fetch_add(one, std::memory_order_relaxed);
}

void RetainedStore::removeLocked(Ordered::iterator entry)
{
    countLocked(entry->second, false);
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
        countLocked(found->second->second, false);
        found->second->second = message;
    } else {
        const auto entry = m_ordered.emplace(std::string(message.topic()), message).first;
        m_byTopic.emplace(std::string_view(entry->first), entry);
    }
    countLocked(message, true);
}

bool RetainedStore::read(Cursor *cursor, qint64 now, std::vector<Message> *out) const
{
    const ByteSpan pattern = cursor->filter.pattern();
    const std::scoped_lock locked(m_lock);
    if (!cursor->filter.hasWildcard()) {
        const auto found = m_byTopic.find(pattern);
        if (found != m_byTopic.end()) {
            const Message &message = found->second->second;
            if (message.sequence() < cursor->before && !message.isExpiredAt(now))
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
        if (message.sequence() < cursor->before && !message.isExpiredAt(now)
            && cursor->filter.matches(entry->first)) {
            out->push_back(message);
        }
    }
    return true;
}

void RetainedStore::expire(qint64 now, int budget, std::vector<Message> *gone)
{
    const std::scoped_lock locked(m_lock);
    auto entry = m_ordered.lower_bound(m_expireFrom);
    while (budget-- > 0 && entry != m_ordered.end()) {
        const auto here = entry++;
        if (here->second.isExpiredAt(now)) {
            gone->push_back(here->second);
            removeLocked(here);
        }
    }
    m_expireFrom = entry == m_ordered.end() ? std::string() : entry->first;
}

} // namespace fairlead::core
