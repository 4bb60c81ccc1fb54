// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// SUBSCRIBE and UNSUBSCRIBE.
class tst_MqttSubscriptions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void requestCarriesAllOptions();
    void subackHasOneCodePerFilter();
    void subackBefore5KnowsOneFailure();
    void subackOf31KnowsNone();
    void qosIsCapped();
    void unavailableFiltersAreRefusedOneByOne();
    void allRefusedNeedsNoHost();
    void manyFiltersAreAskedInParts();
    void unsubackHasOneCodePerFilter();
    void unsubackBefore5HasNone();
    void whatCannotBeRemovedIsTold();
    void whatCannotBeRemovedEndsTheLinkBefore5();
    void manyFiltersAreUnsubscribedInParts();
    void manyOpenRequestsStopTheReading();
    void malformedRequestEndsTheLink_data();
    void malformedRequestEndsTheLink();
    void subackRespectsTheClientsPacketSize();
    void sharedSubscriptionsWorkBefore5();
};

// [MQTT-3.8.4-1] [MQTT-3.3.4-3]
void tst_MqttSubscriptions::requestCarriesAllOptions()
{
    Harness h;
    h.connect();
    h.subscribe(
        10, {{"a/#", 2, true, true, 1}, {"$share/g/b/+", 1, false, false, 2}, {"c", 0}}, 268435455);
    QCOMPARE(h.lease.subscribed.size(), 1U);
    const FakeLease::Asked &asked = h.lease.subscribed[0];
    QCOMPARE(asked.filters, (QList<QByteArray>{"a/#", "$share/g/b/+", "c"}));
    QCOMPARE(asked.requests[0].qos, quint8(2));
    QCOMPARE(asked.requests[0].noLocal, true);
    QCOMPARE(asked.requests[0].retainAsPublished, true);
    QCOMPARE(asked.requests[0].replay, RetainedReplay::IfNew);
    QCOMPARE(asked.requests[0].subscriptionId, 268435455U);
    QCOMPARE(asked.requests[1].qos, quint8(1));
    QCOMPARE(asked.requests[1].noLocal, false);
    QCOMPARE(asked.requests[1].replay, RetainedReplay::Never);
    QCOMPARE(asked.requests[2].replay, RetainedReplay::Always);
    QVERIFY(h.stream.written.isEmpty());
}

// [MQTT-3.8.4-2] [MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1] [MQTT-3.9.3-2]
void tst_MqttSubscriptions::subackHasOneCodePerFilter()
{
    Harness h;
    h.connect();
    h.subscribe(0x0A0B, {{"a", 2}, {"b", 1}, {"c", 0}, {"d", 0}, {"e", 0}, {"f", 0}, {"g", 0}});
    const SubscribeOutcome outcomes[] = {{Outcome::Done, 2},
                                         {Outcome::Done, 1},
                                         {Outcome::Done, 0},
                                         {Outcome::NotAuthorized, 0},
                                         {Outcome::Quota, 0},
                                         {Outcome::Invalid, 0},
                                         {Outcome::Failed, 0}};
    h.driver->handleSubscribed(h.lease.subscribed[0].tag, outcomes, 7);
    QCOMPARE(h.stream.written, hex("90 0a 0a0b 00 02 01 00 87 97 8f 80"));
}

// [MQTT311-3.9.3-2]
void tst_MqttSubscriptions::subackBefore5KnowsOneFailure()
{
    Harness h({}, Version::V311);
    h.connect();
    h.subscribe(1, {{"a", 2}, {"b", 1}});
    const SubscribeOutcome outcomes[] = {{Outcome::NotAuthorized, 0}, {Outcome::Done, 1}};
    h.driver->handleSubscribed(h.lease.subscribed[0].tag, outcomes, 2);
    QCOMPARE(h.stream.written, hex("90 04 0001 80 01"));
}

void tst_MqttSubscriptions::subackOf31KnowsNone()
{
    ListenerOptions options;
    options.allowMqtt31 = true;
    Harness h(options, Version::V31);
    h.connect();
    h.subscribe(1, {{"a", 2}, {"b", 1}});
    const SubscribeOutcome outcomes[] = {{Outcome::NotAuthorized, 0}, {Outcome::Done, 1}};
    h.driver->handleSubscribed(h.lease.subscribed[0].tag, outcomes, 2);
    QCOMPARE(h.stream.written, hex("90 04 0001 00 01"));
}

// [MQTT-3.2.2-10]
void tst_MqttSubscriptions::qosIsCapped()
{
    ListenerOptions options;
    options.maxQos = 1;
    Harness h(options);
    h.connect();
    h.subscribe(1, {{"a", 2}, {"b", 1}, {"c", 0}});
    QCOMPARE(h.lease.subscribed[0].requests[0].qos, quint8(1));
    QCOMPARE(h.lease.subscribed[0].requests[1].qos, quint8(1));
    QCOMPARE(h.lease.subscribed[0].requests[2].qos, quint8(0));
}

