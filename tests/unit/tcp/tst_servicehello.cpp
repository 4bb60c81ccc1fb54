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

/// How a link in service mode begins, and who is turned away.
class tst_ServiceHello : public QObject
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
};

// AD-02: the session is asked for when the peer is known, and the answer says what holds.
void tst_ServiceHello::aPeerIsWelcomed()
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
void tst_ServiceHello::whatAPeerAsksOfItsSessionIsPassedOn()
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

void tst_ServiceHello::credentialsArePassedOn()
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

void tst_ServiceHello::versionsAreNegotiatedFirst_data()
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
void tst_ServiceHello::versionsAreNegotiatedFirst()
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

void tst_ServiceHello::badBeginningsEndTheLink_data()
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
void tst_ServiceHello::badBeginningsEndTheLink()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, code);
    ServiceHarness peer;
    peer.receive(line + '\n');
    QCOMPARE(peer.errorHeard(), code);
    QVERIFY(peer.isClosed());
    QCOMPARE(peer.bus.authentications, 0);
}

void tst_ServiceHello::foreignProtocolsGetNoAnswer_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("HTTP") << QByteArray("GET / HTTP/1.1\r\n");
    QTest::newRow("TLS") << QByteArray("\x16\x03\x01\x02\x00", 5);
    QTest::newRow("MQTT") << QByteArray("\x10\x0C\x00\x04MQTT", 8);
    QTest::newRow("array") << QByteArray("\n [1]\n");
    QTest::newRow("one byte") << QByteArray("x");
}

void tst_ServiceHello::foreignProtocolsGetNoAnswer()
{
    QFETCH(QByteArray, bytes);
    ServiceHarness peer;
    peer.receive(bytes);
    QVERIFY(peer.isClosed());
    QCOMPARE(peer.endCode(), ErrorCode::ProtocolViolation);
    QVERIFY(peer.stream.written.isEmpty());
}

// AD-06: judged while it arrives.
void tst_ServiceHello::anOverLongHelloIsRefused()
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

void tst_ServiceHello::refusalsAreToldWithTheirCode_data()
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
void tst_ServiceHello::refusalsAreToldWithTheirCode()
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
void tst_ServiceHello::aQuietEndpointTakesNobody()
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

void tst_ServiceHello::messagesWaitForTheWelcome()
{
    ServiceHarness peer;
    peer.receive(helloOf("a") + "{\"op\":\"publish\",\"topic\":\"t\",\"payload\":\"1\"}\n");
    QVERIFY(peer.bus.published.empty());
    peer.authenticated();
    QVERIFY(peer.bus.published.empty());
    peer.granted();
    QCOMPARE(peer.bus.published.size(), std::size_t(1));
}

QTEST_GUILESS_MAIN(tst_ServiceHello)
#include "tst_servicehello.moc"
