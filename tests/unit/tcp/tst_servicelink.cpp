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

/// How a link in service mode begins, what it does with bad input, and how it ends.
class tst_ServiceLink : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aPeerIsWelcomed();
    void whatAPeerAsksOfItsSessionIsPassedOn();
    void credentialsArePassedOn();
    void versionsAreNegotiatedFirst_data();
    void versionsAreNegotiatedFirst();
    void badBeginningsEndTheLink_data();
    void badBeginningsEndTheLink();
    void foreignProtocolsGetNoAnswer_data();
    void foreignProtocolsGetNoAnswer();
    void anOverLongHelloIsRefused();
    void refusalsAreToldWithTheirCode_data();
    void refusalsAreToldWithTheirCode();
    void aQuietEndpointTakesNobody();
    void messagesWaitForTheWelcome();
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

// AD-02: the session is asked for when the peer is known, and the answer says what holds.
void tst_ServiceLink::aPeerIsWelcomed()
{
    ServiceHarness peer;
    QCOMPARE(peer.bus.authentications, 0);
    peer.hello(",\"features\":[\"ping\",\"teleport\"]");
    QCOMPARE(peer.bus.authentications, 1);
    QVERIFY(peer.bus.acquisitions.empty());
    peer.authenticated();
    QCOMPARE(peer.bus.acquisitions.size(), std::size_t(1));
    QVERIFY(peer.stream.written.isEmpty());
    peer.granted(true);
    const QJsonObject welcome = peer.heard();
    QCOMPARE(QJsonDocument(welcome).toJson(QJsonDocument::Compact),
             QByteArray("{\"features\":[\"ping\"],"
                        "\"heartbeat\":{\"interval_ms\":10000,\"timeout_ms\":30000},"
                        "\"host\":{\"version\":\"0.1.0\"},\"identity\":\"thermostat\","
                        "\"limits\":{\"call_body\":1048576,\"max_frame\":16777216,"
                        "\"open_calls\":64},\"op\":\"welcome\",\"protocol\":1,"
                        "\"session\":{\"expiry\":30,\"resumed\":true,\"window\":64}}"));
}

// RP-06: the session waits as long as the peer or the operator says.
void tst_ServiceLink::whatAPeerAsksOfItsSessionIsPassedOn()
{
    ServiceHarness plain(QJsonObject{{QStringLiteral("service_session_expiry"), 77}});
    plain.hello();
    plain.authenticated();
    QCOMPARE(plain.bus.acquisitions[0].peerKey, QByteArray("thermostat"));
    QCOMPARE(plain.bus.acquisitions[0].expirySeconds, 77U);
    QVERIFY(!plain.bus.acquisitions[0].clean);
    ServiceHarness choosy;
    choosy.hello(",\"session\":{\"expiry\":0,\"clean\":true,\"window\":9}");
    choosy.authenticated();
    QCOMPARE(choosy.bus.acquisitions[0].expirySeconds, 0U);
    QVERIFY(choosy.bus.acquisitions[0].clean);
    QCOMPARE(choosy.bus.acquisitions[0].window, quint16(9));
}

void tst_ServiceLink::credentialsArePassedOn()
{
    ServiceHarness peer;
    peer.hello(",\"credentials\":{\"user\":\"anna\",\"password\":\"s\\u00e9same\"}");
    QCOMPARE(peer.bus.peerKey, QByteArray("thermostat"));
    QCOMPARE(peer.bus.userName, QByteArray("anna"));
    QCOMPARE(peer.bus.password, QByteArray("s\xC3\xA9same"));
    QVERIFY(peer.bus.hasUserName && peer.bus.hasPassword);
    ServiceHarness plain;
    plain.hello();
    QVERIFY(!plain.bus.hasUserName && !plain.bus.hasPassword);
}

void tst_ServiceLink::versionsAreNegotiatedFirst_data()
{
    QTest::addColumn<QByteArray>("range");
    QTest::addColumn<QString>("code");
    QTest::newRow("own") << QByteArray("{\"min\":1,\"max\":1}") << QString();
    QTest::newRow("wider") << QByteArray("{\"min\":1,\"max\":9}") << QString();
    QTest::newRow("newer") << QByteArray("{\"min\":2,\"max\":9}")
                           << QStringLiteral("version-refused");
    QTest::newRow("reversed") << QByteArray("{\"min\":3,\"max\":1}")
                              << QStringLiteral("invalid-argument");
    QTest::newRow("number") << QByteArray("1") << QStringLiteral("invalid-argument");
}

