// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/serverlink.h"

#include "codec/control.h"
#include "server/ackwriter.h"
#include "server/closing.h"

#include <fairlead/link.h>

#include <algorithm>

namespace fairlead::mqtt {

namespace {

/// Whoever was not let in yet gets no more memory than this.
constexpr std::uint32_t kMaxConnectSize = 512 * 1024;

/// At most this much is reserved at once for the acknowledgements of one turn.
constexpr std::size_t kAckBlock = 4096;

} // namespace

ServerLink::ServerLink(const LinkContext &context, Endpoint &endpoint)
    : m_core(context, endpoint)
    , m_keepAlive(m_core)
    , m_publishIn(m_core)
    , m_deliveryOut(m_core)
    , m_subscriptions(m_core)
    , m_place(m_core)
{ }

ServerLink::~ServerLink() = default;

void ServerLink::handleStarted()
{
    if (const auto begun = m_core.context.link.begin(); !begun)
        m_core.finish(begun.error(), true);
}

bool ServerLink::isParsing() const noexcept
{
    return m_core.phase == Phase::Running || m_core.phase == Phase::AwaitConnect;
}

std::uint32_t ServerLink::packetLimit() const noexcept
{
    const std::uint32_t limit = m_core.options().maxPacketSize;
    return m_core.phase == Phase::AwaitConnect ? std::min(limit, kMaxConnectSize) : limit;
}

Consumed ServerLink::handleBytes(ByteSpan input)
{
    m_core.release(Hold::Bus);
    SettleBatch settles;
    m_core.settles = &settles;
    const Consumed consumed = parse(input);
    m_core.flushSettles();
    m_core.settles = nullptr;
    if (consumed.used > 0 && m_core.isRunning())
        m_keepAlive.touch();
    return consumed;
}

Consumed ServerLink::parse(ByteSpan input)
{
    Consumed consumed;
    while (consumed.used < input.size() && isParsing()) {
        const Bytes rest = input.substr(consumed.used);
        const FrameHeader header = peekFrame(rest, packetLimit(), m_core.version);
        if (m_core.phase == Phase::AwaitConnect && header.type != PacketType::Connect) {
            m_core.reject({"the first packet is not CONNECT",
                           ReasonCode::ProtocolError,
                           ErrorKind::BadPacketType},
                          header.type);
            break;
        }
        if (header.status == FrameStatus::NeedMore) {
            consumed.wanted = header.totalSize;
            break;
        }
        if (header.status != FrameStatus::Complete) {
            m_core.reject(header.error, header.type);
            break;
        }
        consumed.used += header.totalSize;
        if (handlePacket(frameOf(rest, header)) == Flow::Pause) {
            m_core.hold(Hold::Bus);
            break;
        }
    }
    return consumed;
}

Flow ServerLink::handlePacket(const Frame &frame)
{
    switch (frame.type) {
    case PacketType::Publish:
        return m_publishIn.handlePublish(frame);
    case PacketType::Puback:
    case PacketType::Pubrec:
    case PacketType::Pubrel:
    case PacketType::Pubcomp:
        handleAck(frame);
        break;
    case PacketType::Subscribe:
        m_subscriptions.handleSubscribe(frame);
        break;
    case PacketType::Unsubscribe:
        m_subscriptions.handleUnsubscribe(frame);
        break;
    case PacketType::Pingreq:
        handlePing(frame);
        break;
    case PacketType::Disconnect:
        handleDisconnect(frame);
        break;
    case PacketType::Connect:
        handleConnect(frame);
        break;
    case PacketType::Auth:
        handleAuth(frame);
        break;
    case PacketType::Reserved:
    case PacketType::Connack:
    case PacketType::Suback:
    case PacketType::Unsuback:
    case PacketType::Pingresp:
        m_core.reject({"a packet that only a server may send",
                       ReasonCode::ProtocolError,
                       ErrorKind::BadPacketType},
                      frame.type);
        break;
    }
    return Flow::Continue;
}

void ServerLink::handleConnect(const Frame &frame)
{
    if (m_core.phase != Phase::AwaitConnect) {
        m_core.reject({"a second CONNECT", ReasonCode::ProtocolError, ErrorKind::BadPacketType},
                      frame.type);
        return;
    }
    m_connect = std::make_unique<ConnectHandler>(m_core);
    m_connect->handleConnect(frame);
    if (m_core.isEnded())
        m_connect.reset();
}

void ServerLink::handleAck(const Frame &frame)
{
    Ack packet;
    if (const auto error = decodeAck(frame, m_core.version, packet)) {
        m_core.reject(error, frame.type);
    } else if (packet.type == PacketType::Pubrel) {
        m_publishIn.handlePubrel(packet);
    } else {
        m_deliveryOut.handleAck(packet);
    }
}

void ServerLink::handlePing(const Frame &frame)
{
    if (const auto error = decodePing(frame, m_core.version)) {
        m_core.reject(error, frame.type);
        return;
    }
    Writer out(m_core.stream().reserve(kPingSize), kPingSize);
    encodePingresp(out);
    m_core.stream().commit(out.size());
}

void ServerLink::handleDisconnect(const Frame &frame)
{
    Disconnect packet;
    if (const auto error = decodeDisconnect(frame, m_core.version, Sender::Client, packet)) {
        m_core.reject(error, frame.type);
        return;
    }
    if (packet.sessionExpiry.value_or(0) != 0 && m_core.sessionExpiry == 0) {
        m_core.reject({"DISCONNECT asks to keep a session that CONNECT gave up",
                       ReasonCode::ProtocolError,
                       ErrorKind::BadPropertyValue},
                      frame.type);
        return;
    }
    ReleaseRequest request;
    request.publishTestament = packet.reason != ReasonCode::NormalDisconnection;
    request.changeExpiry = packet.sessionExpiry.has_value();
    request.expirySeconds = packet.sessionExpiry.value_or(0);
    m_core.flushSettles();
    m_core.lease->release(request);
    m_core.finish(Error(ErrorCode::ConnectionClosed, QStringLiteral("the client disconnected")),
                  true);
}

void ServerLink::handleAuth(const Frame &frame)
{
    Auth packet;
    if (const auto error = decodeAuth(frame, m_core.version, Sender::Client, packet)) {
        m_core.reject(error, frame.type);
        return;
    }
    m_core.reject({"AUTH without an authentication method in CONNECT",
                   ReasonCode::ProtocolError,
                   ErrorKind::BadAuthentication},
                  frame.type);
}

void ServerLink::handleEndOfInput()
{
    m_core.finish(Error(ErrorCode::ConnectionClosed,
                        QStringLiteral("the client closed the connection without DISCONNECT")),
                  false);
}

void ServerLink::handleAuthenticated(const Error &error)
{
    if (m_core.phase != Phase::Authenticating)
        return;
    m_connect->handleAuthenticated(error);
    if (m_core.isEnded())
        m_connect.reset();
}

void ServerLink::handleLease(const LeaseGrant &grant)
{
    if (m_core.phase != Phase::Acquiring)
        return;
    m_connect->handleLease(grant);
    // A refusal may come from inside acquire(): then the handler is still at work.
    if (!m_core.isRunning())
        return;
    m_keepAlive.start(m_connect->keepAlive());
    m_connect.reset();
    m_place.join(m_core.endpoint.groups.groupOf(m_core.context));
}

void ServerLink::handlePull(Lease &lease)
{
    if (m_core.isRunning())
        m_deliveryOut.pull(lease);
}

void ServerLink::handleCompletions(const Completion *completions, int count)
{
    StreamWriter out(m_core.stream(), std::min(std::size_t(count) * kAckSize, kAckBlock));
    for (int i = 0; i < count && m_core.isRunning(); ++i) {
        if (completions[i].kind == Completion::Kind::Mark) {
            m_deliveryOut.handleMarked(completions[i], out);
        } else {
            m_publishIn.handleCompletion(completions[i], out);
        }
    }
}

void ServerLink::handleSubscribed(quint32 completionTag,
                                  const SubscribeOutcome *outcomes,
                                  int count)
{
    if (m_core.isRunning())
        m_subscriptions.handleSubscribed(completionTag, outcomes, count);
}

void ServerLink::handleUnsubscribed(quint32 completionTag,
                                    const UnsubscribeOutcome *outcomes,
                                    int count)
{
    if (m_core.isRunning())
        m_subscriptions.handleUnsubscribed(completionTag, outcomes, count);
}

void ServerLink::handleFenced(FenceReason reason)
{
    m_core.lease = nullptr;
    if (reason == FenceReason::TakenOver) {
        m_core.end(ReasonCode::SessionTakenOver, "another connection took the session over");
    } else {
        m_core.end(ReasonCode::AdministrativeAction, "the session was ended");
    }
}

void ServerLink::handleClosing(const Error &reason)
{
    ReasonCode code = reasonFor(reason);
    if (code == ReasonCode::ServerShuttingDown)
        code = orRedirect(m_core, code);
    writeFarewell(m_core, code, toText(code));
    m_core.phase = Phase::Ended;
    m_core.lease = nullptr;
    m_connect.reset();
}

} // namespace fairlead::mqtt
