// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "serviceharness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

namespace {

QByteArray helloOf(const char *identity)
{
    return QByteArray("{\"op\":\"hello\",\"protocol\":{\"min\":1,\"max\":1},\"identity\":\"")
        + identity + "\"}\n";
}

} // namespace

/// What a link in service mode does with its input, and how it ends.
class tst_ServiceLink : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void badMessagesAreAnswered_data();
    void badMessagesAreAnswered();
    void brokenLinesEndTheLink_data();
    void brokenLinesEndTheLink();
    void anOverLongMessageEndsTheLink();
    void theEndWithinAMessageIsAnError();
    void anyPiecesGiveTheSameMessages();
    void aTurnHandlesSoMuchAndNoMore();
    void whoDoesNotReadIsNotRead();
    void silentPeersAreWatchedAndAsked();
    void peersWithoutPingAreNotAsked();
    void byeGivesEverythingBack();
    void theHostSaysWhyItEnds();
    void takenOverLinksHearSo();
};

void tst_ServiceLink::badMessagesAreAnswered_data()
{
    QTest::addColumn<QByteArray>("message");
    QTest::addColumn<QString>("code");
    QTest::addColumn<int>("re");
    const auto row = [](const char *name, const char *message, const char *code, int re) {
        QTest::newRow(name) << QByteArray(message) << QString::fromLatin1(code) << re;
    };
    row("unknown operation", "\"op\":\"fly\",\"id\":4", "not-supported", 4);
    row("no operation", "\"id\":4", "invalid-argument", 4);
    row("operation is a list", "\"op\":[],\"id\":4", "invalid-argument", 4);
    row("id is a text", "\"op\":\"fly\",\"id\":\"4\"", "not-supported", 0);
    row("id is huge", "\"op\":\"fly\",\"id\":1e18", "not-supported", 0);
    row("second hello", "\"op\":\"hello\",\"id\":4", "invalid-transition", 4);
    row("host's operation", "\"op\":\"welcome\",\"id\":4", "not-supported", 4);
    row("ill-typed", "\"op\":\"subscribe\",\"id\":4,\"filter\":7", "invalid-argument", 4);
    row("bad filter", "\"op\":\"subscribe\",\"id\":4,\"filter\":\"a#\"", "invalid-argument", 4);
    row("bad overflow",
        "\"op\":\"subscribe\",\"id\":4,\"filter\":\"a\",\"overflow\":\"explode\"",
        "invalid-argument",
        4);
    row("manual at qos 0",
        "\"op\":\"subscribe\",\"id\":4,\"filter\":\"a\",\"ack\":\"manual\"",
        "invalid-argument",
        4);
    row("wildcard topic",
        "\"op\":\"publish\",\"id\":4,\"topic\":\"a/#\",\"payload\":\"\"",
        "invalid-argument",
        4);
    row("topic with zero",
        "\"op\":\"publish\",\"id\":4,\"topic\":\"a\\u0000\",\"payload\":\"\"",
        "invalid-argument",
        4);
    row("no base64",
        "\"op\":\"publish\",\"id\":4,\"topic\":\"a\",\"payload_base64\":\"!\"",
        "invalid-argument",
        4);
    row("id at qos 0",
        "\"op\":\"publish\",\"id\":4,\"topic\":\"a\",\"payload\":\"\",\"qos\":0",
        "invalid-argument",
        4);
    row("bad response topic",
        "\"op\":\"publish\",\"id\":4,\"topic\":\"a\",\"payload\":\"\",\"properties\":{\"response_"
        "topic\":\"#\"}",
        "invalid-argument",
        4);
    row("unknown delivery", "\"op\":\"ack\",\"delivery\":3,\"id\":4", "not-found", 4);
    row("unknown broadcast", "\"op\":\"broadcast_ack\",\"re\":3", "not-found", 0);
    row("unknown call", "\"op\":\"answer\",\"re\":3,\"body\":1", "not-found", 0);
    row("call of nobody", "\"op\":\"call\",\"id\":4,\"capability\":\"x\"", "invalid-transition", 4);
    row("heartbeat of nobody", "\"op\":\"heartbeat\",\"id\":4", "invalid-transition", 4);
}

// AD-04, HB-05: what cannot be done is answered, and the link goes on.
void tst_ServiceLink::badMessagesAreAnswered()
{
    QFETCH(QByteArray, message);
    QFETCH(QString, code);
    QFETCH(int, re);
    ServiceHarness peer;
    peer.connect();
    peer.say(message);
    const QJsonObject error = peer.heard();
    QCOMPARE(error.value(QLatin1String("op")).toString(), QStringLiteral("error"));
    QCOMPARE(error.value(QLatin1String("code")).toString(), code);
    QCOMPARE(error.value(QLatin1String("re")).toInt(), re);
    QVERIFY(peer.bus.published.empty());
    QVERIFY(!peer.isClosed());
    peer.say("\"op\":\"ping\"");
    QCOMPARE(peer.heard().value(QLatin1String("op")).toString(), QStringLiteral("pong"));
}

