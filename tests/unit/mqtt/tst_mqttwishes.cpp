// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"
#include "server/clientwishes.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

namespace {

using Pairs = QList<std::pair<QByteArray, QByteArray>>;

QByteArray userProperties(const Pairs &pairs)
{
    QByteArray memory(4096, Qt::Uninitialized);
    Writer writer(memory.data(), std::size_t(memory.size()));
    for (const auto &[name, value] : pairs)
        writeUserProperty(writer, bytesOf(name), bytesOf(value));
    return copyOf(writer.bytes());
}

QByteArray subscribeBytes(const Harness &h, const QByteArray &filter, const Pairs &pairs)
{
    QByteArray memory(4096, Qt::Uninitialized);
    Writer writer(memory.data(), std::size_t(memory.size()));
    writeSubscription(writer, {bytesOf(filter), 1}, h.version);
    writeSubscription(writer, {"second", 0}, h.version);
    const QByteArray properties = userProperties(pairs);
    Subscribe packet;
    packet.packetId = 7;
    packet.filters = writer.bytes();
    packet.properties = PropertyBlock::ofUserProperties(bytesOf(properties));
    return Harness::encoded(packet, h.version);
}

void connectWith(Harness &h, const Pairs &pairs)
{
    const QByteArray properties = userProperties(pairs);
    Connect packet = h.connectPacket();
    packet.properties = PropertyBlock::ofUserProperties(bytesOf(properties));
    h.connect(packet);
}

Pairs pairsOf(const Publish &publish)
{
    Pairs pairs;
    for (const Property &property : publish.properties) {
        if (property.id == mqtt::PropertyId::UserProperty)
            pairs.append({copyOf(property.name), copyOf(property.value)});
    }
    return pairs;
}

Message messageAt(Position position, const QByteArray &payload = "x", const Pairs &pairs = {})
{
    Message message = makeMessage("t", payload, position.sequence, userProperties(pairs));
    message.setPosition(position);
    return message;
}

} // namespace

/// What clients ask for with user properties: overflow, history, positions.
class tst_MqttWishes : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void withoutPropertiesNothingIsAsked();
    void subscribeCarriesWhatIsAsked();
    void propertiesOfOthersAreLeftAlone();
    void theLastOfARepeatedPropertyCounts();
    void overflowOfConnectHoldsForSubscriptionsThatSayNothing();
    void whatIsNotUnderstoodIsRefused_data();
    void whatIsNotUnderstoodIsRefused();
    void connectWithAnUnknownPolicyIsRefused();
    void filtersWithHistoryPassThrough_data();
    void filtersWithHistoryPassThrough();
    void positionsAreShownOnRequest();
    void positionsGoBeforeWhatThePublisherSent();
    void positionsAreLeftOutWhereTheyDoNotFit();
    void aPositionGoesBeforeAnAliasIsTold();
    void positionsAreForMqtt5();
    void noticesHaveNoPosition();
    void everyPositionFits();
};

void tst_MqttWishes::withoutPropertiesNothingIsAsked()
{
    Harness h;
    h.connect();
    h.subscribe(1, {{"a", 0}});
    const SubscribeRequest &request = h.lease.subscribed[0].requests[0];
    QCOMPARE(request.overflow.policy, Overflow::Default);
    QCOMPARE(h.lease.subscribed[0].replayFrom, QList<QByteArray>{QByteArray()});
    QVERIFY(!request.showPositions);
}

// DS-04, RP-03
void tst_MqttWishes::subscribeCarriesWhatIsAsked()
{
    Harness h;
    h.connect();
    h.receive(subscribeBytes(
        h,
        "a/#",
        {{"overflow", "block-up-to=500ms"}, {"replay-from", "3:17"}, {"stream-positions", "1"}}));
    QCOMPARE(h.lease.subscribed.size(), 1U);
    const FakeLease::Asked &asked = h.lease.subscribed[0];
    QCOMPARE(asked.filters, (QList<QByteArray>{"a/#", "second"}));
    QCOMPARE(asked.replayFrom, (QList<QByteArray>{"3:17", "3:17"}));
    for (const SubscribeRequest &request : asked.requests) {
        QCOMPARE(request.overflow.policy, Overflow::BlockUpTo);
        QCOMPARE(request.overflow.patienceMs, 500U);
        QVERIFY(request.showPositions);
    }
}

void tst_MqttWishes::propertiesOfOthersAreLeftAlone()
{
    Harness h;
    connectWith(h, {{"Overflow", "x"}, {"replay", ""}, {"", ""}});
    QVERIFY(!h.isClosed());
    h.receive(subscribeBytes(h, "a", {{"overflows", "x"}, {"streampositions", "x"}}));
    QCOMPARE(h.lease.subscribed.size(), 1U);
    QCOMPARE(h.lease.subscribed[0].requests[0].overflow.policy, Overflow::Default);
}

