// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/subscriber.h"

#include <fairlead/bytes.h>

#include <array>
#include <functional>
#include <shared_mutex>
#include <string>
#include <unordered_map>

namespace fairlead::core {

class Sequencer;

/// One subscription as the index holds it.
struct IndexedSubscription
{
    SubscriberPtr subscriber;
    SubscriptionOptions options;
    quint64 since = 0; ///< first sequence it may get
};

/// The wildcard index: one trie of topic levels behind a read-write lock.
///
/// Thread: any. Lock order: this index, then the sequencer. A change becomes active under the
/// sequencer's lock, where it takes the next sequence as its first and raises the generations that
/// cached matches are checked against.
class TopicIndex
{
public:
    explicit TopicIndex(Sequencer &sequencer);
    ~TopicIndex();

    /// Adds or replaces (same subscriber, byte-equal filter); true when it was there already.
    /// @p from: the first sequence that follows the change.
    bool subscribe(const SubscriberPtr &subscriber,
                   const TopicFilter &filter,
                   const SubscriptionOptions &options,
                   quint64 *from);
    /// False when there was no such subscription.
    bool unsubscribe(const Subscriber &subscriber, const TopicFilter &filter);
    /// The group of a shared filter; null when it has no member.
    std::shared_ptr<SharedGroup> group(const TopicFilter &filter) const;
    /// Moves a subscriber to another reactor. The caller holds the sequencer's lock.
    void rehomeLocked(Subscriber &subscriber, int reactor) noexcept;

    /// What cached matches of one topic depend on.
    struct Stamp
    {
        quint64 wildcard = 0;
        quint64 level = 0;
        bool operator==(const Stamp &) const = default;
    };

    static quint32 levelSlot(ByteSpan topic) noexcept;
    Stamp stamp(quint32 levelSlot) const noexcept;

    /// Grows with every change of any kind.
    quint64 changes() const noexcept { return m_changes.load(std::memory_order_acquire); }

    struct Matches
    {
        std::vector<IndexedSubscription> direct;
        std::vector<std::shared_ptr<SharedGroup>> groups;
    };

    /// All that select @p topic, with the stamp they were read under.
    Stamp match(ByteSpan topic, Matches *out) const;

    std::shared_lock<std::shared_mutex> readLock() const { return std::shared_lock(m_lock); }

    /// As match(); the caller holds readLock().
    Stamp matchLocked(ByteSpan topic, Matches *out) const;

    quint64 subscriptionCount() const noexcept { return m_count.load(std::memory_order_relaxed); }

    /// Topic levels it holds for all filters together.
    quint64 levelCount() const noexcept { return m_levelCount.load(std::memory_order_relaxed); }

    quint64 sharedCount() const noexcept { return m_sharedCount.load(std::memory_order_relaxed); }

private:
    struct Node;

    struct BytesHash
    {
        using is_transparent = void;

        std::size_t operator()(std::string_view text) const noexcept
        {
            return std::hash<std::string_view>()(text);
        }
    };

    void raiseLocked(const TopicFilter &filter) noexcept;
    Node *find(ByteSpan pattern, std::vector<std::pair<Node *, std::string>> *path) const;

    static constexpr std::size_t kLevelSlots = 256;

    Sequencer &m_sequencer;
    mutable std::shared_mutex m_lock;
    std::unique_ptr<Node> m_root;
    std::atomic<quint64> m_wildcardGeneration = 1;
    std::array<std::atomic<quint64>, kLevelSlots> m_levelGenerations = {};
    std::atomic<quint64> m_changes = 1;
    std::atomic<quint64> m_count = 0;
    std::atomic<quint64> m_sharedCount = 0;
    std::atomic<quint64> m_levelCount = 0;
};

} // namespace fairlead::core
