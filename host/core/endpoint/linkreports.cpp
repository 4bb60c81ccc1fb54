// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/linkreports.h"

#include "core/observe/eventfeed.h"

#include <fairlead/executor.h>

namespace fairlead::core {

/// Outlives the object in calls that are posted already.
struct LinkReports::Shared
{
    std::mutex lock;
    std::vector<LinkReport> waiting;
    LinkReports *owner = nullptr; ///< main thread only
};

LinkReports::LinkReports(Executor &main, const EventFeed &listeners)
    : m_main(main)
    , m_listeners(listeners)
    , m_shared(std::make_shared<Shared>())
{
    m_shared->owner = this;
}

LinkReports::~LinkReports()
{
    m_shared->owner = nullptr;
}

bool LinkReports::follows(Link::Direction direction) const noexcept
{
    return direction == Link::Direction::Dialled || m_listeners.isWanted(EventKind::LinkConnected)
        || m_listeners.isWanted(EventKind::LinkDisconnected)
        || m_listeners.isWanted(EventKind::LinkRejected)
        || m_listeners.isWanted(EventKind::HeartbeatTimeout)
        || m_listeners.isWanted(EventKind::HandshakeFailed);
}

void LinkReports::setRoute(int endpoint, Route route)
{
    m_routes[endpoint] = std::move(route);
}

void LinkReports::removeRoute(int endpoint)
{
    m_routes.erase(endpoint);
}

void LinkReports::handleReport(LinkReport report) noexcept
{
    bool first = false;
    {
        const std::scoped_lock locked(m_shared->lock);
        if (report.direction == Link::Direction::Accepted
            && m_shared->waiting.size() >= kMaxWaiting) {
            m_lost.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        first = m_shared->waiting.empty();
        m_shared->waiting.push_back(std::move(report));
    }
    if (!first)
        return;
    m_main.post([shared = m_shared] {
        if (shared->owner)
            shared->owner->deliver();
    });
}

void LinkReports::deliver()
{
    std::vector<LinkReport> reports;
    const std::shared_ptr<Shared> shared = m_shared;
    {
        const std::scoped_lock locked(shared->lock);
        reports.swap(shared->waiting);
    }
    for (const LinkReport &report : reports) {
        // The link's end is told before what follows from it.
        Q_EMIT reported(report);
        // A slot may have ended the host.
        if (!shared->owner)
            return;
        if (report.direction == Link::Direction::Dialled) {
            const auto found = m_routes.find(report.endpoint);
            if (found != m_routes.end()) {
                // It may end its own route.
                const Route route = found->second;
                route(report);
            }
        }
        if (!shared->owner)
            return;
    }
}

} // namespace fairlead::core