void tst_ServiceLink::brokenLinesEndTheLink_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::newRow("no JSON") << QByteArray("hello");
    QTest::newRow("cut") << QByteArray("{\"op\":\"pi");
    QTest::newRow("no object") << QByteArray("[1]");
    QTest::newRow("two objects") << QByteArray("{\"op\":\"ping\"}{\"op\":\"ping\"}");
    QTest::newRow("binary") << QByteArray("\0\1\2", 3);
    QTest::newRow("no UTF-8") << QByteArray("{\"op\":\"\x80\"}");
    QTest::newRow("member twice") << QByteArray("{\"op\":\"ping\",\"op\":\"bye\"}");
    QTest::newRow("deep") << QByteArray("[").repeated(100000);
    QTest::newRow("huge number") << QByteArray("{\"op\":\"ping\",\"n\":1e999}");
}

// Where messages may be missing, nothing after them can be trusted.
void tst_ServiceLink::brokenLinesEndTheLink()
{
    QFETCH(QByteArray, line);
    ServiceHarness peer;
    peer.connect();
    peer.receive(line + "\n{\"op\":\"ping\"}\n");
    QCOMPARE(peer.errorHeard(), QStringLiteral("protocol-violation"));
    QVERIFY(peer.isClosed());
    QCOMPARE(peer.lease.released.size(), std::size_t(1));
}

// AD-06
void tst_ServiceLink::anOverLongMessageEndsTheLink()
{
    ServiceHarness peer(QJsonObject{{QStringLiteral("service_max_frame"), 100000}});
    peer.connect();
    peer.receive("{\"op\":\"ping\"" + QByteArray(100000 - 13, ' ') + "}\n");
    QCOMPARE(peer.heard().value(QLatin1String("op")).toString(), QStringLiteral("pong"));
    for (int i = 0; i < 100; ++i)
        peer.receive(QByteArray(1000, ' '));
    QVERIFY(!peer.isClosed());
    peer.receive(" ");
    QCOMPARE(peer.errorHeard(), QStringLiteral("packet-too-large"));
    QVERIFY(peer.isClosed());
}

// PL-03
void tst_ServiceLink::theEndWithinAMessageIsAnError()
{
    ServiceHarness whole;
    whole.connect();
    whole.receive("{\"op\":\"heartbeat\"}\n");
    whole.taken();
    whole.driver->handleEndOfInput();
    QCOMPARE(whole.endCode(), ErrorCode::ConnectionClosed);
    ServiceHarness cut;
    cut.connect();
    cut.receive("{\"op\":\"heartbeat\"}");
    cut.driver->handleEndOfInput();
    QCOMPARE(cut.endCode(), ErrorCode::ProtocolViolation);
    QVERIFY(cut.isClosed());
}

// PL-03: the messages of a stream do not depend on how it arrives.
void tst_ServiceLink::anyPiecesGiveTheSameMessages()
{
    QByteArray stream = helloOf("a") + "\r\n";
    for (int i = 0; i < 40; ++i) {
        stream += "{\"op\":\"publish\",\"topic\":\"t/" + QByteArray::number(i) + "\",\"payload\":\""
            + QByteArray("\xC3\xA4\\n").repeated(i * 7) + "\"}\r\n\n";
    }
    stream += "{\"op\":\"ping\"}\n";
    const auto outcome = [&stream](quint32 seed) {
        ServiceHarness peer;
        quint32 state = seed;
        qsizetype at = 0;
        while (at < stream.size()) {
            state = state * 1664525U + 1013904223U;
            const qsizetype size = seed == 0 ? stream.size()
                : seed == 1                  ? 1
                                             : 1 + qsizetype((state >> 16) % 97);
            peer.receive(stream.mid(at, size));
            at += size;
            if (peer.bus.authentications == 1 && peer.bus.acquisitions.empty()) {
                peer.authenticated();
                peer.granted();
            }
        }
        QByteArrayList got{peer.stream.written};
        for (const FakeBus::Published &published : peer.bus.published)
            got << published.topic << published.payload;
        return got;
    };
    const QByteArrayList whole = outcome(0);
    QCOMPARE(whole.size(), 81);
    for (quint32 seed = 1; seed < 200; ++seed)
        QCOMPARE(outcome(seed), whole);
}

