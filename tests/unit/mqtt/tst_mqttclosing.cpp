// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// How links end, and what keeps them alive.
class tst_MqttClosing : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void disconnectReleasesTheSession_data();
    void disconnectReleasesTheSession();
    void disconnectMayChangeTheExpiry();
    void expiryThatWasGivenUpStaysSo();
    void malformedDisconnectEndsTheLink_data();
    void malformedDisconnectEndsTheLink();
    void nothingIsReadAfterDisconnect();
    void endOfInputLeavesTheWill();
    void fencedLinkIsTold_data();
    void fencedLinkIsTold();
    void hostEndsTheLink_data();
    void hostEndsTheLink();
    void hostEndsTheLinkBeforeConnack();
    void fencedBeforeConnackIsRefused();
    void hostEndsTheLinkBeforeConnect();
    void reasonStringIsLeftOutWhenItDoesNotFit();
    void keepAliveIsOneAndAHalfTimes();
    void keepAliveZeroIsOff();
    void packetsKeepTheLinkAliveWithoutTouchingTheTimer();
    void halfAPacketDoesNotKeepTheLinkAlive();
    void pauseExcusesOneSilenceOnly();
    void pingIsAnswered();
    void authIsAProtocolError_data();
    void authIsAProtocolError();
    void packetsOfServersAreRefused_data();
    void packetsOfServersAreRefused();
    void rejectionsAreCountedAndLoggedNowAndThen();
    void lateAnswersAreIgnored();
};

void tst_MqttClosing::disconnectReleasesTheSession_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<bool>("publishWill");
    QTest::newRow("[MQTT-3.14.4-3] [MQTT-3.1.2-10] normal") << 5 << hex("e000") << false;
    QTest::newRow("normal, spelled out") << 5 << hex("e00100") << false;
    QTest::newRow("[MQTT-3.1.2-8] with will") << 5 << hex("e00104") << true;
    QTest::newRow("error") << 5 << hex("e00181") << true;
    QTest::newRow("[MQTT311-3.14.4-3] 3.1.1") << 4 << hex("e000") << false;
}

void tst_MqttClosing::disconnectReleasesTheSession()
{
    QFETCH(int, version);
    QFETCH(QByteArray, bytes);
    QFETCH(bool, publishWill);
    Harness h({}, Version(version));
    h.connect();
    h.receive(bytes);
    QVERIFY(h.isClosed()); // [MQTT-3.14.4-2]
    QCOMPARE(h.hooks.closeMode, CloseMode::Drain);
    QVERIFY(h.stream.written.isEmpty());
    QCOMPARE(h.lease.released.size(), 1U);
    QCOMPARE(h.lease.released[0].publishTestament, publishWill);
    QCOMPARE(h.lease.released[0].changeExpiry, false);
    QCOMPARE(h.link.reason().code(), ErrorCode::ConnectionClosed);
}

void tst_MqttClosing::disconnectMayChangeTheExpiry()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.sessionExpiry = 60;
    h.connect(packet);
    h.receive(hex("e007 00 05 1100000e10"));
    QCOMPARE(h.lease.released.size(), 1U);
    QCOMPARE(h.lease.released[0].changeExpiry, true);
    QCOMPARE(h.lease.released[0].expirySeconds, 3600U);

    Harness zero;
    zero.connect();
    zero.receive(hex("e007 00 05 1100000000"));
    QCOMPARE(zero.lease.released.size(), 1U);
    QCOMPARE(zero.lease.released[0].changeExpiry, true);
    QCOMPARE(zero.lease.released[0].expirySeconds, 0U);
}

void tst_MqttClosing::expiryThatWasGivenUpStaysSo()
{
    Harness h;
    h.connect();
    h.receive(hex("e007 00 05 1100000001"));
    QCOMPARE(h.endReason(), ReasonCode::ProtocolError);
    QVERIFY(h.lease.released.empty());
}

