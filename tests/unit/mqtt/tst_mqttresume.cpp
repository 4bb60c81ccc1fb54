// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// Deliveries that an earlier link of the session took.
class tst_MqttResume : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void resentDeliveryHasDupAndItsId();
    void resentDeliveryKeepsAReplacedId();
    void releasedDeliveryGetsPubrel();
    void resendKeepsTheOrder();
    void qos0IsNeverADuplicate();
    void lostTagGetsAStoredId();
    void releasedDeliveryWithoutIdIsGivenUp();
    void endedLinkTakesNothing();
};

// [MQTT-4.4.0-1] [MQTT-3.3.1-1] [MQTT-3.3.1-3]
void tst_MqttResume::resentDeliveryHasDupAndItsId()
{
    for (const quint8 qos : {1, 2}) {
        Harness h;
        h.connect();
        h.lease.offer(makeMessage("a", "x", 41), qos, 1).resent = true;
        h.pull();
        const Publish packet = h.takePublish();
        QCOMPARE(packet.dup, true);
        QCOMPARE(packet.qos, qos);
        QCOMPARE(packet.packetId, quint16(42));
    }
}

void tst_MqttResume::resentDeliveryKeepsAReplacedId()
{
    Harness h;
    h.connect();
    Delivery &delivery = h.lease.offer(makeMessage("a", "x", 41), 2, 1);
    delivery.resent = true;
    delivery.tag = 777;
    h.pull();
    QCOMPARE(h.takePublish().packetId, quint16(777));
    QVERIFY(h.lease.marks.empty());
    h.ack(PacketType::Pubrec, 777);
    QCOMPARE(quint16(h.lease.marks.at(0).tag), quint16(777));
}

// [MQTT-4.3.3-7] [MQTT-4.4.0-1]
void tst_MqttResume::releasedDeliveryGetsPubrel()
{
    Harness first;
    first.connect();
    first.lease.offer(makeMessage("a", "x", 41), 2, 1);
    first.pull();
    first.ack(PacketType::Pubrec, 42);
    const quint32 tag = first.lease.marks.at(0).tag;

    for (const bool withBody : {false, true}) {
        Harness h;
        h.connect();
        Delivery &delivery = h.lease.offer(withBody ? makeMessage("a", "x", 41) : Message(), 2, 1);
        delivery.resent = true;
        delivery.tag = tag;
        h.pull();
        QCOMPARE(h.stream.written, hex("6202002a"));
        h.ack(PacketType::Pubcomp, 42);
        QCOMPARE(h.lease.settled.size(), 1U);
        QCOMPARE(h.lease.settled[0].handle, 1U);
    }
}

// [MQTT-4.6.0-1] [MQTT-4.6.0-4]
void tst_MqttResume::resendKeepsTheOrder()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "1", 1), 1, 1).resent = true;
    Delivery &released = h.lease.offer(Message(), 2, 2);
    released.tag = 0x10000 | 3;
    released.resent = true;
    h.lease.offer(makeMessage("a", "3", 3), 2, 3).resent = true;
    h.lease.offer(makeMessage("a", "4", 4), 1, 4);
    h.pull();
    const auto packets = h.takePackets();
    QCOMPARE(packets.size(), 4U);
    QCOMPARE(packets[0].type, PacketType::Publish);
    QCOMPARE(packets[1].type, PacketType::Pubrel);
    QCOMPARE(packets[2].type, PacketType::Publish);
    QCOMPARE(packets[3].type, PacketType::Publish);
    QCOMPARE(packets[0].flags & 8, 8);
    QCOMPARE(packets[3].flags & 8, 0);
}

// [MQTT-3.3.1-2]
void tst_MqttResume::qos0IsNeverADuplicate()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "x", 41), 0, 0).resent = true;
    h.pull();
    QCOMPARE(h.takePublish().dup, false);
}

/// The tag of a replaced id may be lost in a crash; the replacement is stored anew.
void tst_MqttResume::lostTagGetsAStoredId()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "1", 41), 2, 1).resent = true;
    h.lease.offer(makeMessage("a", "2", 41 + 65535), 2, 2).resent = true;
    h.pull();
    QCOMPARE(h.takePackets().size(), 1U);
    QCOMPARE(h.lease.marks.size(), 1U);
    h.completed(Completion::Kind::Mark, h.lease.marks[0].completionTag);
    const Publish packet = h.takePublish();
    QCOMPARE(packet.packetId, quint16(32811));
    QCOMPARE(packet.dup, true);
}

void tst_MqttResume::releasedDeliveryWithoutIdIsGivenUp()
{
    Harness h;
    h.connect();
    h.lease.offer(Message(), 2, 5);
    h.pull();
    QVERIFY(h.stream.written.isEmpty());
    QCOMPARE(h.lease.settled.size(), 1U);
    QCOMPARE(h.lease.settled[0].handle, 5U);
}

void tst_MqttResume::endedLinkTakesNothing()
{
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("a", "x", 1), 0, 0);
    h.driver->handleClosing(Error(ErrorCode::ShuttingDown, QStringLiteral("bye")));
    h.stream.written.clear();
    h.pull();
    QVERIFY(h.stream.written.isEmpty());
    QCOMPARE(h.lease.queue.size(), 1U);
}

QTEST_GUILESS_MAIN(tst_MqttResume)

#include "tst_mqttresume.moc"
