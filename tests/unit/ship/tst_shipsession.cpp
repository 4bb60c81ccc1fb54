// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/endcode.h"
#include "linkharness.h"
#include "shiptexts.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::test;
using namespace fairlead::test::shiptexts;
using fairlead::ship::Role;

/// A connection before it has its session, and one that does not get it.
class tst_ShipSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theProtocolDoesNotWaitForTheSession();
    void dataBeforeTheSessionKeepsItsOrder();
    void dataBeforeTheSessionIsBounded();
    void whatWaitsLeavesInShares();
    void whatIsSentWaitsUntilItIsDecided_data();
    void whatIsSentWaitsUntilItIsDecided();
    void theWinnerSendsWhatWaited();
    void aLoserSaysNothingOnTheBus_data();
    void aLoserSaysNothingOnTheBus();
};

// RG-07
void tst_ShipSession::theProtocolDoesNotWaitForTheSession()
{
    LinkHarness harness(trusting());
    harness.contend();
    const FakeBus::Acquired &acquired = harness.bus.acquisitions.back();
    QCOMPARE(acquired.doubleLinks, DoubleLinkRule::DeferredRecency);
    QCOMPARE(acquired.ownId, kOwnSki);
    QVERIFY(harness.heartbeat.watched);
    harness.exchange();
    harness.receive("\1{\"accessMethods\":[{\"id\":\"one\"}]}");
    // The peer sees a host that exchanges data, and the bus sees nothing yet.
    QCOMPARE(harness.stream.sent.last(), QByteArray("\1{\"accessMethodsRequest\":[]}"));
    QVERIFY(harness.bus.published.empty());
    QVERIFY(harness.lease.subscribed.empty());

    harness.offer("{}");
    harness.prevail();
    QCOMPARE(harness.lastState().value(QStringLiteral("state")),
             QJsonValue(QStringLiteral("connected")));
    QCOMPARE(harness.published("ship/" + kPeerSki + "/info").size(), 1);
    QCOMPARE(harness.lease.subscribed.size(), std::size_t(1));
    QCOMPARE(harness.stream.sent.last(), dataMessage("{}"));
}

// SHIP 12.2.2: connected, then what the peer said, in order.
void tst_ShipSession::dataBeforeTheSessionKeepsItsOrder()
{
    LinkHarness harness(trusting());
    harness.contend();
    harness.exchange();
    harness.receive(dataMessage("{\"a\":1}"));
    harness.receive(dataMessage("{\"a\":2}"));
    harness.prevail();
    harness.receive(dataMessage("{\"a\":3}"));
    QByteArrayList told;
    for (const FakeBus::Published &one : harness.bus.published)
        told << (one.topic == rx() ? one.payload : one.topic);
    QCOMPARE(
        told,
        (QByteArrayList{"ship/" + kPeerSki + "/state", "{\"a\":1}", "{\"a\":2}", "{\"a\":3}"}));
}

