// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/reactorviews.h"

#include "core/reactor/reactor.h"

#include <algorithm>
#include <utility>

namespace fairlead::core {

namespace {

LinkView view(const HostLink &link, const Reactor &reactor)
{
    LinkView out;
    out.generation = link.generation();
    out.peerKey = link.peerKey();
    out.endpoint = link.endpoint().name;
    out.state = link.state();
    out.direction = link.direction();
    out.reactor = reactor.number();
    out.since = link.since();
    out.peerAddress = link.peerAddress();
    out.reason = link.reason();
    if (const LinkStream *stream = link.stream())
        out.unsentBytes = stream->outputSize();
    if (const Session *session = link.session()) {
        out.session = session->number();
        out.queued = session->queuedMessages();
        out.queuedBytes = session->queuedBytes();
        out.inFlight = session->inFlight();
    }
    return out;
}

SessionView view(Session &session, const Reactor &reactor)
{
    SessionView out;
    out.number = session.number();
    out.peerKey = session.peerKey();
    out.reactor = reactor.number();
    out.link = session.holder() ? session.holder()->generation() : 0;
    out.expirySeconds = session.expirySeconds == kNever ? -1 : qint64(session.expirySeconds);
    if (session.expiryTimer.isArmed())
        out.expiresInNs
            = std::max<qint64>(0, session.expiryTimer.deadline() - reactor.clock().now());
    out.subscriptions = quint64(session.subscriptions().size());
    out.queued = session.queuedMessages();
    out.queuedBytes = session.queuedBytes();
    out.inFlight = session.inFlight();
    return out;
}

// Keeps the lowest numbers while all pass by, so that a page costs no more memory than it shows.
template <typename Item>
class Lowest
{
public:
    Lowest(quint64 after, std::size_t limit)
        : m_after(after)
        , m_limit(limit)
    { }

    void offer(quint64 number, Item *item)
    {
        ++m_total;
        if (number <= m_after)
            return;
        if (m_kept.size() == m_limit) {
            m_more = true;
            if (m_limit == 0 || m_kept.front().first < number)
                return;
            std::pop_heap(m_kept.begin(), m_kept.end());
            m_kept.pop_back();
        }
        m_kept.emplace_back(number, item);
        std::push_heap(m_kept.begin(), m_kept.end());
    }

    template <typename View>
    Page<View> page(const Reactor &reactor)
    {
        Page<View> page;
        std::sort_heap(m_kept.begin(), m_kept.end());
        page.items.reserve(m_kept.size());
        for (const auto &[number, item] : m_kept)
            page.items.push_back(view(*item, reactor));
        page.total = m_total;
        page.more = m_more;
        return page;
    }

private:
    const quint64 m_after;
    const std::size_t m_limit;
    std::vector<std::pair<quint64, Item *>> m_kept;
    quint64 m_total = 0;
    bool m_more = false;
};

} // namespace

Page<LinkView> viewLinks(Reactor &reactor, quint64 after, std::size_t limit)
{
    Lowest<HostLink> lowest(after, limit);
    reactor.forEachLink([&lowest](HostLink &link) { lowest.offer(link.generation(), &link); });
    return lowest.page<LinkView>(reactor);
}

Page<SessionView> viewSessions(Reactor &reactor, quint64 after, std::size_t limit)
{
    Lowest<Session> lowest(after, limit);
    reactor.sessions().forEach(
        [&lowest](Session &session) { lowest.offer(session.number(), &session); });
    return lowest.page<SessionView>(reactor);
}

bool disconnectLink(Reactor &reactor, quint64 generation, const Error &reason)
{
    HostLink *link = reactor.findLink(generation);
    if (!link || link->state() == Link::State::Closed)
        return false;
    link->shutDown(reason);
    return true;
}

std::vector<quint64> disconnectPeer(Reactor &reactor,
                                    const QByteArray &peerKey,
                                    const Error &reason)
{
    std::vector<quint64> generations;
    reactor.forEachLink([&](const HostLink &link) {
        if (link.state() == Link::State::Ready && link.peerKey() == peerKey)
            generations.push_back(link.generation());
    });
    // Found again one by one: the end of one may lead to the end of another.
    for (const quint64 generation : generations)
        (void)disconnectLink(reactor, generation, reason);
    return generations;
}

} // namespace fairlead::core
