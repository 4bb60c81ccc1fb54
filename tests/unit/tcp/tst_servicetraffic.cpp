// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "serviceharness.h"

#include <QtCore/QFile>
#include <QtCore/QJsonArray>
#include <QtTest/QTest>

#include <fairlead/properties.h>

using namespace fairlead;
using namespace fairlead::test;

namespace {

/// A property block as one text, "id=value" and ";" after each.
QByteArray shown(const QByteArray &block)
{
    QByteArray out;
    PropertyReader reader({block.constData(), std::size_t(block.size())});
    Property property;
    while (reader.next(&property)) {
        out += QByteArray::number(int(property.id)) + '=';
        if (property.id == PropertyId::UserProperty)
            out += copyOf(property.name) + ':';
        out += property.id == PropertyId::PayloadFormat
            ? QByteArray::number(int(property.value.front()))
            : copyOf(property.value);
        out += ';';
    }
    return out;
}

QString textOf(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toString();
}

} // namespace

/// Messages of the bus, from a peer in service mode and to it.
class tst_ServiceTraffic : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void contentIsPublished_data();
    void contentIsPublished();
    void outcomesAreTold_data();
    void outcomesAreTold();
    void aHeldPublisherPauses();
    void subscriptionsArePassedOn();
    void subscriptionOutcomesAreTold();
    void messagesAreShown_data();
    void messagesAreShown();
    void autoIsSettledWhenWritten();
    void manualWaitsForItsAck();
    void theWindowBoundsWhatWaits();
    void gapsAreAnnounced();
    void messagesThatThePeerCannotTakeAreNotSent();
    void aFullStreamIsNotPulled();
    void largeMessagesGoOutWhole();
    void schemaBoundsAreTheCodesBounds();
};

void tst_ServiceTraffic::contentIsPublished_data()
{
    QTest::addColumn<QByteArray>("members");
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<QByteArray>("properties");
    QTest::newRow("text") << QByteArray("\"payload\":\"\\u00e9\\n\\u0000\"")
                          << QByteArray("\xC3\xA9\n\0", 4) << QByteArray("1=1;");
    QTest::newRow("empty") << QByteArray("\"payload\":\"\"") << QByteArray() << QByteArray("1=1;");
    QTest::newRow("bytes") << QByteArray("\"payload_base64\":\"/wA=\"") << QByteArray("\xFF\0", 2)
                           << QByteArray();
    QTest::newRow("json") << QByteArray("\"json\":{ \"a\" : [1.50, \" \"] }")
                          << QByteArray("{\"a\":[1.50,\" \"]}")
                          << QByteArray("1=1;3=application/json;");
    QTest::newRow("properties") << QByteArray(
        "\"payload\":\"x\",\"properties\":{\"content_type\":\"text/plain\","
        "\"response_topic\":\"r/1\",\"correlation\":\"c\","
        "\"user\":[[\"k\",\"1\"],[\"k\",\"2\"]]}")
                                << QByteArray("x")
                                << QByteArray("1=1;3=text/plain;8=r/1;9=c;38=k:1;38=k:2;");
    QTest::newRow("binary correlation")
        << QByteArray("\"payload\":\"x\",\"properties\":{\"correlation_base64\":\"/w==\"}")
        << QByteArray("x") << QByteArray("1=1;9=\xFF;");
}

void tst_ServiceTraffic::contentIsPublished()
{
    QFETCH(QByteArray, members);
    QFETCH(QByteArray, payload);
    QFETCH(QByteArray, properties);
    ServiceHarness peer;
    peer.connect();
    peer.say("\"op\":\"publish\",\"topic\":\"a/\\u00e9\",\"retain\":true,\"expiry_s\":9,"
             + members);
    QCOMPARE(peer.bus.published.size(), std::size_t(1));
    const FakeBus::Published &published = peer.bus.published.front();
    QCOMPARE(published.topic, QByteArray("a/\xC3\xA9"));
    QCOMPARE(published.payload, payload);
    QCOMPARE(shown(published.properties), properties);
    QCOMPARE(published.view.expirySeconds, 9U);
    QCOMPARE(published.view.qos, quint8(0));
    QVERIFY(published.view.retain);
    QVERIFY(peer.stream.written.isEmpty());
}

