// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/overflowsettings.h"

#include <QByteArray>

#include <fairlead/lease.h>
#include <fairlead/topic.h>

#include <atomic>
#include <memory>
#include <vector>

namespace fairlead::core {

class Session;

/// By which subscriptions a delivery comes; shared by every entry of the same match.
struct MatchTerms
{
    std::vector<quint32> ids; ///< subscription identifiers that go with it
    QByteArray filter; ///< the one that decides; empty where nobody knows any more
    SubscriptionOverflow overflow;
};

using MatchTermsPtr = std::shared_ptr<const MatchTerms>;

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
    /// It has no room, and its publishers are to be told.
    std::atomic<bool> refusing = false;
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
    SubscriptionOverflow overflow;
    QByteArray filter; ///< whole, `$share/<group>/` included

    bool operator==(const SubscriptionOptions &) const = default;
};

/// The terms of a delivery that comes by one subscription alone.
inline MatchTermsPtr termsOf(const SubscriptionOptions &options)
{
    MatchTerms terms;
    if (options.id != 0)
        terms.ids.push_back(options.id);
    terms.filter = options.filter;
    terms.overflow = options.overflow;
    return std::make_shared<const MatchTerms>(std::move(terms));
}

/// The identifiers in @p terms; null when there are none.
inline std::shared_ptr<const std::vector<quint32>> idsOf(const MatchTermsPtr &terms)
{
    if (!terms || terms->ids.empty())
        return {};
    return {terms, &terms->ids};
}

/// One member of a shared group.
struct SharedMember
{
    SubscriberPtr subscriber;
    TopicFilter filter;
    SubscriptionOptions options;
    MatchTermsPtr terms;
    quint64 since = 0; ///< first sequence it may get
};

using SharedMemberPtr = std::shared_ptr<const SharedMember>;

/// What a delivery came by: a session's own subscriptions, or its place in a shared group. One
/// pointer for both, since every queued message has one.
class Matched
{
public:
    Matched() = default;

    explicit Matched(MatchTermsPtr terms) noexcept
        : m_by(std::move(terms))
    { }

    explicit Matched(SharedMemberPtr member) noexcept
        : m_by(std::move(member))
        , m_isShared(true)
    { }

    /// Null when it came by nothing that is known.
    const MatchTerms *terms() const noexcept
    {
        return m_isShared ? member()->terms.get() : static_cast<const MatchTerms *>(m_by.get());
    }

    MatchTermsPtr sharedTerms() const noexcept
    {
        return m_isShared ? member()->terms : std::static_pointer_cast<const MatchTerms>(m_by);
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