void tst_MqttClosing::malformedDisconnectEndsTheLink_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("[MQTT-3.14.1-1] flags") << hex("e100");
    QTest::newRow("[MQTT-3.14.2-1] reason of servers only") << hex("e0018b");
    QTest::newRow("property of CONNECT") << hex("e005 00 03 210001");
}

void tst_MqttClosing::malformedDisconnectEndsTheLink()
{
    QFETCH(QByteArray, bytes);
    Harness h;
    h.connect();
    h.receive(bytes);
    QVERIFY(isError(h.endReason()));
    QVERIFY(h.lease.released.empty());
}

// [MQTT-3.14.4-1]
void tst_MqttClosing::nothingIsReadAfterDisconnect()
{
    Harness h;
    h.connect();
    h.receive(hex("e000 30040001 7400"));
    QVERIFY(h.bus.published.empty());
}

// [MQTT-3.1.2-8]
void tst_MqttClosing::endOfInputLeavesTheWill()
{
    Harness h;
    h.connect();
    h.driver->handleEndOfInput();
    QVERIFY(h.isClosed());
    QVERIFY(h.lease.released.empty());
    QVERIFY(h.stream.written.isEmpty());
    QCOMPARE(h.link.reason().code(), ErrorCode::ConnectionClosed);

    Harness early;
    early.driver->handleEndOfInput();
    QVERIFY(early.isClosed());
}

void tst_MqttClosing::fencedLinkIsTold_data()
{
    QTest::addColumn<int>("why");
    QTest::addColumn<int>("reason");
    QTest::newRow("[MQTT-3.1.4-3] taken over") << int(FenceReason::TakenOver) << 0x8E;
    QTest::newRow("ended") << int(FenceReason::SessionEnded) << 0x98;
}

void tst_MqttClosing::fencedLinkIsTold()
{
    QFETCH(int, why);
    QFETCH(int, reason);
    Harness h;
    h.connect();
    h.driver->handleFenced(FenceReason(why));
    QCOMPARE(int(h.endReason()), reason);
    QVERIFY(h.lease.released.empty());

    Harness old({}, Version::V311);
    old.connect();
    old.driver->handleFenced(FenceReason(why));
    QVERIFY(old.isClosed());
    QVERIFY(old.stream.written.isEmpty());
}

void tst_MqttClosing::hostEndsTheLink_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<int>("reason");
    QTest::newRow("shutdown") << int(ErrorCode::ShuttingDown) << 0x8B;
    QTest::newRow("heartbeat") << int(ErrorCode::HeartbeatTimeout) << 0x8D;
    QTest::newRow("limit") << int(ErrorCode::LimitReached) << 0x97;
    QTest::newRow("overflow") << int(ErrorCode::QueueOverflow) << 0x97;
    QTest::newRow("AD-05 rate") << int(ErrorCode::RateExceeded) << 0x9f;
    QTest::newRow("operator") << int(ErrorCode::Cancelled) << 0x98;
    QTest::newRow("superseded") << int(ErrorCode::Superseded) << 0x8E;
    QTest::newRow("not allowed any more") << int(ErrorCode::NotAuthorized) << 0x87;
    QTest::newRow("descriptors") << int(ErrorCode::DescriptorsExhausted) << 0x89;
    QTest::newRow("storage") << int(ErrorCode::StorageFailed) << 0x97;
    QTest::newRow("disk full") << int(ErrorCode::StorageFull) << 0x97;
    QTest::newRow("no DISCONNECT has it") << int(ErrorCode::VersionRefused) << 0x80;
}

void tst_MqttClosing::hostEndsTheLink()
{
    QFETCH(int, code);
    QFETCH(int, reason);
    Harness h;
    h.connect();
    h.driver->handleClosing(Error(ErrorCode(code), QStringLiteral("inner detail")));
    QVERIFY(!h.isClosed()); // the host closes
    QVERIFY(!h.stream.written.contains("inner detail"));
    h.link.close(Error(ErrorCode(code), QString()), CloseMode::Drain, true);
    QCOMPARE(int(h.endReason()), reason);

    Harness old({}, Version::V311);
    old.connect();
    old.driver->handleClosing(Error(ErrorCode(code), QString()));
    QVERIFY(old.stream.written.isEmpty());
}

