// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// What clients publish.
class tst_MqttPublishIn : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void qos0IsPublishedAndNotAnswered();
    void fieldsReachTheBus();
    void hopPropertiesDoNotTravel();
    void qos1IsAcknowledgedWhenTheHostIsDone();
    void qos2HandshakeKeepsAndForgetsTheKey();
    void outcomesBecomeReasonCodes_data();
    void outcomesBecomeReasonCodes();
    void outcomesIn311_data();
    void outcomesIn311();
    void refusedQos2LeavesNoKey();
    void acknowledgementsKeepTheOrderOfPublishes();
    void manyRefusalsStopTheReading();
    void releaseOfUnknownIdIsTold();
    void failedReleaseEndsTheLink();
    void topicsOfTheHostAreRefused_data();
    void topicsOfTheHostAreRefused();
    void topicsOfTheHostAreDroppedIn311();
    void aliasStandsForItsTopic();
    void badAliasEndsTheLink_data();
    void badAliasEndsTheLink();
    void receiveMaximumIsEnforced();
    void receiveMaximumCountsQos2UntilPubcomp();
    void receiveMaximumMayBeWarnedAbout();
    void receiveMaximumDoesNotBind311();
    void unofferedFeaturesEndTheLink();
    void payloadFormatIsCheckedOnDemand();
    void malformedPublishEndsTheLink_data();
    void malformedPublishEndsTheLink();
    void pauseStopsParsing();
    void largePacketIsRefusedFromItsHeader();
    void largePacketIsAskedForAsAWhole();
    void emptyPayloadIsPublished();
};

// [MQTT-3.3.4-1]
void tst_MqttPublishIn::qos0IsPublishedAndNotAnswered()
{
    Harness h;
    h.connect();
    h.publish("a/b", 0, 0, "hello");
    QCOMPARE(h.bus.published.size(), 1U);
    QCOMPARE(h.bus.published[0].topic, QByteArray("a/b"));
    QCOMPARE(h.bus.published[0].payload, QByteArray("hello"));
    QCOMPARE(h.bus.published[0].view.qos, quint8(0));
    QCOMPARE(h.bus.published[0].view.receiveKey, 0U);
    QCOMPARE(h.bus.published[0].view.expirySeconds, kNever);
    QVERIFY(h.stream.written.isEmpty());
}

// [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.2-20]
void tst_MqttPublishIn::fieldsReachTheBus()
{
    QByteArray memory(256, Qt::Uninitialized);
    Writer writer(memory.data(), 256);
    writeUserProperty(writer, "k", "1");
    writeProperty(writer, mqtt::PropertyId::ContentType, "text/plain");
    writeUserProperty(writer, "k", "1");
    writeProperty(writer, mqtt::PropertyId::PayloadFormatIndicator, 1U);
    writeProperty(writer, mqtt::PropertyId::ResponseTopic, "re/turn");
    writeProperty(writer, mqtt::PropertyId::CorrelationData, Bytes("\0\1", 2));
    Harness h;
    h.connect();
    PublishHead head;
    head.topic = "t";
    head.retain = true;
    head.forwardable = writer.bytes();
    h.receive(h.publishBytes(head, "x"));
    QCOMPARE(h.bus.published.size(), 1U);
    QCOMPARE(h.bus.published[0].properties, copyOf(writer.bytes()));
    QCOMPARE(h.bus.published[0].view.retain, true);
}

// [MQTT-3.3.2-7]: expiry and alias belong to this hop.
void tst_MqttPublishIn::hopPropertiesDoNotTravel()
{
    for (const int size : {10, 2000}) {
        QByteArray memory(4096, Qt::Uninitialized);
        Writer writer(memory.data(), 4096);
        writeUserProperty(writer, "k", bytesOf(QByteArray(size, 'v')));
        writeUserProperty(writer, "a", "b");
        Harness h;
        h.connect();
        PublishHead head;
        head.topic = "t";
        head.topicAlias = 3;
        head.hasMessageExpiry = true;
        head.messageExpiry = 77;
        head.forwardable = writer.bytes();
        h.receive(h.publishBytes(head, "x"));
        QCOMPARE(h.bus.published.size(), 1U);
        QCOMPARE(h.bus.published[0].properties, copyOf(writer.bytes()));
        QCOMPARE(h.bus.published[0].view.expirySeconds, 77U);
    }
}