void tst_MqttWishes::theLastOfARepeatedPropertyCounts()
{
    Harness h;
    h.connect();
    h.receive(subscribeBytes(h,
                             "a",
                             {{"overflow", "reject"},
                              {"stream-positions", "yes"},
                              {"overflow", "drop-newest"},
                              {"stream-positions", "off"}}));
    const SubscribeRequest &request = h.lease.subscribed[0].requests[0];
    QCOMPARE(request.overflow.policy, Overflow::DropNewest);
    QVERIFY(!request.showPositions);
}

// DS-04
void tst_MqttWishes::overflowOfConnectHoldsForSubscriptionsThatSayNothing()
{
    Harness h;
    connectWith(h, {{"overflow", "drop-oldest"}});
    h.subscribe(1, {{"a", 0}});
    h.receive(subscribeBytes(h, "b", {{"overflow", "latest-per-topic"}}));
    h.receive(subscribeBytes(h, "c", {{"overflow", "default"}}));
    QCOMPARE(h.lease.subscribed[0].requests[0].overflow.policy, Overflow::DropOldest);
    QCOMPARE(h.lease.subscribed[1].requests[0].overflow.policy, Overflow::LatestPerTopic);
    QCOMPARE(h.lease.subscribed[2].requests[0].overflow.policy, Overflow::DropOldest);
}

void tst_MqttWishes::whatIsNotUnderstoodIsRefused_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::newRow("no policy") << QByteArray("overflow") << QByteArray("drop");
    QTest::newRow("empty policy") << QByteArray("overflow") << QByteArray();
    QTest::newRow("no unit") << QByteArray("overflow") << QByteArray("block-up-to=5");
    QTest::newRow("empty start") << QByteArray("replay-from") << QByteArray();
    QTest::newRow("no switch") << QByteArray("stream-positions") << QByteArray("2");
    QTest::newRow("empty switch") << QByteArray("stream-positions") << QByteArray();
}

void tst_MqttWishes::whatIsNotUnderstoodIsRefused()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    Harness h;
    h.connect();
    h.receive(subscribeBytes(h, "a", {{name, value}}));
    QVERIFY(h.lease.subscribed.empty());
    QCOMPARE(h.stream.written, hex("90 05 0007 00 83 83"));
    QCOMPARE(h.count(Event::FilterRefused), 1U);
    QVERIFY(h.logger.lines.last().contains(QString::fromLatin1(name)));
    QVERIFY(!h.isClosed());
}

void tst_MqttWishes::connectWithAnUnknownPolicyIsRefused()
{
    Harness h;
    const QByteArray properties = userProperties({{"overflow", "drop"}});
    Connect packet = h.connectPacket();
    packet.properties = PropertyBlock::ofUserProperties(bytesOf(properties));
    h.send(packet);
    QCOMPARE(h.takeConnack().reason, ReasonCode::ImplementationSpecificError);
    QVERIFY(h.isClosed());
    QCOMPARE(h.bus.authentications, 0);
}

// RP-03
void tst_MqttWishes::filtersWithHistoryPassThrough_data()
{
    QTest::addColumn<Version>("version");
    QTest::newRow("5") << Version::V5;
    QTest::newRow("3.1.1") << Version::V311;
}

void tst_MqttWishes::filtersWithHistoryPassThrough()
{
    QFETCH(Version, version);
    Harness h({}, version);
    h.connect();
    h.subscribe(1, {{"$replay/5m/a/#", 1}, {"$share/g/$replay/5m/a", 0}});
    QCOMPARE(h.lease.subscribed[0].filters,
             (QList<QByteArray>{"$replay/5m/a/#", "$share/g/$replay/5m/a"}));
    const SubscribeOutcome outcomes[] = {{Outcome::Done, 1}, {Outcome::Invalid, 0}};
    h.driver->handleSubscribed(h.lease.subscribed[0].tag, outcomes, 2);
    QCOMPARE(h.stream.written,
             version == Version::V5 ? hex("90 05 0001 00 01 8f") : hex("90 04 0001 01 80"));
}

