// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "serviceharness.h"

#include <QtTest/QTest>

#include <optional>

using namespace fairlead;
using namespace fairlead::test;

namespace {

QString textOf(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toString();
}

/// An operation and what became of it.
struct Asked
{
    explicit Asked(OperationKind kind, quint64 id = 11)
    {
        operation.kind = kind;
        operation.correlationId = id;
        operation.pathPrefix = QStringLiteral("/srv/data");
        if (kind == OperationKind::Quiesce)
            operation.reason = QuiesceReason::Maintenance;
    }

    void ask(ServiceHarness &peer)
    {
        operation.deadline = peer.clock.time + 5 * kNsPerSecond;
        peer.seat.driver->handleOperation(
            operation, OperationReply([this](const Result<> &outcome) { end = outcome; }));
    }

    Operation operation;
    std::optional<Result<>> end;
};

} // namespace

/// A peer as a service: registration, heartbeats, operations of the host.
class tst_ServicePart : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aRegistrationIsPassedOn();
    void refusedRegistrationsMayBeTriedAgain();
    void aSecondRegistrationIsRefused();
    void hostsWithoutServicesSaySo();
    void theHeartbeatIsResolved_data();
    void theHeartbeatIsResolved();
    void everyMessageIsAHeartbeat();
    void heartbeatsOfAnotherStayAreRefused();
    void operationsAreAskedAndAnswered();
    void failuresArePassedOn();
    void operationsThatThePeerDoesNotKnowAreAnsweredForIt();
    void secondAnswersChangeNothing();
    void theEndFailsWhatIsOpen();
    void unansweredOperationsAreBounded();
};

// HB-01: registered with the setting that holds.
void tst_ServicePart::aRegistrationIsPassedOn()
{
    ServiceHarness peer(QJsonObject{{QStringLiteral("service_keep"), 60}});
    peer.connect(",\"instance\":\"hall\"");
    peer.say("\"op\":\"register\",\"id\":9,\"name\":\"Thermostat\",\"version\":\"2.1.0\","
             "\"build\":\"abc\",\"capabilities\":[\"read\",\"write\"],\"owns\":[\"hall\"],"
             "\"paths\":[\"/srv\"],\"heartbeat\":{\"timeout_ms\":9000}");
    const ServiceOffer &offer = peer.seat.offer;
    QCOMPARE(offer.name, QStringLiteral("Thermostat"));
    QCOMPARE(offer.version, QStringLiteral("2.1.0"));
    QCOMPARE(offer.build, QStringLiteral("abc"));
    QCOMPARE(offer.instance, QStringLiteral("hall"));
    QCOMPARE(offer.capabilities, (QStringList{QStringLiteral("read"), QStringLiteral("write")}));
    QCOMPARE(offer.owned, QStringList{QStringLiteral("hall")});
    QCOMPARE(offer.paths, QStringList{QStringLiteral("/srv")});
    QVERIFY(offer.knowsPaths);
    QCOMPARE(offer.heartbeatTimeoutMs, 9000);
    QCOMPARE(offer.keepMs, 60000);
    QVERIFY(peer.stream.written.isEmpty());
    ServiceGrant grant;
    grant.id = QStringLiteral("thermostat");
    grant.generation = 7;
    grant.returned = true;
    peer.seat.driver->handleRegistered(grant);
    QCOMPARE(
        QJsonDocument(peer.heard()).toJson(QJsonDocument::Compact),
        QByteArray("{\"generation\":7,\"heartbeat\":{\"interval_ms\":3000,\"timeout_ms\":9000},"
                   "\"op\":\"registered\",\"re\":9,\"returned\":true,"
                   "\"service\":\"thermostat\"}"));
    ServiceHarness passing;
    passing.connect();
    passing.say("\"op\":\"register\",\"name\":\"x\",\"auto_reconnect\":false");
    QCOMPARE(passing.seat.offer.keepMs, 0);
    QVERIFY(!passing.seat.offer.knowsPaths);
}

// AD-03, AD-04: a service that is too old hears so.
void tst_ServicePart::refusedRegistrationsMayBeTriedAgain()
{
    ServiceHarness peer;
    peer.connect();
    peer.say("\"op\":\"register\",\"id\":9,\"name\":\"x\",\"version\":\"0.9.0\"");
    ServiceGrant grant;
    grant.error = Error(ErrorCode::VersionRefused, QStringLiteral("too old"));
    peer.seat.driver->handleRegistered(grant);
    QCOMPARE(peer.errorHeard(), QStringLiteral("version-refused"));
    QVERIFY(!peer.isClosed());
    peer.say("\"op\":\"register\",\"id\":10,\"name\":\"x\",\"version\":\"1.0.0\"");
    QCOMPARE(peer.seat.registrations, 2);
}