// [MQTT-4.3.2-4] [MQTT-2.2.1-5]
void tst_MqttPublishIn::qos1IsAcknowledgedWhenTheHostIsDone()
{
    Harness h;
    h.connect();
    h.publish("t", 1, 0x1234);
    QCOMPARE(h.bus.published[0].view.receiveKey, 0U);
    QVERIFY(h.stream.written.isEmpty());
    h.completed(0U);
    QCOMPARE(h.stream.written, hex("40021234"));
    h.stream.written.clear();
    // [MQTT-4.3.2-5]: the id is free, the next publish with it is another message.
    h.publish("t", 1, 0x1234);
    QCOMPARE(h.bus.published.size(), 2U);
}

// [MQTT-4.3.3-8] [MQTT-4.3.3-10] [MQTT-4.3.3-11] [MQTT-4.3.3-12]
void tst_MqttPublishIn::qos2HandshakeKeepsAndForgetsTheKey()
{
    Harness h;
    h.connect();
    h.publish("t", 2, 5);
    QCOMPARE(h.bus.published[0].view.receiveKey, 5U);
    QVERIFY(h.stream.written.isEmpty());
    h.completed(0U);
    QCOMPARE(h.stream.written, hex("50020005"));
    h.stream.written.clear();

    // Sent again: the host knows it, the answer is the same.
    h.publish("t", 2, 5);
    h.completed(1U, Outcome::Duplicate);
    QCOMPARE(h.stream.written, hex("50020005"));
    h.stream.written.clear();

    h.ack(PacketType::Pubrel, 5);
    QCOMPARE(h.lease.forgotten.size(), 1U);
    QCOMPARE(h.lease.forgotten[0].key, 5U);
    QVERIFY(h.stream.written.isEmpty());
    h.completed(Completion::Kind::ForgetKey, h.lease.forgotten[0].completionTag);
    QCOMPARE(h.stream.written, hex("70020005"));
}

void tst_MqttPublishIn::outcomesBecomeReasonCodes_data()
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

// [MQTT-3.5.2-1]
void tst_MqttPublishIn::outcomesBecomeReasonCodes()
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

void tst_MqttPublishIn::outcomesIn311_data()
{
    QTest::addColumn<int>("outcome");
    QTest::addColumn<bool>("acknowledged");
    QTest::newRow("[MQTT311-3.3.5-2] not authorized") << int(Outcome::NotAuthorized) << true;
    QTest::newRow("no receiver") << int(Outcome::NoReceiver) << true;
    QTest::newRow("invalid") << int(Outcome::Invalid) << true;
    QTest::newRow("quota") << int(Outcome::Quota) << false;
    QTest::newRow("failed") << int(Outcome::Failed) << false;
}

void tst_MqttPublishIn::outcomesIn311()
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

// [MQTT-4.3.3-9]
void tst_MqttPublishIn::refusedQos2LeavesNoKey()
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

// [MQTT-4.6.0-2] [MQTT-4.6.0-3]
void tst_MqttPublishIn::acknowledgementsKeepTheOrderOfPublishes()
{
    Harness h;
    h.connect();
    h.publish("t", 1, 1);
    h.publish("$SYS/x", 1, 2);
    h.publish("t", 2, 3);
    h.publish("$share/x", 2, 4);
    h.publish("t", 1, 5);
    QCOMPARE(h.bus.published.size(), 3U);
    QVERIFY(h.stream.written.isEmpty());
    h.completed(0U);
    QCOMPARE(h.stream.written, hex("40020001 4003000290"));
    h.stream.written.clear();
    h.completed(1U);
    QCOMPARE(h.stream.written, hex("50020003 5003000490"));
    h.stream.written.clear();
    h.completed(2U);
    QCOMPARE(h.stream.written, hex("40020005"));
    h.stream.written.clear();
    // Nothing waits any more: answered at once.
    h.publish("$SYS/x", 1, 6);
    QCOMPARE(h.stream.written, hex("4003000690"));
}

void tst_MqttPublishIn::manyRefusalsStopTheReading()
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

