// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// What clients are sent, within one link.
class tst_MqttDeliveryOut : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void qos0IsWrittenAndForgotten();
    void fieldsAndPropertiesAreForwarded();
    void propertiesAreDroppedBefore5();
    void packetIdFollowsThePosition_data();
    void packetIdFollowsThePosition();
    void qos1EndsWithPuback();
    void qos2EndsWithPubcomp();
    void errorAcknowledgementEndsTheFlow();
    void takenPacketIdIsReplacedAtQos1();
    void takenPacketIdDoesNotShiftThoseThatFollow();
    void takenPacketIdIsStoredFirstAtQos2();
    void failedMarkEndsTheLink();
    void windowIsTheReceiveMaximumLeft();
    void windowIsBoundedByUs();
    void repeatedPubrecIsAnsweredByPubrel();
    void unknownPubrecIsAnsweredByPubrel();
    void unknownAcknowledgementsAreIgnored();
    void acknowledgementOfTheWrongKindEndsTheLink_data();
    void acknowledgementOfTheWrongKindEndsTheLink();
    void aRunOfAcknowledgementsIsOneCall();
    void expiryIsTheTimeLeft();
};

// [MQTT-4.3.1-1] [MQTT-2.2.1-2]
void tst_MqttDeliveryOut::qos0IsWrittenAndForgotten()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "hello", 42), 0, 0);
    h.pull();
    QCOMPARE(h.stream.written, hex("30 09 0001 61 00") + "hello");
    QVERIFY(h.lease.settled.empty());
}

// [MQTT-3.3.2-4] [MQTT-3.3.2-17] [MQTT-3.3.2-18] [MQTT-3.3.4-3] [MQTT-3.3.4-4]
void tst_MqttDeliveryOut::fieldsAndPropertiesAreForwarded()
{
    QByteArray memory(128, Qt::Uninitialized);
    Writer writer(memory.data(), 128);
    writeUserProperty(writer, "z", "1");
    writeProperty(writer, mqtt::PropertyId::PayloadFormatIndicator, 1U);
    writeUserProperty(writer, "a", "2");
    writeUserProperty(writer, "z", "1");
    const QByteArray properties = copyOf(writer.bytes());
    const quint32 ids[] = {7, 300};
    Harness h;
    h.connect();
    Delivery &delivery = h.lease.offer(makeMessage("topic", "body", 9, properties), 1, 1);
    delivery.retain = true;
    delivery.subscriptionIds = ids;
    delivery.subscriptionIdCount = 2;
    h.pull();
    const Publish packet = h.takePublish();
    QCOMPARE(copyOf(packet.topic), QByteArray("topic"));
    QCOMPARE(copyOf(packet.payload), QByteArray("body"));
    QCOMPARE(packet.qos, quint8(1));
    QCOMPARE(packet.retain, true);
    QCOMPARE(packet.dup, false);
    QCOMPARE(packet.packetId, quint16(10));
    QVERIFY(copyOf(packet.properties.raw()).endsWith(properties));
    std::vector<quint32> got;
    for (const auto &property : packet.properties) {
        if (property.id == mqtt::PropertyId::SubscriptionIdentifier)
            got.push_back(property.number);
    }
    QCOMPARE(got, (std::vector<quint32>{7, 300}));
}

void tst_MqttDeliveryOut::propertiesAreDroppedBefore5()
{
    const quint32 id = 7;
    Harness h({}, Version::V311);
    h.connect();
    Delivery &delivery = h.lease.offer(makeMessage("a", "x", 1, hex("0101")), 0, 0);
    delivery.expirySeconds = 9;
    delivery.subscriptionIds = &id;
    delivery.subscriptionIdCount = 1;
    h.pull();
    QCOMPARE(h.stream.written, hex("30 04 0001 61 78"));
}

void tst_MqttDeliveryOut::packetIdFollowsThePosition_data()
{
    QTest::addColumn<quint64>("sequence");
    QTest::addColumn<int>("id");
    QTest::newRow("none") << quint64(0) << 1;
    QTest::newRow("first") << quint64(1) << 2;
    QTest::newRow("last id") << quint64(65534) << 65535;
    QTest::newRow("[MQTT-2.2.1-3] never 0") << quint64(65535) << 1;
    QTest::newRow("large") << quint64(65535) * 1000000007 + 5 << 6;
}

void tst_MqttDeliveryOut::packetIdFollowsThePosition()
{
    QFETCH(quint64, sequence);
    QFETCH(int, id);
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "x", sequence), 1, 1);
    h.pull();
    QCOMPARE(int(h.takePublish().packetId), id);
}

