// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// What clients must not publish, and what becomes of it.
class tst_MqttPublishRefused : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void outcomesBecomeReasonCodes_data();
    void outcomesBecomeReasonCodes();
    void outcomesIn311_data();
    void outcomesIn311();
    void refusedQos2LeavesNoKey();
    void manyRefusalsStopTheReading();
    void topicsOfTheHostAreRefused_data();
    void topicsOfTheHostAreRefused();
    void topicsOfTheHostAreDroppedIn311();
    void badAliasEndsTheLink_data();
    void badAliasEndsTheLink();
    void unofferedFeaturesEndTheLink();
    void payloadFormatIsCheckedOnDemand();
    void malformedPublishEndsTheLink_data();
    void malformedPublishEndsTheLink();
    void largePacketIsRefusedFromItsHeader();
};

void tst_MqttPublishRefused::outcomesBecomeReasonCodes_data()
{
    QTest::addColumn<int>("outcome");
    QTest::addColumn<int>("reason");
    QTest::newRow("[MQTT-3.4.2-1] done") << int(Outcome::Done) << 0x00;
    QTest::newRow("no receiver") << int(Outcome::NoReceiver) << 0x10;
    QTest::newRow("not authorized") << int(Outcome::NotAuthorized) << 0x87;
    QTest::newRow("quota") << int(Outcome::Quota) << 0x97;
    QTest::newRow("invalid") << int(Outcome::Invalid) << 0x90;
    QTest::newRow("failed") << int(Outcome::Failed) << 0x80;
}

void tst_MqttPublishRefused::outcomesBecomeReasonCodes()
{
    QFETCH(int, outcome);
    QFETCH(int, reason);
    Harness h;
    h.connect();
    h.publish("t", 1, 1);
    h.completed(0U, Outcome(outcome));
    QCOMPARE(int(h.takeAck(PacketType::Puback).reason), reason);
    h.publish("t", 2, 2);
    h.completed(1U, Outcome(outcome));
    QCOMPARE(int(h.takeAck(PacketType::Pubrec).reason), reason);
    QVERIFY(!h.isClosed());
}

void tst_MqttPublishRefused::outcomesIn311_data()
{
    QTest::addColumn<int>("outcome");
    QTest::addColumn<bool>("acknowledged");
    QTest::newRow("[MQTT311-3.3.5-2] not authorized") << int(Outcome::NotAuthorized) << true;
    QTest::newRow("no receiver") << int(Outcome::NoReceiver) << true;
    QTest::newRow("invalid") << int(Outcome::Invalid) << true;
    QTest::newRow("quota") << int(Outcome::Quota) << false;
    QTest::newRow("failed") << int(Outcome::Failed) << false;
}

void tst_MqttPublishRefused::outcomesIn311()
{
    QFETCH(int, outcome);
    QFETCH(bool, acknowledged);
    Harness h({}, Version::V311);
    h.connect();
    h.publish("t", 1, 1);
    h.publish("t", 1, 2);
    const Completion completions[] = {{1, Completion::Kind::Publish, Outcome::Done},
                                      {2, Completion::Kind::Publish, Outcome(outcome)}};
    h.driver->handleCompletions(completions, 2);
    QCOMPARE(h.isClosed(), !acknowledged);
    QCOMPARE(h.stream.written, acknowledged ? hex("4002000140020002") : hex("40020001"));
}

void tst_MqttPublishRefused::refusedQos2LeavesNoKey()
{
    Harness h;
    h.connect();
    h.publish("t", 2, 9);
    h.completed(0U, Outcome::Quota);
    QCOMPARE(h.takeAck(PacketType::Pubrec).reason, ReasonCode::QuotaExceeded);
    QCOMPARE(h.lease.forgotten.size(), 1U);
    QCOMPARE(h.lease.forgotten[0].key, 9U);
    // That the key is gone is nothing the client asked about.
    h.completed(
        Completion::Kind::ForgetKey, h.lease.forgotten[0].completionTag, Outcome::NoReceiver);
    QVERIFY(h.stream.written.isEmpty());
    QVERIFY(!h.isClosed());
}

