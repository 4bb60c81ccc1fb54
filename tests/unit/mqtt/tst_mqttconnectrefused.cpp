// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// What ends a link before it is up, in MQTT 5.
class tst_MqttConnectRefused : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void failedAuthenticationIsRefused_data();
    void failedAuthenticationIsRefused();
    void refusedLeaseIsRefused();
    void aSessionThatCannotBeStoredIsRefused();
    void nothingIsProcessedAfterRefusal();
    void firstPacketMustBeConnect_data();
    void firstPacketMustBeConnect();
    void secondConnectIsAProtocolError();
    void foreignProtocolIsClosedWithoutAnswer();
    void unknownVersionIsAnsweredWithItsCode();
    void malformedConnectIsAnsweredWithItsCode_data();
    void malformedConnectIsAnsweredWithItsCode();
    void authenticationMethodIsRefused();
    void firstPacketIsLimitedFromItsHeader();
    void reasonStringIsLeftOutWhenItDoesNotFit();
    void unacceptableWillIsRefused_data();
    void unacceptableWillIsRefused();
};

void tst_MqttConnectRefused::failedAuthenticationIsRefused_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<bool>("credentials");
    QTest::addColumn<int>("reason");
    QTest::newRow("[MQTT-3.1.4-2] wrong password")
        << int(ErrorCode::NotAuthenticated) << true << 0x86;
    QTest::newRow("anonymous not allowed") << int(ErrorCode::NotAuthenticated) << false << 0x87;
    QTest::newRow("not allowed") << int(ErrorCode::NotAuthorized) << true << 0x87;
    QTest::newRow("authenticator down") << int(ErrorCode::Timeout) << true << 0x88;
    QTest::newRow("shutting down") << int(ErrorCode::ShuttingDown) << true << 0x88;
}

void tst_MqttConnectRefused::failedAuthenticationIsRefused()
{
    QFETCH(int, code);
    QFETCH(bool, credentials);
    QFETCH(int, reason);
    Harness h;
    Connect packet = h.connectPacket();
    if (credentials)
        packet.userName = "u";
    h.send(packet);
    h.authenticated(Error(ErrorCode(code), QStringLiteral("secret detail")));
    QVERIFY(h.isClosed());
    QVERIFY(!h.stream.written.contains("secret"));
    const Connack answer = h.takeConnack();
    QCOMPARE(int(answer.reason), reason);
    QCOMPARE(answer.sessionPresent, false); // [MQTT-3.2.2-6]
    QVERIFY(h.bus.acquisitions.empty());
}

void tst_MqttConnectRefused::refusedLeaseIsRefused()
{
    Harness h;
    h.send(h.connectPacket());
    h.authenticated();
    LeaseGrant grant;
    grant.error = Error(ErrorCode::LimitReached, QStringLiteral("too many sessions"));
    h.driver->handleLease(grant);
    QVERIFY(h.isClosed());
    QCOMPARE(h.takeConnack().reason, ReasonCode::QuotaExceeded);
}

void tst_MqttConnectRefused::aSessionThatCannotBeStoredIsRefused()
{
    LeaseGrant grant;
    grant.error = Error(ErrorCode::StorageFull, QStringLiteral("inner detail"));
    Harness h;
    h.send(h.connectPacket());
    h.authenticated();
    h.driver->handleLease(grant);
    QVERIFY(h.isClosed());
    QVERIFY(!h.stream.written.contains("inner detail"));
    QCOMPARE(h.takeConnack().reason, ReasonCode::QuotaExceeded);
    Harness old({}, Version::V311);
    old.send(old.connectPacket());
    old.authenticated();
    old.driver->handleLease(grant);
    QVERIFY(old.isClosed());
    QCOMPARE(old.stream.written, hex("20 02 00 03"));
}

void tst_MqttConnectRefused::nothingIsProcessedAfterRefusal()
{
    Harness h;
    h.send(h.connectPacket());
    PublishHead head;
    head.topic = "a";
    h.receive(h.publishBytes(head, "x"));
    h.authenticated(Error(ErrorCode::NotAuthorized, QStringLiteral("no")));
    QVERIFY(h.isClosed());
    QVERIFY(h.bus.published.empty());
}

void tst_MqttConnectRefused::firstPacketMustBeConnect_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("[MQTT-3.1.0-1] PINGREQ") << hex("c000");
    QTest::newRow("one octet of PUBLISH") << hex("30");
    QTest::newRow("HTTP") << QByteArray("GET / HTTP/1.1\r\n\r\n");
    QTest::newRow("reserved type") << hex("0000");
    QTest::newRow("CONNECT with flags") << hex("1f00");
    QTest::newRow("five length octets") << hex("10ffffffffff");
}

void tst_MqttConnectRefused::firstPacketMustBeConnect()
{
    QFETCH(QByteArray, bytes);
    Harness h;
    h.receive(bytes);
    QVERIFY(h.isClosed());
    QVERIFY(h.stream.written.isEmpty()); // [MQTT-3.14.0-1]
    QCOMPARE(h.link.reason().code(), ErrorCode::ProtocolViolation);
}

void tst_MqttConnectRefused::secondConnectIsAProtocolError()
{
    Harness h;
    h.connect();
    h.send(h.connectPacket());
    QCOMPARE(h.endReason(), ReasonCode::ProtocolError);
}

void tst_MqttConnectRefused::foreignProtocolIsClosedWithoutAnswer()
{
    Harness h;
    h.receive(hex("10 0d 0004 4d515458 05 02 0000 00 0000"));
    QVERIFY(h.isClosed());
    QVERIFY(h.stream.written.isEmpty());
    QCOMPARE(h.count(ErrorKind::BadProtocolName), 1U);
}

