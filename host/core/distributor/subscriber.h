// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/lease.h>
#include <fairlead/topic.h>

#include <atomic>
#include <memory>
#include <vector>

namespace fairlead::core {

class Session;

/// Subscription identifiers that go with a delivery; shared by every entry of the same match.
using IdList = std::shared_ptr<const std::vector<quint32>>;

/// What the topic index knows of a session. The session itself is touched on its home reactor only.
/// Thread: the atomics any; home changes under the sequencer's lock.
struct Subscriber
{
    quint64 number = 0; ///< of the session; never reused
    Session *session = nullptr; ///< dereferenced on the home reactor only
    std::atomic<int> home = 0;
    /// The reactor that holds the session now; -1 while it is on its way to its home.
    std::atomic<int> arrived = -1;
    std::atomic<bool> online = false;
    std::atomic<bool> congested = false;
    /// What it is owed outlives the process; fixed before its first subscription.
    std::atomic<bool> durable = false;
};

using SubscriberPtr = std::shared_ptr<Subscriber>;

/// How a subscription wants its messages.
struct SubscriptionOptions
{
    quint32 id = 0; ///< 0: none
    quint8 qos = 0;
    bool noLocal = false;
    bool retainAsPublished = false;
    bool showPositions = false;
    OverflowChoice overflow;
};

/// One member of a shared group.
struct SharedMember
{
    SubscriberPtr subscriber;
    TopicFilter filter;
    SubscriptionOptions options;
    IdList ids;
    quint64 since = 0; ///< first sequence it may get
};

using SharedMemberPtr = std::shared_ptr<const SharedMember>;

/// What a delivery came by: a session's own subscriptions, or its place in a shared group. One
/// pointer for both, since every queued message has one.
class Matched
{
public:
    Matched() = default;

    explicit Matched(IdList ids) noexcept
        : m_by(std::move(ids))
    { }

    explicit Matched(SharedMemberPtr member) noexcept
        : m_by(std::move(member))
        , m_isShared(true)
    { }

    /// Null when none go with it.
    const std::vector<quint32> *ids() const noexcept
    {
        return m_isShared ? member()->ids.get()
                          : static_cast<const std::vector<quint32> *>(m_by.get());
    }

    IdList idList() const noexcept
    {
        return m_isShared ? member()->ids
                          : std::static_pointer_cast<const std::vector<quint32>>(m_by);
    }

    /// Null unless it came by a shared group.
    const SharedMember *member() const noexcept
    {
        return m_isShared ? static_cast<const SharedMember *>(m_by.get()) : nullptr;
    }

private:
    std::shared_ptr<const void> m_by;
    bool m_isShared = false;
};

/// The members of one `$share/<group>/<filter>`; the list is replaced, never changed.
struct SharedGroup
{
    TopicFilter filter;
    std::shared_ptr<const std::vector<SharedMemberPtr>> members;
    std::atomic<quint32> turn = 0;
};

} // namespace fairlead::core
