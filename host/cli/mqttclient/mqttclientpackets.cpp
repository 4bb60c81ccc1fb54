// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqttclient/mqttclient.h"

#include <algorithm>

namespace fairlead::cli {

using namespace fairlead::mqtt;

namespace {

/// Failures that would only repeat themselves, or drive out whoever took the session over.
[[nodiscard]] bool isFinal(ReasonCode reason) noexcept
{
    switch (reason) {
    case ReasonCode::MalformedPacket:
    case ReasonCode::ProtocolError:
    case ReasonCode::UnsupportedProtocolVersion:
    case ReasonCode::ClientIdentifierNotValid:
    case ReasonCode::BadUserNameOrPassword:
    case ReasonCode::NotAuthorized:
    case ReasonCode::Banned:
    case ReasonCode::BadAuthenticationMethod:
    case ReasonCode::SessionTakenOver:
    case ReasonCode::TopicFilterInvalid:
    case ReasonCode::TopicNameInvalid:
    case ReasonCode::ReceiveMaximumExceeded:
    case ReasonCode::TopicAliasInvalid:
    case ReasonCode::PacketTooLarge:
    case ReasonCode::PayloadFormatInvalid:
    case ReasonCode::RetainNotSupported:
    case ReasonCode::QosNotSupported:
    case ReasonCode::UseAnotherServer:
    case ReasonCode::ServerMoved:
    case ReasonCode::SharedSubscriptionsNotSupported:
    case ReasonCode::SubscriptionIdentifiersNotSupported:
    case ReasonCode::WildcardSubscriptionsNotSupported:
        return true;
    default:
        return false;
    }
}

[[nodiscard]] QString sentence(const char *beginning,
                               const char *reason,
                               const std::optional<Bytes> &reasonString,
                               const std::optional<Bytes> &reference)
{
    QString text = QLatin1String(beginning) + QLatin1String(reason);
    if (reasonString) {
        text += QStringLiteral(": ") + QString::fromUtf8(copyOf(*reasonString));
    }
    if (reference) {
        text += QStringLiteral(" (use %1)").arg(QString::fromUtf8(copyOf(*reference)));
    }
    return text;
}

[[nodiscard]] QByteArray ownedOr(const std::optional<Bytes> &text)
{
    return text ? copyOf(*text) : QByteArray();
}

[[nodiscard]] QByteArray describe(const char *verb,
                                  quint16 packetId,
                                  bool dup,
                                  quint8 qos,
                                  bool retain,
                                  const QByteArray &topic,
                                  qsizetype size)
{
    return QByteArray(verb) + " PUBLISH (d" + QByteArray::number(dup ? 1 : 0) + ", q"
        + QByteArray::number(qos) + ", r" + QByteArray::number(retain ? 1 : 0) + ", m"
        + QByteArray::number(packetId) + ", '" + topic + "', ... (" + QByteArray::number(size)
        + " bytes))";
}

} // namespace

DecodeError MqttClient::handleFrame(const Frame &frame)
{
    constexpr DecodeError kUnexpected{"a packet the broker may not send now",
                                      ReasonCode::ProtocolError,
                                      ErrorKind::BadPacketType};
    if (m_state == State::Handshaking) {
        if (frame.type == PacketType::Auth && m_settings.version == Version::V5) {
            end({static_cast<int>(ReasonCode::BadAuthenticationMethod),
                 QByteArrayLiteral("not-supported"),
                 QStringLiteral("the broker asks for an extended authentication")});
            return {};
        }
        return frame.type == PacketType::Connack ? handleConnack(frame) : kUnexpected;
    }
    switch (frame.type) {
    case PacketType::Publish:
        return handlePublish(frame);
    case PacketType::Puback:
    case PacketType::Pubrec:
    case PacketType::Pubrel:
    case PacketType::Pubcomp:
        return handleAck(frame);
    case PacketType::Suback:
    case PacketType::Unsuback:
        return handleSuback(frame);
    case PacketType::Pingresp:
        trace(QByteArrayLiteral("received PINGRESP"));
        return decodePing(frame, m_settings.version);
    case PacketType::Disconnect:
        return m_settings.version == Version::V5 ? handleDisconnect(frame) : kUnexpected;
    default:
        return kUnexpected;
    }
}

DecodeError MqttClient::handleConnack(const Frame &frame)
{
    Connack packet;
    if (const DecodeError error = decodeConnack(frame, m_settings.version, packet)) {
        return error;
    }
    const bool v5 = m_settings.version == Version::V5;
    const std::optional<ConnectReturnCode> returnCode
        = v5 ? std::nullopt : toReturnCode(packet.reason);
    const int number = returnCode ? static_cast<int>(*returnCode) : static_cast<int>(packet.reason);
    if (packet.assignedClientId) {
        m_settings.clientId = copyOf(*packet.assignedClientId);
    }
    trace("received CONNACK (" + QByteArray::number(number) + ')');
    if (packet.reason != ReasonCode::Success) {
        const bool wrongVersion = packet.reason == ReasonCode::UnsupportedProtocolVersion;
        end({number,
             reasonName(packet.reason),
             sentence("the broker refuses the connection: ",
                      returnCode ? toText(*returnCode) : toText(packet.reason),
                      packet.reasonString,
                      packet.serverReference)
                 + (wrongVersion ? QStringLiteral("; try another version with -V") : QString()),
             !isFinal(packet.reason)});
        return {};
    }
    m_handshakeTimer.stop();
    m_keepAlive = packet.serverKeepAlive.value_or(m_settings.keepAlive);
    m_brokerReceiveMaximum = packet.receiveMaximum;
    m_brokerAliasMaximum = packet.topicAliasMaximum;
    m_brokerMaxPacketSize = packet.maximumPacketSize;
    m_brokerMaxQos = packet.maximumQos;
    m_brokerRetains = packet.retainAvailable;
    if (m_keepAlive != 0) {
        m_keepAliveTimer.start(std::chrono::milliseconds(m_keepAlive * 900));
    }
    m_state = State::Open;
    m_everOpen = true;
    resumeSession(packet.sessionPresent);
    Q_EMIT opened(packet.sessionPresent);
    return {};
}

void MqttClient::resumeSession(bool sessionPresent)
{
    m_aliasesSent.clear();
    for (const auto &[packetId, count] : m_subscribes) {
        m_outgoing.releasePacketId(packetId);
    }
    for (const auto &[packetId, count] : m_unsubscribes) {
        m_outgoing.releasePacketId(packetId);
    }
    m_subscribes.clear();
    m_unsubscribes.clear();
    m_incoming.resume(sessionPresent);
    m_outgoing.resume(
        sessionPresent,
        m_brokerReceiveMaximum,
        [this](const OutgoingFlow::Entry &entry) {
            if (entry.stage == OutgoingFlow::Stage::AwaitingComp) {
                sendAck(PacketType::Pubrel, entry.packetId, ReasonCode::Success);
            } else {
                sendPublish(entry);
            }
        },
        [this](Handle handle) {
            QMetaObject::invokeMethod(
                this,
                [this, handle] { Q_EMIT published(handle, ReasonCode::Success, {}); },
                Qt::QueuedConnection);
        });
    schedulePump();
}

void MqttClient::sendPublish(const OutgoingFlow::Entry &entry)
{
    const OutgoingMessage &message = entry.message;
    const bool known = message.topicAlias != 0
        && std::find(m_aliasesSent.begin(), m_aliasesSent.end(), message.topicAlias)
            != m_aliasesSent.end();
    if (message.topicAlias != 0 && !known) {
        m_aliasesSent.push_back(message.topicAlias);
    }
    if (m_tracing) {
        trace(describe("sending",
                       entry.packetId,
                       entry.dup,
                       message.qos,
                       message.retain,
                       message.topic,
                       message.payload.size()));
    }
    send(publishPacket(message, entry.packetId, entry.dup, known, m_settings.version));
}

DecodeError MqttClient::handlePublish(const Frame &frame)
{
    Publish packet;
    if (DecodeError error = decodePublish(frame, m_settings.version, Sender::Server, packet)) {
        return error;
    }
    IncomingMessage message;
    message.topic = copyOf(packet.topic);
    message.payload = copyOf(packet.payload);
    message.properties = copyOf(packet.properties.raw());
    message.packetId = packet.packetId;
    message.topicAlias = packet.topicAlias;
    message.qos = packet.qos;
    message.retain = packet.retain;
    message.dup = packet.dup;
    if (DecodeError error = m_incoming.resolveTopic(message)) {
        return error;
    }
    if (m_tracing) {
        trace(describe("received",
                       message.packetId,
                       message.dup,
                       message.qos,
                       message.retain,
                       message.topic,
                       message.payload.size()));
    }
    if (message.qos == 2) {
        const quint16 packetId = message.packetId;
        if (DecodeError error = m_incoming.hold(std::move(message))) {
            return error;
        }
        sendAck(PacketType::Pubrec, packetId, ReasonCode::Success);
        return {};
    }
    if (message.qos == 1) {
        sendAck(PacketType::Puback, message.packetId, ReasonCode::Success);
    }
    Q_EMIT received(message);
    return {};
}

void MqttClient::sendAck(PacketType type, quint16 packetId, ReasonCode reason)
{
    if (m_tracing) {
        trace(QByteArray("sending ") + toText(type) + " (m" + QByteArray::number(packetId) + ", rc"
              + QByteArray::number(static_cast<int>(reason)) + ')');
    }
    send(ackPacket(type, packetId, reason, m_settings.version));
}

DecodeError MqttClient::handleAck(const Frame &frame)
{
    Ack ack;
    if (const DecodeError error = decodeAck(frame, m_settings.version, ack)) {
        return error;
    }
    if (m_tracing) {
        trace(QByteArray("received ") + toText(ack.type)
              + " (Mid: " + QByteArray::number(ack.packetId)
              + ", RC:" + QByteArray::number(static_cast<int>(ack.reason)) + ')');
    }
    OutgoingFlow::Outcome outcome;
    switch (ack.type) {
    case PacketType::Pubrel:
        handlePubrel(ack);
        return {};
    case PacketType::Puback:
        outcome = m_outgoing.acknowledged(ack.packetId);
        break;
    case PacketType::Pubrec:
        outcome = m_outgoing.received(ack.packetId, ack.reason);
        if (outcome.verdict == OutgoingFlow::Verdict::Continue) {
            sendAck(PacketType::Pubrel, ack.packetId, ReasonCode::Success);
        } else if (outcome.verdict == OutgoingFlow::Verdict::Unknown && !isError(ack.reason)) {
            sendAck(PacketType::Pubrel, ack.packetId, ReasonCode::PacketIdentifierNotFound);
        }
        break;
    default:
        outcome = m_outgoing.completed(ack.packetId);
        break;
    }
    if (outcome.verdict == OutgoingFlow::Verdict::Finished) {
        schedulePump();
        Q_EMIT published(outcome.handle, ack.reason, ownedOr(ack.reasonString));
    }
    return {};
}

void MqttClient::handlePubrel(const Ack &ack)
{
    std::optional<IncomingMessage> message = m_incoming.release(ack.packetId);
    sendAck(PacketType::Pubcomp,
            ack.packetId,
            message ? ReasonCode::Success : ReasonCode::PacketIdentifierNotFound);
    if (message) {
        Q_EMIT received(*message);
    }
}

bool MqttClient::subscribe(const QList<FilterOptions> &filters, const PropertySet &properties)
{
    const quint16 packetId = m_outgoing.takePacketId();
    const QByteArray packet = subscribePacket(packetId, filters, properties, m_settings.version);
    if (packet.isEmpty()
        || (m_brokerMaxPacketSize != 0
            && static_cast<quint64>(packet.size()) > m_brokerMaxPacketSize)) {
        m_outgoing.releasePacketId(packetId);
        return false;
    }
    for (const FilterOptions &one : filters) {
        const int options = m_settings.version == Version::V5
            ? (one.noLocal ? 4 : 0) | (one.retainAsPublished ? 8 : 0) | (one.retainHandling << 4)
            : 0;
        trace("sending SUBSCRIBE (Mid: " + QByteArray::number(packetId) + ", Topic: " + one.filter
              + ", QoS: " + QByteArray::number(one.qos) + ", Options: 0x"
              + QByteArray::number(options, 16).rightJustified(2, '0') + ')');
    }
    m_subscribes[packetId] = filters.size();
    send(packet);
    return true;
}

bool MqttClient::unsubscribe(const QList<QByteArray> &filters, const PropertySet &properties)
{
    const quint16 packetId = m_outgoing.takePacketId();
    const QByteArray packet = unsubscribePacket(packetId, filters, properties, m_settings.version);
    if (packet.isEmpty()
        || (m_brokerMaxPacketSize != 0
            && static_cast<quint64>(packet.size()) > m_brokerMaxPacketSize)) {
        m_outgoing.releasePacketId(packetId);
        return false;
    }
    for (const QByteArray &filter : filters) {
        trace("sending UNSUBSCRIBE (Mid: " + QByteArray::number(packetId) + ", Topic: " + filter
              + ')');
    }
    m_unsubscribes[packetId] = filters.size();
    send(packet);
    return true;
}

DecodeError MqttClient::handleSuback(const Frame &frame)
{
    Suback packet;
    if (const DecodeError error = decodeSuback(frame, m_settings.version, packet)) {
        return error;
    }
    trace(QByteArray("received ") + toText(packet.type));
    auto &pending = packet.type == PacketType::Suback ? m_subscribes : m_unsubscribes;
    const auto asked = pending.find(packet.packetId);
    if (asked == pending.end()) {
        return {"an acknowledgement nobody waits for",
                ReasonCode::ProtocolError,
                ErrorKind::BadPacketId};
    }
    const bool hasCodes = packet.type == PacketType::Suback || m_settings.version == Version::V5;
    if (hasCodes && static_cast<qsizetype>(packet.codes.size()) != asked->second) {
        return {
            "not one reason code per filter", ReasonCode::ProtocolError, ErrorKind::BadReasonCode};
    }
    pending.erase(asked);
    m_outgoing.releasePacketId(packet.packetId);
    if (packet.type == PacketType::Suback) {
        Q_EMIT subscribed(copyOf(packet.codes), ownedOr(packet.reasonString));
    } else {
        Q_EMIT unsubscribed(copyOf(packet.codes));
    }
    return {};
}

DecodeError MqttClient::handleDisconnect(const Frame &frame)
{
    Disconnect packet;
    if (const DecodeError error
        = decodeDisconnect(frame, m_settings.version, Sender::Server, packet)) {
        return error;
    }
    const int number = static_cast<int>(packet.reason);
    trace("received DISCONNECT (" + QByteArray::number(number) + ')');
    end({number >= 0x80 ? number : exitcode::kConnectionLost,
         number >= 0x80 ? reasonName(packet.reason) : QByteArrayLiteral("connection-closed"),
         sentence("the broker ended the connection: ",
                  number >= 0x80 ? toText(packet.reason) : "without a complaint",
                  packet.reasonString,
                  packet.serverReference),
         !isFinal(packet.reason)});
    return {};
}

} // namespace fairlead::cli