// [MQTT-4.3.2-1] [MQTT-4.3.2-2] [MQTT-4.3.2-3]
void tst_MqttDeliveryOut::qos1EndsWithPuback()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "x", 4), 1, 71);
    h.pull();
    QCOMPARE(h.takePublish().packetId, quint16(5));
    QVERIFY(h.lease.settled.empty());
    h.ack(PacketType::Puback, 5);
    QCOMPARE(h.lease.settled.size(), 1U);
    QCOMPARE(h.lease.settled[0].handle, 71U);
    QCOMPARE(h.lease.settled[0].how, Settle::How::Acked);
    // The id is free again.
    h.lease.offer(makeMessage("a", "x", 4), 1, 72);
    h.pull();
    QCOMPARE(h.takePublish().packetId, quint16(5));
    QVERIFY(h.lease.marks.empty());
}

// [MQTT-4.3.3-1] [MQTT-4.3.3-2] [MQTT-4.3.3-3] [MQTT-4.3.3-4] [MQTT-4.3.3-5] [MQTT-3.6.1-1]
void tst_MqttDeliveryOut::qos2EndsWithPubcomp()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "x", 4), 2, 71);
    h.pull();
    QCOMPARE(h.takePublish().packetId, quint16(5));
    h.ack(PacketType::Pubrec, 5);
    QCOMPARE(h.lease.marks.size(), 1U);
    QCOMPARE(h.lease.marks[0].handle, 71U);
    QCOMPARE(h.lease.marks[0].bodyDone, true);
    QVERIFY(h.lease.marks[0].completionTag != 0);
    QVERIFY2(h.stream.written.isEmpty(), "PUBREL waits until PUBREC is stored");
    h.completed(Completion::Kind::Mark, h.lease.marks[0].completionTag);
    QCOMPARE(h.stream.written, hex("62020005"));
    QVERIFY(h.lease.settled.empty());
    h.ack(PacketType::Pubcomp, 5);
    QCOMPARE(h.lease.settled.size(), 1U);
    QCOMPARE(h.lease.settled[0].how, Settle::How::Acked);
}

// [MQTT-4.4.0-2] [MQTT-4.3.3-4]
void tst_MqttDeliveryOut::errorAcknowledgementEndsTheFlow()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "x", 1), 1, 1);
    h.lease.offer(makeMessage("a", "x", 2), 2, 2);
    h.lease.offer(makeMessage("a", "x", 3), 2, 3);
    h.pull();
    h.stream.written.clear();
    h.ack(PacketType::Puback, 2, ReasonCode::NotAuthorized);
    h.ack(PacketType::Pubrec, 3, ReasonCode::UnspecifiedError);
    h.ack(PacketType::Pubrec, 4);
    h.completed(Completion::Kind::Mark, h.lease.marks[0].completionTag);
    h.ack(PacketType::Pubcomp, 4, ReasonCode::PacketIdentifierNotFound);
    QCOMPARE(h.lease.settled.size(), 3U);
    QCOMPARE(h.lease.settled[0].how, Settle::How::Refused);
    QCOMPARE(h.lease.settled[1].how, Settle::How::Refused);
    QCOMPARE(h.lease.settled[2].how, Settle::How::Acked);
    QCOMPARE(h.lease.marks.size(), 1U);
    QCOMPARE(h.stream.written, hex("62020004"));
}

// [MQTT-2.2.1-4]
void tst_MqttDeliveryOut::takenPacketIdIsReplacedAtQos1()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "1", 4), 1, 1);
    h.lease.offer(makeMessage("a", "2", 5), 1, 2);
    h.lease.offer(makeMessage("a", "3", 4 + 65535), 1, 3);
    h.pull();
    const auto packets = h.takePackets();
    QCOMPARE(packets.size(), 3U);
    QCOMPARE(h.lease.marks.size(), 1U);
    QCOMPARE(h.lease.marks[0].handle, 3U);
    QCOMPARE(h.lease.marks[0].tag, 32774U);
    QCOMPARE(h.lease.marks[0].bodyDone, false);
    QCOMPARE(h.lease.marks[0].completionTag, 0U);
    h.ack(PacketType::Puback, 32774);
    QCOMPARE(h.lease.settled.back().handle, 3U);
}

// Else each message of a backlog would wait for a commit of its own.
void tst_MqttDeliveryOut::takenPacketIdDoesNotShiftThoseThatFollow()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "1", 4), 1, 1);
    for (quint32 i = 0; i < 3; ++i)
        h.lease.offer(makeMessage("a", "2", 4 + i + 65535), 1, 2 + i);
    h.pull();
    QCOMPARE(h.takePackets().size(), 4U);
    QCOMPARE(h.lease.marks.size(), 1U);
    QCOMPARE(h.lease.marks[0].handle, 2U);
}

