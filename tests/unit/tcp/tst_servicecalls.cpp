// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "serviceharness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

namespace {

QString textOf(const QJsonObject &object, const char *name)
{
    return object.value(QLatin1String(name)).toString();
}

ServiceCall callOf(const ServiceHarness &peer, quint64 id, const QByteArray &body = "{\"a\":1}")
{
    ServiceCall call;
    call.id = id;
    call.capability = "read";
    call.body = body;
    call.caller = "display";
    call.deadline = peer.clock.time + 2 * kNsPerSecond;
    return call;
}

} // namespace

/// Calls, from a service and to it.
class tst_ServiceCalls : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aPeerCalls();
    void callsThatCannotBeginAreTold();
    void resultsAndFailuresAreTold();
    void aPeerIsCalledAndAnswers();
    void anyBodyReachesTheProvider_data();
    void anyBodyReachesTheProvider();
    void theProvidersFailureIsPassedOn();
    void answersAreBounded();
    void droppedCallsAreTold();
    void whoDoesNotReadIsNotCalled();
};

void tst_ServiceCalls::aPeerCalls()
{
    ServiceHarness peer;
    peer.registered();
    peer.say(
        "\"op\":\"call\",\"id\":5,\"capability\":\"read\",\"service\":\"s\",\"timeout_ms\":700,"
        "\"body\":{\"n\":1.50}");
    peer.say("\"op\":\"call\",\"id\":6,\"capability\":\"read\"");
    QCOMPARE(peer.seat.calls.size(), std::size_t(2));
    QCOMPARE(peer.seat.calls[0].capability, QByteArray("read"));
    QCOMPARE(peer.seat.calls[0].service, QByteArray("s"));
    QCOMPARE(peer.seat.calls[0].body, QByteArray("{\"n\":1.50}"));
    QCOMPARE(peer.seat.calls[0].timeoutMs, 700U);
    QCOMPARE(peer.seat.calls[0].tag, 5U);
    QCOMPARE(peer.seat.calls[1].body, QByteArray("null"));
    QCOMPARE(peer.seat.calls[1].timeoutMs, 0U);
}

void tst_ServiceCalls::callsThatCannotBeginAreTold()
{
    ServiceHarness peer;
    peer.registered();
    peer.seat.refusal = Error(ErrorCode::LimitReached, QStringLiteral("too many"));
    peer.say("\"op\":\"call\",\"id\":5,\"capability\":\"read\"");
    QCOMPARE(peer.errorHeard(), QStringLiteral("limit-reached"));
}

void tst_ServiceCalls::resultsAndFailuresAreTold()
{
    ServiceHarness peer;
    peer.registered();
    peer.seat.driver->handleResult(5, QByteArray("{\"c\": 21.5}"));
    QCOMPARE(peer.stream.written,
             QByteArray("{\"op\":\"result\",\"re\":5,\"body\":{\"c\":21.5}}\n"));
    peer.taken();
    Error error(ErrorCode::NotFound, QStringLiteral("nobody offers it"));
    error.setDetail(QStringLiteral("available"), QStringList{QStringLiteral("read")});
    peer.seat.driver->handleResult(6, error);
    QCOMPARE(QJsonDocument(peer.heard()).toJson(QJsonDocument::Compact),
             QByteArray("{\"code\":\"not-found\",\"details\":{\"available\":[\"read\"]},"
                        "\"message\":\"nobody offers it\",\"op\":\"error\",\"re\":6}"));
}

void tst_ServiceCalls::aPeerIsCalledAndAnswers()
{
    ServiceHarness peer;
    peer.registered();
    peer.seat.driver->handleCall(callOf(peer, 81));
    QCOMPARE(QJsonDocument(peer.heard()).toJson(QJsonDocument::Compact),
             QByteArray("{\"body\":{\"a\":1},\"caller\":\"display\",\"capability\":\"read\","
                        "\"id\":81,\"op\":\"call\",\"timeout_ms\":2000}"));
    peer.say("\"op\":\"answer\",\"re\":81,\"body\": [ 1 ]");
    QCOMPARE(peer.seat.answers.size(), std::size_t(1));
    QCOMPARE(peer.seat.answers[0].id, quint64(81));
    QCOMPARE(*peer.seat.answers[0].result, QByteArray("[ 1 ]"));
    // Once.
    peer.say("\"op\":\"answer\",\"re\":81,\"body\":2");
    QCOMPARE(peer.errorHeard(), QStringLiteral("not-found"));
    QCOMPARE(peer.seat.answers.size(), std::size_t(1));
}

