// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"
#include "mqttclient/incomingflow.h"
#include "mqttclient/outgoingflow.h"
#include "mqttclient/packets.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include <map>
#include <memory>

class QTcpSocket;

namespace fairlead::cli {

class Connector;

/// A client of an MQTT broker: one session, over one connection after another. Asynchronous; lives
/// on one thread. Its signals may be answered by calls into it.
class MqttClient : public QObject
{
    Q_OBJECT

public:
    using Handle = OutgoingFlow::Handle;

    explicit MqttClient(const ClientSettings &settings, QObject *parent = nullptr);
    ~MqttClient() override;

    /// Connects; opened() or failed() follows. Also after lost(), to go on with the session.
    void open();
    /// Says goodbye and ends the connection once everything is written; closed() follows, or lost()
    /// if not everything could be written.
    void close(mqtt::ReasonCode reason = mqtt::ReasonCode::NormalDisconnection);

    /// Takes the message at any time; it goes out in its turn. published() follows.
    Handle publish(OutgoingMessage message);
    /// Only while open; subscribed() follows. False when it cannot be sent, with failed().
    bool subscribe(const QList<FilterOptions> &filters, const PropertySet &properties);
    bool unsubscribe(const QList<QByteArray> &filters, const PropertySet &properties);

    [[nodiscard]] bool isOpen() const noexcept { return m_state == State::Open; }

    /// Whether a producer should go on: there is a bound to what waits to be sent.
    [[nodiscard]] bool hasRoom() const;

    void setTracing(bool on) noexcept { m_tracing = on; }

Q_SIGNALS:
    void opened(bool sessionPresent);
    /// No connection came about, or the broker refused it.
    void failed(const fairlead::cli::Failure &failure);
    /// The connection ended after opened(), and not as close() wants it.
    void lost(const fairlead::cli::Failure &failure);
    void closed();

    void published(quint64 handle,
                   fairlead::mqtt::ReasonCode reason,
                   const QByteArray &reasonString);
    void subscribed(const QByteArray &codes, const QByteArray &reasonString);
    void unsubscribed(const QByteArray &codes);
    /// Acknowledged before it is announced, so that whoever leaves now does not get it again.
    void received(const fairlead::cli::IncomingMessage &message);
    /// Everything that had arrived has been announced.
    void drained();
    void traced(const QByteArray &line);

private:
    enum class State : quint8 {
        Idle,
        Connecting,
        Handshaking,
        Open,
        Closing
    };

    void handleConnected();
    void handleReadyRead();
    void handleBytesWritten();
    void handleSocketEnd();
    void handleHandshakeTimeout();
    void handleKeepAlive();
    void handlePongTimeout();

    [[nodiscard]] mqtt::DecodeError handleFrame(const mqtt::Frame &frame);
    [[nodiscard]] mqtt::DecodeError handleConnack(const mqtt::Frame &frame);
    [[nodiscard]] mqtt::DecodeError handlePublish(const mqtt::Frame &frame);
    [[nodiscard]] mqtt::DecodeError handleAck(const mqtt::Frame &frame);
    [[nodiscard]] mqtt::DecodeError handleSuback(const mqtt::Frame &frame);
    [[nodiscard]] mqtt::DecodeError handleDisconnect(const mqtt::Frame &frame);
    void handlePubrel(const mqtt::Ack &ack);
    void resumeSession(bool sessionPresent);

    void pump();
    void schedulePump();
    [[nodiscard]] mqtt::ReasonCode judge(const OutgoingMessage &message) const;
    void sendPublish(const OutgoingFlow::Entry &entry);
    void sendAck(mqtt::PacketType type, quint16 packetId, mqtt::ReasonCode reason);
    void send(const QByteArray &packet);
    /// Ends the connection at once and tells why.
    void end(const Failure &failure);
    void endOnError(const mqtt::DecodeError &error);
    void dropSocket();
    void trace(const QByteArray &what);

    ClientSettings m_settings;
    std::unique_ptr<Connector> m_connector;
    std::unique_ptr<QTcpSocket> m_socket;
    State m_state = State::Idle;
    bool m_tracing = false;
    bool m_everOpen = false;
    bool m_pumpScheduled = false;
    bool m_shutDown = false;
    quint32 m_maxPacketSize;
    QByteArray m_input;

    OutgoingFlow m_outgoing;
    IncomingFlow m_incoming;
    std::map<quint16, qsizetype> m_subscribes; ///< filters asked for, by packet id
    std::map<quint16, qsizetype> m_unsubscribes;
    std::vector<quint16> m_aliasesSent;

    // What CONNACK said.
    quint16 m_keepAlive = 0;
    quint16 m_brokerReceiveMaximum = mqtt::kDefaultReceiveMaximum;
    quint16 m_brokerAliasMaximum = 0;
    quint32 m_brokerMaxPacketSize = 0;
    quint8 m_brokerMaxQos = 2;
    bool m_brokerRetains = true;

    QTimer m_handshakeTimer;
    QTimer m_keepAliveTimer;
    QTimer m_pongTimer;
    QTimer m_closeTimer;
    QElapsedTimer m_sinceWrite;
};

} // namespace fairlead::cli
