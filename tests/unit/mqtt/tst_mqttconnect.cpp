// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// CONNECT and CONNACK in MQTT 5.
class tst_MqttConnect : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void connackFollowsAuthenticationAndLease();
    void connackTellsWhatDiffersFromTheDefaults();
    void sessionPresentIsWhatTheLeaseSays();
    void sessionExpiryIsToldWhenCapped();
    void emptyClientIdGetsAnAssignedOne();
    void credentialsReachTheHost();
    void packetsBehindConnectWaitForConnack();
    void serverKeepAliveCapsTheClients_data();
    void serverKeepAliveCapsTheClients();
    void responseInformationOnlyOnRequest();
    void connackRespectsTheClientsPacketSize();
    void willIsHandedOver();
    void connectMayArriveInPieces();
};

// [MQTT-3.1.4-5] [MQTT-3.2.0-1] [MQTT-3.2.0-2]
void tst_MqttConnect::connackFollowsAuthenticationAndLease()
{
    Harness h;
    QCOMPARE(h.link.state(), Link::State::Handshaking);
    Connect packet = h.connectPacket("meter-7");
    packet.cleanStart = false;
    packet.sessionExpiry = 3600;
    packet.receiveMaximum = 20;
    h.send(packet);
    QCOMPARE(h.bus.authentications, 1);
    QCOMPARE(h.bus.peerKey, QByteArray("meter-7"));
    QVERIFY(h.bus.acquisitions.empty());
    QVERIFY(h.stream.written.isEmpty());

    h.authenticated();
    QCOMPARE(h.bus.acquisitions.size(), 1U);
    QCOMPARE(h.bus.acquisitions[0].peerKey, QByteArray("meter-7"));
    QCOMPARE(h.bus.acquisitions[0].expirySeconds, 3600U);
    QCOMPARE(h.bus.acquisitions[0].clean, false);
    QCOMPARE(h.bus.acquisitions[0].window, quint16(20));
    QVERIFY(!h.bus.acquisitions[0].will);
    QVERIFY(h.stream.written.isEmpty());

    h.granted();
    const Connack answer = h.takeConnack();
    QCOMPARE(answer.reason, ReasonCode::Success);
    QCOMPARE(answer.sessionPresent, false);
    QVERIFY(!answer.assignedClientId);
    QVERIFY(!answer.sessionExpiry);
    QVERIFY(!answer.serverKeepAlive);
}

// [MQTT-3.2.2-9]
void tst_MqttConnect::connackTellsWhatDiffersFromTheDefaults()
{
    ListenerOptions options;
    options.receiveMaximum = 7;
    options.maxQos = 1;
    options.retainAvailable = false;
    options.maxPacketSize = 5000;
    options.topicAliasMax = 3;
    options.wildcardAvailable = false;
    options.sharedAvailable = false;
    Harness h(options);
    h.send(h.connectPacket());
    h.authenticated();
    h.granted();
    Connack answer = h.takeConnack();
    QCOMPARE(answer.receiveMaximum, quint16(7));
    QCOMPARE(answer.maximumQos, quint8(1));
    QCOMPARE(answer.retainAvailable, false);
    QCOMPARE(answer.maximumPacketSize, 5000U);
    QCOMPARE(answer.topicAliasMaximum, quint16(3));
    QCOMPARE(answer.wildcardSubscriptionAvailable, false);
    QCOMPARE(answer.sharedSubscriptionAvailable, false);
    QCOMPARE(answer.subscriptionIdentifierAvailable, true);

    Harness defaults;
    defaults.send(defaults.connectPacket());
    defaults.authenticated();
    defaults.granted();
    answer = defaults.takeConnack();
    QCOMPARE(answer.maximumPacketSize, 16U * 1024 * 1024);
    QVERIFY(!answer.properties.has(mqtt::PropertyId::MaximumQos));
    QVERIFY(!answer.properties.has(mqtt::PropertyId::RetainAvailable));
    QVERIFY(!answer.properties.has(mqtt::PropertyId::WildcardSubscriptionAvailable));
    QVERIFY(!answer.properties.has(mqtt::PropertyId::SharedSubscriptionAvailable));
    QVERIFY(!answer.properties.has(mqtt::PropertyId::SubscriptionIdentifierAvailable));
}

