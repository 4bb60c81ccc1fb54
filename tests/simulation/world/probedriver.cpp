// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "probedriver.h"

namespace fairlead::sim {

ProbeDriver::ProbeDriver(const LinkContext &context, std::shared_ptr<Record> record)
    : m_context(context)
    , m_record(std::move(record))
{
    m_record->driver = this;
}

ProbeDriver::~ProbeDriver()
{
    m_record->driver = nullptr;
}

void ProbeDriver::handleStarted() noexcept
{
    (void)m_context.link.begin();
}

void ProbeDriver::connect(const std::string &peerKey,
                          quint32 expirySeconds,
                          bool clean,
                          const Testament *testament,
                          quint16 window)
{
    m_peerKey = peerKey;
    m_expirySeconds = expirySeconds;
    m_clean = clean;
    m_requestWindow = window;
    if (testament) {
        m_hasTestament = true;
        m_testamentTopic = testament->topic;
        m_testamentPayload = testament->payload;
        m_testament = *testament;
        m_testament.topic = m_testamentTopic;
        m_testament.payload = m_testamentPayload;
    }
    Credentials credentials;
    credentials.peerKey = m_peerKey;
    m_context.bus.authenticate(credentials);
}

void ProbeDriver::handleAuthenticated(const Error &error) noexcept
{
    m_record->authenticated = error;
    if (!error.isNull()) {
        (void)m_context.link.fail(error);
        return;
    }
    SessionRequest request;
    request.peerKey = m_peerKey;
    request.expirySeconds = m_expirySeconds;
    request.clean = m_clean;
    request.testament = m_hasTestament ? &m_testament : nullptr;
    request.window = m_requestWindow;
    if (!m_record->ownId.empty()) {
        request.doubleLinks = DoubleLinkRule::DeferredRecency;
        request.ownId = m_record->ownId;
    }
    m_context.bus.acquire(request);
}

void ProbeDriver::handleLease(const LeaseGrant &grant) noexcept
{
    m_record->grant = grant;
    ++m_record->grants;
    m_lease = grant.lease;
}

Flow ProbeDriver::publish(const std::string &topic,
                          const std::string &payload,
                          quint8 qos,
                          bool retain,
                          quint32 tag,
                          quint32 receiveKey,
                          quint32 expirySeconds)
{
    PublishView view;
    view.topic = topic;
    view.payload = payload;
    view.qos = qos;
    view.retain = retain;
    view.completionTag = tag;
    view.receiveKey = receiveKey;
    view.expirySeconds = expirySeconds;
    return m_context.bus.publish(view);
}

void ProbeDriver::subscribe(const std::string &filter,
                            quint8 qos,
                            quint32 id,
                            bool noLocal,
                            bool retainAsPublished,
                            RetainedReplay replay)
{
    SubscribeRequest request;
    request.filter = filter;
    request.qos = qos;
    request.subscriptionId = id;
    request.noLocal = noLocal;
    request.retainAsPublished = retainAsPublished;
    request.replay = replay;
    m_lease->subscribe(&request, 1, 1);
}

void ProbeDriver::unsubscribe(const std::string &filter)
{
    const ByteSpan span = filter;
    m_lease->unsubscribe(&span, 1, 1);
}

void ProbeDriver::settle(quint64 handle)
{
    const Settle settle = {handle, Settle::How::Acked};
    --m_inFlight;
    m_lease->settle(&settle, 1);
}

void ProbeDriver::handlePull(Lease &lease) noexcept
{
    for (;;) {
        Delivery deliveries[8];
        const Window window = {m_record->window - m_inFlight, m_context.stream.space()};
        // One by one where each has its own weight in the stream.
        const int most = m_record->bytesPerMessage > 0 ? 1 : 8;
        const int count = lease.take(deliveries, most, window);
        if (count == 0)
            return;
        for (int i = 0; i < count; ++i) {
            const Delivery &delivery = deliveries[i];
            Got got;
            if (delivery.message) {
                got.topic = delivery.message.topic();
                got.payload = delivery.message.payload();
                got.position = delivery.message.position();
            }
            got.handle = delivery.handle;
            got.tag = delivery.tag;
            got.expirySeconds = delivery.expirySeconds;
            got.ids.assign(delivery.subscriptionIds,
                           delivery.subscriptionIds + delivery.subscriptionIdCount);
            got.qos = delivery.qos;
            got.retain = delivery.retain;
            got.resent = delivery.resent;
            if (got.topic == "$notice/gap") {
                m_record->notices.push_back(got.payload);
                m_record->noticesAt.push_back(m_record->got.size());
            } else {
                m_record->got.push_back(std::move(got));
            }
            for (qint64 left = m_record->bytesPerMessage; left > 0;) {
                const auto step = std::size_t(std::min<qint64>(left, ByteStream::kMaxReserve));
                std::fill_n(m_context.stream.reserve(step), step, 'x');
                m_context.stream.commit(step);
                left -= qint64(step);
            }
            if (delivery.qos > 0) {
                ++m_inFlight;
                if (m_record->autoSettle)
                    settle(delivery.handle);
            }
        }
    }
}

void ProbeDriver::handleCompletions(const Completion *completions, int count) noexcept
{
    m_record->completions.insert(m_record->completions.end(), completions, completions + count);
}

void ProbeDriver::handleSubscribed(quint32, const SubscribeOutcome *outcomes, int count) noexcept
{
    m_record->subscribed.insert(m_record->subscribed.end(), outcomes, outcomes + count);
}

void ProbeDriver::handleUnsubscribed(quint32,
                                     const UnsubscribeOutcome *outcomes,
                                     int count) noexcept
{
    m_record->unsubscribed.insert(m_record->unsubscribed.end(), outcomes, outcomes + count);
}

void ProbeDriver::handleFenced(FenceReason) noexcept
{
    ++m_record->fenced;
    if (m_record->onFenced)
        m_record->onFenced();
    m_lease = nullptr;
}

Consumed ProbeDriver::handleBytes(ByteSpan input) noexcept
{
    return m_record->onBytes ? m_record->onBytes(input) : Consumed{input.size(), 0};
}

void ProbeDriver::handleEndOfInput() noexcept
{
    m_context.link.close(Error(ErrorCode::ConnectionClosed, QStringLiteral("end of input")),
                         CloseMode::Drain,
                         false);
}

} // namespace fairlead::sim