void tst_ServiceLink::aTurnHandlesSoMuchAndNoMore()
{
    ServiceHarness peer;
    peer.connect();
    const QByteArray line
        = "{\"op\":\"publish\",\"topic\":\"t\",\"payload\":\"" + QByteArray(1000, 'x') + "\"}\n";
    peer.receive(line.repeated(300));
    const std::size_t first = peer.bus.published.size();
    QVERIFY(first > 100 && first < 150);
    QVERIFY(!peer.stream.reading);
    while (!peer.unused.isEmpty()) {
        peer.advance(0);
        QVERIFY(peer.stream.reading);
        peer.receive({});
    }
    QCOMPARE(peer.bus.published.size(), std::size_t(300));
}

// What a peer does not read, it cannot make more of.
void tst_ServiceLink::whoDoesNotReadIsNotRead()
{
    ServiceHarness peer;
    peer.connect();
    peer.stream.freeSpace = 0;
    peer.receive(QByteArray("{\"op\":\"ping\"}\n").repeated(100));
    QCOMPARE(peer.taken().size(), std::size_t(1));
    QVERIFY(!peer.stream.reading);
    peer.advance(1000);
    QVERIFY(!peer.stream.reading);
    peer.stream.freeSpace = 1000;
    peer.advance(1000);
    QVERIFY(peer.stream.reading);
    peer.receive({});
    QCOMPARE(peer.taken().size(), std::size_t(99));
}

// HB-01, HB-04
void tst_ServiceLink::silentPeersAreWatchedAndAsked()
{
    ServiceHarness peer(QJsonObject{{QStringLiteral("service_heartbeat"), 12}});
    peer.connect(",\"features\":[\"ping\"]");
    QCOMPARE(peer.heartbeat.plans.size(), std::size_t(1));
    QCOMPARE(peer.heartbeat.plans[0].timeoutMs, 12000);
    QCOMPARE(peer.heartbeat.plans[0].probeMs, 4000);
    peer.driver->handleProbeDue();
    QCOMPARE(peer.heard().value(QLatin1String("op")).toString(), QStringLiteral("ping"));
    peer.say("\"op\":\"pong\"");
    QVERIFY(peer.stream.written.isEmpty());
}

void tst_ServiceLink::peersWithoutPingAreNotAsked()
{
    ServiceHarness peer;
    peer.connect();
    QCOMPARE(peer.heartbeat.plans[0].probeMs, 0);
}

void tst_ServiceLink::byeGivesEverythingBack()
{
    for (const bool clean : {false, true}) {
        ServiceHarness peer;
        peer.registered();
        peer.say(clean ? "\"op\":\"bye\",\"clean\":true"
                       : "\"op\":\"bye\",\"reason\":\"updating\"");
        QVERIFY(peer.isClosed());
        QCOMPARE(peer.endCode(), ErrorCode::ConnectionClosed);
        QCOMPARE(peer.seat.unregistrations, 1);
        QCOMPARE(peer.lease.released.size(), std::size_t(1));
        QCOMPARE(peer.lease.released[0].changeExpiry, clean);
        QCOMPARE(peer.lease.released[0].expirySeconds, 0U);
    }
    ServiceHarness lost;
    lost.registered();
    lost.driver->handleEndOfInput();
    QCOMPARE(lost.seat.unregistrations, 0);
}

// AD-04: ShuttingDown is really sent.
void tst_ServiceLink::theHostSaysWhyItEnds()
{
    const Error reason(ErrorCode::ShuttingDown, QStringLiteral("the host shuts down"));
    ServiceHarness running;
    running.connect();
    running.driver->handleClosing(reason);
    const QJsonObject bye = running.heard();
    QCOMPARE(bye.value(QLatin1String("op")).toString(), QStringLiteral("bye"));
    QCOMPARE(bye.value(QLatin1String("code")).toString(), QStringLiteral("shutting-down"));
    QCOMPARE(running.lease.released.size(), std::size_t(1));
    running.say("\"op\":\"publish\",\"topic\":\"t\",\"payload\":\"late\"");
    QVERIFY(running.bus.published.empty());
    ServiceHarness known;
    known.hello();
    known.driver->handleClosing(reason);
    QCOMPARE(known.errorHeard(), QStringLiteral("shutting-down"));
    ServiceHarness silent;
    silent.driver->handleClosing(reason);
    QVERIFY(silent.stream.written.isEmpty());
}

// RP-07: the former link hears that it was superseded, and settles nothing any more.
void tst_ServiceLink::takenOverLinksHearSo()
{
    ServiceHarness peer;
    peer.connect();
    peer.offer("t", "1", 1, 5, true);
    peer.pull();
    peer.taken();
    peer.driver->handleFenced(FenceReason::TakenOver);
    const QJsonObject bye = peer.heard();
    QCOMPARE(bye.value(QLatin1String("code")).toString(), QStringLiteral("superseded"));
    peer.say("\"op\":\"ack\",\"delivery\":1");
    QVERIFY(peer.lease.settled.empty());
    QVERIFY(peer.lease.released.empty());
}

QTEST_GUILESS_MAIN(tst_ServiceLink)
#include "tst_servicelink.moc"
