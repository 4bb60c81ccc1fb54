// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/replayring.h"

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

quint64 costOf(const Message &message) noexcept
{
    return message.size() + ReplayRing::kOverhead;
}

} // namespace

ReplayRing::ReplayRing(const ReplayLimits &limits, quint64 lostUpTo) noexcept
    : m_limits(limits)
    , m_newest(lostUpTo)
    , m_lostUpTo(lostUpTo)
{ }

ReplayRing::~ReplayRing() = default;

ReplayRing::Entry &ReplayRing::entry(std::size_t index) noexcept
{
    const std::size_t place = m_front + index;
    return (*m_blocks[place / kBlock])[place % kBlock];
}

const ReplayRing::Entry &ReplayRing::entry(std::size_t index) const noexcept
{
    const std::size_t place = m_front + index;
    return (*m_blocks[place / kBlock])[place % kBlock];
}

std::size_t ReplayRing::indexAfter(quint64 sequence) const noexcept
{
    std::size_t first = 0;
    for (std::size_t left = m_size; left > 0;) {
        const std::size_t half = left / 2;
        if (entry(first + half).sequence <= sequence) {
            first += half + 1;
            left -= half + 1;
        } else {
            left = half;
        }
    }
    return first;
}

bool ReplayRing::isTooOld(const Entry &entry, qint64 now) const noexcept
{
    return m_limits.ageNs > 0 && now - entry.at >= m_limits.ageNs;
}

Message ReplayRing::dropOldestLocked() noexcept
{
    Entry &oldest = entry(0);
    const quint64 cost = costOf(oldest.message);
    m_bytes -= cost;
    ++m_dropped;
    m_droppedBytes += cost;
    m_lostUpTo = oldest.sequence;
    Message dropped = std::move(oldest.message);
    --m_size;
    if (++m_front == kBlock) {
        m_front = 0;
        m_spare = m_blocks.popFront();
    }
    return dropped;
}

Message ReplayRing::appendLocked(const Message &message, qint64 now, Ticket ticket)
{
    const quint64 sequence = message.sequence();
    Q_ASSERT(sequence > m_newest);
    m_newest = sequence;
    if (m_limits.isOff()) {
        m_lostUpTo = sequence;
        return {};
    }
    // The batches' times come from several reactors; what came later is not older.
    m_lastTime = std::max(m_lastTime, now);
    const std::size_t place = m_front + m_size;
    if (place == m_blocks.size() * kBlock)
        m_blocks.pushBack(m_spare ? std::move(m_spare) : std::make_unique<Block>());
    Entry &added = entry(m_size++);
    added.message = message;
    added.sequence = sequence;
    added.at = m_lastTime;
    added.ticket = ticket;
    m_bytes += costOf(message);
    Message dropped;
    while (m_size > 0
           && ((m_limits.count > 0 && m_size > m_limits.count)
               || (m_limits.bytes > 0 && m_bytes > m_limits.bytes)
               || isTooOld(entry(0), m_lastTime))) {
        dropped = dropOldestLocked();
    }
    return dropped;
}

void ReplayRing::append(const Message &message, qint64 now)
{
    Message dropped;
    const auto locked = lock();
    dropped = appendLocked(message, now);
}

ReplayPage ReplayRing::read(ReplayCursor *cursor, qint64 now, std::vector<Message> *out)
{
    ReplayPage page;
    const auto kept = std::ptrdiff_t(out->size());
    out->reserve(out->size() + std::size_t(kPage));
    {
        const auto locked = lock();
        const quint64 lostUpTo = std::min(m_lostUpTo, cursor->before - 1);
        if (cursor->after < lostUpTo) {
            page.lostFirst = cursor->after + 1;
            page.lostLast = lostUpTo;
            cursor->after = lostUpTo;
        }
        std::size_t index = indexAfter(cursor->after);
        const std::size_t last = std::max(index, indexAfter(cursor->before - 1));
        const std::size_t end = std::min(last, index + std::size_t(kPage));
        std::size_t bytes = 0;
        for (; index < end && bytes < kPageBytes; ++index) {
            const Entry &one = entry(index);
            cursor->after = one.sequence;
            page.ticket = one.ticket;
            // Its timer may be late; its time is over nevertheless.
            if (isTooOld(one, now)) {
                if (page.lostFirst == 0)
                    page.lostFirst = one.sequence;
                page.lostLast = one.sequence;
            } else {
                bytes += one.message.size();
                out->push_back(one.message);
            }
        }
        page.more = index < last;
    }
    const auto unwanted = [&](const Message &message) {
        if (!cursor->filter.matches(message.topic()))
            return true;
        const bool over = message.isExpiredAt(now);
        page.expired += over ? 1 : 0;
        return over;
    };
    out->erase(std::remove_if(out->begin() + kept, out->end(), unwanted), out->end());
    return page;
}