void tst_MqttSubscriptions::unavailableFiltersAreRefusedOneByOne()
{
    ListenerOptions options;
    options.wildcardAvailable = false;
    options.sharedAvailable = false;
    Harness h(options);
    h.connect();
    h.subscribe(1, {{"a/+", 0}, {"b", 1}, {"$share/g/c", 0}, {"d", 2}, {"#", 0}});
    QCOMPARE(h.lease.subscribed[0].filters, (QList<QByteArray>{"b", "d"}));
    QVERIFY(h.stream.written.isEmpty());
    const SubscribeOutcome outcomes[] = {{Outcome::Done, 1}, {Outcome::Done, 2}};
    h.driver->handleSubscribed(h.lease.subscribed[0].tag, outcomes, 2);
    QCOMPARE(h.stream.written, hex("90 08 0001 00 a2 01 9e 02 a2"));
}

void tst_MqttSubscriptions::allRefusedNeedsNoHost()
{
    ListenerOptions options;
    options.wildcardAvailable = false;
    Harness h(options, Version::V311);
    h.connect();
    h.subscribe(1, {{"a/+", 0}, {"#", 1}});
    QVERIFY(h.lease.subscribed.empty());
    QCOMPARE(h.stream.written, hex("90 04 0001 80 80"));
}

void tst_MqttSubscriptions::manyFiltersAreAskedInParts()
{
    ListenerOptions options;
    options.wildcardAvailable = false;
    Harness h(options);
    h.connect();
    std::vector<Subscription> filters(70000, Subscription{"t", 1});
    filters[3].filter = "#";
    h.subscribe(7, filters);
    h.subscribe(8, {{"other", 2}});
    QVERIFY(h.lease.subscribed.size() > 1000U);
    const std::size_t last = h.lease.subscribed.size() - 1;
    for (std::size_t i = 0; i <= last; ++i) {
        QVERIFY(h.stream.written.isEmpty());
        const auto &asked = h.lease.subscribed[i];
        std::vector<SubscribeOutcome> outcomes(asked.requests.size(), {Outcome::Done, 1});
        if (i == 1)
            outcomes[0].outcome = Outcome::Quota;
        h.driver->handleSubscribed(asked.tag, outcomes.data(), int(outcomes.size()));
        if (i + 1 == last) {
            const Packet packet = h.takeOne(PacketType::Suback);
            QCOMPARE(packet.body.size(), 70003);
            QCOMPARE(packet.body.mid(0, 3), hex("000700"));
            QCOMPARE(quint8(packet.body[3 + 3]), quint8(0xA2));
            QCOMPARE(quint8(packet.body[3 + 65]), quint8(0x97));
            QCOMPARE(packet.body.count('\x01'), 69998);
        }
    }
    QCOMPARE(h.stream.written, hex("90 04 0008 00 01"));
}

// [MQTT-3.10.4-4] [MQTT-3.10.4-5] [MQTT-3.11.3-1] [MQTT-3.11.3-2]
void tst_MqttSubscriptions::unsubackHasOneCodePerFilter()
{
    Harness h;
    h.connect();
    QByteArray memory(64, Qt::Uninitialized);
    Writer writer(memory.data(), 64);
    writeFilter(writer, "a/#");
    writeFilter(writer, "b");
    Unsubscribe packet;
    packet.packetId = 3;
    packet.filters = writer.bytes();
    h.send(packet, h.version);
    QCOMPARE(h.lease.unsubscribed[0].filters, (QList<QByteArray>{"a/#", "b"}));
    const UnsubscribeOutcome outcomes[] = {Outcome::Done, Outcome::NoReceiver};
    h.driver->handleUnsubscribed(h.lease.unsubscribed[0].tag, outcomes, 2);
    QCOMPARE(h.stream.written, hex("b0 05 0003 00 00 11"));
}

// [MQTT311-3.10.4-4]
void tst_MqttSubscriptions::unsubackBefore5HasNone()
{
    Harness h({}, Version::V311);
    h.connect();
    h.receive(hex("a2 05 0003 0001 61"));
    const UnsubscribeOutcome outcome = Outcome::NoReceiver;
    h.driver->handleUnsubscribed(h.lease.unsubscribed[0].tag, &outcome, 1);
    QCOMPARE(h.stream.written, hex("b0 02 0003"));
}

void tst_MqttSubscriptions::whatCannotBeRemovedIsTold()
{
    Harness h;
    h.connect();
    h.receive(hex("a2 06 0003 00 0001 61"));
    const UnsubscribeOutcome outcome = Outcome::Failed;
    h.driver->handleUnsubscribed(h.lease.unsubscribed[0].tag, &outcome, 1);
    QCOMPARE(h.stream.written, hex("b0 04 0003 00 83"));
    QVERIFY(!h.isClosed());
}

void tst_MqttSubscriptions::whatCannotBeRemovedEndsTheLinkBefore5()
{
    Harness h({}, Version::V311);
    h.connect();
    h.receive(hex("a2 05 0003 0001 61"));
    const UnsubscribeOutcome outcome = Outcome::Failed;
    h.driver->handleUnsubscribed(h.lease.unsubscribed[0].tag, &outcome, 1);
    QCOMPARE(h.stream.written, QByteArray());
    QVERIFY(h.isClosed());
}