// [MQTT-3.2.2-2] [MQTT-3.2.2-3] [MQTT-3.1.2-4] [MQTT-3.1.2-5]: the host decides, the driver tells.
void tst_MqttConnect::sessionPresentIsWhatTheLeaseSays()
{
    for (const bool resumed : {false, true}) {
        Harness h;
        Connect packet = h.connectPacket();
        packet.cleanStart = !resumed;
        h.send(packet);
        h.authenticated();
        QCOMPARE(h.bus.acquisitions[0].clean, !resumed);
        h.granted(resumed);
        QCOMPARE(h.takeConnack().sessionPresent, resumed);
    }
}

void tst_MqttConnect::sessionExpiryIsToldWhenCapped()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.sessionExpiry = kSessionNeverExpires;
    h.send(packet);
    h.authenticated();
    QCOMPARE(h.bus.acquisitions[0].expirySeconds, kNever);
    h.granted(false, 7200);
    QCOMPARE(h.takeConnack().sessionExpiry.value_or(0), 7200U);
}

// [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16]
void tst_MqttConnect::emptyClientIdGetsAnAssignedOne()
{
    Harness h;
    Connect packet = h.connectPacket("");
    packet.cleanStart = false;
    h.send(packet);
    const QByteArray id = h.bus.peerKey;
    QVERIFY(id.startsWith("fl-"));
    QCOMPARE(id.size(), 23);
    h.authenticated();
    QCOMPARE(h.bus.acquisitions[0].peerKey, id);
    h.granted();
    const Connack answer = h.takeConnack();
    QCOMPARE(copyOf(answer.assignedClientId.value_or("")), id);

    Harness other;
    other.random.state = 1000;
    other.send(other.connectPacket(""));
    QVERIFY(other.bus.peerKey != id);
}

// [MQTT-3.1.2-17] [MQTT-3.1.2-19]
void tst_MqttConnect::credentialsReachTheHost()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.userName = "anna";
    packet.password = Bytes("p\0w", 3);
    h.send(packet);
    QVERIFY(h.bus.hasUserName && h.bus.hasPassword);
    QCOMPARE(h.bus.userName, QByteArray("anna"));
    QCOMPARE(h.bus.password, QByteArray("p\0w", 3));

    // MQTT 5 allows a password alone.
    Harness alone;
    packet.userName.reset();
    alone.send(packet);
    QVERIFY(!alone.bus.hasUserName && alone.bus.hasPassword);
}

// [MQTT-3.1.4-5]: a client need not wait for CONNACK.
void tst_MqttConnect::packetsBehindConnectWaitForConnack()
{
    Harness h;
    const QByteArray connect = h.encoded(h.connectPacket());
    h.receive(connect + hex("c000"));
    QCOMPARE(h.consumed.used, std::size_t(connect.size()));
    h.receive(hex("c000"));
    QCOMPARE(h.consumed.used, 0U);
    h.authenticated();
    QCOMPARE(h.consumed.used, 0U);
    QVERIFY(h.stream.written.isEmpty());
    h.granted();
    const auto packets = h.takePackets();
    QCOMPARE(packets.size(), 3U);
    QCOMPARE(packets[0].type, PacketType::Connack);
    QCOMPARE(packets[1].type, PacketType::Pingresp);
    QCOMPARE(packets[2].type, PacketType::Pingresp);
}

// [MQTT-3.1.4-6]
// [MQTT-3.1.0-2]
// [MQTT-3.1.2-1]
// [MQTT-3.1.2-2]
// [MQTT-4.12.0-1]
void tst_MqttConnect::serverKeepAliveCapsTheClients_data()
{
    QTest::addColumn<int>("asked");
    QTest::addColumn<int>("told");
    QTest::newRow("less") << 10 << -1;
    QTest::newRow("equal") << 60 << -1;
    QTest::newRow("more") << 61 << 60;
    QTest::newRow("none") << 0 << 60;
}

// [MQTT-3.2.2-21]: what is told is what is enforced.
void tst_MqttConnect::serverKeepAliveCapsTheClients()
{
    QFETCH(int, asked);
    QFETCH(int, told);
    ListenerOptions options;
    options.maxKeepAlive = 60;
    Harness h(options);
    Connect packet = h.connectPacket();
    packet.keepAlive = quint16(asked);
    h.send(packet);
    h.authenticated();
    h.granted();
    const Connack answer = h.takeConnack();
    QCOMPARE(answer.serverKeepAlive ? int(*answer.serverKeepAlive) : -1, told);
    const int holds = told < 0 ? asked : told;
    h.advance(holds * 3 / 2 - 1);
    QVERIFY(!h.isClosed());
    h.advance(2);
    QCOMPARE(h.endReason(), ReasonCode::KeepAliveTimeout);
}