void tst_MqttPublishRefused::manyRefusalsStopTheReading()
{
    Harness h({}, Version::V311);
    h.connect();
    h.publish("t", 1, 1);
    for (int id = 2; id < 2000 && h.stream.reading; ++id)
        h.publish("$SYS/x", 1, quint16(id));
    QVERIFY(!h.stream.reading);
    h.completed(0U);
    QVERIFY(h.stream.reading);
    QCOMPARE(h.takePackets().size(), 1025U);
}

void tst_MqttPublishRefused::topicsOfTheHostAreRefused_data()
{
    QTest::addColumn<QByteArray>("topic");
    QTest::addColumn<bool>("refused");
    QTest::newRow("[MQTT-4.7.2-1] $SYS") << QByteArray("$SYS/broker/uptime") << true;
    QTest::newRow("$SYS alone") << QByteArray("$SYS") << true;
    QTest::newRow("$notice") << QByteArray("$notice/gap") << true;
    QTest::newRow("$replay") << QByteArray("$replay/-1/a") << true;
    QTest::newRow("$share") << QByteArray("$share/g/a") << true;
    QTest::newRow("another $ topic") << QByteArray("$SYSTEM/x") << false;
    QTest::newRow("not first") << QByteArray("a/$SYS/x") << false;
}

void tst_MqttPublishRefused::topicsOfTheHostAreRefused()
{
    QFETCH(QByteArray, topic);
    QFETCH(bool, refused);
    Harness h;
    h.connect();
    h.publish(topic, 0, 0);
    h.publish(topic, 1, 1);
    h.publish(topic, 2, 2);
    QCOMPARE(h.bus.published.size(), refused ? 0U : 3U);
    QVERIFY(!h.isClosed());
    QCOMPARE(h.stream.written, refused ? hex("4003000190 5003000290") : QByteArray());
    QCOMPARE(h.count(Event::ReservedTopic), refused ? 3U : 0U);
    QCOMPARE(h.logger.lines.size(), refused ? 1 : 0);
}

void tst_MqttPublishRefused::topicsOfTheHostAreDroppedIn311()
{
    Harness h({}, Version::V311);
    h.connect();
    h.publish("$SYS/a", 1, 1);
    h.publish("$SYS/a", 2, 2);
    QVERIFY(h.bus.published.empty());
    QCOMPARE(h.stream.written, hex("40020001 50020002"));
}

void tst_MqttPublishRefused::badAliasEndsTheLink_data()
{
    QTest::addColumn<QByteArray>("topic");
    QTest::addColumn<int>("alias");
    QTest::addColumn<int>("reason");
    QTest::newRow("[MQTT-3.3.2-9] beyond the maximum") << QByteArray("t") << 65 << 0x94;
    QTest::newRow("never set") << QByteArray() << 2 << 0x82;
    QTest::newRow("never set, beyond those that are") << QByteArray() << 64 << 0x82;
}

void tst_MqttPublishRefused::badAliasEndsTheLink()
{
    QFETCH(QByteArray, topic);
    QFETCH(int, alias);
    QFETCH(int, reason);
    Harness h;
    h.connect();
    PublishHead head;
    head.topic = "set";
    head.topicAlias = 3;
    h.receive(h.publishBytes(head, "x"));
    head.topic = bytesOf(topic);
    head.topicAlias = quint16(alias);
    h.receive(h.publishBytes(head, "x"));
    QCOMPARE(int(h.endReason()), reason);
    QCOMPARE(h.bus.published.size(), 1U);
}

void tst_MqttPublishRefused::unofferedFeaturesEndTheLink()
{
    ListenerOptions options;
    options.maxQos = 1;
    options.retainAvailable = false;
    Harness h(options);
    h.connect();
    h.publish("t", 2, 1);
    QCOMPARE(h.endReason(), ReasonCode::QosNotSupported);

    Harness retain(options);
    retain.connect();
    PublishHead head;
    head.topic = "t";
    head.retain = true;
    retain.receive(retain.publishBytes(head, "x"));
    QCOMPARE(retain.endReason(), ReasonCode::RetainNotSupported);
    QVERIFY(retain.bus.published.empty());
}