void tst_MqttSubscriptions::manyFiltersAreUnsubscribedInParts()
{
    Harness h;
    h.connect();
    QByteArray memory(1024, Qt::Uninitialized);
    Writer writer(memory.data(), 1024);
    for (int i = 0; i < 100; ++i)
        writeFilter(writer, "a");
    Unsubscribe packet;
    packet.packetId = 3;
    packet.filters = writer.bytes();
    h.send(packet, h.version);
    QCOMPARE(h.lease.unsubscribed.size(), 2U);
    const std::vector<UnsubscribeOutcome> outcomes(64, Outcome::Done);
    h.driver->handleUnsubscribed(3, outcomes.data(), 64);
    QVERIFY(h.stream.written.isEmpty());
    h.driver->handleUnsubscribed(3, outcomes.data(), 36);
    QCOMPARE(h.takeOne(PacketType::Unsuback).body.size(), 103);
}

void tst_MqttSubscriptions::manyOpenRequestsStopTheReading()
{
    Harness h;
    h.connect();
    for (quint16 id = 1; id <= 1023; ++id)
        h.subscribe(id, {{"a", 0}});
    QVERIFY(h.stream.reading);
    h.subscribe(1024, {{"a", 0}});
    QVERIFY(!h.stream.reading);
    const SubscribeOutcome outcome;
    for (quint16 id = 1; id < 768; ++id)
        h.driver->handleSubscribed(id, &outcome, 1);
    QVERIFY(!h.stream.reading);
    h.driver->handleSubscribed(768, &outcome, 1);
    QVERIFY(h.stream.reading);
}

void tst_MqttSubscriptions::malformedRequestEndsTheLink_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("reason");
    QTest::newRow("[MQTT-3.8.1-1] flags") << hex("80 07 0001 00 0001 61 00") << 0x81;
    QTest::newRow("[MQTT-3.8.3-2] no filter") << hex("82 03 0001 00") << 0x82;
    QTest::newRow("[MQTT-3.8.3-4] no-local on shared")
        << hex("82 10 0001 00") + hex("000a") + "$share/g/a" + hex("04") << 0x82;
    QTest::newRow("[MQTT-3.8.3-5] reserved options") << hex("82 07 0001 00 0001 61 40") << 0x81;
    QTest::newRow("QoS 3") << hex("82 07 0001 00 0001 61 03") << 0x82;
    QTest::newRow("retain handling 3") << hex("82 07 0001 00 0001 61 30") << 0x82;
    QTest::newRow("[MQTT-2.2.1-3] packet id 0") << hex("82 07 0000 00 0001 61 00") << 0x82;
    QTest::newRow("subscription identifier 0") << hex("82 09 0001 02 0b00 0001 61 00") << 0x82;
    QTest::newRow("[MQTT-4.7.1-1] # not last")
        << hex("82 09 0001 00 0003") + "#/a" + hex("00") << 0x81;
    QTest::newRow("[MQTT-4.7.1-2] + within a level")
        << hex("82 08 0001 00 0002") + "a+" + hex("00") << 0x81;
    QTest::newRow("[MQTT-4.8.2-1] share without filter")
        << hex("82 0e 0001 00 0008") + "$share/g" + hex("00") << 0x81;
    QTest::newRow("[MQTT-3.10.1-1] UNSUBSCRIBE flags") << hex("a0 06 0001 00 0001 61") << 0x81;
    QTest::newRow("[MQTT-3.10.3-2] UNSUBSCRIBE without filter") << hex("a2 03 0001 00") << 0x82;
}

void tst_MqttSubscriptions::malformedRequestEndsTheLink()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, reason);
    Harness h;
    h.connect();
    h.receive(bytes);
    QCOMPARE(int(h.endReason()), reason);
    QVERIFY(h.lease.subscribed.empty());
    QVERIFY(h.lease.unsubscribed.empty());

    Harness old({}, Version::V311);
    old.connect();
    old.receive(hex("82 08 0001 0003") + "#/a" + hex("00")); // [MQTT311-4.7.1-2]
    QVERIFY(old.isClosed());
}

void tst_MqttSubscriptions::subackRespectsTheClientsPacketSize()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.maximumPacketSize = 20;
    h.connect(packet);
    h.subscribe(1, std::vector<Subscription>(16, Subscription{"a", 0}));
    const std::vector<SubscribeOutcome> outcomes(16);
    h.driver->handleSubscribed(1, outcomes.data(), 16);
    QCOMPARE(h.endReason(), ReasonCode::PacketTooLarge);
}

void tst_MqttSubscriptions::sharedSubscriptionsWorkBefore5()
{
    Harness h({}, Version::V311);
    h.connect();
    h.subscribe(1, {{"$share/g/a", 1}});
    QCOMPARE(h.lease.subscribed[0].filters, (QList<QByteArray>{"$share/g/a"}));
}

QTEST_GUILESS_MAIN(tst_MqttSubscriptions)

#include "tst_mqttsubscriptions.moc"
