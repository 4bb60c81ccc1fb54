// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// What deliveries take on the wire: sizes, aliases, writes.
class tst_MqttDeliverySize : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tooLargeIsNeverSent();
    void aliasMakesATooLargeMessageFit();
    void aliasFromTheSecondUse();
    void noAliasUnlessTheClientAllows();
    void noAliasForShortTopics();
    void payloadsOfAllSizesArriveWhole_data();
    void payloadsOfAllSizesArriveWhole();
    void hugeHeadArrivesWhole();
    void manyDeliveriesShareOneWrite();
    void aTurnIsBounded();
};

void tst_MqttDeliverySize::tooLargeIsNeverSent()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.maximumPacketSize = 100;
    h.connect(packet);
    const QByteArray fits(100 - 2 - 3 - 2 - 1, 'x');
    h.lease.offer(makeMessage("a", fits, 1), 1, 1);
    h.lease.offer(makeMessage("a", fits + 'x', 2), 1, 2);
    h.lease.offer(makeMessage("a", fits + "xxx", 3), 0, 0);
    h.lease.offer(makeMessage("a", "x", 4), 1, 4);
    h.pull();
    const auto packets = h.takePackets();
    QCOMPARE(packets.size(), 2U);
    QCOMPARE(packets[0].body.size(), 98);
    QCOMPARE(h.lease.settled.size(), 1U);
    QCOMPARE(h.lease.settled[0].handle, 2U);
    QCOMPARE(h.lease.settled[0].how, Settle::How::TooLarge);
    QCOMPARE(h.count(Event::DeliveryTooLarge), 2U);
    QVERIFY(!h.isClosed());
}

void tst_MqttDeliverySize::aliasMakesATooLargeMessageFit()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.maximumPacketSize = 100;
    packet.topicAliasMaximum = 4;
    h.connect(packet);
    const QByteArray topic(40, 't');
    // 2 + 2 + 40 + 1 leave 55; telling the alias takes three more.
    h.lease.offer(makeMessage(topic, QByteArray(55, 'x'), 1), 0, 0);
    h.lease.offer(makeMessage(topic, QByteArray(55, 'x'), 2), 0, 0);
    h.lease.offer(makeMessage(topic, QByteArray(52, 'x'), 3), 0, 0);
    h.lease.offer(makeMessage(topic, QByteArray(52, 'x'), 4), 0, 0);
    h.lease.offer(makeMessage(topic, QByteArray(92, 'x'), 5), 0, 0);
    h.lease.offer(makeMessage(topic, QByteArray(93, 'x'), 6), 0, 0);
    h.pull();
    QList<qsizetype> sizes;
    for (const Packet &written : h.takePackets())
        sizes << written.body.size() + 2;
    QCOMPARE(sizes, (QList<qsizetype>{100, 100, 100, 97 - 37, 100}));
    QCOMPARE(h.count(Event::DeliveryTooLarge), 1U);
}

void tst_MqttDeliverySize::aliasFromTheSecondUse()
{
    ListenerOptions options;
    options.topicAliasMaxOutgoing = 2;
    Harness h(options);
    Connect packet = h.connectPacket();
    packet.topicAliasMaximum = 10;
    h.connect(packet);
    QList<QByteArray> topics;
    QList<int> aliases;
    for (quint64 i = 0; i < 4; ++i) {
        h.lease.offer(makeMessage("plant/1/temperature", "x", i), 0, 0);
        h.pull();
        const Publish publish = h.takePublish();
        topics << copyOf(publish.topic);
        aliases << publish.topicAlias;
        QVERIFY(publish.topicAlias <= 2);
    }
    QCOMPARE(topics.mid(0, 2), (QList<QByteArray>{"plant/1/temperature", "plant/1/temperature"}));
    QCOMPARE(topics.mid(2), (QList<QByteArray>{"", ""}));
    QCOMPARE(aliases[0], 0);
    QVERIFY(aliases[1] != 0);
    QCOMPARE(aliases[2], aliases[1]);
    QCOMPARE(aliases[3], aliases[1]);
}

void tst_MqttDeliverySize::noAliasUnlessTheClientAllows()
{
    Harness h;
    h.connect();
    for (quint64 i = 0; i < 3; ++i)
        h.lease.offer(makeMessage("plant/1/temperature", "x", i), 0, 0);
    h.pull();
    for (const Packet &packet : h.takePackets())
        QVERIFY(packet.body.contains("plant/1/temperature"));
}