void tst_ServiceTraffic::outcomesAreTold_data()
{
    QTest::addColumn<int>("outcome");
    QTest::addColumn<QString>("told");
    QTest::newRow("done") << int(Outcome::Done) << QStringLiteral("done");
    QTest::newRow("nobody") << int(Outcome::NoReceiver) << QStringLiteral("no-receiver");
    QTest::newRow("access") << int(Outcome::NotAuthorized) << QStringLiteral("not-authorized");
    QTest::newRow("quota") << int(Outcome::Quota) << QStringLiteral("limit-reached");
    QTest::newRow("invalid") << int(Outcome::Invalid) << QStringLiteral("invalid-argument");
    QTest::newRow("failed") << int(Outcome::Failed) << QStringLiteral("storage-failed");
}

// AD-04
void tst_ServiceTraffic::outcomesAreTold()
{
    QFETCH(int, outcome);
    QFETCH(QString, told);
    ServiceHarness peer;
    peer.connect();
    peer.say("\"op\":\"publish\",\"id\":4294967295,\"topic\":\"a\",\"payload\":\"x\"");
    QCOMPARE(peer.bus.published.front().view.qos, quint8(1));
    const Completion completion{
        peer.bus.published.front().view.completionTag, Completion::Kind::Publish, Outcome(outcome)};
    peer.driver->handleCompletions(&completion, 1);
    const QJsonObject answer = peer.heard();
    QCOMPARE(answer.value(QLatin1String("re")).toDouble(), 4294967295.0);
    const bool isGood = outcome <= int(Outcome::NoReceiver);
    QCOMPARE(textOf(answer, "op"), isGood ? QStringLiteral("published") : QStringLiteral("error"));
    QCOMPARE(textOf(answer, isGood ? "outcome" : "code"), told);
}

void tst_ServiceTraffic::aHeldPublisherPauses()
{
    ServiceHarness peer;
    peer.connect();
    peer.bus.answer = Flow::Pause;
    const QByteArray line = "{\"op\":\"publish\",\"topic\":\"a\",\"payload\":\"x\"}\n";
    peer.receive(line + line);
    QCOMPARE(peer.bus.published.size(), std::size_t(1));
    QCOMPARE(peer.unused, line);
    peer.bus.answer = Flow::Continue;
    peer.receive({});
    QCOMPARE(peer.bus.published.size(), std::size_t(2));
    QVERIFY(peer.unused.isEmpty());
}

// RP-03: where a subscription begins is asked for in the same step.
void tst_ServiceTraffic::subscriptionsArePassedOn()
{
    ServiceHarness peer;
    peer.connect();
    peer.say("\"op\":\"subscribe\",\"id\":1,\"filter\":\"a/#\"");
    peer.say("\"op\":\"subscribe\",\"id\":2,\"filter\":\"b\",\"qos\":1,\"from\":\"3:41\","
             "\"overflow\":\"block-up-to=500ms\",\"ack\":\"manual\",\"no_local\":true,"
             "\"retained\":\"never\"");
    QCOMPARE(peer.lease.subscribed.size(), std::size_t(2));
    const SubscribeRequest &plain = peer.lease.subscribed[0].requests[0];
    QCOMPARE(peer.lease.subscribed[0].filters, QList<QByteArray>{"a/#"});
    QCOMPARE(peer.lease.subscribed[0].tag, 1U);
    QCOMPARE(plain.qos, quint8(0));
    QCOMPARE(plain.overflow.policy, Overflow::Default);
    QCOMPARE(plain.replay, RetainedReplay::Always);
    QVERIFY(!plain.noLocal && plain.showPositions);
    QVERIFY(peer.lease.subscribed[0].replayFrom[0].isEmpty());
    const SubscribeRequest &full = peer.lease.subscribed[1].requests[0];
    QCOMPARE(peer.lease.subscribed[1].replayFrom, QList<QByteArray>{"3:41"});
    QCOMPARE(full.qos, quint8(1));
    QCOMPARE(full.overflow.policy, Overflow::BlockUpTo);
    QCOMPARE(full.overflow.patienceMs, 500U);
    QCOMPARE(full.replay, RetainedReplay::Never);
    QVERIFY(full.noLocal);
    QVERIFY(full.subscriptionId != plain.subscriptionId);
    peer.say("\"op\":\"unsubscribe\",\"id\":3,\"filter\":\"b\"");
    QCOMPARE(peer.lease.unsubscribed[0].filters, QList<QByteArray>{"b"});
    QCOMPARE(peer.lease.unsubscribed[0].tag, 3U);
}

