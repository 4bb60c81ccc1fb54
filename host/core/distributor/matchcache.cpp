// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/matchcache.h"

#include "core/distributor/session.h"
#include "core/distributor/streamset.h"

#include <algorithm>

namespace fairlead::core {

MatchCache::MatchCache(const TopicIndex &index, const StreamSet &streams, int reactor)
    : m_index(index)
    , m_streams(streams)
    , m_reactor(reactor)
{ }

// An entry without a match yet is not current: the generations begin with 1.
TopicMatch &MatchCache::entry(ByteSpan topic)
{
    auto found = m_entries.find(topic);
    if (found == m_entries.end()) {
        auto match = std::make_unique<TopicMatch>();
        match->levelSlot = TopicIndex::levelSlot(topic);
        match->streams = m_streams.maskOf(topic);
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

// The subscription with the highest QoS says how the one copy is treated.
void merge(LocalTarget::Way *way, const SubscriptionOptions &options, MatchTerms *terms)
{
    if (!way->open || options.qos > way->qos) {
        way->qos = options.qos;
        terms->filter = options.filter;
        terms->overflow = options.overflow;
    }
    way->retainAsPublished = way->retainAsPublished || options.retainAsPublished;
    way->showPosition = way->showPosition || options.showPositions;
    way->open = true;
    if (options.id != 0)
        terms->ids.push_back(options.id);
}

Matched shared(MatchTerms terms)
{
    return Matched(std::make_shared<const MatchTerms>(std::move(terms)));
}

DurableTarget owed(quint64 session, const LocalTarget::Way &way)
{
    DurableTarget target;
    target.session = session;
    target.qos = way.open ? way.qos : quint8(0);
    target.retainAsPublished = way.retainAsPublished;
    target.showPosition = way.showPosition;
    target.ids = idsOf(way.by.sharedTerms());
    return target;
}

bool isSameDebt(const LocalTarget::Way &all, const LocalTarget::Way &own) noexcept
{
    return all.open == own.open && all.qos == own.qos
        && all.retainAsPublished == own.retainAsPublished && all.showPosition == own.showPosition
        && all.by.terms()->ids.size() == own.by.terms()->ids.size();
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
    match->rejecting.clear();

    std::vector<const IndexedSubscription *> wanted;
    for (const IndexedSubscription &subscription : matches.direct) {
        const Subscriber &subscriber = *subscription.subscriber;
        match->reactors |= quint64(1) << subscriber.home.load(std::memory_order_acquire);
        if (subscription.options.overflow.policy == OverflowPolicy::Reject)
            match->rejecting.push_back(subscription.subscriber);
        if (isHere(subscriber) || subscriber.durable.load(std::memory_order_relaxed))
            wanted.push_back(&subscription);
    }
    // Overlapping subscriptions of one session stand together, so that it gets one copy.
    std::stable_sort(wanted.begin(), wanted.end(), [](const auto *a, const auto *b) {
        return a->subscriber->number < b->subscriber->number;
    });
    std::vector<DurableTarget> durable;
    match->durableOwn.clear();
    for (std::size_t i = 0; i < wanted.size();) {
        const Subscriber &subscriber = *wanted[i]->subscriber;
        LocalTarget target;
        target.session = subscriber.session;
        target.since = wanted[i]->since;
        MatchTerms allTerms;
        MatchTerms ownTerms;
        for (; i < wanted.size() && wanted[i]->subscriber->number == subscriber.number; ++i) {
            target.since = std::min(target.since, wanted[i]->since);
            merge(&target.all, wanted[i]->options, &allTerms);
            if (!wanted[i]->options.noLocal)
                merge(&target.own, wanted[i]->options, &ownTerms);
        }
        target.all.by = shared(std::move(allTerms));
        target.own.by = shared(std::move(ownTerms));
        if (subscriber.durable.load(std::memory_order_relaxed) && target.all.qos > 0) {
            durable.push_back(owed(subscriber.number, target.all));
            if (!isSameDebt(target.all, target.own))
                match->durableOwn.push_back(owed(subscriber.number, target.own));
        }
        if (isHere(subscriber))
            match->locals.push_back(std::move(target));
    }
    match->durable = durable.empty()
        ? DurableTargets()
        : std::make_shared<const std::vector<DurableTarget>>(std::move(durable));
}

bool MatchCache::isHere(const Subscriber &subscriber) const noexcept
{
    return subscriber.home.load(std::memory_order_acquire) == m_reactor
        && subscriber.arrived.load(std::memory_order_acquire) == m_reactor;
}

void MatchCache::trim()
{
    if (m_entries.size() > kMaxEntries || m_topicBytes > kMaxTopicBytes) {
        m_entries.clear();
        m_topicBytes = 0;
    }
}

} // namespace fairlead::core