void tst_MqttPublishRefused::payloadFormatIsCheckedOnDemand()
{
    for (const bool check : {false, true}) {
        ListenerOptions options;
        options.validatePayloadFormat = check;
        Harness h(options);
        h.connect();
        PublishHead head;
        head.topic = "t";
        head.qos = 1;
        head.packetId = 1;
        head.forwardable = Bytes("\x01\x01", 2);
        h.receive(h.publishBytes(head, "\xc3\xa4"));
        h.receive(h.publishBytes(head, "\xc3"));
        QCOMPARE(h.bus.published.size(), check ? 1U : 2U);
        h.completed(0U);
        if (check)
            QCOMPARE(h.stream.written, hex("40020001 4003000199"));
    }
}

void tst_MqttPublishRefused::malformedPublishEndsTheLink_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("reason");
    QTest::addColumn<int>("kind");
    QTest::newRow("[MQTT-3.3.1-4] QoS 3")
        << hex("36 06 0001 74 0001 00") << 0x81 << int(ErrorKind::BadQos);
    QTest::newRow("[MQTT-3.3.1-2] DUP at QoS 0")
        << hex("38 04 0001 74 00") << 0x81 << int(ErrorKind::BadDup);
    QTest::newRow("[MQTT-2.2.1-3] packet id 0")
        << hex("32 06 0001 74 0000 00") << 0x82 << int(ErrorKind::BadPacketId);
    QTest::newRow("[MQTT-3.3.2-2] wildcard")
        << hex("30 04 0001 23 00") << 0x81 << int(ErrorKind::BadTopic);
    QTest::newRow("[MQTT-3.3.2-1] topic is not UTF-8")
        << hex("30 04 0001 80 00") << 0x81 << int(ErrorKind::BadUtf8);
    QTest::newRow("[MQTT-1.5.4-2] U+0000")
        << hex("30 04 0001 00 00") << 0x81 << int(ErrorKind::BadUtf8);
    QTest::newRow("[MQTT-4.7.3-1] no topic")
        << hex("30 03 0000 00") << 0x82 << int(ErrorKind::BadTopic);
    QTest::newRow("[MQTT-3.3.4-6] subscription identifier")
        << hex("30 06 0001 74 02 0b01") << 0x82 << int(ErrorKind::ForbiddenProperty);
    QTest::newRow("[MQTT-3.3.2-8] alias 0")
        << hex("30 07 0001 74 03 230000") << 0x94 << int(ErrorKind::BadTopicAlias);
    QTest::newRow("[MQTT-3.3.2-14] response topic with wildcard")
        << hex("30 08 0001 74 04 0800012b") << 0x81 << int(ErrorKind::BadTopic);
    QTest::newRow("topic longer than the packet")
        << hex("30 04 0009 74 00") << 0x81 << int(ErrorKind::Truncated);
    QTest::newRow("[MQTT-1.5.5-1] long form of the length")
        << hex("30 8400 0001 74 00") << 0x81 << int(ErrorKind::BadVarint);
}

void tst_MqttPublishRefused::malformedPublishEndsTheLink()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, reason);
    QFETCH(int, kind);
    Harness h;
    h.connect();
    h.publish("before", 0, 0);
    h.receive(bytes);
    if (kind != int(ErrorKind::BadTopic) || reason != 0x81)
        QCOMPARE(int(h.endReason()), reason);
    else
        QVERIFY(isError(h.endReason()));
    QVERIFY(h.isClosed());
    QCOMPARE(h.bus.published.size(), 1U);
    QCOMPARE(h.count(ErrorKind(kind)), 1U);
    QVERIFY(h.lease.released.empty()); // the will is published
}

void tst_MqttPublishRefused::largePacketIsRefusedFromItsHeader()
{
    ListenerOptions options;
    options.maxPacketSize = 1000;
    Harness h(options);
    h.connect();
    PublishHead head;
    head.topic = "t";
    h.receive(h.publishBytes(head, QByteArray(993, 'x')));
    QCOMPARE(h.bus.published.size(), 1U);
    h.receive(h.publishBytes(head, QByteArray(994, 'x')).left(3));
    QCOMPARE(h.endReason(), ReasonCode::PacketTooLarge);
}

QTEST_GUILESS_MAIN(tst_MqttPublishRefused)

#include "tst_mqttpublishrefused.moc"