// [MQTT-3.14.0-1]
void tst_MqttClosing::hostEndsTheLinkBeforeConnack()
{
    for (const bool authenticated : {false, true}) {
        Harness h;
        h.send(h.connectPacket());
        if (authenticated)
            h.authenticated();
        h.driver->handleClosing(Error(ErrorCode::ShuttingDown, QString()));
        QCOMPARE(h.takeConnack().reason, ReasonCode::ServerUnavailable);
    }
    Harness old({}, Version::V311);
    old.send(old.connectPacket());
    old.driver->handleClosing(Error(ErrorCode::ShuttingDown, QString()));
    QCOMPARE(old.stream.written, hex("20020003"));
}

void tst_MqttClosing::fencedBeforeConnackIsRefused()
{
    for (const Version version : {Version::V5, Version::V311}) {
        Harness h({}, version);
        h.send(h.connectPacket());
        h.authenticated();
        h.driver->handleFenced(FenceReason::TakenOver);
        QVERIFY(h.isClosed());
        QCOMPARE(h.takeConnack().reason, ReasonCode::ServerUnavailable);
    }
}

void tst_MqttClosing::hostEndsTheLinkBeforeConnect()
{
    Harness h;
    h.driver->handleClosing(Error(ErrorCode::HandshakeTimeout, QString()));
    QVERIFY(h.stream.written.isEmpty());
}

void tst_MqttClosing::reasonStringIsLeftOutWhenItDoesNotFit()
{
    Harness h;
    h.connect();
    h.receive(hex("e100"));
    QVERIFY(h.stream.written.size() > 10);

    Harness small;
    Connect packet = small.connectPacket();
    packet.maximumPacketSize = 20;
    small.connect(packet);
    small.receive(hex("e100"));
    QCOMPARE(small.stream.written, hex("e00181"));
}

// [MQTT-3.1.2-22]
void tst_MqttClosing::keepAliveIsOneAndAHalfTimes()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.keepAlive = 5;
    h.connect(packet);
    h.timers.advance(h.clock, 7 * kNsPerSecond + 499 * kNsPerMs);
    QVERIFY(!h.isClosed());
    h.timers.advance(h.clock, kNsPerMs);
    QCOMPARE(h.endReason(), ReasonCode::KeepAliveTimeout);
    QCOMPARE(h.link.reason().code(), ErrorCode::HeartbeatTimeout);
    QCOMPARE(h.count(Event::KeepAliveExpired), 1U);
    QVERIFY(h.lease.released.empty());
}

void tst_MqttClosing::keepAliveZeroIsOff()
{
    Harness h;
    h.connect();
    QVERIFY(h.timers.armed.empty());
    h.advance(1000000);
    QVERIFY(!h.isClosed());
}

void tst_MqttClosing::packetsKeepTheLinkAliveWithoutTouchingTheTimer()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.keepAlive = 10;
    h.connect(packet);
    QCOMPARE(h.timers.arms, 1);
    h.advance(14);
    h.receive(hex("c000"));
    QCOMPARE(h.timers.arms, 1);
    h.advance(14);
    QVERIFY(!h.isClosed());
    h.publish("t", 0, 0);
    h.advance(14);
    QVERIFY(!h.isClosed());
    h.advance(1);
    QVERIFY(h.isClosed());
}

void tst_MqttClosing::halfAPacketDoesNotKeepTheLinkAlive()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.keepAlive = 10;
    h.connect(packet);
    for (int i = 0; i < 14; ++i) {
        h.advance(1);
        h.receive(i == 0 ? hex("307f") : hex("00"));
    }
    QVERIFY(!h.isClosed());
    h.advance(1);
    QVERIFY(h.isClosed());
}