// AD-02: nothing is looked up for a peer of another version, whatever else it says; AD-04.
void tst_ServiceLink::versionsAreNegotiatedFirst()
{
    QFETCH(QByteArray, range);
    QFETCH(QString, code);
    ServiceHarness peer;
    const QByteArray rest = code.isEmpty() ? ",\"identity\":\"a\"" : ",\"identity\":{\"later\":1}";
    peer.say("\"op\":\"hello\",\"protocol\":" + range + rest);
    QCOMPARE(peer.bus.authentications, code.isEmpty() ? 1 : 0);
    QCOMPARE(peer.isClosed(), !code.isEmpty());
    if (code.isEmpty())
        return;
    const QJsonObject error = peer.heard();
    QCOMPARE(error.value(QLatin1String("code")).toString(), code);
    if (code == QLatin1String("version-refused")) {
        const QJsonObject own = error.value(QLatin1String("details"))
                                    .toObject()
                                    .value(QLatin1String("protocol"))
                                    .toObject();
        QCOMPARE(own.value(QLatin1String("min")).toInt(), 1);
        QCOMPARE(own.value(QLatin1String("max")).toInt(), 1);
    }
}

void tst_ServiceLink::badBeginningsEndTheLink_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("code");
    const QString violation = QStringLiteral("protocol-violation");
    const QString argument = QStringLiteral("invalid-argument");
    QTest::newRow("another operation") << QByteArray("{\"op\":\"ping\"}") << violation;
    QTest::newRow("no operation") << QByteArray("{}") << violation;
    QTest::newRow("operation is a number") << QByteArray("{\"op\":1}") << violation;
    QTest::newRow("broken") << QByteArray("{\"op\":") << violation;
    QTest::newRow("interleaved") << QByteArray("{\"op\":\"hel{\"op\":\"hello\"}lo\"}") << violation;
    QTest::newRow("no UTF-8") << QByteArray("{\"op\":\"hello\xFF\"}") << violation;
    QTest::newRow("deep") << QByteArray("{\"a\":").repeated(5000) << violation;
    QTest::newRow("no version") << QByteArray("{\"op\":\"hello\",\"identity\":\"a\"}") << argument;
    const QByteArray head = "{\"op\":\"hello\",\"protocol\":{\"min\":1,\"max\":1}";
    QTest::newRow("no identity") << head + "}" << argument;
    QTest::newRow("empty identity") << head + ",\"identity\":\"\"}" << argument;
    QTest::newRow("long identity")
        << head + ",\"identity\":\"" + QByteArray(129, 'a') + "\"}" << argument;
    QTest::newRow("identity of many bytes")
        << head + ",\"identity\":\"" + QByteArray("\xC3\xA4").repeated(65) + "\"}" << argument;
    QTest::newRow("control character") << head + ",\"identity\":\"a\\u0085b\"}" << argument;
    QTest::newRow("zero") << head + ",\"identity\":\"a\\u0000b\"}" << argument;
    QTest::newRow("huge window") << head + ",\"identity\":\"a\",\"session\":{\"window\":1e9}}"
                                 << argument;
    QTest::newRow("password alone")
        << head + ",\"identity\":\"a\",\"credentials\":{\"password\":\"x\"}}" << argument;
}

// AD-04: a refusal has a code, and nobody was looked up.
void tst_ServiceLink::badBeginningsEndTheLink()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, code);
    ServiceHarness peer;
    peer.receive(line + '\n');
    QCOMPARE(peer.errorHeard(), code);
    QVERIFY(peer.isClosed());
    QCOMPARE(peer.bus.authentications, 0);
}

void tst_ServiceLink::foreignProtocolsGetNoAnswer_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("HTTP") << QByteArray("GET / HTTP/1.1\r\n");
    QTest::newRow("TLS") << QByteArray("\x16\x03\x01\x02\x00", 5);
    QTest::newRow("MQTT") << QByteArray("\x10\x0C\x00\x04MQTT", 8);
    QTest::newRow("array") << QByteArray("\n [1]\n");
    QTest::newRow("one byte") << QByteArray("x");
}