// [MQTT-3.1.2-28]
void tst_MqttConnect::responseInformationOnlyOnRequest()
{
    ListenerOptions options;
    options.responseInformation = "replies";
    for (const bool asked : {false, true}) {
        Harness h(options);
        Connect packet = h.connectPacket("a+b#");
        packet.requestResponseInformation = asked;
        h.send(packet);
        h.authenticated();
        h.granted();
        const Connack answer = h.takeConnack();
        QCOMPARE(answer.responseInformation.has_value(), asked);
        if (asked)
            QCOMPARE(copyOf(*answer.responseInformation), QByteArray("replies/a_b_"));
    }
    Harness unset;
    Connect packet = unset.connectPacket();
    packet.requestResponseInformation = true;
    unset.send(packet);
    unset.authenticated();
    unset.granted();
    QVERIFY(!unset.takeConnack().responseInformation);
}

// [MQTT-3.1.2-24]
void tst_MqttConnect::connackRespectsTheClientsPacketSize()
{
    ListenerOptions options;
    options.responseInformation = QByteArray(200, 'r');
    Harness h(options);
    Connect packet = h.connectPacket();
    packet.requestResponseInformation = true;
    packet.maximumPacketSize = 100;
    h.send(packet);
    h.authenticated();
    h.granted();
    const Connack answer = h.takeConnack();
    QCOMPARE(answer.reason, ReasonCode::Success);
    QVERIFY(!answer.responseInformation);

    Harness tiny;
    packet.maximumPacketSize = 8;
    tiny.send(packet);
    tiny.authenticated();
    tiny.granted();
    QVERIFY(tiny.isClosed());
    QVERIFY(tiny.stream.written.isEmpty());
}

// [MQTT-3.2.2-19]
// [MQTT-3.1.2-7] [MQTT-3.1.2-9] [MQTT-3.1.2-14] [MQTT-3.1.3-9] [MQTT-3.1.3-10]
void tst_MqttConnect::willIsHandedOver()
{
    QByteArray properties(64, Qt::Uninitialized);
    Writer writer(properties.data(), 64);
    writeUserProperty(writer, "b", "2");
    writeUserProperty(writer, "a", "1");
    Harness h;
    Connect packet = h.connectPacket();
    Will &will = packet.will.emplace();
    will.topic = "status/7";
    will.payload = "gone";
    will.qos = 2;
    will.retain = true;
    will.delayInterval = 30;
    will.messageExpiry = 600;
    will.payloadFormat = 1;
    will.responseTopic = "re";
    will.properties = PropertyBlock::ofUserProperties(writer.bytes());
    h.send(packet);
    h.authenticated();
    const FakeBus::Will *const got = h.bus.acquisitions[0].will.get();
    QVERIFY(got);
    QCOMPARE(got->topic, QByteArray("status/7"));
    QCOMPARE(got->payload, QByteArray("gone"));
    QCOMPARE(got->testament.qos, quint8(2));
    QCOMPARE(got->testament.retain, true);
    QCOMPARE(got->testament.delaySeconds, 30U);
    QCOMPARE(got->testament.expirySeconds, 600U);
    // Hop properties are gone, the rest is in its order.
    QCOMPARE(got->properties,
             hex("0101080002"
                 "7265"
                 "260001"
                 "62"
                 "0001"
                 "32"
                 "260001"
                 "61"
                 "0001"
                 "31"));
}

void tst_MqttConnect::connectMayArriveInPieces()
{
    Harness h;
    const QByteArray bytes = h.encoded(h.connectPacket("piecemeal"));
    for (const char octet : bytes) {
        QCOMPARE(h.bus.authentications, 0);
        h.receive(QByteArray(1, octet));
    }
    QCOMPARE(h.bus.authentications, 1);
    QCOMPARE(h.bus.peerKey, QByteArray("piecemeal"));
}

QTEST_GUILESS_MAIN(tst_MqttConnect)

#include "tst_mqttconnect.moc"
