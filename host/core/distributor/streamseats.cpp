// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/streamseats.h"

#include "core/distributor/filtercover.h"
#include "core/distributor/streamset.h"

#include <fairlead/bytes.h>

#include <algorithm>

namespace fairlead::core {

StreamSeats::StreamSeats(const StreamSet &streams)
{
    for (int number = 0; number < streams.count(); ++number) {
        const StreamSpec &spec = streams.spec(number);
        if (spec.maxSubscribers > 0)
            m_streams.push_back({spec.name, spec.filter, spec.maxSubscribers, {}});
    }
}

std::vector<std::size_t> StreamSeats::ledToBy(const TopicFilter &filter) const
{
    std::vector<std::size_t> streams;
    for (std::size_t i = 0; i < m_streams.size(); ++i) {
        if (filtersOverlap(m_streams[i].filter.pattern(), filter.pattern()))
            streams.push_back(i);
    }
    return streams;
}

bool StreamSeats::concerns(const TopicFilter &filter) const noexcept
{
    return std::any_of(m_streams.begin(), m_streams.end(), [&](const Stream &stream) {
        return filtersOverlap(stream.filter.pattern(), filter.pattern());
    });
}

std::optional<StreamSeats::Full> StreamSeats::claim(const Sitter &who, const TopicFilter &filter)
{
    const std::vector<std::size_t> streams = ledToBy(filter);
    if (streams.empty())
        return std::nullopt;
    const std::scoped_lock locked(m_lock);
    for (const std::size_t number : streams) {
        const Stream &stream = m_streams[number];
        if (quint64(stream.sitting.size()) >= stream.seats && !stream.sitting.contains(who.key))
            return Full{stream.name, stream.seats};
    }
    for (const std::size_t number : streams)
        m_streams[number].sitting[who.key].insert({who.number, copyOf(filter.bytes())});
    return std::nullopt;
}

void StreamSeats::restore(const Sitter &who, const TopicFilter &filter)
{
    const std::vector<std::size_t> streams = ledToBy(filter);
    const std::scoped_lock locked(m_lock);
    for (const std::size_t number : streams)
        m_streams[number].sitting[who.key].insert({who.number, copyOf(filter.bytes())});
}

void StreamSeats::release(const Sitter &who, const TopicFilter &filter)
{
    const std::vector<std::size_t> streams = ledToBy(filter);
    if (streams.empty())
        return;
    const QByteArray key = copyOf(filter.bytes());
    const std::scoped_lock locked(m_lock);
    for (const std::size_t number : streams)
        remove(&m_streams[number].sitting, who, &key);
}

void StreamSeats::leave(const Sitter &who)
{
    if (m_streams.empty())
        return;
    const std::scoped_lock locked(m_lock);
    for (Stream &stream : m_streams)
        remove(&stream.sitting, who, nullptr);
}

void StreamSeats::remove(Sitting *sitting, const Sitter &who, const QByteArray *filter)
{
    const auto mine = sitting->find(who.key);
    if (mine == sitting->end())
        return;
    mine->removeIf([&](const Claim &claim) {
        return claim.first == who.number && (!filter || claim.second == *filter);
    });
    if (mine->isEmpty())
        sitting->erase(mine);
}

quint32 StreamSeats::subscribersOf(ByteSpan topic) const
{
    // These are in no stream.
    if (topic.empty() || topic.front() == '$')
        return 0;
    const std::scoped_lock locked(m_lock);
    quint32 most = 0;
    for (const Stream &stream : m_streams) {
        if (stream.filter.matches(topic))
            most = std::max(most, quint32(stream.sitting.size()));
    }
    return most;
}

std::vector<StreamSeats::Taken> StreamSeats::list() const
{
    const std::scoped_lock locked(m_lock);
    std::vector<Taken> all;
    all.reserve(m_streams.size());
    for (const Stream &stream : m_streams)
        all.push_back({stream.name, stream.seats, quint32(stream.sitting.size())});
    return all;
}

} // namespace fairlead::core
