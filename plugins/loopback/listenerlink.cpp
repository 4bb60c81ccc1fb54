// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "listenerlink.h"

#include "framewriter.h"

#include <fairlead/link.h>

#include <algorithm>

namespace fairlead::loopback {

void ListenerLink::handleStarted()
{
    if (const Result<> begun = m_context.link.begin(); !begun)
        end(begun.error());
}

Flow ListenerLink::handleFrame(FrameType type, ByteSpan body)
{
    if (m_phase == Phase::AwaitFirst) {
        if (type == FrameType::Hello)
            handleHello(body);
        else
            refuse(type);
        return Flow::Continue;
    }
    switch (type) {
    case FrameType::Subscribe:
        handleSubscribe(body);
        break;
    case FrameType::Unsubscribe:
        handleUnsubscribe(body);
        break;
    case FrameType::Publish:
        return handlePublish(body);
    case FrameType::Ack:
        handleAck(body);
        break;
    case FrameType::Bye:
        handleBye(body);
        break;
    case FrameType::Ping:
        handlePing(body);
        break;
    case FrameType::Hello:
    case FrameType::Welcome:
    case FrameType::Done:
    case FrameType::Message:
    case FrameType::Pong:
    default: // a number from outside
        refuse(type);
        break;
    }
    return Flow::Continue;
}

void ListenerLink::handlePing(ByteSpan body)
{
    if (const Result<> good = checkNoBody(body); good)
        writePong(stream());
    else
        end(good.error());
}

void ListenerLink::handleHello(ByteSpan body)
{
    const Result<Hello> decoded = decodeHello(body);
    const Hello *hello = expect(decoded);
    if (!hello)
        return;
    m_name = QByteArray(hello->name.data(), qsizetype(hello->name.size()));
    m_expirySeconds = hello->expirySeconds;
    m_phase = Phase::Authenticating;
    Credentials credentials;
    credentials.peerKey = hello->name;
    m_context.bus.authenticate(credentials);
}

void ListenerLink::handleAuthenticated(const Error &error)
{
    if (m_phase != Phase::Authenticating)
        return;
    if (!error.isNull()) {
        end(error);
        return;
    }
    m_phase = Phase::Acquiring;
    SessionRequest request;
    request.peerKey = {m_name.constData(), std::size_t(m_name.size())};
    request.expirySeconds = m_expirySeconds;
    request.window = kWindowMessages;
    m_context.bus.acquire(request);
}

void ListenerLink::handleLease(const LeaseGrant &grant)
{
    if (m_phase != Phase::Acquiring)
        return;
    if (!grant.lease) {
        end(grant.error);
        return;
    }
    m_lease = grant.lease;
    m_phase = Phase::Running;
    writeWelcome(stream(), {grant.expirySeconds, grant.resumed});
}

void ListenerLink::handleSubscribe(ByteSpan body)
{
    const Result<SubscribeFrame> decoded = decodeSubscribe(body);
    const SubscribeFrame *frame = expect(decoded);
    if (!frame)
        return;
    SubscribeRequest request;
    request.filter = frame->filter;
    request.qos = frame->qos;
    // A peer that comes back has seen the retained messages.
    request.replay = RetainedReplay::IfNew;
    m_lease->subscribe(&request, 1, frame->id);
}

void ListenerLink::handleSubscribed(quint32 completionTag,
                                    const SubscribeOutcome *outcomes,
                                    int count)
{
    if (m_phase == Phase::Running && count > 0)
        writeDone(stream(), {completionTag, outcomes[0].outcome});
}

void ListenerLink::handleUnsubscribe(ByteSpan body)
{
    const Result<UnsubscribeFrame> decoded = decodeUnsubscribe(body);
    if (const UnsubscribeFrame *frame = expect(decoded))
        m_lease->unsubscribe(&frame->filter, 1, frame->id);
}

void ListenerLink::handleUnsubscribed(quint32 completionTag,
                                      const UnsubscribeOutcome *outcomes,
                                      int count)
{
    if (m_phase == Phase::Running && count > 0)
        writeDone(stream(), {completionTag, outcomes[0]});
}

Flow ListenerLink::handlePublish(ByteSpan body)
{
    const Result<MessageFrame> decoded = decodePublish(body);
    const MessageFrame *frame = expect(decoded);
    if (!frame)
        return Flow::Continue;
    PublishView view;
    view.topic = frame->topic;
    view.properties = frame->properties;
    view.payload = frame->payload;
    view.expirySeconds = frame->expirySeconds;
    view.qos = frame->qos;
    view.retain = frame->retain;
    view.completionTag = frame->id;
    return m_context.bus.publish(view);
}

void ListenerLink::handleCompletions(const Completion *completions, int count)
{
    for (int i = 0; i < count && m_phase == Phase::Running; ++i)
        writeDone(stream(), {completions[i].tag, completions[i].outcome});
}

void ListenerLink::handleAck(ByteSpan body)
{
    const Result<AckFrame> decoded = decodeAck(body);
    const AckFrame *frame = expect(decoded);
    if (!frame)
        return;
    const auto sent = m_sent.find(frame->id);
    if (sent == m_sent.end()) {
        end(Error(ErrorCode::ProtocolViolation,
                  QStringLiteral("an ack names message %1, which waits for none").arg(frame->id)));
        return;
    }
    const Settle settle = {sent->second.handle, Settle::How::Acked};
    m_sentBytes -= sent->second.size;
    m_sent.erase(sent);
    m_roomMade = true;
    if (settle.handle != 0)
        m_lease->settle(&settle, 1);
}

void ListenerLink::handleInputDone()
{
    // The host pulls when there is something new, it does not know of this link's own window.
    if (std::exchange(m_roomMade, false) && m_phase == Phase::Running)
        deliver(*m_lease);
}

void ListenerLink::handlePull(Lease &lease)
{
    if (m_phase == Phase::Running)
        deliver(lease);
}

void ListenerLink::deliver(Lease &lease)
{
    constexpr std::size_t kAtOnce = 16;
    while (m_sent.size() < kWindowMessages && m_sentBytes < kWindowBytes) {
        Delivery deliveries[kAtOnce];
        const std::size_t room = std::min(kAtOnce, kWindowMessages - m_sent.size());
        Window window;
        window.unacked = int(room);
        window.bytes = std::min(stream().space(), kWindowBytes - m_sentBytes);
        const int count = lease.take(deliveries, int(room), window);
        if (count == 0)
            return;
        for (int i = 0; i < count; ++i)
            send(lease, deliveries[i]);
    }
}

void ListenerLink::send(Lease &lease, const Delivery &delivery)
{
    MessageFrame frame;
    frame.expirySeconds = delivery.expirySeconds;
    frame.topic = delivery.message.topic();
    frame.properties = delivery.message.properties();
    frame.qos = std::min<quint8>(delivery.qos, 1);
    frame.retain = delivery.retain;
    frame.resent = delivery.resent;
    const std::size_t size = headSizeOf(frame) + delivery.message.payload().size();
    // A body that was given up had reached the peer, by the protocol it spoke then.
    if (!delivery.message || size > kMaxFrame) {
        const Settle settle
            = {delivery.handle, delivery.message ? Settle::How::TooLarge : Settle::How::Acked};
        if (settle.handle != 0)
            lease.settle(&settle, 1);
        return;
    }
    frame.id = ++m_lastMessage == 0 ? ++m_lastMessage : m_lastMessage;
    m_sent.emplace(frame.id, Sent{delivery.handle, qint64(size)});
    m_sentBytes += qint64(size);
    writeMessage(stream(), frame, delivery.message);
}

} // namespace fairlead::loopback
