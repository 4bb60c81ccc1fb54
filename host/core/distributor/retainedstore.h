// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/message.h>
#include <fairlead/topic.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace fairlead::core {

/// The retained message of each topic.
///
/// Thread: any. Lock order: the sequencer, then this. Changed in the sequencer's order, read in
/// pages, so that a large set blocks nobody.
class RetainedStore
{
public:
    struct Limits
    {
        quint64 messages = 1'000'000;
        quint64 bytes = quint64(1024) * 1024 * 1024;
    };

    explicit RetainedStore(Limits limits) noexcept
        : m_limits(limits)
    { }

    /// Whether a message of @p size bytes may be kept for @p topic.
    bool admits(ByteSpan topic, std::size_t size) const;
    /// Keeps @p message, or clears its topic when the payload is empty.
    void store(const Message &message);

    /// A walk through what a filter selects, in the order of topics.
    struct Cursor
    {
        TopicFilter filter;
        std::string after; ///< topic of the last one seen
        quint64 before = 0; ///< only older sequences: the rest comes live
        bool started = false;
    };

    /// The next page into @p out; at most kPage entries are looked at. False when the walk is done.
    bool read(Cursor *cursor, qint64 now, std::vector<Message> *out) const;

    /// Drops what expired among the next @p budget entries of an endless round.
    void expire(qint64 now, int budget, std::vector<Message> *gone);

    /// Whether anything in it will expire.
    bool isExpiring() const noexcept { return m_expiring.load(std::memory_order_relaxed) > 0; }

    quint64 count() const noexcept { return m_count.load(std::memory_order_relaxed); }

    quint64 bytes() const noexcept { return m_bytes.load(std::memory_order_relaxed); }

    static constexpr int kPage = 256;

private:
    using Ordered = std::map<std::string, Message, std::less<>>;
    void countLocked(const Message &message, bool kept) noexcept;
    void removeLocked(Ordered::iterator entry);

    const Limits m_limits;
    mutable std::mutex m_lock;
    Ordered m_ordered;
    std::unordered_map<std::string_view, Ordered::iterator> m_byTopic; ///< keys live in m_ordered
    std::string m_expireFrom;
    std::atomic<quint64> m_count = 0;
    std::atomic<quint64> m_bytes = 0;
    std::atomic<quint64> m_expiring = 0;
};

} // namespace fairlead::core