// [MQTT-3.7.2-1]
void tst_MqttPublishIn::releaseOfUnknownIdIsTold()
{
    Harness h;
    h.connect();
    h.ack(PacketType::Pubrel, 77);
    h.completed(
        Completion::Kind::ForgetKey, h.lease.forgotten[0].completionTag, Outcome::NoReceiver);
    QCOMPARE(h.stream.written, hex("7003004d92"));

    Harness old({}, Version::V311);
    old.connect();
    old.ack(PacketType::Pubrel, 77);
    old.completed(
        Completion::Kind::ForgetKey, old.lease.forgotten[0].completionTag, Outcome::NoReceiver);
    QCOMPARE(old.stream.written, hex("7002004d"));
}

void tst_MqttPublishIn::failedReleaseEndsTheLink()
{
    Harness h;
    h.connect();
    h.ack(PacketType::Pubrel, 7);
    h.completed(Completion::Kind::ForgetKey, h.lease.forgotten[0].completionTag, Outcome::Failed);
    QCOMPARE(h.endReason(), ReasonCode::UnspecifiedError);
}

void tst_MqttPublishIn::topicsOfTheHostAreRefused_data()
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

void tst_MqttPublishIn::topicsOfTheHostAreRefused()
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

void tst_MqttPublishIn::topicsOfTheHostAreDroppedIn311()
{
    Harness h({}, Version::V311);
    h.connect();
    h.publish("$SYS/a", 1, 1);
    h.publish("$SYS/a", 2, 2);
    QVERIFY(h.bus.published.empty());
    QCOMPARE(h.stream.written, hex("40020001 50020002"));
}

// [MQTT-3.3.2-11] [MQTT-3.3.2-12]
void tst_MqttPublishIn::aliasStandsForItsTopic()
{
    Harness h;
    h.connect();
    PublishHead head;
    head.topic = "long/topic";
    head.topicAlias = 64;
    h.receive(h.publishBytes(head, "1"));
    head.topic = {};
    h.receive(h.publishBytes(head, "2"));
    head.topic = "other";
    h.receive(h.publishBytes(head, "3"));
    head.topic = {};
    h.receive(h.publishBytes(head, "4"));
    head.topic = "first";
    head.topicAlias = 1;
    h.receive(h.publishBytes(head, "5"));
    head.topic = {};
    h.receive(h.publishBytes(head, "6"));
    QList<QByteArray> topics;
    for (const auto &published : h.bus.published)
        topics << published.topic;
    QCOMPARE(topics,
             (QList<QByteArray>{"long/topic", "long/topic", "other", "other", "first", "first"}));
}

void tst_MqttPublishIn::badAliasEndsTheLink_data()
{
    QTest::addColumn<QByteArray>("topic");
    QTest::addColumn<int>("alias");
    QTest::addColumn<int>("reason");
    QTest::newRow("[MQTT-3.3.2-9] beyond the maximum") << QByteArray("t") << 65 << 0x94;
    QTest::newRow("never set") << QByteArray() << 2 << 0x82;
    QTest::newRow("never set, beyond those that are") << QByteArray() << 64 << 0x82;
}

void tst_MqttPublishIn::badAliasEndsTheLink()
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

// [MQTT-3.3.4-7]
void tst_MqttPublishIn::receiveMaximumIsEnforced()
{
    ListenerOptions options;
    options.receiveMaximum = 2;
    Harness h(options);
    h.connect();
    h.publish("t", 1, 1);
    h.publish("t", 1, 2);
    h.publish("t", 0, 0); // does not count
    h.completed(0U);
    h.publish("t", 1, 3);
    QVERIFY(!h.isClosed());
    h.publish("t", 1, 4);
    QCOMPARE(h.endReason(), ReasonCode::ReceiveMaximumExceeded);
    QCOMPARE(h.bus.published.size(), 4U);
}

