// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/matchcache.h"

#include "core/distributor/session.h"

#include <algorithm>

namespace fairlead::core {

MatchCache::MatchCache(const TopicIndex &index, int reactor)
    : m_index(index)
    , m_reactor(reactor)
{ }

// An entry without a match yet is not current: the generations begin with 1.
TopicMatch &MatchCache::entry(ByteSpan topic)
{
    auto found = m_entries.find(topic);
    if (found == m_entries.end()) {
        auto match = std::make_unique<TopicMatch>();
        match->levelSlot = TopicIndex::levelSlot(topic);
        found = m_entries.emplace(std::string(topic), std::move(match)).first;
        m_topicBytes += topic.size();
    }
    return *found->second;
}

TopicMatch *MatchCache::find(ByteSpan topic)
{
    TopicMatch &match = entry(topic);
    if (!isCurrent(match))
        refresh(topic, &match);
    return &match;
}

TopicMatch *MatchCache::findLocked(ByteSpan topic)
{
    TopicMatch &match = entry(topic);
    if (!isCurrent(match))
        refreshLocked(topic, &match);
    return &match;
}

void MatchCache::refresh(ByteSpan topic, TopicMatch *match)
{
    TopicIndex::Matches matches;
    const TopicIndex::Stamp stamp = m_index.match(topic, &matches);
    fill(match, stamp, matches);
}

void MatchCache::refreshLocked(ByteSpan topic, TopicMatch *match)
{
    TopicIndex::Matches matches;
    const TopicIndex::Stamp stamp = m_index.matchLocked(topic, &matches);
    fill(match, stamp, matches);
}

namespace {

void merge(LocalTarget::Way *way,
           const SubscriptionOptions &options,
           std::vector<quint32> *ids) noexcept
{
    way->qos = way->open ? std::max(way->qos, options.qos) : options.qos;
    way->retainAsPublished = way->retainAsPublished || options.retainAsPublished;
    way->open = true;
    if (options.id != 0)
        ids->push_back(options.id);
}

IdList shared(std::vector<quint32> ids)
{
    return ids.empty() ? IdList() : std::make_shared<const std::vector<quint32>>(std::move(ids));
}

} // namespace

void MatchCache::fill(TopicMatch *match,
                      TopicIndex::Stamp stamp,
                      const TopicIndex::Matches &matches) const
{
    match->stamp = stamp;
    match->localVersion = m_localVersion;
    match->reactors = 0;
    match->locals.clear();
    match->groups = matches.groups;

    std::vector<const IndexedSubscription *> mine;
    for (const IndexedSubscription &subscription : matches.direct) {
        const int home = subscription.subscriber->home.load(std::memory_order_acquire);
        match->reactors |= quint64(1) << home;
        const int arrived = subscription.subscriber->arrived.load(std::memory_order_acquire);
        if (home == m_reactor && arrived == m_reactor)
            mine.push_back(&subscription);
    }
    // Overlapping subscriptions of one session stand together, so that it gets one copy.
    std::stable_sort(mine.begin(), mine.end(), [](const auto *a, const auto *b) {
        return a->subscriber->number < b->subscriber->number;
    });
    for (std::size_t i = 0; i < mine.size();) {
        LocalTarget target;
        target.session = mine[i]->subscriber->session;
        target.since = mine[i]->since;
        std::vector<quint32> allIds;
        std::vector<quint32> ownIds;
        const quint64 number = mine[i]->subscriber->number;
        for (; i < mine.size() && mine[i]->subscriber->number == number; ++i) {
            target.since = std::min(target.since, mine[i]->since);
            merge(&target.all, mine[i]->options, &allIds);
            if (!mine[i]->options.noLocal)
                merge(&target.own, mine[i]->options, &ownIds);
        }
        target.all.by = Matched(shared(std::move(allIds)));
        target.own.by = Matched(shared(std::move(ownIds)));
        match->locals.push_back(std::move(target));
    }
}

void MatchCache::trim()
{
    if (m_entries.size() > kMaxEntries || m_topicBytes > kMaxTopicBytes) {
        m_entries.clear();
        m_topicBytes = 0;
    }
}

} // namespace fairlead::core