void tst_ServicePart::aSecondRegistrationIsRefused()
{
    ServiceHarness peer;
    peer.registered();
    peer.say("\"op\":\"register\",\"id\":9,\"name\":\"x\"");
    QCOMPARE(peer.errorHeard(), QStringLiteral("invalid-transition"));
    QCOMPARE(peer.seat.registrations, 1);
}

void tst_ServicePart::hostsWithoutServicesSaySo()
{
    ServiceHarness peer({}, false);
    peer.connect();
    peer.say("\"op\":\"register\",\"id\":9,\"name\":\"x\"");
    QCOMPARE(peer.errorHeard(), QStringLiteral("not-supported"));
    peer.say("\"op\":\"call\",\"id\":9,\"capability\":\"x\"");
    QCOMPARE(peer.errorHeard(), QStringLiteral("invalid-transition"));
}

void tst_ServicePart::theHeartbeatIsResolved_data()
{
    QTest::addColumn<int>("longest");
    QTest::addColumn<QByteArray>("asked");
    QTest::addColumn<int>("timeout");
    QTest::addColumn<int>("probe");
    QTest::addColumn<int>("interval");
    QTest::newRow("nothing asked") << 0 << QByteArray("{}") << 30000 << 10000 << 10000;
    QTest::newRow("never") << 0 << QByteArray("{\"timeout_ms\":0}") << 0 << 0 << 0;
    QTest::newRow("1 ms") << 0 << QByteArray("{\"timeout_ms\":1}") << 1 << -1 << 1;
    QTest::newRow("2 ms") << 0 << QByteArray("{\"timeout_ms\":2}") << 2 << 1 << 1;
    QTest::newRow("own interval") << 0 << QByteArray("{\"timeout_ms\":9000,\"interval_ms\":500}")
                                  << 9000 << 500 << 500;
    QTest::newRow("interval too long")
        << 0 << QByteArray("{\"timeout_ms\":9000,\"interval_ms\":9000}") << 9000 << 3000 << 3000;
    QTest::newRow("capped") << 20 << QByteArray("{\"timeout_ms\":90000}") << 20000 << 6666 << 6666;
    QTest::newRow("never is capped")
        << 20 << QByteArray("{\"timeout_ms\":0}") << 20000 << 6666 << 6666;
    QTest::newRow("below the cap") << 20 << QByteArray("{\"timeout_ms\":600}") << 600 << 200 << 200;
}

// HB-01: one setting per link, whoever had a part in it.
void tst_ServicePart::theHeartbeatIsResolved()
{
    QFETCH(int, longest);
    QFETCH(QByteArray, asked);
    QFETCH(int, timeout);
    QFETCH(int, probe);
    QFETCH(int, interval);
    ServiceHarness peer(QJsonObject{{QStringLiteral("service_heartbeat_max"), longest}});
    peer.connect(",\"features\":[\"ping\"]");
    peer.say("\"op\":\"register\",\"id\":1,\"name\":\"x\",\"heartbeat\":" + asked);
    QCOMPARE(peer.seat.offer.heartbeatTimeoutMs, timeout);
    peer.seat.driver->handleRegistered(ServiceGrant());
    QCOMPARE(peer.heartbeat.plans.back().timeoutMs, timeout);
    QCOMPARE(peer.heartbeat.plans.back().probeMs, probe);
    const QJsonObject told = peer.heard().value(QLatin1String("heartbeat")).toObject();
    QCOMPARE(told.value(QLatin1String("timeout_ms")).toInt(), timeout);
    QCOMPARE(told.value(QLatin1String("interval_ms")).toInt(), interval);
}

// HB-04
void tst_ServicePart::everyMessageIsAHeartbeat()
{
    ServiceHarness peer;
    peer.registered();
    const int before = peer.seat.heartbeats;
    peer.say("\"op\":\"heartbeat\"");
    peer.say("\"op\":\"heartbeat\",\"generation\":7");
    peer.say("\"op\":\"pong\"");
    peer.say("\"op\":\"publish\",\"topic\":\"a\",\"payload\":\"\"");
    QCOMPARE(peer.seat.heartbeats, before + 4);
    QVERIFY(peer.stream.written.isEmpty());
}

// HB-05
void tst_ServicePart::heartbeatsOfAnotherStayAreRefused()
{
    ServiceHarness peer;
    peer.registered();
    peer.say("\"op\":\"heartbeat\",\"generation\":6");
    QCOMPARE(peer.errorHeard(), QStringLiteral("superseded"));
}