void tst_MqttClosing::pauseExcusesOneSilenceOnly()
{
    Harness h;
    Connect packet = h.connectPacket();
    packet.keepAlive = 10;
    h.connect(packet);
    h.bus.answer = Flow::Pause;
    h.publish("t", 0, 0);
    h.advance(29);
    QVERIFY(!h.isClosed());
    h.advance(2);
    QVERIFY(h.isClosed());
}

// [MQTT-3.12.4-1]
void tst_MqttClosing::pingIsAnswered()
{
    Harness h;
    h.connect();
    h.receive(hex("c000c000"));
    QCOMPARE(h.stream.written, hex("d000d000"));
    h.receive(hex("c00100"));
    QCOMPARE(h.endReason(), ReasonCode::MalformedPacket);
}

void tst_MqttClosing::authIsAProtocolError_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("reason");
    QTest::newRow("re-authenticate") << hex("f006 19 04 15000161") << 0x82;
    QTest::newRow("continue") << hex("f006 18 04 15000161") << 0x82;
    QTest::newRow("without method") << hex("f002 19 00") << 0x82;
    QTest::newRow("[MQTT-3.15.1-1] flags") << hex("f100") << 0x81;
}

void tst_MqttClosing::authIsAProtocolError()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, reason);
    Harness h;
    h.connect();
    h.receive(bytes);
    QCOMPARE(int(h.endReason()), reason);
}

void tst_MqttClosing::packetsOfServersAreRefused_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::newRow("CONNACK") << hex("2003000000");
    QTest::newRow("SUBACK") << hex("9004000100 00");
    QTest::newRow("UNSUBACK") << hex("b004000100 00");
    QTest::newRow("PINGRESP") << hex("d000");
    QTest::newRow("reserved") << hex("0000");
}

void tst_MqttClosing::packetsOfServersAreRefused()
{
    QFETCH(QByteArray, bytes);
    Harness h;
    h.connect();
    h.receive(bytes);
    QVERIFY(isError(h.endReason()));
    QCOMPARE(h.count(ErrorKind::BadPacketType), 1U);
}

void tst_MqttClosing::rejectionsAreCountedAndLoggedNowAndThen()
{
    Counters counters;
    counters.count(ErrorKind::BadUtf8);
    counters.count(ErrorKind::BadUtf8);
    QCOMPARE(counters.total(ErrorKind::BadUtf8), 2U);
    QCOMPARE(counters.total(ErrorKind::BadQos), 0U);
    QVERIFY(counters.mayLog(ErrorKind::BadUtf8, 5));
    QVERIFY(!counters.mayLog(ErrorKind::BadUtf8, 5 + 9 * kNsPerSecond));
    QVERIFY(counters.mayLog(ErrorKind::BadQos, 6));
    QVERIFY(counters.mayLog(Event::UnknownAck, 6));
    QVERIFY(counters.mayLog(ErrorKind::BadUtf8, 5 + 10 * kNsPerSecond));
}

void tst_MqttClosing::lateAnswersAreIgnored()
{
    Harness h;
    h.send(h.connectPacket());
    h.driver->handleClosing(Error(ErrorCode::HandshakeTimeout, QString()));
    h.stream.written.clear();
    h.driver->handleAuthenticated({});
    QVERIFY(h.bus.acquisitions.empty());
    LeaseGrant grant;
    grant.lease = &h.lease;
    h.driver->handleLease(grant);
    const Completion completion{1, Completion::Kind::Publish, Outcome::Done};
    h.driver->handleCompletions(&completion, 1);
    const SubscribeOutcome outcome;
    h.driver->handleSubscribed(1, &outcome, 1);
    const UnsubscribeOutcome other = Outcome::Done;
    h.driver->handleUnsubscribed(1, &other, 1);
    h.driver->handleFenced(FenceReason::TakenOver);
    QVERIFY(h.stream.written.isEmpty());
}

QTEST_GUILESS_MAIN(tst_MqttClosing)

#include "tst_mqttclosing.moc"
