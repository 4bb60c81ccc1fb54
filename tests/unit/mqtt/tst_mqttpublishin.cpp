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
    void acknowledgementsKeepTheOrderOfPublishes();
    void releaseOfUnknownIdIsTold();
    void failedReleaseEndsTheLink();
    void aliasStandsForItsTopic();
    void receiveMaximumIsEnforced();
    void receiveMaximumCountsQos2UntilPubcomp();
    void repetitionsHoldNoFurtherPlace();
    void receiveMaximumMayBeWarnedAbout();
    void receiveMaximumDoesNotBind311();
    void pauseStopsParsing();
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

// [MQTT-3.5.2-1]
// [MQTT-4.3.3-9]
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

// [MQTT-3.3.4-7] [MQTT-4.3.3-10]
void tst_MqttPublishIn::repetitionsHoldNoFurtherPlace()
{
    ListenerOptions options;
    options.receiveMaximum = 2;
    Harness h(options);
    h.connect();
    for (int i = 0; i < 5; ++i)
        h.publish("t", 2, 1);
    h.publish("t", 2, 2);
    QCOMPARE(h.bus.published.size(), 6U);
    h.completed(0U);
    h.ack(PacketType::Pubrel, 1);
    h.completed(Completion::Kind::ForgetKey, 1);
    // Another message with that id.
    h.publish("t", 2, 1);
    QVERIFY(!h.isClosed());
    h.publish("t", 1, 3);
    QCOMPARE(h.endReason(), ReasonCode::ReceiveMaximumExceeded);
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
// [MQTT-4.13.1-1] [MQTT-4.13.2-1]
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