// BC-01, BC-02: a real request with its correlation id, and its answer.
void tst_ServicePart::operationsAreAskedAndAnswered()
{
    ServiceHarness peer;
    peer.registered();
    Asked release(OperationKind::ReleaseHandles, 11);
    release.ask(peer);
    const QJsonObject first = peer.heard();
    QCOMPARE(textOf(first, "op"), QStringLiteral("broadcast"));
    QCOMPARE(textOf(first, "operation"), QStringLiteral("release-handles"));
    QCOMPARE(textOf(first, "prefix"), QStringLiteral("/srv/data"));
    QCOMPARE(first.value(QLatin1String("timeout_ms")).toInt(), 5000);
    Asked quiesce(OperationKind::Quiesce, 12);
    quiesce.ask(peer);
    const QJsonObject second = peer.heard();
    QCOMPARE(textOf(second, "operation"), QStringLiteral("quiesce"));
    QCOMPARE(textOf(second, "reason"), QStringLiteral("maintenance"));
    peer.say("\"op\":\"broadcast_ack\",\"re\":12");
    QVERIFY(quiesce.end && quiesce.end->has_value());
    QVERIFY(!release.end);
    peer.say("\"op\":\"broadcast_ack\",\"re\":11");
    QVERIFY(release.end && release.end->has_value());
    peer.seat.driver->handleResume();
    QCOMPARE(textOf(peer.heard(), "op"), QStringLiteral("resume"));
}

// BC-04
void tst_ServicePart::failuresArePassedOn()
{
    ServiceHarness peer;
    peer.registered();
    Asked quiesce(OperationKind::Quiesce);
    quiesce.ask(peer);
    peer.taken();
    peer.say("\"op\":\"broadcast_fail\",\"re\":11,\"error\":{\"code\":\"busy\",\"message\":\"no\","
             "\"details\":{\"until\":3}}");
    QVERIFY(quiesce.end);
    const Error error = quiesce.end->error();
    QCOMPARE(error.code(), ErrorCode::CallFailed);
    QCOMPARE(error.text(), QStringLiteral("no"));
    QCOMPARE(error.details().value(QStringLiteral("code")).toString(), QStringLiteral("busy"));
    QCOMPARE(error.details().value(QStringLiteral("until")).toInt(), 3);
}

// BC-01: unknown at the target is a failure, at once.
void tst_ServicePart::operationsThatThePeerDoesNotKnowAreAnsweredForIt()
{
    ServiceHarness peer;
    peer.connect(",\"features\":[\"quiesce\"]");
    peer.say("\"op\":\"register\",\"name\":\"x\"");
    peer.seat.driver->handleRegistered(ServiceGrant());
    peer.taken();
    Asked release(OperationKind::ReleaseHandles);
    release.ask(peer);
    QVERIFY(release.end);
    QCOMPARE(release.end->error().code(), ErrorCode::NotSupported);
    Asked later(OperationKind(99));
    later.ask(peer);
    QVERIFY(later.end);
    QCOMPARE(later.end->error().code(), ErrorCode::NotSupported);
    QVERIFY(peer.stream.written.isEmpty());
}

// BC-04
void tst_ServicePart::secondAnswersChangeNothing()
{
    ServiceHarness peer;
    peer.registered();
    Asked quiesce(OperationKind::Quiesce);
    quiesce.ask(peer);
    peer.taken();
    peer.say("\"op\":\"broadcast_ack\",\"re\":11");
    peer.say("\"op\":\"broadcast_fail\",\"re\":11,\"error\":{\"message\":\"no\"}");
    QCOMPARE(peer.errorHeard(), QStringLiteral("not-found"));
    QVERIFY(quiesce.end->has_value());
}

// BC-04: who dies is reported at once.
void tst_ServicePart::theEndFailsWhatIsOpen()
{
    ServiceHarness peer;
    peer.registered();
    Asked quiesce(OperationKind::Quiesce);
    quiesce.ask(peer);
    peer.link.close(
        Error(ErrorCode::ConnectionReset, QStringLiteral("reset")), CloseMode::Abort, false);
    QVERIFY(quiesce.end);
    QCOMPARE(quiesce.end->error().code(), ErrorCode::ConnectionClosed);
}

// BC-05
void tst_ServicePart::unansweredOperationsAreBounded()
{
    std::vector<std::unique_ptr<Asked>> all; // outlive who answers them
    ServiceHarness peer;
    peer.registered();
    for (quint64 id = 1; id <= 100; ++id) {
        all.push_back(std::make_unique<Asked>(OperationKind::Quiesce, id));
        all.back()->ask(peer);
    }
    QVERIFY(all.front()->end);
    QVERIFY(!all.front()->end->has_value());
    QVERIFY(!all.back()->end);
    peer.taken();
    peer.say("\"op\":\"broadcast_ack\",\"re\":100");
    QVERIFY(all.back()->end->has_value());
}

QTEST_GUILESS_MAIN(tst_ServicePart)
#include "tst_servicepart.moc"