// [MQTT-4.4.0-1]: the id that is sent must be the one that is sent again, also after a crash.
void tst_MqttDeliveryOut::takenPacketIdIsStoredFirstAtQos2()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.topicAliasMaximum = 4;
    h.connect(packet);
    h.lease.offer(makeMessage("some/topic", "1", 4), 2, 1);
    h.lease.offer(makeMessage("some/topic", "2", 4 + 65535), 2, 2);
    h.lease.offer(makeMessage("some/topic", "3", 6), 0, 0);
    h.pull();
    QCOMPARE(copyOf(h.takePublish().payload), QByteArray("1"));
    QCOMPARE(h.lease.marks.size(), 1U);
    QCOMPARE(h.lease.marks[0].tag, 32774U);
    QVERIFY(h.lease.marks[0].completionTag != 0);

    // Nothing overtakes it.
    h.lease.offer(makeMessage("some/topic", "4", 8), 0, 0);
    h.pull();
    QVERIFY(h.stream.written.isEmpty());
    h.completed(Completion::Kind::Mark, h.lease.marks[0].completionTag);
    const auto packets = h.takePackets();
    QCOMPARE(packets.size(), 3U);
    Publish publish;
    QVERIFY(!decodePublish(packets[0].frame(), Version::V5, Sender::Server, publish));
    QCOMPARE(publish.packetId, quint16(32774));
    QCOMPARE(copyOf(publish.payload), QByteArray("2"));
    QCOMPARE(copyOf(publish.topic), QByteArray("some/topic"));
    QVERIFY(!decodePublish(packets[1].frame(), Version::V5, Sender::Server, publish));
    QCOMPARE(copyOf(publish.payload), QByteArray("3"));
    QVERIFY(!decodePublish(packets[2].frame(), Version::V5, Sender::Server, publish));
    QCOMPARE(copyOf(publish.payload), QByteArray("4"));
    h.ack(PacketType::Pubrec, 32774);
    QCOMPARE(h.lease.marks.size(), 2U);
    QCOMPARE(h.lease.marks[1].handle, 2U);
}

void tst_MqttDeliveryOut::failedMarkEndsTheLink()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "x", 1), 2, 1);
    h.pull();
    h.ack(PacketType::Pubrec, 2);
    h.completed(Completion::Kind::Mark, h.lease.marks[0].completionTag, Outcome::Failed);
    QCOMPARE(h.endReason(), ReasonCode::UnspecifiedError);
}

// [MQTT-3.3.4-9] [MQTT-4.9.0-1] [MQTT-4.9.0-2] [MQTT-4.9.0-3]
void tst_MqttDeliveryOut::windowIsTheReceiveMaximumLeft()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.receiveMaximum = 2;
    h.connect(packet);
    h.stream.freeSpace = 12345;
    for (int i = 1; i <= 3; ++i)
        h.lease.offer(makeMessage("a", "x", quint64(i)), quint8(i == 2 ? 2 : 1), quint64(i));
    h.pull();
    QCOMPARE(h.lease.windows[0].unacked, 2);
    QCOMPARE(h.lease.windows[0].bytes, 12345);
    QCOMPARE(h.takePackets().size(), 2U);
    h.pull();
    QCOMPARE(h.lease.windows.back().unacked, 0);
    // Other packets go on.
    h.receive(hex("c000"));
    QCOMPARE(h.stream.written, hex("d000"));
    // Until PUBCOMP a QoS 2 message counts.
    h.ack(PacketType::Pubrec, 3);
    h.completed(Completion::Kind::Mark, h.lease.marks[0].completionTag);
    h.pull();
    QCOMPARE(h.lease.windows.back().unacked, 0);
    h.ack(PacketType::Pubcomp, 3);
    h.pull();
    QCOMPARE(h.lease.windows.back().unacked, 1);
}

void tst_MqttDeliveryOut::windowIsBoundedByUs()
{
    Harness h({}, Version::V311);
    h.connect();
    h.pull();
    QCOMPARE(h.lease.windows[0].unacked, 16384);
}

