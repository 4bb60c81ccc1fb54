// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/codec.h"
#include "server/mqttlistener.h"
#include "simhost.h"

#include <deque>
#include <functional>
#include <map>
#include <set>

namespace fairlead::sim {

/// An MQTT client that keeps its session over any number of connections, on a network that cuts,
/// delays and loses bytes. It follows the standard to the letter and notes what the server does not.
class MqttClient
{
public:
    struct Setup
    {
        std::string id;
        mqtt::Version version = mqtt::Version::V5;
        std::string filter; ///< empty: it only publishes
        quint8 filterQos = 2;
        quint16 receiveMaximum = 10;
        quint16 topicAliasMaximum = 0;
        /// Called with what publish() yielded: from here on the message is the server's. QoS 1 and 2.
        std::function<void(quint64)> accepted;
    };

    struct Received
    {
        std::string topic;
        std::string payload;
        quint8 qos = 0;
    };

    MqttClient(SimHost &host, mqtt::MqttListener &listener, Setup setup);

    /// The server's process has ended: of what it sent some still arrives.
    void loseServer();
    /// Another server, or the same one begun anew, which goes on with the client's session.
    void serveBy(SimHost &host, mqtt::MqttListener &listener);

    /// A connection to @p reactor; the one before, if any, is left to itself.
    void connect(int reactor);
    /// The network fails: what was on its way is lost.
    void breakOff();
    /// DISCONNECT; the session stays.
    void disconnect();
    /// A connection whose session replaces the client's and ends with it.
    void connectForTheLastTime(int reactor);
    /// Everything that was left behind ends.
    void endOld();
    quint64 publish(const std::string &topic,
                    const std::string &payload,
                    quint8 qos,
                    bool retain = false);

    /// Some bytes move, some packets are answered.
    void exchange();

    bool isConnected() const noexcept { return m_phase == Phase::Connected; }

    bool isConnecting() const noexcept { return m_phase == Phase::Connecting; }

    bool isOffline() const noexcept { return m_phase == Phase::Offline; }

    bool isSubscribed() const noexcept { return m_subscribed || m_setup.filter.empty(); }

    /// Connected, everything sent is acknowledged, nothing is on its way.
    bool isIdle() const;

    const Setup &setup() const noexcept { return m_setup; }

    const std::vector<Received> &received() const noexcept { return m_received; }

    /// What the server did that it must not; empty when nothing.
    const std::string &failure() const noexcept { return m_failure; }

private:
    enum class Phase : quint8 {
        Offline,
        Connecting, ///< CONNECT is on its way
        Connected
    };

    struct Outgoing
    {
        std::string topic;
        std::string payload;
        quint16 id = 0;
        quint64 number = 0;
        quint8 qos = 0;
        bool retain = false;
        bool released = false; ///< PUBREC came
    };

    struct Connection
    {
        std::unique_ptr<SimLink> link;
        std::string out;
    };

    void fail(const std::string &what);
    void leave();
    void forget();
    void open(int reactor, bool lasting);
    template <typename Packet>
    void write(const Packet &packet);
    void writePublish(const Outgoing &message, bool again);
    void sendQueued();
    quint16 freeId() const;
    void moveOld();
    void handleInput();
    void handleFrame(const mqtt::Frame &frame);
    void handleConnack(const mqtt::Frame &frame);
    void handlePublish(const mqtt::Frame &frame);
    void handleAck(const mqtt::Ack &ack);
    void noteAccepted(const Outgoing &message) const;
    void answerSome();

    SimRandom &random() const noexcept { return m_host->random(); }

    SimHost *m_host;
    mqtt::MqttListener *m_listener;
    const Setup m_setup;
    Phase m_phase = Phase::Offline;
    Connection m_now;
    std::vector<Connection> m_old; ///< left behind; their bytes still arrive
    std::string m_wire; ///< left the server, not here yet
    std::string m_in;
    quint64 m_published = 0;
    bool m_hasSession = false;
    bool m_subscribed = false;

    std::deque<Outgoing> m_queue;
    std::deque<Outgoing> m_inFlight; ///< in the order of sending
    std::set<quint16> m_receiving; ///< QoS 2: PUBLISH came, PUBREL did not
    std::vector<Received> m_received;
    std::string m_failure;

    // Of one connection.
    std::deque<mqtt::Ack> m_answers; ///< due, in order
    std::set<quint16> m_unfinished; ///< of the server's: what counts against the receive maximum
    std::map<quint16, std::string> m_aliases;
    std::map<std::string, quint16> m_ownAliases;
};

} // namespace fairlead::sim
