// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/restore.h"

#include "core/distributor/distributor.h"
#include "core/reactor/reactor.h"
#include "core/store/recovery.h"

#include <fairlead/bytes.h>

namespace fairlead::core {

namespace {

void restoreSubscription(Distributor &distributor, Session &session, const SubscriptionRow &row)
{
    const Result<TopicFilter> filter = TopicFilter::parse(spanOf(row.filter));
    if (!filter)
        return;
    SubscriptionOptions options;
    options.id = row.id;
    options.qos = row.qos;
    options.noLocal = row.noLocal;
    options.retainAsPublished = row.retainAsPublished;
    options.showPositions = row.showPositions;
    options.overflow = row.overflow;
    options.filter = row.filter;
    quint64 from = 0;
    // Who sat there before goes before everybody else, also if the bound is lower now.
    if (!session.isObserver())
        distributor.seats.restore({session.number(), session.key()}, *filter);
    distributor.index.subscribe(session.subscriberPtr(), *filter, options, &from);
    session.addSubscription(*filter, options);
}

Matched matchedBy(const Session &session, const RecoveredDelivery &delivery)
{
    MatchTerms terms;
    if (delivery.ids)
        terms.ids = *delivery.ids;
    terms.filter = delivery.group;
    auto shared = std::make_shared<const MatchTerms>(std::move(terms));
    if (delivery.group.isEmpty())
        return Matched(std::move(shared));
    const Result<TopicFilter> filter = TopicFilter::parse(spanOf(delivery.group));
    if (!filter)
        return Matched(std::move(shared));
    auto member = std::make_shared<SharedMember>();
    member->subscriber = session.subscriberPtr();
    member->filter = *filter;
    member->options.qos = delivery.qos;
    member->options.filter = delivery.group;
    member->terms = std::move(shared);
    return Matched(SharedMemberPtr(std::move(member)));
}

void restoreSession(Distributor &distributor, Reactor &home, const RecoveredSession &kept)
{
    Session &session = home.sessions().restore(kept.row);
    for (const SubscriptionRow &row : kept.subscriptions)
        restoreSubscription(distributor, session, row);
    for (const quint32 key : kept.keys)
        session.addKey(key);
    for (const RecoveredDelivery &delivery : kept.deliveries) {
        Session::Owed owed;
        owed.message = delivery.message;
        owed.by = matchedBy(session, delivery);
        owed.copy = delivery.copy;
        owed.tag = delivery.tag;
        owed.qos = delivery.qos;
        owed.retain = delivery.retain;
        owed.showPosition = delivery.showPosition;
        owed.isTagged = delivery.wasSent;
        owed.bodyDone = delivery.bodyDone;
        session.restore(owed);
    }
}

} // namespace

void restore(Distributor &distributor, const Recovered &recovered)
{
    distributor.directory.startAt(recovered.nextSession);
    distributor.log.restore(recovered, distributor.first, distributor.reactors.front()->clock());
    for (const Message &message : recovered.retained)
        distributor.retained.store(message);
    std::size_t next = 0;
    for (const RecoveredSession &kept : recovered.sessions) {
        restoreSession(distributor, *distributor.reactors[next], kept);
        next = (next + 1) % distributor.reactors.size();
    }
}

} // namespace fairlead::core