void tst_ServiceCalls::anyBodyReachesTheProvider_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("member");
    QTest::newRow("JSON") << QByteArray("{\n \"a\" : \" \" }")
                          << QByteArray("\"body\":{\"a\":\" \"}");
    QTest::newRow("text") << QByteArray("two\nlines") << QByteArray("\"body\":\"two\\nlines\"");
    QTest::newRow("nothing") << QByteArray() << QByteArray("\"body\":\"\"");
    QTest::newRow("bytes") << QByteArray("\xFF") << QByteArray("\"body_base64\":\"/w==\"");
    QTest::newRow("too deep") << QByteArray("[").repeated(64) + QByteArray("]").repeated(64)
                              << "\"body\":\"" + QByteArray("[").repeated(64)
            + QByteArray("]").repeated(64) + '"';
}

// What a caller sends cannot break the lines of another.
void tst_ServiceCalls::anyBodyReachesTheProvider()
{
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, member);
    ServiceHarness peer;
    peer.registered();
    peer.seat.driver->handleCall(callOf(peer, 81, body));
    QCOMPARE(peer.stream.written.count('\n'), 1);
    QVERIFY2(peer.stream.written.contains(member), peer.stream.written.constData());
}

void tst_ServiceCalls::theProvidersFailureIsPassedOn()
{
    ServiceHarness peer;
    peer.registered();
    peer.seat.driver->handleCall(callOf(peer, 81));
    peer.say("\"op\":\"answer\",\"re\":81,\"error\":{\"message\":\"there is no attic\","
             "\"details\":{\"rooms\":[\"hall\"]}}");
    const Error error = peer.seat.answers[0].result.error();
    QCOMPARE(error.code(), ErrorCode::CallFailed);
    QCOMPARE(error.text(), QStringLiteral("there is no attic"));
    QCOMPARE(error.details().value(QStringLiteral("rooms")).toStringList(),
             QStringList{QStringLiteral("hall")});
}

// AD-06: the caller hears it at once.
void tst_ServiceCalls::answersAreBounded()
{
    ServiceHarness peer;
    peer.registered();
    peer.seat.driver->handleCall(callOf(peer, 81));
    peer.taken();
    const QByteArray body(ServiceSeat::kMaxCallBody - 1, 'x');
    peer.say("\"op\":\"answer\",\"re\":81,\"body\":\"" + body + '"');
    while (!peer.unused.isEmpty())
        peer.receive({});
    QCOMPARE(peer.errorHeard(), QStringLiteral("packet-too-large"));
    QCOMPARE(peer.seat.answers[0].result.error().code(), ErrorCode::PacketTooLarge);
}

void tst_ServiceCalls::droppedCallsAreTold()
{
    ServiceHarness peer;
    peer.registered();
    peer.seat.driver->handleCall(callOf(peer, 81));
    peer.taken();
    peer.seat.driver->handleCallDropped(81);
    QCOMPARE(textOf(peer.heard(), "op"), QStringLiteral("call_dropped"));
    peer.seat.driver->handleCallDropped(81);
    QVERIFY(peer.stream.written.isEmpty());
    peer.say("\"op\":\"answer\",\"re\":81,\"body\":1");
    QCOMPARE(peer.errorHeard(), QStringLiteral("not-found"));
    QVERIFY(peer.seat.answers.empty());
}

void tst_ServiceCalls::whoDoesNotReadIsNotCalled()
{
    ServiceHarness peer;
    peer.registered();
    peer.stream.freeSpace = -5 * 1024 * 1024;
    peer.seat.driver->handleCall(callOf(peer, 81));
    QCOMPARE(peer.seat.answers[0].result.error().code(), ErrorCode::LimitReached);
    peer.stream.freeSpace = 1000;
    for (quint64 id = 100; id < 400; ++id)
        peer.seat.driver->handleCall(callOf(peer, id));
    QCOMPARE(peer.seat.answers.size(), std::size_t(1 + 300 - 256));
}

QTEST_GUILESS_MAIN(tst_ServiceCalls)
#include "tst_servicecalls.moc"
