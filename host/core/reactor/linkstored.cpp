// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// Acknowledged means stored: what a link takes back when its session, or a change of its subscriptions,
// cannot be.

#include "core/distributor/distributor.h"
#include "core/reactor/hostlink.h"
#include "core/reactor/reactor.h"

#include <utility>

namespace fairlead::core {

namespace {

StoreRecord recordOf(quint64 session,
                     const QByteArray &filter,
                     const UnstoredChanges::State &state,
                     quint64 since)
{
    if (!state)
        return record::RemoveSubscription{session, filter};
    auto row = std::make_unique<SubscriptionRow>();
    row->session = session;
    row->filter = filter;
    row->id = state->id;
    row->qos = state->qos;
    row->noLocal = state->noLocal;
    row->retainAsPublished = state->retainAsPublished;
    row->showPositions = state->showPositions;
    row->overflow = state->overflow;
    row->since = since;
    return record::PutSubscription{std::move(row)};
}

} // namespace

bool HostLink::takeBackSession()
{
    const std::unique_ptr<FormerSession> former = std::move(m_former);
    if (!m_reactor.distributor().store->isRefused(m_grantTicket))
        return false;
    Session &session = *std::exchange(m_session, nullptr);
    m_reactor.sessions().takeBack(session, std::move(*former));
    return true;
}

bool HostLink::cannotStore() const noexcept
{
    return m_session->isDurable() && m_endpoint->durability != Durability::Memory
        && m_reactor.distributor().store->isDegraded();
}

bool HostLink::isStored(const QByteArray &filter, const SubscriptionOptions &options) const
{
    const Session::Subscriptions &known = m_session->subscriptions();
    const auto found = known.constFind(filter);
    return found != known.constEnd() && found->options == options
        && !m_session->unstoredChanges().contains(filter);
}

void HostLink::keepChange(Change change, quint64 since, Notice *notice)
{
    change.ticket = keep(recordOf(m_session->number(), change.filter, change.after, since));
    if (change.ticket == 0)
        return;
    UnstoredChanges::State before;
    const auto known = m_session->subscriptions().constFind(change.filter);
    if (known != m_session->subscriptions().constEnd())
        before = known->options;
    m_session->unstoredChanges().add(
        change.filter, before, change.ticket, *m_reactor.distributor().store);
    notice->changes.push_back(std::move(change));
}

void HostLink::queueChanges(Notice notice)
{
    const Ticket last = notice.changes.empty() ? 0 : notice.changes.back().ticket;
    m_reactor.queueNotice(*this, std::move(notice), last);
}

void HostLink::takeBackRefused(Notice *notice)
{
    if (!m_session)
        return;
    const Store *const store = m_reactor.distributor().store;
    UnstoredChanges &unstored = m_session->unstoredChanges();
    for (const Change &change : notice->changes) {
        if (!store->isRefused(change.ticket)) {
            unstored.keep(change.filter, change.ticket, change.after);
            continue;
        }
        if (change.after)
            notice->subscribed[change.index] = {Outcome::Quota, 0};
        else
            notice->unsubscribed[change.index] = Outcome::Failed;
        UnstoredChanges::State back;
        if (unstored.refuse(change.filter, change.ticket, &back))
            takeBack(change.filter, back);
    }
}

void HostLink::takeBack(const QByteArray &filter, const std::optional<SubscriptionOptions> &back)
{
    const Result<TopicFilter> parsed
        = TopicFilter::parse({filter.constData(), std::size_t(filter.size())});
    if (!parsed)
        return;
    Distributor &distributor = m_reactor.distributor();
    const StreamSeats::Sitter sitter = {m_session->number(), m_session->key()};
    quint64 from = 0;
    if (back) {
        if (!m_session->isObserver())
            distributor.seats.restore(sitter, *parsed);
        distributor.index.subscribe(m_session->subscriberPtr(), *parsed, *back, &from);
        m_session->addSubscription(*parsed, *back);
    } else {
        distributor.index.unsubscribe(m_session->subscriber(), *parsed);
        m_session->removeSubscription(*parsed);
        distributor.seats.release(sitter, *parsed);
    }
    distributor.store->append(recordOf(m_session->number(), filter, back, from),
                              Durability::Memory);
}

} // namespace fairlead::core