bool ReplayRing::isCaughtUp(quint64 after) const
{
    const auto locked = lock();
    return after >= m_newest;
}

ReplayExtent ReplayRing::extent(qint64 now)
{
    const auto locked = lock();
    ReplayExtent extent;
    extent.newest = m_newest;
    extent.lostUpTo = m_lostUpTo;
    std::size_t tooOld = 0;
    for (; tooOld < m_size && isTooOld(entry(tooOld), now); ++tooOld)
        extent.lostUpTo = entry(tooOld).sequence;
    if (tooOld < m_size)
        extent.oldest = entry(tooOld).sequence;
    return extent;
}

bool ReplayRing::seekLast(ReplaySeek *seek, qint64 now)
{
    std::array<Message, std::size_t(kPage)> page;
    std::size_t count = 0;
    {
        const auto locked = lock();
        if (seek->left == 0) {
            seek->after = m_newest;
            return true;
        }
        const std::size_t end = seek->before == 0 ? 0 : indexAfter(seek->before - 1);
        const std::size_t begin = end - std::min(end, page.size());
        for (std::size_t index = end; index > begin && !isTooOld(entry(index - 1), now); --index)
            page[count++] = entry(index - 1).message;
        if (count == 0) {
            // All there is was not too many.
            seek->after = end > 0 ? entry(end - 1).sequence : m_lostUpTo;
            return true;
        }
    }
    for (std::size_t index = 0; index < count; ++index) {
        const Message &message = page[index];
        seek->before = message.sequence();
        if (!seek->filter.matches(message.topic()) || message.isExpiredAt(now))
            continue;
        if (--seek->left == 0) {
            seek->after = message.sequence() - 1;
            return true;
        }
    }
    return false;
}

quint64 ReplayRing::seekTime(qint64 since) const
{
    const auto locked = lock();
    std::size_t first = 0;
    for (std::size_t left = m_size; left > 0;) {
        const std::size_t half = left / 2;
        if (entry(first + half).at < since) {
            first += half + 1;
            left -= half + 1;
        } else {
            left = half;
        }
    }
    return first < m_size ? entry(first).sequence - 1 : m_newest;
}

int ReplayRing::expireLocked(qint64 now, std::array<Message, std::size_t(kPage)> *dropped) noexcept
{
    int count = 0;
    while (count < kPage && m_size > 0 && isTooOld(entry(0), now))
        (*dropped)[std::size_t(count++)] = dropOldestLocked();
    return count;
}

qint64 ReplayRing::expire(qint64 now)
{
    // Freed after the lock: giving memory back is the larger part of the work.
    std::array<Message, std::size_t(kPage)> dropped;
    const auto locked = lock();
    const int count = expireLocked(now, &dropped);
    if (m_limits.ageNs == 0 || m_size == 0)
        return -1;
    return count == kPage ? now : entry(0).at + m_limits.ageNs;
}

quint64 ReplayRing::takeDropped(bool all)
{
    constexpr quint64 kMany = 256;
    constexpr quint64 kPart = 16;
    const auto locked = lock();
    const bool isMuch = m_dropped >= kMany
        || (m_limits.bytes > 0 && m_droppedBytes >= m_limits.bytes / kPart)
        || (m_limits.count > 0 && m_dropped >= m_limits.count);
    if (m_dropped == 0 || (!all && !isMuch))
        return 0;
    m_dropped = 0;
    m_droppedBytes = 0;
    return m_lostUpTo;
}

qint64 ReplayRing::deadline() const
{
    const auto locked = lock();
    return m_limits.ageNs == 0 || m_size == 0 ? -1 : entry(0).at + m_limits.ageNs;
}

quint64 ReplayRing::count() const
{
    const auto locked = lock();
    return m_size;
}

quint64 ReplayRing::bytes() const
{
    const auto locked = lock();
    return m_bytes;
}

} // namespace fairlead::core