void tst_MqttDeliverySize::noAliasForShortTopics()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.topicAliasMaximum = 10;
    h.connect(packet);
    for (quint64 i = 0; i < 3; ++i)
        h.lease.offer(makeMessage("short", "x", i), 0, 0);
    h.pull();
    for (const Packet &written : h.takePackets())
        QCOMPARE(written.body, hex("0005") + "short" + hex("00") + "x");
}

void tst_MqttDeliverySize::payloadsOfAllSizesArriveWhole_data()
{
    QTest::addColumn<int>("size");
    QTest::addColumn<int>("appends");
    for (const int size : {0, 1, 120, 4095, 4096})
        QTest::addRow("%d", size) << size << 0;
    for (const int size : {4097, 70000, 1 << 20})
        QTest::addRow("%d", size) << size << 1;
}

void tst_MqttDeliverySize::payloadsOfAllSizesArriveWhole()
{
    QFETCH(int, size);
    QFETCH(int, appends);
    QByteArray payload(size, Qt::Uninitialized);
    for (int i = 0; i < size; ++i)
        payload[i] = char(i * 7);
    Harness h;
    h.connect();
    h.lease.offer(makeMessage("before", "1", 1), 0, 0);
    h.lease.offer(makeMessage("topic", payload, 2), 1, 5);
    h.lease.offer(makeMessage("after", "3", 3), 0, 0);
    h.pull();
    QCOMPARE(h.stream.appends, appends);
    const auto packets = h.takePackets();
    QCOMPARE(packets.size(), 3U);
    Publish publish;
    QVERIFY(!decodePublish(packets[1].frame(), Version::V5, Sender::Server, publish));
    QCOMPARE(copyOf(publish.payload), payload);
    QVERIFY(!decodePublish(packets[2].frame(), Version::V5, Sender::Server, publish));
    QCOMPARE(copyOf(publish.topic), QByteArray("after"));
}

void tst_MqttDeliverySize::hugeHeadArrivesWhole()
{
    QByteArray memory(300000, Qt::Uninitialized);
    Writer writer(memory.data(), std::size_t(memory.size()));
    for (int i = 0; i < 4; ++i)
        writeUserProperty(writer, "k", bytesOf(QByteArray(60000, char('a' + i))));
    QVERIFY(!writer.failed());
    Harness h;
    h.connect();
    for (const int size : {10, 5000}) {
        h.lease.offer(makeMessage("before", "1", 1), 0, 0);
        h.lease.offer(
            makeMessage(QByteArray(65535, 't'), QByteArray(size, 'p'), 2, copyOf(writer.bytes())),
            0,
            0);
        h.lease.offer(makeMessage("after", "3", 3), 0, 0);
        h.pull();
        const auto packets = h.takePackets();
        QCOMPARE(packets.size(), 3U);
        Publish publish;
        QVERIFY(!decodePublish(packets[1].frame(), Version::V5, Sender::Server, publish));
        QCOMPARE(copyOf(publish.payload), QByteArray(size, 'p'));
        QCOMPARE(copyOf(publish.properties.raw()), copyOf(writer.bytes()));
    }
}

void tst_MqttDeliverySize::manyDeliveriesShareOneWrite()
{
    Harness h;
    h.connect();
    h.stream.reserves = h.stream.commits = 0;
    for (quint64 i = 0; i < 60; ++i)
        h.lease.offer(makeMessage("a/b/c", QByteArray(100, 'x'), i), 0, 0);
    h.pull();
    QCOMPARE(h.stream.reserves, 1);
    QCOMPARE(h.stream.commits, 1);
    QCOMPARE(h.takePackets().size(), 60U);
}

void tst_MqttDeliverySize::aTurnIsBounded()
{
    Harness h;
    h.connect();
    for (quint64 i = 0; i < 1000; ++i)
        h.lease.offer(makeMessage("a", "x", i), 0, 0);
    h.pull();
    QCOMPARE(h.takePackets().size(), 256U);
}

QTEST_GUILESS_MAIN(tst_MqttDeliverySize)

#include "tst_mqttdeliverysize.moc"
