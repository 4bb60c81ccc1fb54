// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

// What a link asks for: subscriptions, and the history before them.

#include "core/distributor/distributor.h"
#include "core/distributor/overflowpolicy.h"
#include "core/distributor/replayposition.h"
#include "core/reactor/hostlink.h"
#include "core/reactor/reactor.h"

#include <fairlead/bytes.h>

#include <algorithm>

namespace fairlead::core {

namespace {

// The filter that `$replay/<from>/<filter>` became a subscription to.
ByteSpan withoutReplay(ByteSpan filter) noexcept
{
    if (!filter.starts_with(kReplayPrefix))
        return filter;
    const std::size_t end = filter.find('/', kReplayPrefix.size());
    return end == ByteSpan::npos ? filter : filter.substr(end + 1);
}

// Where @p request leads; @p from: the first that comes live, 0: nothing does yet.
ReplayWalk walkFor(const ReplayRequest &request,
                   const SubscriptionOptions &options,
                   quint64 from,
                   Distributor &distributor,
                   qint64 now,
                   std::optional<ReplayGap> *gap)
{
    ReplayWalk walk;
    walk.stream = distributor.streams.answering(request.filter);
    walk.terms = {options, Matched(termsOf(options)), false};
    walk.cursor.filter = request.filter;
    if (from != 0)
        walk.setLiveFrom(from);
    const quint64 head = from != 0 ? from - 1 : distributor.sequencer.lastSequence();
    ReplayHistory history;
    history.epoch = distributor.sequencer.epoch();
    history.earlierUpTo = distributor.first.sequence - 1;
    history.extent = distributor.streams.extent(walk.stream, now, head);
    history.spansEpochs = distributor.log.isLogged(walk.stream);
    history.hasPosition
        = distributor.log.hasPosition(walk.stream, request.from.epoch, request.from.number);
    history.unprovenUpTo = distributor.log.unprovenUpTo(walk.stream);
    const ReplayStart start = resolveReplay(request.from, history);
    *gap = start.gap;
    switch (start.how) {
    case ReplayStart::How::After:
        walk.cursor.after = start.number;
        break;
    case ReplayStart::How::Age:
        walk.cursor.after
            = std::max(distributor.streams.ring(walk.stream).seekTime(now - start.ageNs),
                       history.extent.lostUpTo);
        break;
    case ReplayStart::How::Last:
        // Of what is there now: what comes later is not among the last.
        walk.cursor.after = head;
        if (start.number > 0)
            walk.seek = ReplaySeek{request.filter, start.number, head + 1, 0};
        break;
    }
    walk.cursor.after = std::min(walk.cursor.after, walk.cursor.before - 1);
    return walk;
}

} // namespace

SubscribeOutcome HostLink::subscribeOne(const SubscribeRequest &request, Notice *notice)
{
    const Result<std::optional<ReplayRequest>> history
        = parseReplayRequest(request.filter, request.replayFrom);
    if (!history)
        return {Outcome::Invalid, 0};
    const bool isReplay = history->has_value();
    const TopicFilter filter = isReplay ? (*history)->filter : *TopicFilter::parse(request.filter);
    if (filter.isShared() && request.noLocal)
        return {Outcome::Invalid, 0};
    Distributor &distributor = m_reactor.distributor();
    if (m_endpoint->accessControl
        && !m_endpoint->accessControl->maySubscribe(
            m_principal,
            {peerKey().constData(), std::size_t(peerKey().size())},
            filter.pattern())) {
        return {Outcome::NotAuthorized, 0};
    }
    const QByteArray key = copyOf(filter.bytes());
    const bool known = m_session->subscriptions().contains(key);
    if (!known && !m_session->admits(filter))
        return {Outcome::Quota, 0};
    SubscriptionOptions options;
    options.id = request.subscriptionId;
    options.qos = request.qos;
    options.noLocal = request.noLocal;
    options.retainAsPublished = request.retainAsPublished;
    options.showPositions = request.showPositions;
    options.overflow = overflowOf(request.overflow,
                                  m_endpoint->overflow,
                                  {m_session->isObserver(), distributor.seats.concerns(filter)});
    options.filter = key;
    const bool stored = isStored(key, options);
    if (!stored && cannotStore())
        return {Outcome::Quota, 0};
    if (!known && !m_session->isObserver()) {
        // From here on nothing refuses it any more.
        if (const auto full
            = distributor.seats.claim({m_session->number(), m_session->key()}, filter)) {
            noteNoSeat(*full);
            return {Outcome::Quota, 0};
        }
    }
    // What this link published before belongs to the history of the subscription, what follows to the
    // subscription itself.
    m_reactor.commitBatch();
    quint64 from = 0;
    if (!isReplay || startsLive(**history, known, request.qos)) {
        distributor.index.subscribe(m_session->subscriberPtr(), filter, options, &from);
        if (!isReplay)
            m_session->joinReplay(filter, from);
    }
    if (m_session->isDurable() && !stored)
        keepChange({notice->subscribed.size(), key, options}, from, notice);
    m_session->addSubscription(filter, options);
    // Who asks for history by filter has no retained messages to get: they are a part of it.
    const bool retained = (request.replay == RetainedReplay::Always
                           || (request.replay == RetainedReplay::IfNew && !known))
        && !filter.isShared() && !request.filter.starts_with(kReplayPrefix)
        && distributor.retained.count() > 0;
    if (isReplay) {
        std::optional<ReplayGap> gap;
        ReplayWalk walk
            = walkFor(**history, options, from, distributor, m_reactor.clock().now(), &gap);
        walk.wantsRetained = retained;
        m_session->replay(std::move(walk), gap, distributor.sequencer.epoch());
    } else if (retained) {
        m_session->replayRetained(filter, options, from);
    }
    return {Outcome::Done, request.qos};
}

void HostLink::noteNoSeat(const StreamSeats::Full &full)
{
    m_reactor.traffic().subscribersRefused.add();
    if (!m_endpoint->logger->isEnabled(LogLevel::Warning))
        return;
    m_endpoint->logger->log(
        LogLevel::Warning,
        "subscriber-refused",
        QStringLiteral("stream=%1 reason=%2 max_subscribers=%3 link=%4 peer=%5")
            .arg(QString::fromUtf8(full.stream),
                 full.seats == 1 ? QStringLiteral("AlreadyActive") : QStringLiteral("LimitReached"))
            .arg(full.seats)
            .arg(generation())
            .arg(QString::fromUtf8(peerKey())));
}

// Else a subscription with history waits until that is read up to the present, and queues nothing
// meanwhile. What was promised to a session that outlives its link, or comes already, is not left to
// a history that may run ahead; where none is kept there is nothing to wait for.
bool HostLink::startsLive(const ReplayRequest &history, bool known, quint8 qos) const
{
    const StreamSet &streams = m_reactor.distributor().streams;
    return known || (m_session->isDurable() && qos > 0)
        || streams.spec(streams.answering(history.filter)).limits.isOff();
}

void HostLink::subscribe(const SubscribeRequest *requests,
                         int count,
                         quint32 completionTag) noexcept
{
    if (!hasLease())
        return;
    Notice notice;
    notice.kind = Notice::Kind::Subscribed;
    notice.completion.tag = completionTag;
    for (int i = 0; i < count; ++i)
        notice.subscribed.push_back(subscribeOne(requests[i], &notice));
    queueChanges(std::move(notice));
}

void HostLink::unsubscribe(const ByteSpan *filters, int count, quint32 completionTag) noexcept
{
    if (!hasLease())
        return;
    // What came before the request is still for it.
    m_reactor.commitBatch();
    Notice notice;
    notice.kind = Notice::Kind::Unsubscribed;
    notice.completion.tag = completionTag;
    for (int i = 0; i < count; ++i) {
        const QByteArray key = copyOf(withoutReplay(filters[i]));
        const auto found = m_session->subscriptions().constFind(key);
        if (found == m_session->subscriptions().constEnd()) {
            notice.unsubscribed.push_back(Outcome::NoReceiver);
            continue;
        }
        if (cannotStore()) {
            notice.unsubscribed.push_back(Outcome::Failed);
            continue;
        }
        const TopicFilter filter = found->filter;
        if (m_session->isDurable())
            keepChange({notice.unsubscribed.size(), key, std::nullopt}, 0, &notice);
        m_reactor.distributor().index.unsubscribe(m_session->subscriber(), filter);
        m_session->removeSubscription(filter);
        m_reactor.distributor().seats.release({m_session->number(), m_session->key()}, filter);
        notice.unsubscribed.push_back(Outcome::Done);
    }
    queueChanges(std::move(notice));
}

} // namespace fairlead::core
