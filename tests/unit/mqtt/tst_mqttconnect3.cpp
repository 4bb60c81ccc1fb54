// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// What differs in MQTT 3.1.1 and 3.1.
class tst_MqttConnect3 : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void cleanSessionDecidesHowLongTheSessionLives_data();
    void cleanSessionDecidesHowLongTheSessionLives();
    void connackIsFourOctets();
    void emptyClientIdNeedsACleanSession();
    void refusalsUseReturnCodes_data();
    void refusalsUseReturnCodes();
    void mqtt31NeedsTheSwitch();
    void clientIdOf31IsShort_data();
    void clientIdOf31IsShort();
    void connackOf31HasNoSessionPresent();
    void longestKeepAliveIsNotForcedOnThose();
    void errorsCloseWithoutDisconnect();
    void unspeakableReasonsGetNoConnack();
};

void tst_MqttConnect3::cleanSessionDecidesHowLongTheSessionLives_data()
{
    QTest::addColumn<bool>("clean");
    QTest::newRow("[MQTT311-3.1.2-4] kept") << false;
    QTest::newRow("[MQTT311-3.1.2-6] clean") << true;
}

void tst_MqttConnect3::cleanSessionDecidesHowLongTheSessionLives()
{
    QFETCH(bool, clean);
    Harness h({}, Version::V311);
    Connect packet = h.connectPacket();
    packet.cleanStart = clean;
    h.send(packet);
    h.authenticated();
    QCOMPARE(h.bus.acquisitions[0].clean, clean);
    QCOMPARE(h.bus.acquisitions[0].expirySeconds, clean ? 0U : kNever);
    QCOMPARE(h.bus.acquisitions[0].window, quint16(65535));
}

// [MQTT311-3.2.2-1] [MQTT311-3.2.2-2]: whatever the listener has to tell to others.
void tst_MqttConnect3::connackIsFourOctets()
{
    ListenerOptions options;
    options.maxQos = 1;
    for (const bool resumed : {false, true}) {
        Harness h(options, Version::V311);
        h.send(h.connectPacket());
        h.authenticated();
        h.granted(resumed, 60);
        QCOMPARE(h.stream.written, resumed ? hex("20020100") : hex("20020000"));
    }
}

// [MQTT311-3.1.3-6] [MQTT311-3.1.3-7] [MQTT311-3.1.3-8]
void tst_MqttConnect3::emptyClientIdNeedsACleanSession()
{
    Harness h({}, Version::V311);
    Connect packet = h.connectPacket("");
    packet.cleanStart = false;
    h.send(packet);
    QVERIFY(h.isClosed());
    QCOMPARE(h.stream.written, hex("20020002"));

    Harness clean({}, Version::V311);
    packet.cleanStart = true;
    clean.send(packet);
    QVERIFY(clean.bus.peerKey.startsWith("fl-"));
    clean.authenticated();
    clean.granted();
    QCOMPARE(clean.stream.written, hex("20020000"));
}

void tst_MqttConnect3::refusalsUseReturnCodes_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<bool>("credentials");
    QTest::addColumn<int>("returnCode");
    QTest::newRow("[MQTT311-3.2.2-5] wrong password")
        << int(ErrorCode::NotAuthenticated) << true << 4;
    QTest::newRow("anonymous") << int(ErrorCode::NotAuthenticated) << false << 5;
    QTest::newRow("not allowed") << int(ErrorCode::NotAuthorized) << true << 5;
    QTest::newRow("down") << int(ErrorCode::Timeout) << true << 3;
    QTest::newRow("full") << int(ErrorCode::LimitReached) << true << 3;
}

void tst_MqttConnect3::refusalsUseReturnCodes()
{
    QFETCH(int, code);
    QFETCH(bool, credentials);
    QFETCH(int, returnCode);
    Harness h({}, Version::V311);
    Connect packet = h.connectPacket();
    if (credentials)
        packet.userName = "u";
    h.send(packet);
    h.authenticated(Error(ErrorCode(code), QStringLiteral("no")));
    QVERIFY(h.isClosed());
    QCOMPARE(h.stream.written, hex("200200") + char(returnCode));
}

void tst_MqttConnect3::mqtt31NeedsTheSwitch()
{
    Harness off({}, Version::V31);
    off.send(off.connectPacket());
    QVERIFY(off.isClosed());
    QCOMPARE(off.stream.written, hex("20020001"));

    ListenerOptions options;
    options.allowMqtt31 = true;
    Harness on(options, Version::V31);
    on.send(on.connectPacket());
    QVERIFY(!on.isClosed());
    QCOMPARE(on.bus.authentications, 1);
}

void tst_MqttConnect3::clientIdOf31IsShort_data()
{
    QTest::addColumn<int>("size");
    QTest::addColumn<bool>("good");
    QTest::newRow("empty") << 0 << false;
    QTest::newRow("one") << 1 << true;
    QTest::newRow("longest") << 23 << true;
    QTest::newRow("too long") << 24 << false;
}

void tst_MqttConnect3::clientIdOf31IsShort()
{
    QFETCH(int, size);
    QFETCH(bool, good);
    ListenerOptions options;
    options.allowMqtt31 = true;
    Harness h(options, Version::V31);
    h.send(h.connectPacket(QByteArray(size, 'c').constData()));
    QCOMPARE(h.isClosed(), !good);
    if (!good)
        QCOMPARE(h.stream.written, hex("20020002"));
}

void tst_MqttConnect3::connackOf31HasNoSessionPresent()
{
    ListenerOptions options;
    options.allowMqtt31 = true;
    Harness h(options, Version::V31);
    Connect packet = h.connectPacket();
    packet.cleanStart = false;
    h.send(packet);
    h.authenticated();
    h.granted(true);
    QCOMPARE(h.stream.written, hex("20020000"));
}

void tst_MqttConnect3::longestKeepAliveIsNotForcedOnThose()
{
    ListenerOptions options;
    options.maxKeepAlive = 10;
    Harness h(options, Version::V311);
    Connect packet = h.connectPacket();
    packet.keepAlive = 60;
    h.connect(packet);
    h.advance(89);
    QVERIFY(!h.isClosed());
    h.advance(2);
    QVERIFY(h.isClosed()); // [MQTT311-3.1.2-24]
    QVERIFY(h.stream.written.isEmpty());
}

// [MQTT311-4.8.0-1]
void tst_MqttConnect3::errorsCloseWithoutDisconnect()
{
    Harness h({}, Version::V311);
    h.connect();
    h.receive(hex("e100"));
    QVERIFY(h.isClosed());
    QVERIFY(h.stream.written.isEmpty());

    Harness auth({}, Version::V311);
    auth.connect();
    auth.receive(hex("f000"));
    QVERIFY(auth.isClosed());
    QVERIFY(auth.stream.written.isEmpty());
}

void tst_MqttConnect3::unspeakableReasonsGetNoConnack()
{
    ListenerOptions options;
    options.maxQos = 0;
    Harness h(options, Version::V311);
    Connect packet = h.connectPacket();
    packet.will.emplace().topic = "t";
    packet.will->qos = 1;
    h.send(packet);
    QVERIFY(h.isClosed());
    QVERIFY(h.stream.written.isEmpty());
}

QTEST_GUILESS_MAIN(tst_MqttConnect3)

#include "tst_mqttconnect3.moc"