// [MQTT-4.9.0-1]
void tst_MqttPublishIn::receiveMaximumCountsQos2UntilPubcomp()
{
    ListenerOptions options;
    options.receiveMaximum = 1;
    Harness h(options);
    h.connect();
    h.publish("t", 2, 1);
    h.completed(0U);
    h.ack(PacketType::Pubrel, 1);
    h.completed(Completion::Kind::ForgetKey, 1);
    h.publish("t", 2, 2); // after PUBCOMP
    h.completed(1U, Outcome::NotAuthorized);
    h.publish("t", 2, 3); // after a refusing PUBREC
    QVERIFY(!h.isClosed());
    h.completed(2U);
    h.publish("t", 2, 4); // PUBREC alone frees nothing
    QCOMPARE(h.endReason(), ReasonCode::ReceiveMaximumExceeded);

    // PUBREL of an exchange that an earlier link began does not raise the quota above the maximum.
    Harness resumed(options);
    resumed.connect();
    resumed.ack(PacketType::Pubrel, 9);
    resumed.completed(Completion::Kind::ForgetKey, 9);
    resumed.publish("t", 1, 1);
    QVERIFY(!resumed.isClosed());
    resumed.publish("t", 1, 2);
    QCOMPARE(resumed.endReason(), ReasonCode::ReceiveMaximumExceeded);
}

void tst_MqttPublishIn::receiveMaximumMayBeWarnedAbout()
{
    ListenerOptions options;
    options.receiveMaximum = 1;
    options.strictReceiveMaximum = false;
    Harness h(options);
    h.connect();
    for (quint16 id = 1; id <= 5; ++id)
        h.publish("t", 1, id);
    QVERIFY(!h.isClosed());
    QCOMPARE(h.bus.published.size(), 5U);
    QCOMPARE(h.count(Event::ReceiveMaximumExceeded), 4U);
    QCOMPARE(h.logger.lines.size(), 1);
    for (std::size_t i = 0; i < 5; ++i)
        h.completed(i);
    QCOMPARE(h.takePackets().size(), 5U);
}

void tst_MqttPublishIn::receiveMaximumDoesNotBind311()
{
    ListenerOptions options;
    options.receiveMaximum = 1;
    Harness h(options, Version::V311);
    h.connect();
    for (quint16 id = 1; id <= 5; ++id)
        h.publish("t", 1, id);
    QVERIFY(!h.isClosed());
    QCOMPARE(h.bus.published.size(), 5U);
}

// [MQTT-3.2.2-11] [MQTT-3.2.2-14]
void tst_MqttPublishIn::unofferedFeaturesEndTheLink()
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

void tst_MqttPublishIn::payloadFormatIsCheckedOnDemand()
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

void tst_MqttPublishIn::malformedPublishEndsTheLink_data()
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

// [MQTT-4.13.1-1] [MQTT-4.13.2-1]
void tst_MqttPublishIn::malformedPublishEndsTheLink()
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

void tst_MqttPublishIn::pauseStopsParsing()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.keepAlive = 10;
    h.connect(packet);
    h.bus.answer = Flow::Pause;
    PublishHead head;
    head.topic = "t";
    const QByteArray one = h.publishBytes(head, "x");
    h.receive(one + one);
    QCOMPARE(h.bus.published.size(), 1U);
    QCOMPARE(h.consumed.used, std::size_t(one.size()));
    // Who is not read is not silent.
    h.advance(16);
    QVERIFY(!h.isClosed());
    h.bus.answer = Flow::Continue;
    h.offerRest();
    QCOMPARE(h.bus.published.size(), 2U);
}

// [MQTT-3.2.2-15]
void tst_MqttPublishIn::largePacketIsRefusedFromItsHeader()
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

void tst_MqttPublishIn::largePacketIsAskedForAsAWhole()
{
    Harness h;
    h.connect();
    PublishHead head;
    head.topic = "t";
    const QByteArray bytes = h.publishBytes(head, QByteArray(1 << 20, 'x'));
    h.receive(bytes.left(2));
    QCOMPARE(h.consumed.wanted, 0U);
    h.receive(bytes.mid(2, 100));
    QCOMPARE(h.consumed.used, 0U);
    QCOMPARE(h.consumed.wanted, std::size_t(bytes.size()));
    h.receive(bytes.mid(102));
    QCOMPARE(h.bus.published.size(), 1U);
    QCOMPARE(h.bus.published[0].payload.size(), 1 << 20);
}

void tst_MqttPublishIn::emptyPayloadIsPublished()
{
    Harness h;
    h.connect();
    h.publish("t", 1, 1, QByteArray());
    QCOMPARE(h.bus.published.size(), 1U);
    QCOMPARE(h.bus.published[0].payload.size(), 0);
}

QTEST_GUILESS_MAIN(tst_MqttPublishIn)

#include "tst_mqttpublishin.moc"
