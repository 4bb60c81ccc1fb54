// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/topicindex.h"
#include "core/store/storerecord.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace fairlead::core {

class StreamSet;

/// One session of this reactor that a topic reaches, all its overlapping subscriptions merged.
struct LocalTarget
{
    struct Way
    {
        Matched by;
        quint8 qos = 0;
        bool retainAsPublished = false;
        bool showPosition = false;
        bool open = false;
    };

    Session *session = nullptr;
    quint64 since = 0;
    Way all; ///< of a message from anyone else
    Way own; ///< of a message that the session published itself: without no-local subscriptions
};

/// Where a topic goes.
struct TopicMatch
{
    TopicIndex::Stamp stamp;
    quint64 localVersion = 0;
    quint32 levelSlot = 0;
    quint64 reactors = 0; ///< bit per reactor with a session that asked
    quint32 streams = 0; ///< bit per stream that keeps the topic; never changes
    std::vector<LocalTarget> locals;
    std::vector<std::shared_ptr<SharedGroup>> groups;
    /// Those among all sessions, wherever they live, to whom a message at QoS > 0 is owed in writing.
    DurableTargets durable;
    /// What of it differs for a message that the session published itself; qos 0: nothing is owed.
    std::vector<DurableTarget> durableOwn;

    /// Those whose publishers are told when they have no room.
    std::vector<SubscriberPtr> rejecting;

    bool isRefused() const noexcept
    {
        return std::any_of(rejecting.begin(), rejecting.end(), [](const SubscriberPtr &subscriber) {
            return subscriber->refusing.load(std::memory_order_relaxed);
        });
    }

    bool hasReceiver() const noexcept { return reactors != 0 || !groups.empty(); }
};

/// One reactor's memory of where topics go; an entry is good while the index' generations and this
/// reactor's set of sessions stand. Thread: its reactor.
class MatchCache
{
public:
    MatchCache(const TopicIndex &index, const StreamSet &streams, int reactor);

    /// The current match; the pointer is good until trim().
    TopicMatch *find(ByteSpan topic);
    /// As find(); the caller holds the index' read lock.
    TopicMatch *findLocked(ByteSpan topic);

    bool isCurrent(const TopicMatch &match) const noexcept
    {
        return match.localVersion == m_localVersion
            && match.stamp == m_index.stamp(match.levelSlot);
    }

    /// Brings @p match up to date.
    void refresh(ByteSpan topic, TopicMatch *match);
    /// As refresh(); the caller holds the index' read lock.
    void refreshLocked(ByteSpan topic, TopicMatch *match);

    /// A session came to this reactor or left it.
    void localSessionsChanged() noexcept { ++m_localVersion; }

    /// Keeps the cache within its bound. Never while messages wait in the reactor's inbox.
    void trim();

    std::size_t size() const noexcept { return m_entries.size(); }

private:
    struct BytesHash
    {
        using is_transparent = void;

        std::size_t operator()(std::string_view text) const noexcept
        {
            return std::hash<std::string_view>()(text);
        }
    };

    TopicMatch &entry(ByteSpan topic);
    bool isHere(const Subscriber &subscriber) const noexcept;
    void fill(TopicMatch *match, TopicIndex::Stamp stamp, const TopicIndex::Matches &matches) const;

    static constexpr std::size_t kMaxEntries = 65536;
    static constexpr std::size_t kMaxTopicBytes = 16 * 1024 * 1024;

    const TopicIndex &m_index;
    const StreamSet &m_streams;
    const int m_reactor;
    quint64 m_localVersion = 1;
    std::size_t m_topicBytes = 0;
    std::unordered_map<std::string, std::unique_ptr<TopicMatch>, BytesHash, std::equal_to<>>
        m_entries;
};

} // namespace fairlead::core
