// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "peerlink.h"

#include "framewriter.h"

#include <fairlead/bytes.h>
#include <fairlead/heartbeat.h>
#include <fairlead/link.h>
#include <fairlead/logger.h>

namespace fairlead::loopback {

void PeerLink::handleStarted()
{
    if (const Result<> begun = m_context.link.begin(); !begun) {
        end(begun.error());
        return;
    }
    writeHello(stream(), {m_options.sessionExpiry, spanOf(m_options.name)});
}

Flow PeerLink::handleFrame(FrameType type, ByteSpan body)
{
    if (type == FrameType::Bye) {
        handleBye(body);
    } else if (m_phase == Phase::AwaitFirst) {
        if (type == FrameType::Welcome)
            handleWelcome(body);
        else
            refuse(type);
    } else if (type == FrameType::Message) {
        handleMessage(body);
    } else if (type == FrameType::Done) {
        handleDone(body);
    } else if (type == FrameType::Pong) {
        handlePong(body);
    } else {
        refuse(type);
    }
    return Flow::Continue;
}

void PeerLink::handleWelcome(ByteSpan body)
{
    const Result<Welcome> decoded = decodeWelcome(body);
    if (!expect(decoded))
        return;
    // A dialled link, too, becomes Ready by holding the session of whom it reached.
    m_hostKey = "loopback/" + m_options.name;
    m_phase = Phase::Authenticating;
    Credentials credentials;
    credentials.peerKey = spanOf(m_hostKey);
    m_context.bus.authenticate(credentials);
}

void PeerLink::handleAuthenticated(const Error &error)
{
    if (m_phase != Phase::Authenticating)
        return;
    if (!error.isNull()) {
        end(error);
        return;
    }
    m_phase = Phase::Acquiring;
    SessionRequest request;
    request.peerKey = spanOf(m_hostKey);
    request.clean = true;
    m_context.bus.acquire(request);
}

void PeerLink::handleLease(const LeaseGrant &grant)
{
    if (m_phase != Phase::Acquiring)
        return;
    if (!grant.lease) {
        end(grant.error);
        return;
    }
    m_lease = grant.lease;
    m_phase = Phase::Running;
    watch();
    for (const QByteArray &filter : m_options.filters) {
        m_subscribing.emplace(++m_lastRequest, filter);
        writeSubscribe(stream(), {m_lastRequest, spanOf(filter), m_options.qos});
    }
    noteRequests();
}

// The listener has nothing to say on its own while nobody publishes.
void PeerLink::watch()
{
    if (!m_context.heartbeat || m_options.heartbeat == 0)
        return;
    HeartbeatPlan plan;
    plan.timeoutMs = qint64(m_options.heartbeat) * 1000;
    if (const Result<> watched = m_context.heartbeat->watch(plan); !watched)
        end(watched.error());
}

void PeerLink::handleProbeDue()
{
    if (m_phase == Phase::Running)
        writePing(stream());
}

void PeerLink::handlePong(ByteSpan body)
{
    if (const Result<> good = checkNoBody(body); !good)
        end(good.error());
}

// A Done may have to wait for a disk: that silence is no reason to give the listener up.
void PeerLink::noteRequests()
{
    const bool awaits = !m_subscribing.empty() || !m_forwarding.empty();
    if (!m_context.heartbeat || m_options.heartbeat == 0 || awaits == m_awaitsDone)
        return;
    m_awaitsDone = awaits;
    // Refused only when the heartbeat expired, and then the link has ended.
    (void)(awaits ? m_context.heartbeat->beginRequest() : m_context.heartbeat->endRequest());
}

void PeerLink::handleMessage(ByteSpan body)
{
    const Result<MessageFrame> decoded = decodeMessage(body);
    const MessageFrame *message = expect(decoded);
    if (!message)
        return;
    MessageFrame copy = *message;
    copy.topic = spanOf(m_options.publishTopic);
    copy.retain = false;
    copy.resent = false;
    copy.id = 0;
    if (headSizeOf(copy) + copy.payload.size() > kMaxFrame) {
        warn("loopback-not-forwarded", QStringLiteral("reason=packet-too-large"));
        writeAck(stream(), {message->id});
        return;
    }
    if (copy.qos > 0) {
        if (++m_lastRequest == 0)
            ++m_lastRequest;
        copy.id = m_lastRequest;
        m_forwarding.emplace(copy.id, message->id);
    }
    writePublish(stream(), copy);
    // It follows the copy, so the listener has read that when it reads this.
    if (copy.qos == 0)
        writeAck(stream(), {message->id});
    noteRequests();
}

void PeerLink::handleDone(ByteSpan body)
{
    const Result<DoneFrame> decoded = decodeDone(body);
    const DoneFrame *done = expect(decoded);
    if (!done)
        return;
    const bool good = done->outcome == Outcome::Done || done->outcome == Outcome::NoReceiver;
    if (const auto forwarded = m_forwarding.extract(done->id)) {
        if (!good) {
            warn("loopback-not-forwarded",
                 QStringLiteral("reason=refused outcome=%1").arg(int(done->outcome)));
        }
        writeAck(stream(), {forwarded.mapped()});
    } else if (const auto filter = m_subscribing.extract(done->id)) {
        if (!good) {
            warn("loopback-not-subscribed",
                 QStringLiteral("filter=%1 outcome=%2")
                     .arg(QString::fromUtf8(filter.mapped()))
                     .arg(int(done->outcome)));
        }
    } else {
        end(Error(ErrorCode::ProtocolViolation,
                  QStringLiteral("done names request %1, which was not made").arg(done->id)));
    }
    noteRequests();
}

void PeerLink::warn(const char *event, const QString &text) const
{
    m_context.logger.log(LogLevel::Warning, event, text);
}

// It publishes and subscribes through the protocol, so this host's bus has nothing to tell it.

void PeerLink::handlePull(Lease &) { }

void PeerLink::handleCompletions(const Completion *, int) { }

void PeerLink::handleSubscribed(quint32, const SubscribeOutcome *, int) { }

} // namespace fairlead::loopback