void tst_ServiceLink::foreignProtocolsGetNoAnswer()
{
    QFETCH(QByteArray, bytes);
    ServiceHarness peer;
    peer.receive(bytes);
    QVERIFY(peer.isClosed());
    QCOMPARE(peer.endCode(), ErrorCode::ProtocolViolation);
    QVERIFY(peer.stream.written.isEmpty());
}

// AD-06: judged while it arrives.
void tst_ServiceLink::anOverLongHelloIsRefused()
{
    ServiceHarness fits;
    const QByteArray hello = helloOf("a");
    fits.receive(hello.chopped(2) + QByteArray(65536 - hello.size() + 1, ' ') + "}\n");
    QCOMPARE(fits.bus.authentications, 1);
    ServiceHarness over;
    over.receive("{" + QByteArray(65535, ' '));
    QVERIFY(!over.isClosed());
    over.receive(" ");
    QCOMPARE(over.errorHeard(), QStringLiteral("packet-too-large"));
    QVERIFY(over.isClosed());
}

void tst_ServiceLink::refusalsAreToldWithTheirCode_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("name");
    const auto row = [](ErrorCode code) {
        QTest::newRow(errorName(code)) << int(code) << QString::fromLatin1(errorName(code));
    };
    for (const ErrorCode code : {ErrorCode::NotAuthenticated,
                                 ErrorCode::NotAuthorized,
                                 ErrorCode::IdentityMismatch,
                                 ErrorCode::LimitReached,
                                 ErrorCode::RateExceeded,
                                 ErrorCode::ShuttingDown,
                                 ErrorCode::Superseded}) {
        row(code);
    }
}

// AD-04, AD-01: whatever the host refuses a peer for, it is told with its code and when to come again.
void tst_ServiceLink::refusalsAreToldWithTheirCode()
{
    QFETCH(int, code);
    QFETCH(QString, name);
    Error refusal(ErrorCode(code), QStringLiteral("no"));
    refusal.setDetail(QStringLiteral("retryAfterMs"), 1500);
    refusal.setDetail(QStringLiteral("field"), QStringLiteral("x"));
    for (const bool atLease : {false, true}) {
        ServiceHarness peer;
        peer.hello();
        peer.authenticated(atLease ? Error() : refusal);
        if (atLease) {
            LeaseGrant grant;
            grant.error = refusal;
            peer.driver->handleLease(grant);
        }
        const QJsonObject error = peer.heard();
        QCOMPARE(error.value(QLatin1String("code")).toString(), name);
        QCOMPARE(error.value(QLatin1String("retry_after_ms")).toInt(), 1500);
        QCOMPARE(error.value(QLatin1String("details")).toObject().keys(),
                 QStringList{QStringLiteral("field")});
        QVERIFY(peer.isClosed());
        QCOMPARE(peer.endCode(), ErrorCode(code));
    }
}

// AD-01: who comes while nobody is taken is told so, after it said who it is. BC-06.
void tst_ServiceLink::aQuietEndpointTakesNobody()
{
    for (const auto &[reason, code] : {std::pair(QuiesceReason::HostShutdown, "shutting-down"),
                                       std::pair(QuiesceReason::Maintenance, "not-running")}) {
        ServiceHarness peer;
        peer.endpoint.quiet = reason;
        peer.hello();
        QCOMPARE(peer.errorHeard(), QString::fromLatin1(code));
        QVERIFY(peer.isClosed());
        QCOMPARE(peer.bus.authentications, 0);
    }
}

void tst_ServiceLink::messagesWaitForTheWelcome()
{
    ServiceHarness peer;
    peer.receive(helloOf("a") + "{\"op\":\"publish\",\"topic\":\"t\",\"payload\":\"1\"}\n");
    QVERIFY(peer.bus.published.empty());
    peer.authenticated();
    QVERIFY(peer.bus.published.empty());
    peer.granted();
    QCOMPARE(peer.bus.published.size(), std::size_t(1));
}

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
