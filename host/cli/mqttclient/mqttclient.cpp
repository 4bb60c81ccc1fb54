// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqttclient/mqttclient.h"

#include "mqttclient/connector.h"

#include <QTcpSocket>

#include <sys/socket.h>

#include <algorithm>

namespace fairlead::cli {

using namespace fairlead::mqtt;
using namespace std::chrono_literals;

namespace {

constexpr auto kHandshakeTimeout = 60s;
constexpr auto kCloseTimeout = 5s; ///< without progress
constexpr auto kPeerCloseTimeout = 1s;
constexpr qint64 kOutputLimit = 1 << 20;
constexpr std::size_t kQueueLimit = 1'000;

} // namespace

MqttClient::MqttClient(const ClientSettings &settings, QObject *parent)
    : QObject(parent)
    , m_settings(settings)
    , m_maxPacketSize(
          settings.connectProperties.number(PropertyId::MaximumPacketSize, kMaxPacketSize))
    , m_outgoing(settings.maxInflight)
    , m_incoming(
          settings.enforcedReceiveMaximum,
          static_cast<quint16>(settings.connectProperties.number(PropertyId::TopicAliasMaximum, 0)))
{
    for (QTimer *timer : {&m_handshakeTimer, &m_keepAliveTimer, &m_pongTimer, &m_closeTimer}) {
        timer->setSingleShot(true);
    }
    m_handshakeTimer.setInterval(kHandshakeTimeout);
    connect(&m_handshakeTimer, &QTimer::timeout, this, &MqttClient::handleHandshakeTimeout);
    connect(&m_keepAliveTimer, &QTimer::timeout, this, &MqttClient::handleKeepAlive);
    connect(&m_pongTimer, &QTimer::timeout, this, &MqttClient::handlePongTimeout);
    connect(&m_closeTimer, &QTimer::timeout, this, &MqttClient::handleSocketEnd);
}

MqttClient::~MqttClient()
{
    if (m_socket) {
        m_socket->disconnect(this);
    }
}

void MqttClient::open()
{
    m_state = State::Connecting;
    m_handshakeTimer.start();
    m_connector = std::make_unique<Connector>(m_settings);
    connect(m_connector.get(), &Connector::connected, this, &MqttClient::handleConnected);
    connect(m_connector.get(), &Connector::failed, this, &MqttClient::end, Qt::QueuedConnection);
    m_connector->start();
}

void MqttClient::handleConnected()
{
    m_socket = m_connector->takeSocket();
    m_connector.release()->deleteLater();
    connect(m_socket.get(), &QTcpSocket::readyRead, this, &MqttClient::handleReadyRead);
    connect(m_socket.get(), &QTcpSocket::bytesWritten, this, &MqttClient::handleBytesWritten);
    connect(m_socket.get(), &QTcpSocket::disconnected, this, &MqttClient::handleSocketEnd);
    m_state = State::Handshaking;
    m_input.clear();
    m_shutDown = false;
    m_keepAlive = m_settings.keepAlive;
    trace(QByteArrayLiteral("sending CONNECT"));
    // A session that outlives the connection is wanted back; the first CONNECT may have swept it.
    const bool outlives
        = m_settings.connectProperties.number(PropertyId::SessionExpiryInterval, 0) > 0;
    const QByteArray packet
        = connectPacket(m_settings, m_settings.cleanStart && !(m_everOpen && outlives));
    if (packet.isEmpty()) {
        end({exitcode::kUsage,
             QByteArrayLiteral("invalid-argument"),
             QStringLiteral("MQTT cannot express this CONNECT: a field is too long or malformed")});
        return;
    }
    send(packet);
}

void MqttClient::close(ReasonCode reason)
{
    if (m_state == State::Closing) {
        return;
    }
    m_handshakeTimer.stop();
    m_keepAliveTimer.stop();
    m_pongTimer.stop();
    if (m_state != State::Open) {
        dropSocket();
        m_state = State::Idle;
        QMetaObject::invokeMethod(this, &MqttClient::closed, Qt::QueuedConnection);
        return;
    }
    trace(QByteArrayLiteral("sending DISCONNECT"));
    send(disconnectPacket(m_settings, reason, {}));
    m_state = State::Closing;
    m_closeTimer.start(kCloseTimeout);
    m_socket->flush();
    handleBytesWritten();
}

void MqttClient::handleBytesWritten()
{
    if (m_state == State::Open) {
        schedulePump();
        return;
    }
    if (m_state != State::Closing || m_shutDown) {
        return;
    }
    if (m_socket->bytesToWrite() > 0) {
        m_closeTimer.start(kCloseTimeout);
        return;
    }
    // Closing outright with unread input would reset the connection and might take the DISCONNECT
    // along; so: no more from us, and read on until the broker closes.
    m_shutDown = true;
    ::shutdown(static_cast<int>(m_socket->socketDescriptor()), SHUT_WR);
    m_closeTimer.start(kPeerCloseTimeout);
}

void MqttClient::handleSocketEnd()
{
    const State state = m_state;
    if (state == State::Closing) {
        const bool everythingSent = m_shutDown;
        dropSocket();
        m_state = State::Idle;
        if (everythingSent) {
            Q_EMIT closed();
        } else {
            Q_EMIT lost({exitcode::kConnectionLost,
                         QByteArrayLiteral("connection-closed"),
                         QStringLiteral("the connection was lost before everything was sent")});
        }
        return;
    }
    if (state == State::Idle || !m_socket) {
        return;
    }
    const bool orderly = m_socket->error() == QAbstractSocket::RemoteHostClosedError;
    end({exitcode::kConnectionLost,
         orderly ? QByteArrayLiteral("connection-closed") : QByteArrayLiteral("connection-reset"),
         state == State::Handshaking
             ? QStringLiteral("the broker closed the connection without an answer to CONNECT")
             : QStringLiteral("the connection was lost: %1").arg(m_socket->errorString()),
         true});
}

void MqttClient::handleHandshakeTimeout()
{
    end({exitcode::kTimeout,
         QByteArrayLiteral("handshake-timeout"),
         QStringLiteral("the broker did not answer in time"),
         true});
}

void MqttClient::handleKeepAlive()
{
    const auto limit = std::chrono::milliseconds(m_keepAlive * 900);
    const auto idle = std::chrono::milliseconds(m_sinceWrite.elapsed());
    if (idle < limit) {
        m_keepAliveTimer.start(limit - idle);
        return;
    }
    trace(QByteArrayLiteral("sending PINGREQ"));
    send(pingPacket());
    m_keepAliveTimer.start(limit);
    if (!m_pongTimer.isActive()) {
        m_pongTimer.start(std::chrono::seconds(m_keepAlive));
    }
}

void MqttClient::handlePongTimeout()
{
    end({exitcode::kKeepAlive,
         QByteArrayLiteral("heartbeat-timeout"),
         QStringLiteral("the broker has fallen silent"),
         true});
}

void MqttClient::handleReadyRead()
{
    if (m_state == State::Closing) {
        m_socket->skip(m_socket->bytesAvailable());
        return;
    }
    m_pongTimer.stop();
    m_input += m_socket->readAll();
    qsizetype done = 0;
    while (m_state == State::Handshaking || m_state == State::Open) {
        const Bytes rest = view(m_input).substr(static_cast<std::size_t>(done));
        const FrameHeader header = peekFrame(rest, m_maxPacketSize, m_settings.version);
        if (header.status == FrameStatus::NeedMore) {
            break;
        }
        const DecodeError error = header.status == FrameStatus::Complete
            ? handleFrame(frameOf(rest, header))
            : header.error;
        if (error) {
            endOnError(error);
            break;
        }
        done += header.totalSize;
    }
    m_input.remove(0, std::min(done, m_input.size()));
    Q_EMIT drained();
}

MqttClient::Handle MqttClient::publish(OutgoingMessage message)
{
    const Handle handle = m_outgoing.add(std::move(message));
    schedulePump();
    return handle;
}

bool MqttClient::hasRoom() const
{
    return m_outgoing.size() < kQueueLimit
        && (!m_socket || m_socket->bytesToWrite() < kOutputLimit);
}

void MqttClient::schedulePump()
{
    if (!m_pumpScheduled) {
        m_pumpScheduled = true;
        QMetaObject::invokeMethod(this, &MqttClient::pump, Qt::QueuedConnection);
    }
}

void MqttClient::pump()
{
    m_pumpScheduled = false;
    while (m_state == State::Open && m_socket->bytesToWrite() < kOutputLimit) {
        const OutgoingFlow::Entry *entry = m_outgoing.next();
        if (entry == nullptr) {
            return;
        }
        const Handle handle = entry->handle;
        const ReasonCode verdict = judge(entry->message);
        if (verdict == ReasonCode::Success) {
            sendPublish(*entry);
        }
        if (verdict != ReasonCode::Success || entry->message.qos == 0) {
            m_outgoing.drop(handle);
            Q_EMIT published(handle, verdict, {});
        }
    }
}

ReasonCode MqttClient::judge(const OutgoingMessage &message) const
{
    if (message.qos > m_brokerMaxQos) {
        return ReasonCode::QosNotSupported;
    }
    if (message.retain && !m_brokerRetains) {
        return ReasonCode::RetainNotSupported;
    }
    if (message.topicAlias > m_brokerAliasMaximum) {
        return ReasonCode::TopicAliasInvalid;
    }
    PublishHead head;
    head.topic = view(message.topic);
    head.payloadSize = static_cast<std::size_t>(message.payload.size());
    head.packetId = 1;
    head.qos = message.qos;
    head.topicAlias = message.topicAlias;
    head.hasMessageExpiry = message.expiry.has_value();
    head.forwardable = view(message.properties);
    const std::size_t size = publishHeadSize(head, m_settings.version);
    if (size == 0 || size + head.payloadSize > kMaxPacketSize
        || (m_brokerMaxPacketSize != 0 && size + head.payloadSize > m_brokerMaxPacketSize)) {
        return ReasonCode::PacketTooLarge;
    }
    return ReasonCode::Success;
}

void MqttClient::send(const QByteArray &packet)
{
    m_socket->write(packet);
    m_sinceWrite.start();
}

void MqttClient::end(const Failure &failure)
{
    const bool wasOpen = m_state == State::Open;
    m_handshakeTimer.stop();
    m_keepAliveTimer.stop();
    m_pongTimer.stop();
    dropSocket();
    m_state = State::Idle;
    if (wasOpen) {
        Q_EMIT lost(failure);
    } else {
        Q_EMIT failed(failure);
    }
}

void MqttClient::endOnError(const DecodeError &error)
{
    if (m_settings.version == Version::V5 && m_state == State::Open
        && isAllowed(error.reason, PacketType::Disconnect, Sender::Client)) {
        send(disconnectPacket(m_settings, error.reason, {}));
        m_socket->flush();
    }
    end({exitcode::kProtocol,
         QByteArrayLiteral("protocol-violation"),
         QStringLiteral("the broker broke the protocol: %1 [%2]")
             .arg(QLatin1String(error.text), QLatin1String(toText(error.kind)))});
}

void MqttClient::dropSocket()
{
    m_closeTimer.stop();
    m_pongTimer.stop();
    if (m_connector) {
        m_connector->disconnect(this);
        m_connector.release()->deleteLater();
    }
    if (m_socket) {
        m_socket->disconnect(this);
        m_socket->close();
        m_socket.release()->deleteLater();
    }
}

void MqttClient::trace(const QByteArray &what)
{
    if (m_tracing) {
        const QByteArray id
            = m_settings.clientId.isEmpty() ? QByteArrayLiteral("(null)") : m_settings.clientId;
        Q_EMIT traced("Client " + id + ' ' + what);
    }
}

} // namespace fairlead::cli