void tst_ServiceTraffic::subscriptionOutcomesAreTold()
{
    ServiceHarness peer;
    peer.connect();
    const SubscribeOutcome granted{Outcome::Done, 1};
    peer.driver->handleSubscribed(7, &granted, 1);
    const QJsonObject good = peer.heard();
    QCOMPARE(textOf(good, "op"), QStringLiteral("subscribed"));
    QCOMPARE(good.value(QLatin1String("re")).toInt(), 7);
    QCOMPARE(good.value(QLatin1String("qos")).toInt(), 1);
    const SubscribeOutcome refused{Outcome::NotAuthorized, 0};
    peer.driver->handleSubscribed(8, &refused, 1);
    QCOMPARE(peer.errorHeard(), QStringLiteral("not-authorized"));
    const UnsubscribeOutcome none = Outcome::NoReceiver;
    peer.driver->handleUnsubscribed(9, &none, 1);
    QCOMPARE(peer.errorHeard(), QStringLiteral("not-found"));
    const UnsubscribeOutcome done = Outcome::Done;
    peer.driver->handleUnsubscribed(9, &done, 1);
    QCOMPARE(textOf(peer.heard(), "op"), QStringLiteral("unsubscribed"));
}

void tst_ServiceTraffic::messagesAreShown_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("shown");
    QTest::newRow("text") << QByteArray("a\"\xC3\xA9\n") << QStringLiteral("payload")
                          << QString::fromUtf8("a\"\xC3\xA9\n");
    QTest::newRow("bytes") << QByteArray("\xFF\0", 2) << QStringLiteral("payload_base64")
                           << QStringLiteral("/wA=");
    QTest::newRow("empty") << QByteArray() << QStringLiteral("payload") << QString();
}

// RP-05: with their place in history.
void tst_ServiceTraffic::messagesAreShown()
{
    QFETCH(QByteArray, payload);
    QFETCH(QString, name);
    QFETCH(QString, shown);
    ServiceHarness peer;
    peer.connect();
    peer.offer("a/b", payload);
    Delivery &delivery = peer.lease.queue.back();
    delivery.retain = true;
    delivery.resent = true;
    delivery.expirySeconds = 5;
    peer.pull();
    const QJsonObject message = peer.heard();
    QCOMPARE(textOf(message, "op"), QStringLiteral("message"));
    QCOMPARE(textOf(message, "topic"), QStringLiteral("a/b"));
    QVERIFY(message.contains(name));
    QCOMPARE(message.value(name).toString(), shown);
    QCOMPARE(message.value(QLatin1String("expiry_s")).toInt(), 5);
    QVERIFY(message.value(QLatin1String("retain")).toBool());
    QVERIFY(message.value(QLatin1String("resent")).toBool());
    QVERIFY(!message.contains(QLatin1String("delivery")));
    const QJsonObject position = message.value(QLatin1String("position")).toObject();
    QCOMPARE(position.value(QLatin1String("epoch")).toInt(), 3);
    QCOMPARE(position.value(QLatin1String("seq")).toInt(), 41);
}

void tst_ServiceTraffic::autoIsSettledWhenWritten()
{
    ServiceHarness peer;
    peer.connect();
    peer.offer("a", "1", 1, 71);
    peer.offer("a", "2", 0, 0);
    peer.pull();
    QCOMPARE(peer.taken().size(), std::size_t(2));
    QCOMPARE(peer.lease.settled.size(), std::size_t(1));
    QCOMPARE(peer.lease.settled[0].handle, quint64(71));
    QCOMPARE(peer.lease.settled[0].how, Settle::How::Acked);
}

void tst_ServiceTraffic::manualWaitsForItsAck()
{
    ServiceHarness peer;
    peer.connect();
    peer.offer("a", "1", 1, 71, true);
    peer.offer("a", "2", 1, 72, true);
    peer.pull();
    const std::vector<QJsonObject> messages = peer.taken();
    QCOMPARE(messages.size(), std::size_t(2));
    QVERIFY(peer.lease.settled.empty());
    const int second = messages[1].value(QLatin1String("delivery")).toInt();
    peer.say("\"op\":\"ack\",\"delivery\":" + QByteArray::number(second));
    QCOMPARE(peer.lease.settled.size(), std::size_t(1));
    QCOMPARE(peer.lease.settled[0].handle, quint64(72));
    // Once is enough.
    peer.say("\"op\":\"ack\",\"delivery\":" + QByteArray::number(second));
    QCOMPARE(peer.errorHeard(), QStringLiteral("not-found"));
    QCOMPARE(peer.lease.settled.size(), std::size_t(1));
}

void tst_ServiceTraffic::theWindowBoundsWhatWaits()
{
    ServiceHarness peer;
    peer.connect(",\"session\":{\"window\":3}");
    for (quint64 i = 1; i <= 5; ++i)
        peer.offer("a", QByteArray::number(i), 1, i, true);
    peer.pull();
    QCOMPARE(peer.taken().size(), std::size_t(3));
    peer.pull();
    QVERIFY(peer.taken().empty());
    peer.say("\"op\":\"ack\",\"delivery\":2");
    peer.pull();
    QCOMPARE(peer.taken().size(), std::size_t(1));
}

