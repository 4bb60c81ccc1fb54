// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/pendingqueue.h"

#include <utility>

namespace fairlead::core {

namespace {

bool isDroppable(const PendingEntry &entry, bool attached) noexcept
{
    const MatchTerms *terms = entry.by.terms();
    switch (terms ? terms->overflow.policy : OverflowPolicy::Disconnect) {
    case OverflowPolicy::DropOldest:
    case OverflowPolicy::LatestPerTopic:
        return true;
    case OverflowPolicy::DropNewest:
    case OverflowPolicy::Reject:
        return false;
    case OverflowPolicy::Disconnect:
    case OverflowPolicy::BlockUpTo:
    case OverflowPolicy::FaultSource:
        break;
    }
    return !attached;
}

} // namespace

const Message *PendingQueue::last() const noexcept
{
    for (std::size_t i = m_entries.size(); i > 0; --i) {
        if (m_entries[i - 1].message)
            return &m_entries[i - 1].message;
    }
    return nullptr;
}

void PendingQueue::push(PendingEntry entry)
{
    if (m_topics)
        noteTopic(entry, m_base + m_entries.size());
    m_entries.pushBack(std::move(entry));
}

PendingEntry PendingQueue::popFront()
{
    PendingEntry entry = m_entries.popFront();
    forgetTopic(entry, m_base++);
    dropHoles();
    return entry;
}

void PendingQueue::dropHoles()
{
    while (!m_entries.isEmpty() && !m_entries.front().message) {
        m_entries.popFront();
        ++m_base;
        --m_holes;
    }
    if (m_entries.isEmpty())
        m_topics.reset();
}

PendingEntry PendingQueue::takeAt(std::size_t index)
{
    if (index == 0)
        return popFront();
    PendingEntry entry = std::exchange(m_entries[index], PendingEntry());
    ++m_holes;
    forgetTopic(entry, m_base + index);
    return entry;
}

PendingEntry PendingQueue::takeDroppable(bool attached)
{
    if (m_droppableAttached != attached) {
        m_droppableAttached = attached;
        m_droppableFrom = m_base;
    }
    const quint64 end = m_base + m_entries.size();
    for (quint64 place = std::max(m_droppableFrom, m_base); place < end; ++place) {
        const PendingEntry &entry = m_entries[std::size_t(place - m_base)];
        if (entry.message && isDroppable(entry, attached)) {
            m_droppableFrom = place;
            return takeAt(std::size_t(place - m_base));
        }
    }
    m_droppableFrom = end;
    return {};
}

PendingEntry PendingQueue::takeSameTopic(const Message &message, const Matched &by)
{
    if (!m_topics) {
        m_topics = std::make_unique<Topics>();
        for (std::size_t i = 0; i < m_entries.size(); ++i)
            noteTopic(m_entries[i], m_base + i);
    }
    const auto found = m_topics->find(message.topic());
    if (found == m_topics->end())
        return {};
    const auto index = std::size_t(found->second - m_base);
    const MatchTerms *mine = m_entries[index].by.terms();
    if (!mine || !by.terms() || mine->filter != by.terms()->filter)
        return {};
    return takeAt(index);
}

void PendingQueue::noteTopic(const PendingEntry &entry, quint64 place)
{
    if (!entry.message)
        return;
    // The key goes with its entry.
    m_topics->erase(entry.message.topic());
    m_topics->emplace(entry.message.topic(), place);
}

void PendingQueue::forgetTopic(const PendingEntry &entry, quint64 place)
{
    if (!m_topics || !entry.message)
        return;
    const auto found = m_topics->find(entry.message.topic());
    if (found != m_topics->end() && found->second == place)
        m_topics->erase(found);
}

} // namespace fairlead::core
