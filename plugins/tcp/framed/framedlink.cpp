// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "framed/framedlink.h"

#include "framed/peername.h"

#include <QtCore/QByteArrayView>
#include <QtCore/QObject>

#include <fairlead/bytes.h>
#include <fairlead/clock.h>
#include <fairlead/heartbeat.h>
#include <fairlead/link.h>
#include <fairlead/logger.h>
#include <fairlead/security.h>
#include <fairlead/sending.h>

#include <algorithm>

namespace fairlead::tcp {

namespace {

/// What a completion or an answer is about.
constexpr quint32 kRxTag = 1;
constexpr quint32 kTxTag = 3;

/// A payload of this size or less goes out in one piece with what frames it.
constexpr std::size_t kSmallPayload = 1024;
/// Bytes of messages that one turn publishes at most (or one larger message), so that short frames do
/// not become more than a receiver's connection takes in a turn.
constexpr std::size_t kTurnBytes = 128 * 1024;
/// What a message weighs beyond its topic and payload.
constexpr std::size_t kMessageHead = 16;

Error frameFailure(FrameError error, const Framing &framing)
{
    const ErrorCode code
        = error == FrameError::TooLong ? ErrorCode::PacketTooLarge : ErrorCode::ProtocolViolation;
    QString text = QStringLiteral("a frame ") + QLatin1String(frameErrorText(error));
    if (error == FrameError::TooLong)
        text += QStringLiteral(" (%1 bytes)").arg(framing.maxFrame);
    return Error(code, text);
}

} // namespace

FramedLink::FramedLink(const LinkContext &context, const FramedEndpoint &endpoint)
    : m_context(context)
    , m_endpoint(endpoint)
    , m_framer(makeFramer(endpoint.options.framing))
    , m_state(m_context, endpoint, *m_framer)
    , m_gapTimer([](void *self) { static_cast<FramedLink *>(self)->handleGap(); }, this)
    , m_turnTimer([](void *self) { static_cast<FramedLink *>(self)->handleTurn(); }, this)
{ }

FramedLink::~FramedLink()
{
    QObject::disconnect(m_linkEnd);
}

void FramedLink::handleStarted()
{
    // A connection that breaks is told to nobody but the link, which still has its session then.
    m_linkEnd = QObject::connect(
        &m_context.link, &Link::stateChanged, &m_context.link, [this](Link::State, Link::State to) {
            if (to == Link::State::Closed)
                leave(m_context.link.reason());
        });
    if (const Result<> begun = m_context.link.begin(); !begun)
        end(begun.error());
}

void FramedLink::handleOpen(const Principal *identity)
{
    if (m_phase != Phase::Opening)
        return;
    switch (options().naming) {
    case PeerNaming::Address:
        takeName(options().isDialled() ? spanOf(options().remote) : spanOf(m_context.peerAddress));
        return;
    case PeerNaming::Certificate:
        if (!identity || identity->anonymous) {
            end(Error(ErrorCode::NotAuthenticated,
                      QStringLiteral("the peer shows no certificate that names it")));
            return;
        }
        takeName(spanOf(identity->name));
        return;
    case PeerNaming::FirstFrame:
        m_phase = Phase::AwaitName;
        return;
    }
}

void FramedLink::takeName(ByteSpan name)
{
    const Result<QByteArray> peer = peerNameOf(name);
    if (!peer) {
        end(peer.error());
        return;
    }
    const QByteArray &endpoint = options().endpoint;
    m_rxTopic = expandTopic(options().rxTopic, endpoint, *peer);
    m_txTopic = expandTopic(options().txTopic, endpoint, *peer);
    m_state.setTopic(expandTopic(options().stateTopic, endpoint, *peer));
    // Peers of other endpoints may have the same name.
    m_peerKey = "tcp/" + endpoint + '/' + *peer;
    m_phase = Phase::Authenticating;
    Credentials credentials;
    credentials.peerKey = spanOf(m_peerKey);
    m_context.bus.authenticate(credentials);
}

void FramedLink::handleAuthenticated(const Error &error)
{
    if (m_phase != Phase::Authenticating)
        return;
    if (!error.isNull()) {
        end(error);
        return;
    }
    m_phase = Phase::Acquiring;
    const QByteArray farewell = m_state.farewell();
    const Testament testament = m_state.testament(farewell);
    SessionRequest request;
    request.peerKey = spanOf(m_peerKey);
    request.expirySeconds = options().sessionExpiry;
    request.clean = options().sessionExpiry == 0;
    if (!m_state.isSilent())
        request.testament = &testament;
    m_context.bus.acquire(request);
}

void FramedLink::handleLease(const LeaseGrant &grant)
{
    if (m_phase != Phase::Acquiring)
        return;
    if (!grant.lease) {
        end(grant.error);
        return;
    }
    m_lease = grant.lease;
    m_phase = Phase::Running;
    subscribe(grant);
    watch();
    if (m_phase == Phase::Running)
        m_state.start();
}

void FramedLink::subscribe(const LeaseGrant &grant)
{
    // The topic may have been configured anew while the session waited.
    const QByteArray before = copyOf(grant.note);
    if (grant.resumed && !before.isEmpty() && before != m_txTopic) {
        const ByteSpan filter = spanOf(before);
        m_lease->unsubscribe(&filter, 1, kTxTag);
    }
    if (m_txTopic.isEmpty())
        return;
    SubscribeRequest request;
    request.filter = spanOf(m_txTopic);
    request.qos = options().qos;
    request.noLocal = true;
    request.replay = RetainedReplay::IfNew;
    m_lease->subscribe(&request, 1, kTxTag);
    if (options().sessionExpiry > 0 && before != m_txTopic)
        m_lease->setNote(spanOf(m_txTopic));
}

void FramedLink::watch()
{
    if (!m_context.heartbeat || options().heartbeat == 0)
        return;
    HeartbeatPlan plan;
    plan.timeoutMs = qint64(options().heartbeat) * 1000;
    plan.probeMs = 0; // there is nothing to ask such a peer
    if (const Result<> watched = m_context.heartbeat->watch(plan); !watched)
        end(watched.error());
}

// From the peer.

Consumed FramedLink::handleBytes(ByteSpan input)
{
    Consumed consumed;
    Flow flow = Flow::Continue;
    m_turnBytes = 0;
    while (isParsing() && flow == Flow::Continue && consumed.used < input.size()) {
        const Step step = m_framer->decode(input.substr(consumed.used));
        consumed.used += step.used;
        if (step.status == Step::Status::NeedMore)
            break;
        flow = handleStep(step);
    }
    if (isParsing() && flow == Flow::Continue)
        awaitGap();
    else
        m_context.timers.disarm(m_gapTimer);
    return consumed;
}

Flow FramedLink::handleStep(const Step &step)
{
    if (step.status == Step::Status::Failed) {
        end(frameFailure(step.error, options().framing));
        return Flow::Pause;
    }
    if (m_phase == Phase::Running) {
        const Flow flow = publishFrame(step.frame);
        m_turnBytes += step.frame.size() + std::size_t(m_rxTopic.size()) + kMessageHead;
        if (flow == Flow::Pause || m_phase != Phase::Running || m_turnBytes < kTurnBytes)
            return flow;
        // Not read meanwhile, so that the end of the input cannot pass it by.
        m_context.stream.setReading(false);
        m_context.timers.arm(m_turnTimer, m_context.clock.now());
        return Flow::Pause;
    }
    takeName(step.frame);
    return Flow::Pause;
}

Flow FramedLink::publishFrame(Bytes frame)
{
    ++m_state.counters.rxFrames;
    m_state.counters.rxBytes += frame.size();
    if (options().textCheck != TextCheck::Off
        && !QByteArrayView(frame.data(), qsizetype(frame.size())).isValidUtf8()) {
        ++m_state.counters.rxDropped;
        if (options().textCheck == TextCheck::Close) {
            end(Error(ErrorCode::ProtocolViolation, QStringLiteral("a frame is not UTF-8 text")));
            return Flow::Pause;
        }
        m_context.logger.log(LogLevel::Warning,
                             "tcp-frame-dropped",
                             QStringLiteral("peer=%1 reason=no-text bytes=%2")
                                 .arg(QString::fromUtf8(m_peerKey))
                                 .arg(frame.size()));
        return Flow::Continue;
    }
    if (m_rxTopic.isEmpty()) {
        ++m_state.counters.rxDropped;
        return Flow::Continue;
    }
    PublishView view;
    view.topic = spanOf(m_rxTopic);
    view.properties = spanOf(m_endpoint.rxProperties);
    view.payload = frame;
    view.completionTag = kRxTag;
    view.qos = options().qos;
    view.retain = options().retain;
    return m_context.bus.publish(view);
}

void FramedLink::awaitGap()
{
    if (m_framer->awaitsGap())
        m_context.timers.arm(m_gapTimer, m_context.clock.now() + options().idleGapNs);
    else if (m_gapTimer.isArmed())
        m_context.timers.disarm(m_gapTimer);
}

void FramedLink::handleGap()
{
    if (!isParsing())
        return;
    const Step step = m_framer->handleGap();
    if (step.status != Step::Status::NeedMore)
        handleStep(step);
}

// To go on with reading is to be shown what was left.
void FramedLink::handleTurn()
{
    m_context.stream.setReading(true);
}

void FramedLink::handleEndOfInput()
{
    if (isParsing()) {
        const Step step = m_framer->finish();
        if (step.status != Step::Status::NeedMore)
            handleStep(step);
    }
    if (m_phase != Phase::Ended) {
        end(Error(ErrorCode::ConnectionClosed, QStringLiteral("the peer closed the connection")));
    }
}

void FramedLink::handleCompletions(const Completion *completions, int count)
{
    for (int i = 0; i < count; ++i) {
        const Completion &completion = completions[i];
        if (completion.tag != kRxTag || completion.outcome == Outcome::Done
            || completion.outcome == Outcome::NoReceiver) {
            continue;
        }
        ++m_state.counters.rxDropped;
        m_context.logger.log(LogLevel::Warning,
                             "tcp-frame-dropped",
                             QStringLiteral("peer=%1 reason=refused outcome=%2")
                                 .arg(QString::fromUtf8(m_peerKey))
                                 .arg(int(completion.outcome)));
    }
}

// To the peer.

void FramedLink::handlePull(Lease &lease)
{
    // Such a peer acknowledges nothing: the connection has what was sent.
    const auto sendOne = [this](const Delivery &one) { return send(one.message); };
    while (m_phase == Phase::Running && m_context.stream.space() > 0) {
        if (sendSome(lease, {kSendBatch, m_context.stream.space()}, kSendBatch, sendOne) == 0)
            return;
    }
}

Settle::How FramedLink::send(const Message &message)
{
    const Bytes payload = message.payload();
    std::array<char, 4> scratch{};
    const Envelope envelope = m_framer->encode(payload, scratch);
    if (envelope.error != FrameError::None) {
        ++m_state.counters.txDropped;
        m_context.logger.log(
            LogLevel::Warning,
            "tcp-message-dropped",
            QStringLiteral("peer=%1 reason=%2 bytes=%3")
                .arg(QString::fromUtf8(m_peerKey), QLatin1String(frameErrorName(envelope.error)))
                .arg(payload.size()));
        return envelope.error == FrameError::TooLong ? Settle::How::TooLarge : Settle::How::Refused;
    }
    ++m_state.counters.txFrames;
    m_state.counters.txBytes += payload.size();
    ByteStream &stream = m_context.stream;
    if (payload.size() <= kSmallPayload) {
        const std::size_t size = envelope.head.size() + payload.size() + envelope.tail.size();
        if (size == 0)
            return Settle::How::Acked;
        char *out = stream.reserve(size);
        out = std::copy(envelope.head.begin(), envelope.head.end(), out);
        out = std::copy(payload.begin(), payload.end(), out);
        std::copy(envelope.tail.begin(), envelope.tail.end(), out);
        stream.commit(size);
        return Settle::How::Acked;
    }
    write(envelope.head);
    stream.append(message, 0, payload.size());
    write(envelope.tail);
    return Settle::How::Acked;
}

void FramedLink::write(Bytes bytes)
{
    if (bytes.empty())
        return;
    std::copy(bytes.begin(), bytes.end(), m_context.stream.reserve(bytes.size()));
    m_context.stream.commit(bytes.size());
}

void FramedLink::handleSubscribed(quint32, const SubscribeOutcome *outcomes, int count)
{
    if (count > 0 && outcomes[0].outcome != Outcome::Done) {
        m_context.logger.log(LogLevel::Warning,
                             "tcp-not-subscribed",
                             QStringLiteral("peer=%1 topic=%2 outcome=%3")
                                 .arg(QString::fromUtf8(m_peerKey), QString::fromUtf8(m_txTopic))
                                 .arg(int(outcomes[0].outcome)));
    }
}

void FramedLink::handleUnsubscribed(quint32, const UnsubscribeOutcome *, int) { }

// The end.

void FramedLink::handleFenced(FenceReason)
{
    // The session has another holder, or its testament speaks; the host closes with the reason.
    m_lease = nullptr;
    leave(Error());
}

void FramedLink::handleClosing(const Error &reason)
{
    leave(reason);
}

void FramedLink::leave(const Error &reason)
{
    if (m_phase == Phase::Ended)
        return;
    m_phase = Phase::Ended;
    m_context.timers.disarm(m_gapTimer);
    m_context.timers.disarm(m_turnTimer);
    m_state.stop();
    if (!m_lease)
        return;
    m_state.end(reason);
    m_lease->release(ReleaseRequest());
    m_lease = nullptr;
}

void FramedLink::end(const Error &error)
{
    if (m_phase == Phase::Ended)
        return;
    if (m_context.logger.isEnabled(LogLevel::Info)) {
        m_context.logger.log(LogLevel::Info,
                             "tcp-link-ended",
                             QStringLiteral("peer=%1 address=%2 reason=%3")
                                 .arg(QString::fromUtf8(m_peerKey),
                                      QString::fromUtf8(m_context.peerAddress),
                                      error.toString()));
    }
    leave(error);
    // Whatever the peer did: who is to be dialled is dialled again.
    Error reason = error;
    reason.setRetryable(true);
    Link &link = m_context.link;
    if (!link.fail(reason))
        link.close(reason, CloseMode::Drain, false);
}

} // namespace fairlead::tcp