// RP-04: what will never come is said, in its place.
void tst_ServiceTraffic::gapsAreAnnounced()
{
    ServiceHarness peer;
    peer.connect();
    peer.offer("$notice/gap",
               "{\"count\":null,\"epoch\":3,\"filter\":\"a\",\"first\":5,\"last\":40,"
               "\"reason\":\"replay-gap\"}",
               1,
               70);
    peer.offer("a", "x");
    peer.pull();
    const std::vector<QJsonObject> messages = peer.taken();
    QCOMPARE(messages.size(), std::size_t(2));
    QCOMPARE(QJsonDocument(messages[0]).toJson(QJsonDocument::Compact),
             QByteArray("{\"count\":null,\"epoch\":3,\"filter\":\"a\",\"first\":5,\"last\":40,"
                        "\"op\":\"gap\",\"reason\":\"replay-gap\"}"));
    QCOMPARE(peer.lease.settled.size(), std::size_t(1));
}

// AD-06
void tst_ServiceTraffic::messagesThatThePeerCannotTakeAreNotSent()
{
    ServiceHarness peer;
    peer.connect(",\"max_frame\":4096");
    peer.offer("a", QByteArray(4096, 'x'), 1, 71);
    peer.offer("a", "small", 1, 72);
    peer.pull();
    QCOMPARE(textOf(peer.heard(), "payload"), QStringLiteral("small"));
    QCOMPARE(peer.lease.settled[0].how, Settle::How::TooLarge);
    QCOMPARE(peer.lease.settled[1].how, Settle::How::Acked);
}

void tst_ServiceTraffic::aFullStreamIsNotPulled()
{
    ServiceHarness peer;
    peer.connect();
    peer.offer("a", "x");
    peer.stream.freeSpace = 0;
    peer.pull();
    QVERIFY(peer.lease.windows.empty());
    peer.stream.freeSpace = 100;
    peer.pull();
    QCOMPARE(peer.lease.windows.front().bytes, 100);
    QCOMPARE(peer.taken().size(), std::size_t(1));
}

void tst_ServiceTraffic::largeMessagesGoOutWhole()
{
    ServiceHarness peer;
    peer.connect();
    const QByteArray payload = QByteArray("0123456789").repeated(100000);
    peer.offer("a", payload);
    peer.pull();
    QCOMPARE(textOf(peer.heard(), "payload").toUtf8(), payload);
}

// What the schema of the options lets pass the code takes, and one more or less neither.
void tst_ServiceTraffic::schemaBoundsAreTheCodesBounds()
{
    QFile file(QStringLiteral(TCP_METADATA));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QJsonObject metadata = QJsonDocument::fromJson(file.readAll()).object();
    const QJsonObject properties = metadata.value(QLatin1String("transports"))
                                       .toArray()
                                       .first()
                                       .toObject()
                                       .value(QLatin1String("config"))
                                       .toObject()
                                       .value(QLatin1String("properties"))
                                       .toObject();
    EndpointConfig defaults;
    int checked = 0;
    for (auto it = properties.begin(); it != properties.end(); ++it) {
        if (!it.key().startsWith(QLatin1String("service_")))
            continue;
        const QJsonObject schema = it.value().toObject();
        const auto takes = [&](double value) {
            EndpointConfig config;
            config.options.insert(it.key(), value);
            return parseServiceOptions(config).has_value();
        };
        const double minimum = schema.value(QLatin1String("minimum")).toDouble();
        const double maximum = schema.value(QLatin1String("maximum")).toDouble();
        QVERIFY2(takes(minimum) && takes(maximum), qPrintable(it.key()));
        QVERIFY2(!takes(minimum - 1) && !takes(maximum + 1), qPrintable(it.key()));
        defaults.options.insert(it.key(), schema.value(QLatin1String("default")));
        ++checked;
    }
    QCOMPARE(checked, 5);
    const Result<ServiceOptions> filled = parseServiceOptions(defaults);
    QVERIFY(filled);
    const ServiceOptions plain;
    QCOMPARE(filled->sessionExpiry, plain.sessionExpiry);
    QCOMPARE(filled->keep, plain.keep);
    QCOMPARE(filled->heartbeat, plain.heartbeat);
    QCOMPARE(filled->heartbeatMax, plain.heartbeatMax);
    QCOMPARE(filled->maxFrame, plain.maxFrame);
}

QTEST_GUILESS_MAIN(tst_ServiceTraffic)
#include "tst_servicetraffic.moc"