// RP-05: positions are (epoch, number)
void tst_MqttWishes::positionsAreShownOnRequest()
{
    Harness h;
    h.connect();
    h.lease.offer(messageAt({3, 12345}), 0, 0).showPosition = true;
    h.lease.offer(messageAt({3, 12346}), 1, 1);
    h.lease.offer(messageAt({3, 12347}), 1, 2).showPosition = true;
    h.pull();
    const auto packets = h.takePackets();
    QCOMPARE(packets.size(), 3U);
    const Pairs expected[] = {{{"stream-epoch", "3"}, {"stream-seq", "12345"}},
                              {},
                              {{"stream-epoch", "3"}, {"stream-seq", "12347"}}};
    for (std::size_t i = 0; i < packets.size(); ++i) {
        Publish publish;
        QVERIFY(!decodePublish(packets[i].frame(), h.version, Sender::Server, publish));
        QCOMPARE(pairsOf(publish), expected[i]);
        QCOMPARE(copyOf(publish.payload), QByteArray("x"));
    }
}

// A publisher cannot pass itself off as the host.
void tst_MqttWishes::positionsGoBeforeWhatThePublisherSent()
{
    Harness h;
    h.connect();
    const Pairs sent{{"stream-seq", "1"}, {"a", "b"}};
    h.lease.offer(messageAt({1, 9}, "x", sent), 0, 0).showPosition = true;
    h.pull();
    QCOMPARE(pairsOf(h.takePublish()),
             (Pairs{{"stream-epoch", "1"}, {"stream-seq", "9"}, {"stream-seq", "1"}, {"a", "b"}}));
}

// [MQTT-3.1.2-24]
void tst_MqttWishes::positionsAreLeftOutWhereTheyDoNotFit()
{
    // Header 2, topic 3, property length 1, properties 18 + 16.
    constexpr int kAround = 2 + 3 + 1 + 18 + 16;
    Harness h;
    Connect packet = h.connectPacket();
    packet.maximumPacketSize = 100;
    h.connect(packet);
    h.lease.offer(messageAt({1, 9}, QByteArray(100 - kAround, 'x')), 0, 0).showPosition = true;
    h.lease.offer(messageAt({1, 9}, QByteArray(101 - kAround, 'x')), 0, 0).showPosition = true;
    h.lease.offer(messageAt({1, 9}, QByteArray(94, 'x')), 0, 0).showPosition = true;
    h.lease.offer(messageAt({1, 9}, QByteArray(95, 'x')), 0, 0).showPosition = true;
    h.pull();
    QList<qsizetype> sizes;
    for (const Packet &written : h.takePackets())
        sizes << written.body.size() + 2;
    QCOMPARE(sizes, (QList<qsizetype>{100, 101 - 34, 100}));
    QCOMPARE(h.count(Event::DeliveryTooLarge), 1U);
}

void tst_MqttWishes::aPositionGoesBeforeAnAliasIsTold()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.maximumPacketSize = 100;
    packet.topicAliasMaximum = 4;
    h.connect(packet);
    const QByteArray topic(20, 't');
    // 2 + 22 + 1 + 34 leave 41; telling the alias takes three more, at the second use.
    for (const int size : {1, 41, 41, 38, 61}) {
        Message message = makeMessage(topic, QByteArray(size, 'x'), 9);
        message.setPosition({1, 9});
        h.lease.offer(message, 0, 0).showPosition = true;
    }
    h.pull();
    QList<qsizetype> sizes;
    QList<int> shown;
    for (const Packet &written : h.takePackets()) {
        Publish publish;
        QVERIFY(!decodePublish(written.frame(), h.version, Sender::Server, publish));
        sizes << written.body.size() + 2;
        shown << int(pairsOf(publish).size());
    }
    QCOMPARE(sizes, (QList<qsizetype>{60, 100, 100, 100, 69}));
    QCOMPARE(shown, (QList<int>{2, 2, 2, 2, 0}));
}

void tst_MqttWishes::positionsAreForMqtt5()
{
    Harness h({}, Version::V311);
    h.connect();
    h.lease.offer(messageAt({1, 9}), 0, 0).showPosition = true;
    h.pull();
    QCOMPARE(h.stream.written, hex("30 04 0001") + "t" + "x");
}

void tst_MqttWishes::noticesHaveNoPosition()
{
    Harness h;
    h.connect();
    h.lease.offer(messageAt({0, 0}), 0, 0).showPosition = true;
    h.pull();
    QCOMPARE(pairsOf(h.takePublish()), Pairs());
}

void tst_MqttWishes::everyPositionFits()
{
    PositionProperties properties;
    const Bytes most = properties.write({0xFFFFFFFF, std::numeric_limits<quint64>::max()});
    QCOMPARE(most.size(), 62U);
    QVERIFY(most.ends_with("18446744073709551615"));
    QCOMPARE(properties.write({0, 0}).size(), 34U);
}

QTEST_GUILESS_MAIN(tst_MqttWishes)
#include "tst_mqttwishes.moc"
