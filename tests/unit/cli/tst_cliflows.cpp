// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "mqttclient/incomingflow.h"
#include "mqttclient/outgoingflow.h"

#include <QtTest>

using namespace fairlead::cli;
using fairlead::mqtt::ReasonCode;
using Verdict = OutgoingFlow::Verdict;

/// The client's side of QoS 1 and 2.
class tst_CliFlows : public QObject
{
    Q_OBJECT

    static OutgoingMessage message(quint8 qos, const char *payload = "x")
    {
        OutgoingMessage one;
        one.topic = "t";
        one.payload = payload;
        one.qos = qos;
        return one;
    }

    struct Resumed
    {
        QList<QByteArray> again;
        QList<quint64> finished;
    };

    static Resumed resume(OutgoingFlow &flow, bool sessionPresent, quint16 receiveMaximum = 65'535)
    {
        Resumed result;
        flow.resume(
            sessionPresent,
            receiveMaximum,
            [&](const OutgoingFlow::Entry &entry) {
                result.again += entry.message.payload + (entry.dup ? "/dup" : "")
                    + (entry.stage == OutgoingFlow::Stage::AwaitingComp ? "/rel" : "");
            },
            [&](quint64 handle) { result.finished += handle; });
        return result;
    }

private Q_SLOTS:
    void finishesQos1WithItsAck();
    void finishesQos2InThreeSteps();
    void aRefusedPubrecFinishes();
    void keepsToTheWindowAndTheOrder();
    void keepsToTheBrokersReceiveMaximum();
    void resumesASession();
    void beginsAnewWithoutASession();
    void neverTakesAPacketIdTwice();
    void holdsQos2UntilReleased();
    void forgetsHeldMessagesWithTheSession();
    void boundsWhatIsHeld();
    void resolvesAliases();
};

void tst_CliFlows::finishesQos1WithItsAck()
{
    OutgoingFlow flow(20);
    const quint64 handle = flow.add(message(1));
    const quint16 id = flow.next()->packetId;
    QVERIFY(id != 0);
    QCOMPARE(flow.next(), nullptr);
    QCOMPARE(flow.completed(id).verdict, Verdict::Unknown);
    QCOMPARE(flow.received(id, ReasonCode::Success).verdict, Verdict::Unknown);
    const OutgoingFlow::Outcome outcome = flow.acknowledged(id);
    QCOMPARE(outcome.verdict, Verdict::Finished);
    QCOMPARE(outcome.handle, handle);
    QCOMPARE(flow.acknowledged(id).verdict, Verdict::Unknown);
    QCOMPARE(flow.inFlight(), quint16(0));
}

void tst_CliFlows::finishesQos2InThreeSteps()
{
    OutgoingFlow flow(20);
    const quint64 handle = flow.add(message(2));
    const quint16 id = flow.next()->packetId;
    QCOMPARE(flow.acknowledged(id).verdict, Verdict::Unknown);
    QCOMPARE(flow.completed(id).verdict, Verdict::Unknown);
    QCOMPARE(flow.received(id, ReasonCode::Success).verdict, Verdict::Continue);
    QCOMPARE(flow.received(id, ReasonCode::Success).verdict, Verdict::Continue);
    QCOMPARE(flow.inFlight(), quint16(1));
    QCOMPARE(flow.completed(id).handle, handle);
    QCOMPARE(flow.size(), std::size_t(0));
}

void tst_CliFlows::aRefusedPubrecFinishes()
{
    OutgoingFlow flow(20);
    flow.add(message(2));
    const quint16 id = flow.next()->packetId;
    QCOMPARE(flow.received(id, ReasonCode::NotAuthorized).verdict, Verdict::Finished);
    QCOMPARE(flow.size(), std::size_t(0));
}

void tst_CliFlows::keepsToTheWindowAndTheOrder()
{
    OutgoingFlow flow(2);
    flow.add(message(1, "a"));
    flow.add(message(2, "b"));
    flow.add(message(1, "c"));
    flow.add(message(0, "d"));
    const quint16 first = flow.next()->packetId;
    const quint16 second = flow.next()->packetId;
    QVERIFY(first != second);
    // The window is full, and what needs none waits behind what does.
    QCOMPARE(flow.next(), nullptr);
    flow.acknowledged(first);
    QCOMPARE(flow.next()->message.payload, QByteArray("c"));
    const OutgoingFlow::Entry *last = flow.next();
    QCOMPARE(last->message.payload, QByteArray("d"));
    QCOMPARE(last->packetId, quint16(0));
    flow.drop(last->handle);
    QCOMPARE(flow.size(), std::size_t(2));
}

void tst_CliFlows::keepsToTheBrokersReceiveMaximum()
{
    OutgoingFlow flow(20);
    resume(flow, false, 1);
    flow.add(message(1));
    flow.add(message(1));
    QVERIFY(flow.next() != nullptr);
    QCOMPARE(flow.next(), nullptr);
}

void tst_CliFlows::resumesASession()
{
    OutgoingFlow flow(20);
    flow.add(message(1, "a"));
    flow.add(message(2, "b"));
    flow.add(message(2, "c"));
    flow.add(message(1, "queued"));
    const quint16 a = flow.next()->packetId;
    const quint16 b = flow.next()->packetId;
    (void)flow.next();
    flow.received(b, ReasonCode::Success);
    const Resumed resumed = resume(flow, true);
    QCOMPARE(resumed.again, (QList<QByteArray>{"a/dup", "/dup/rel", "c/dup"}));
    QCOMPARE(flow.acknowledged(a).verdict, Verdict::Finished);
    QCOMPARE(flow.completed(b).verdict, Verdict::Finished);
    QCOMPARE(flow.next()->message.payload, QByteArray("queued"));
}

void tst_CliFlows::beginsAnewWithoutASession()
{
    OutgoingFlow flow(20);
    flow.add(message(1, "a"));
    const quint64 taken = flow.add(message(2, "b"));
    flow.add(message(2, "c"));
    (void)flow.next();
    const quint16 b = flow.next()->packetId;
    (void)flow.next();
    flow.received(b, ReasonCode::Success);
    const Resumed resumed = resume(flow, false);
    QVERIFY(resumed.again.isEmpty());
    QCOMPARE(resumed.finished, QList<quint64>{taken});
    QCOMPARE(flow.inFlight(), quint16(0));
    const OutgoingFlow::Entry *first = flow.next();
    QCOMPARE(first->message.payload, QByteArray("a"));
    QVERIFY(!first->dup);
    QCOMPARE(flow.next()->message.payload, QByteArray("c"));
    QCOMPARE(flow.next(), nullptr);
}

void tst_CliFlows::neverTakesAPacketIdTwice()
{
    OutgoingFlow flow(20);
    const quint16 kept = flow.takePacketId();
    for (int i = 0; i < 70'000; ++i) {
        const quint16 id = flow.takePacketId();
        QVERIFY(id != 0 && id != kept);
        flow.releasePacketId(id);
    }
}

void tst_CliFlows::holdsQos2UntilReleased()
{
    IncomingFlow flow(20, 0);
    IncomingMessage one;
    one.packetId = 9;
    one.payload = "first";
    QVERIFY(!flow.hold(one));
    one.payload = "sent again";
    QVERIFY(!flow.hold(one));
    QCOMPARE(flow.release(9)->payload, QByteArray("first"));
    QVERIFY(!flow.release(9).has_value());
}

void tst_CliFlows::forgetsHeldMessagesWithTheSession()
{
    IncomingFlow flow(20, 0);
    IncomingMessage one;
    one.packetId = 9;
    QVERIFY(!flow.hold(one));
    flow.resume(true);
    QVERIFY(flow.release(9).has_value());
    QVERIFY(!flow.hold(one));
    flow.resume(false);
    QVERIFY(!flow.release(9).has_value());
}

void tst_CliFlows::boundsWhatIsHeld()
{
    IncomingFlow flow(1, 0);
    IncomingMessage one;
    one.packetId = 1;
    QVERIFY(!flow.hold(one));
    one.packetId = 2;
    QCOMPARE(flow.hold(one).reason, ReasonCode::ReceiveMaximumExceeded);
}

void tst_CliFlows::resolvesAliases()
{
    IncomingFlow flow(20, 2);
    IncomingMessage one;
    one.topic = "long/topic";
    one.topicAlias = 2;
    QVERIFY(!flow.resolveTopic(one));
    one.topic.clear();
    QVERIFY(!flow.resolveTopic(one));
    QCOMPARE(one.topic, QByteArray("long/topic"));
    one.topicAlias = 3;
    QCOMPARE(flow.resolveTopic(one).reason, ReasonCode::TopicAliasInvalid);
    one.topic.clear();
    one.topicAlias = 1;
    QCOMPARE(flow.resolveTopic(one).reason, ReasonCode::ProtocolError);
    // Aliases end with the connection.
    flow.resume(true);
    one.topicAlias = 2;
    QCOMPARE(flow.resolveTopic(one).reason, ReasonCode::ProtocolError);
}

QTEST_APPLESS_MAIN(tst_CliFlows)
#include "tst_cliflows.moc"