void tst_MqttConnectRefused::unknownVersionIsAnsweredWithItsCode()
{
    Harness h;
    h.receive(hex("10 0d 0004 4d515454 06 02 0000 00 0000"));
    QVERIFY(h.isClosed());
    QCOMPARE(h.takeConnack().reason, ReasonCode::UnsupportedProtocolVersion);
}

void tst_MqttConnectRefused::malformedConnectIsAnsweredWithItsCode_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("reason");
    // Name, level, flags, keep alive, properties, client id; the length is set below.
    QTest::newRow("[MQTT-3.1.2-3] reserved flag")
        << hex("1000 0004 4d515454 05 03 0000 00 0000") << 0x81;
    QTest::newRow("[MQTT-3.1.2-12] will QoS 3")
        << hex("1000 0004 4d515454 05 1e 0000 00 0000 00 0001 74 0000") << 0x81;
    QTest::newRow("[MQTT-3.1.2-11] will QoS without will")
        << hex("1000 0004 4d515454 05 0a 0000 00 0000") << 0x81;
    QTest::newRow("[MQTT-3.1.3-3] no client id") << hex("1000 0004 4d515454 05 02 0000 00") << 0x81;
    QTest::newRow("[MQTT-3.1.3-4] client id is not UTF-8")
        << hex("1000 0004 4d515454 05 02 0000 00 0001 ff") << 0x81;
    QTest::newRow("receive maximum 0")
        << hex("1000 0004 4d515454 05 02 0000 03 21 0000 0000") << 0x82;
    QTest::newRow("property twice")
        << hex("1000 0004 4d515454 05 02 0000 0a 11 00000001 11 00000001 0000") << 0x82;
    QTest::newRow("trailing octet") << hex("1000 0004 4d515454 05 02 0000 00 0000 00") << 0x81;
}

void tst_MqttConnectRefused::malformedConnectIsAnsweredWithItsCode()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, reason);
    bytes[1] = char(bytes.size() - 2);
    Harness h;
    h.receive(bytes);
    QVERIFY(h.isClosed()); // [MQTT-3.1.4-1] [MQTT-4.13.1-1]
    QCOMPARE(int(h.takeConnack().reason), reason);
    QCOMPARE(h.bus.authentications, 0);
    QCOMPARE(h.logger.lines.size(), 1);
}

void tst_MqttConnectRefused::authenticationMethodIsRefused()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.authenticationMethod = "SCRAM-SHA-1";
    packet.authenticationData = "n,,";
    h.send(packet);
    QVERIFY(h.isClosed());
    QCOMPARE(h.takeConnack().reason, ReasonCode::BadAuthenticationMethod);
    QCOMPARE(h.bus.authentications, 0);
}

void tst_MqttConnectRefused::firstPacketIsLimitedFromItsHeader()
{
    Harness h;
    // 512 KiB and one octet, of which five arrived.
    h.receive(hex("10fdff1f00"));
    QVERIFY(h.isClosed());
    QCOMPARE(h.link.reason().code(), ErrorCode::PacketTooLarge);

    Harness fits;
    fits.receive(hex("10fcff1f00"));
    QVERIFY(!fits.isClosed());
    QCOMPARE(fits.consumed.used, 0U);
    QCOMPARE(fits.consumed.wanted, 512U * 1024);
}

void tst_MqttConnectRefused::reasonStringIsLeftOutWhenItDoesNotFit()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.authenticationMethod = "x";
    h.send(packet);
    QVERIFY(h.takeConnack().reasonString);

    Harness small;
    packet.maximumPacketSize = 10;
    small.send(packet);
    const Connack answer = small.takeConnack();
    QCOMPARE(answer.reason, ReasonCode::BadAuthenticationMethod);
    QVERIFY(!answer.reasonString);
}

void tst_MqttConnectRefused::unacceptableWillIsRefused_data()
{
    QTest::addColumn<QByteArray>("topic");
    QTest::addColumn<int>("qos");
    QTest::addColumn<bool>("retain");
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<int>("reason");
    QTest::newRow("[MQTT-3.2.2-12] QoS") << QByteArray("t") << 2 << false << QByteArray() << 0x9B;
    QTest::newRow("[MQTT-3.2.2-13] retain") << QByteArray("t") << 0 << true << QByteArray() << 0x9A;
    QTest::newRow("topic of the host")
        << QByteArray("$SYS/x") << 0 << false << QByteArray() << 0x90;
    QTest::newRow("payload format") << QByteArray("t") << 0 << false << hex("ff") << 0x99;
}

void tst_MqttConnectRefused::unacceptableWillIsRefused()
{
    QFETCH(QByteArray, topic);
    QFETCH(int, qos);
    QFETCH(bool, retain);
    QFETCH(QByteArray, payload);
    QFETCH(int, reason);
    ListenerOptions options;
    options.maxQos = 1;
    options.retainAvailable = false;
    options.validatePayloadFormat = true;
    Harness h(options);
    Connect packet = h.connectPacket();
    Will &will = packet.will.emplace();
    will.topic = bytesOf(topic);
    will.qos = quint8(qos);
    will.retain = retain;
    will.payload = bytesOf(payload);
    will.payloadFormat = 1;
    h.send(packet);
    QVERIFY(h.isClosed());
    QCOMPARE(int(h.takeConnack().reason), reason);
}

QTEST_GUILESS_MAIN(tst_MqttConnectRefused)

#include "tst_mqttconnectrefused.moc"