// [MQTT-3.1.2-24] [MQTT-3.1.2-25]
// [MQTT-4.3.3-4]
void tst_MqttDeliveryOut::repeatedPubrecIsAnsweredByPubrel()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "x", 4), 2, 71);
    h.pull();
    h.stream.written.clear();
    h.ack(PacketType::Pubrec, 5);
    h.ack(PacketType::Pubrec, 5);
    QCOMPARE(h.lease.marks.size(), 1U);
    h.completed(Completion::Kind::Mark, h.lease.marks[0].completionTag);
    h.ack(PacketType::Pubrec, 5);
    QCOMPARE(h.stream.written, hex("62020005 62020005"));
    QVERIFY(h.lease.settled.empty());
}

void tst_MqttDeliveryOut::unknownPubrecIsAnsweredByPubrel()
{
    Harness h;
    h.connect();
    h.ack(PacketType::Pubrec, 5);
    QCOMPARE(h.stream.written, hex("6203000592"));
    h.stream.written.clear();
    h.ack(PacketType::Pubrec, 5, ReasonCode::UnspecifiedError);
    QVERIFY(h.stream.written.isEmpty());

    Harness old({}, Version::V311);
    old.connect();
    old.ack(PacketType::Pubrec, 5);
    QCOMPARE(old.stream.written, hex("62020005"));
}

void tst_MqttDeliveryOut::unknownAcknowledgementsAreIgnored()
{
    Harness h;
    h.connect();
    h.ack(PacketType::Puback, 5);
    h.ack(PacketType::Pubcomp, 5);
    QVERIFY(h.stream.written.isEmpty());
    QVERIFY(!h.isClosed());
    QVERIFY(h.lease.settled.empty());
    QCOMPARE(h.count(Event::UnknownAck), 2U);
}

void tst_MqttDeliveryOut::acknowledgementOfTheWrongKindEndsTheLink_data()
{
    QTest::addColumn<int>("qos");
    QTest::addColumn<int>("type");
    QTest::newRow("PUBREC for QoS 1") << 1 << int(PacketType::Pubrec);
    QTest::newRow("PUBCOMP for QoS 1") << 1 << int(PacketType::Pubcomp);
    QTest::newRow("PUBACK for QoS 2") << 2 << int(PacketType::Puback);
    QTest::newRow("PUBCOMP before PUBREC") << 2 << int(PacketType::Pubcomp);
}

void tst_MqttDeliveryOut::acknowledgementOfTheWrongKindEndsTheLink()
{
    QFETCH(int, qos);
    QFETCH(int, type);
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "x", 4), quint8(qos), 71);
    h.pull();
    h.ack(PacketType(type), 5);
    QCOMPARE(h.endReason(), ReasonCode::ProtocolError);
    QVERIFY(h.lease.settled.empty());
}

void tst_MqttDeliveryOut::aRunOfAcknowledgementsIsOneCall()
{
    Harness h;
    h.connect();
    QByteArray acks;
    for (quint16 i = 1; i <= 50; ++i) {
        h.lease.offer(makeMessage("a", "x", i), 1, i);
        acks += h.encoded(Ack{PacketType::Puback, quint16(i + 1), {}, {}, {}}, Version::V5);
    }
    h.pull();
    h.receive(acks);
    QCOMPARE(h.lease.settled.size(), 50U);
    QCOMPARE(h.lease.settleCalls, 1);

    // A long run is cut, and each end reported once.
    acks.clear();
    for (quint16 i = 1; i <= 150; ++i) {
        h.lease.offer(makeMessage("a", "x", i), 1, i);
        acks += h.encoded(Ack{PacketType::Puback, quint16(i + 1), {}, {}, {}}, Version::V5);
    }
    h.pull();
    h.receive(acks);
    QCOMPARE(h.lease.settled.size(), 200U);
    QCOMPARE(h.lease.settled.back().handle, 150U);
    QCOMPARE(h.lease.settleCalls, 4);

    // What came before an error counts.
    h.lease.offer(makeMessage("a", "x", 1), 1, 99);
    h.pull();
    h.receive(hex("40020002 ff00"));
    QVERIFY(h.isClosed());
    QCOMPARE(h.lease.settled.size(), 201U);
}

// [MQTT-3.1.2-26] [MQTT-3.3.2-10]
// [MQTT-3.1.2-27]
// [MQTT-3.3.2-6]
void tst_MqttDeliveryOut::expiryIsTheTimeLeft()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "x", 1), 0, 0).expirySeconds = 12;
    h.pull();
    const Publish publish = h.takePublish();
    QCOMPARE(publish.hasMessageExpiry, true);
    QCOMPARE(publish.messageExpiry, 12U);
}

QTEST_GUILESS_MAIN(tst_MqttDeliveryOut)

#include "tst_mqttdeliveryout.moc"
