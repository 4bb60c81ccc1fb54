// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/streamset.h"

#include "core/distributor/filtercover.h"

#include <bit>
#include <utility>

namespace fairlead::core {

namespace {

constexpr quint32 bitOf(int stream) noexcept
{
    return quint32(1) << stream;
}

} // namespace

StreamSet::StreamSet(std::vector<StreamSpec> specs, quint64 lostUpTo)
{
    StreamSpec everything;
    everything.name = kDefaultStream;
    StreamSpec *first = &everything;
    for (StreamSpec &spec : specs) {
        if (spec.name == kDefaultStream)
            first = &spec;
    }
    first->filter = *TopicFilter::parse("#");
    add(*first, lostUpTo);
    for (const StreamSpec &spec : specs) {
        if (&spec != first)
            add(spec, lostUpTo);
    }
}

void StreamSet::add(const StreamSpec &spec, quint64 lostUpTo)
{
    Q_ASSERT(count() < kMostStreams);
    if (spec.durable && !spec.limits.isOff())
        m_durable |= bitOf(count());
    m_streams.push_back(std::make_unique<Stream>(spec, lostUpTo));
}

int StreamSet::named(const QByteArray &name) const noexcept
{
    for (int stream = 0; stream < count(); ++stream) {
        if (spec(stream).name == name)
            return stream;
    }
    return -1;
}

void StreamSet::restore(int stream, quint64 lostUpTo)
{
    auto &place = m_streams[std::size_t(stream)];
    place = std::make_unique<Stream>(place->spec, lostUpTo);
}

void StreamSet::setSlot(int stream, int slot) noexcept
{
    at(stream).slot = slot;
    m_logged |= bitOf(stream);
}

quint32 StreamSet::slotBits(quint32 streams) const noexcept
{
    quint32 bits = 0;
    for (; streams != 0; streams &= streams - 1)
        bits |= bitOf(at(std::countr_zero(streams)).slot);
    return bits;
}

quint32 StreamSet::maskOf(ByteSpan topic) const noexcept
{
    if (topic.empty() || topic.front() == '$')
        return 0;
    quint32 mask = 0;
    for (int stream = 0; stream < count(); ++stream) {
        if (!spec(stream).limits.isOff() && spec(stream).filter.matches(topic))
            mask |= bitOf(stream);
    }
    return mask;
}

int StreamSet::answering(const TopicFilter &filter) const noexcept
{
    if (filter.pattern().empty() || filter.pattern().front() == '$')
        return -1;
    int best = -1;
    for (int stream = 0; stream < count(); ++stream) {
        const StreamSpec &one = spec(stream);
        if (!filterCovers(one.filter.pattern(), filter.pattern()))
            continue;
        if (best < 0) {
            best = stream;
            continue;
        }
        const StreamSpec &other = spec(best);
        if (one.limits.isOff() != other.limits.isOff()) {
            if (other.limits.isOff())
                best = stream;
        } else if (one.durable != other.durable) {
            if (one.durable)
                best = stream;
        } else if (filterCovers(other.filter.pattern(), one.filter.pattern())
                   && (best == 0 || !filterCovers(one.filter.pattern(), other.filter.pattern()))) {
            best = stream;
        }
    }
    return best;
}

ReplayExtent StreamSet::extent(int stream, qint64 now, quint64 head)
{
    if (spec(stream).limits.isOff())
        return {0, head, head};
    return ring(stream).extent(now);
}

qint64 StreamSet::shortestAge() const noexcept
{
    qint64 shortest = -1;
    for (const auto &stream : m_streams) {
        const qint64 age = stream->spec.limits.ageNs;
        if (age > 0 && (shortest < 0 || age < shortest))
            shortest = age;
    }
    return shortest;
}

qint64 StreamSet::expire(qint64 now)
{
    qint64 next = -1;
    for (const auto &stream : m_streams) {
        const qint64 due = stream->ring.expire(now);
        if (due >= 0 && (next < 0 || due < next))
            next = due;
    }
    return next;
}

Message StreamSet::Batch::append(quint32 mask, const Message &message, Ticket ticket)
{
    Message dropped;
    for (; mask != 0; mask &= mask - 1) {
        const int number = std::countr_zero(mask);
        ReplayRing &ring = m_streams.ring(number);
        if ((m_locked & bitOf(number)) == 0) {
            m_locks[std::size_t(number)] = ring.lock();
            m_locked |= bitOf(number);
        }
        dropped = ring.appendLocked(message, m_now, ticket);
    }
    return dropped;
}

} // namespace fairlead::core