// RR20
void tst_ShipSession::dataBeforeTheSessionIsBounded()
{
    const QByteArray message = dataMessage("{\"a\":1}");
    LinkHarness harness(trusting());
    harness.contend();
    harness.exchange();
    std::size_t taken = 0;
    while (taken < 10'000 && harness.receive(message) > 0)
        ++taken;
    QCOMPARE(taken, std::size_t(ship::EarlyData::kMostMessages));
    // What was not used comes again.
    harness.prevail();
    QCOMPARE(harness.receive(message), std::size_t(message.size()));
    QCOMPARE(harness.published(rx()).size(), int(taken) + 1);

    LinkHarness large(trusting());
    large.contend();
    large.exchange();
    const QByteArray big = dataMessage('"' + QByteArray(200'000, 'x') + '"');
    QVERIFY(large.receive(big) > 0);
    QVERIFY(large.receive(big) > 0);
    QCOMPARE(large.receive(message), std::size_t(0));
}

// RR20: some devices have room for thirty messages.
void tst_ShipSession::whatWaitsLeavesInShares()
{
    LinkHarness harness(trusting());
    harness.shakeHands();
    harness.stream.sent.clear();
    constexpr int kCount = 100;
    QByteArrayList wanted;
    for (int i = 0; i < kCount; ++i) {
        const QByteArray number = QByteArray::number(i);
        harness.offer(number, quint64(i) + 1);
        wanted << dataMessage(number);
    }
    harness.driver->handlePull(harness.lease);
    QCOMPARE(harness.stream.sent.size(), ship::SendPace::kShare);
    // More of them, or another look, is no more room.
    harness.driver->handlePull(harness.lease);
    harness.advance(2);
    QCOMPARE(harness.stream.sent.size(), ship::SendPace::kShare);
    harness.advance(1);
    QCOMPARE(harness.stream.sent.size(), 2 * ship::SendPace::kShare);
    for (int i = 0; i < kCount; ++i)
        harness.advance(3);
    QCOMPARE(harness.stream.sent, wanted);
    QCOMPARE(harness.lease.settled.size(), std::size_t(kCount));
    // Nothing waits, and nothing is asked for.
    QVERIFY(harness.timers.armed.empty());
}

// Two nodes that dial each other may each begin with another connection: the one that is given up would
// take along what it carries.
void tst_ShipSession::whatIsSentWaitsUntilItIsDecided_data()
{
    QTest::addColumn<bool>("otherEnds");
    QTest::newRow("the other one ends") << true;
    QTest::newRow("both stay") << false;
}

void tst_ShipSession::whatIsSentWaitsUntilItIsDecided()
{
    QFETCH(bool, otherEnds);
    LinkHarness harness(trusting());
    harness.shakeHands();
    LinkHarness other(harness.endpoint, Role::Server);
    other.contend();
    harness.stream.sent.clear();
    harness.offer("1", 1);
    harness.offer("2", 2);
    harness.driver->handlePull(harness.lease);
    harness.advance(2'999);
    QVERIFY(harness.stream.sent.isEmpty());
    QVERIFY(harness.lease.settled.empty());
    if (otherEnds) {
        other.driver->handleEndOfInput();
        harness.executor.run();
    } else {
        harness.advance(1);
    }
    QCOMPARE(harness.stream.sent, (QByteArrayList{dataMessage("1"), dataMessage("2")}));
    // One that leaves without messages to wait for changes nothing.
    LinkHarness late(harness.endpoint, Role::Server);
    late.contend();
    late.driver->handleEndOfInput();
    harness.driver->handleFenced(FenceReason::TakenOver);
    harness.stream.sent.clear();
    harness.executor.run();
    QVERIFY(harness.stream.sent.isEmpty());
}

void tst_ShipSession::theWinnerSendsWhatWaited()
{
    LinkHarness loser(trusting());
    loser.shakeHands();
    LinkHarness winner(loser.endpoint, Role::Server);
    winner.contend();
    winner.exchange();
    winner.stream.sent.clear();
    winner.offer("1", 1);
    winner.prevail();
    QVERIFY(winner.stream.sent.isEmpty());
    loser.driver->handleFenced(FenceReason::TakenOver);
    winner.executor.run();
    QCOMPARE(winner.stream.sent, QByteArrayList{dataMessage("1")});
}

void tst_ShipSession::aLoserSaysNothingOnTheBus_data()
{
    QTest::addColumn<bool>("exchanges");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("lastWord");
    QTest::addColumn<int>("closeCode");
    for (const ErrorCode code : {ErrorCode::AlreadyExists, ErrorCode::Superseded}) {
        QTest::addRow("in the handshake, %d", int(code))
            << false << int(code) << QByteArray("\1{\"connectionHello\"") << 1000;
        QTest::addRow("exchanging, %d", int(code)) << true << int(code) << kCloseAnnounced << 1000;
    }
    QTest::addRow("the host ends")
        << true << int(ErrorCode::ShuttingDown) << kCloseAnnounced << 4001;
}

// SHIP 12.2.2: the handshake ends without a word, the data exchange in order.
void tst_ShipSession::aLoserSaysNothingOnTheBus()
{
    QFETCH(bool, exchanges);
    QFETCH(int, code);
    QFETCH(QByteArray, lastWord);
    QFETCH(int, closeCode);
    LinkHarness harness(trusting());
    harness.contend();
    if (exchanges) {
        harness.exchange();
        harness.receive(dataMessage("{\"a\":1}"));
    } else {
        harness.receive(kInit);
    }
    harness.link.completeAdmission(Error(ErrorCode(code), QStringLiteral("another stays")));
    QVERIFY(harness.isClosed());
    QVERIFY(harness.stream.sent.last().startsWith(lastWord));
    QVERIFY(!harness.stream.sent.last().contains("aborted"));
    QCOMPARE(int(harness.stream.closeCode), closeCode);
    QVERIFY(harness.bus.published.empty());
    QVERIFY(harness.lease.released.empty());
    QVERIFY(harness.timers.armed.empty());
}

QTEST_APPLESS_MAIN(tst_ShipSession)
#include "tst_shipsession.moc"
