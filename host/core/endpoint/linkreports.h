// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/endpointruntime.h"

#include <QObject>

#include <atomic>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace fairlead {
class Executor;
} // namespace fairlead

namespace fairlead::core {

class EventFeed;

/// Brings what links report from their reactors to the main thread, in batches with one wake-up.
/// Reports of one link stay in order.
///
/// Dialled links are always followed, since their endpoint waits for them; accepted ones only while
/// somebody listens. Of these at most kMaxWaiting wait; what comes in excess is counted.
///
/// Thread: main, but for LinkFollower's calls. Ownership: outlives the reactors' links.
class LinkReports final : public QObject, public LinkFollower
{
    Q_OBJECT

public:
    static constexpr std::size_t kMaxWaiting = 65536;

    /// @p listeners tells whether anybody wants to hear of accepted links; outlives it.
    LinkReports(Executor &main, const EventFeed &listeners);
    ~LinkReports() override;

    /// Reports of accepted links that nobody will see.
    quint64 lost() const noexcept { return m_lost.load(std::memory_order_relaxed); }

    /// Who gets the reports about the dialled links of @p endpoint, after reported().
    using Route = std::function<void(const LinkReport &)>;
    void setRoute(int endpoint, Route route);
    void removeRoute(int endpoint);

    // LinkFollower
    bool follows(Link::Direction direction) const noexcept override;

    void handleReport(LinkReport report) noexcept override;

Q_SIGNALS:
    void reported(const fairlead::core::LinkReport &report);

private:
    struct Shared;

    void deliver();

    Executor &m_main;
    const EventFeed &m_listeners;
    std::shared_ptr<Shared> m_shared;
    std::unordered_map<int, Route> m_routes;
    std::atomic<quint64> m_lost = 0;
};

} // namespace fairlead::core
