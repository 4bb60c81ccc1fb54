// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "quiesceworld.h"

#include <QtCore/QThread>
#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// A listener that takes no new clients (BC-01, BC-06, AD-04).
class tst_MqttQuiesce : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void operationsAreAnswered();
    void connectIsRefused_data();
    void connectIsRefused();
    void referenceIsLeftOutWhenItDoesNotFit();
    void malformedConnectIsStillMalformed();
    void refusedWhileTheHostLooksAtTheCredentials();
    void whoHoldsTheSessionIsLetInAndAskedToLeave();
    void runningLinkIsAskedToLeave_data();
    void runningLinkIsAskedToLeave();
    void idleListenerKeepsItsClients();
    void hostsEndRedirectsToo();
    void decisionCrossesThreads();
};

// BC-01
void tst_MqttQuiesce::operationsAreAnswered()
{
    MqttListener listener({});
    QVERIFY(ask(listener, OperationKind::ReleaseHandles));
    QVERIFY(quiesce(listener, QuiesceReason::IdleTimeout));
    QVERIFY(quiesce(listener, QuiesceReason::HostShutdown));
    QVERIFY(quiesce(listener, QuiesceReason::Maintenance));
    QCOMPARE(quiesce(listener, QuiesceReason::None).error().code(), ErrorCode::InvalidArgument);
    QCOMPARE(ask(listener, OperationKind(77)).error().code(), ErrorCode::NotSupported);
}

void tst_MqttQuiesce::connectIsRefused_data()
{
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("reason");
    QTest::addColumn<int>("redirect"); ///< 1: for a while, 2: for good
    QTest::addColumn<int>("code");
    QTest::addColumn<int>("error");
    const int cancelled = int(ErrorCode::Cancelled);
    const int ending = int(ErrorCode::ShuttingDown);
    QTest::newRow("BC-06 idle") << 5 << 1 << 0 << 0x88 << cancelled;
    QTest::newRow("SH-01 AD-04 host ends") << 5 << 2 << 0 << 0x88 << ending;
    QTest::newRow("BC-06 maintenance") << 5 << 3 << 0 << 0x88 << cancelled;
    QTest::newRow("reason of a later release") << 5 << 9 << 0 << 0x88 << cancelled;
    QTest::newRow("AD-04 redirect, idle") << 5 << 1 << 1 << 0x9c << cancelled;
    QTest::newRow("AD-04 redirect, host ends") << 5 << 2 << 1 << 0x9c << ending;
    QTest::newRow("AD-04 redirect, maintenance") << 5 << 3 << 1 << 0x9c << cancelled;
    QTest::newRow("AD-04 moved") << 5 << 3 << 2 << 0x9d << cancelled;
    QTest::newRow("AD-04 3.1.1") << 4 << 3 << 0 << 0x88 << cancelled;
    QTest::newRow("AD-04 3.1.1, host ends") << 4 << 2 << 0 << 0x88 << ending;
    QTest::newRow("AD-04 3.1.1 knows no redirect") << 4 << 3 << 1 << 0x88 << cancelled;
}

void tst_MqttQuiesce::connectIsRefused()
{
    QFETCH(int, version);
    QFETCH(int, reason);
    QFETCH(int, redirect);
    QFETCH(int, code);
    QFETCH(int, error);
    Harness h(redirect ? redirecting(redirect == 2) : ListenerOptions(), Version(version));
    QVERIFY(quiesce(h.listener, QuiesceReason(reason)));
    h.send(h.connectPacket());
    QVERIFY(h.isClosed());
    QCOMPARE(h.bus.authentications, 0);
    QCOMPARE(int(h.link.reason().code()), error);
    QCOMPARE(h.count(Event::QuiesceRefused), 1U);
    if (version == 4) {
        QCOMPARE(h.stream.written, hex("20020003")); // [MQTT311-3.2.2.3]
        return;
    }
    Harness reader; // keeps what the packet points to
    reader.stream.written = h.stream.written;
    const Connack packet = reader.takeConnack();
    QCOMPARE(int(packet.reason), code);
    QVERIFY(!packet.sessionPresent); // [MQTT-3.2.2-6]
    QCOMPARE(packet.serverReference.has_value(), redirect != 0);
    if (redirect)
        QVERIFY(*packet.serverReference == "b.example:1883 c.example");
}

// [MQTT-3.1.2-24]
void tst_MqttQuiesce::referenceIsLeftOutWhenItDoesNotFit()
{
    for (const quint32 limit : {8U, 40U}) {
        Harness h(redirecting());
        QVERIFY(quiesce(h.listener, QuiesceReason::Maintenance));
        Connect packet = h.connectPacket();
        packet.maximumPacketSize = limit;
        h.send(packet);
        QVERIFY(h.isClosed());
        QVERIFY(quint32(h.stream.written.size()) <= limit);
        const Connack answer = h.takeConnack();
        QCOMPARE(answer.reason, ReasonCode::UseAnotherServer);
        QVERIFY(!answer.reasonString);
        QCOMPARE(answer.serverReference.has_value(), limit == 40);
    }
}

void tst_MqttQuiesce::malformedConnectIsStillMalformed()
{
    Harness h;
    QVERIFY(quiesce(h.listener, QuiesceReason::Maintenance));
    h.receive(hex("100d 0004 4d515454 05 01 0000 00 0000")); // reserved flag
    QCOMPARE(h.takeConnack().reason, ReasonCode::MalformedPacket);
    QCOMPARE(h.count(Event::QuiesceRefused), 0U);
}

// BC-06
void tst_MqttQuiesce::refusedWhileTheHostLooksAtTheCredentials()
{
    Harness h;
    h.send(h.connectPacket());
    QCOMPARE(h.bus.authentications, 1);
    QVERIFY(quiesce(h.listener, QuiesceReason::Maintenance));
    h.authenticated();
    QVERIFY(h.isClosed());
    QVERIFY(h.bus.acquisitions.empty());
    QCOMPARE(h.takeConnack().reason, ReasonCode::ServerUnavailable);
}

// BC-06
void tst_MqttQuiesce::whoHoldsTheSessionIsLetInAndAskedToLeave()
{
    Harness h;
    h.send(h.connectPacket());
    h.authenticated();
    QVERIFY(quiesce(h.listener, QuiesceReason::Maintenance));
    h.granted();
    QCOMPARE(h.takeConnack().reason, ReasonCode::Success);
    h.advance(0);
    QCOMPARE(h.endReason(), ReasonCode::AdministrativeAction);
}

void tst_MqttQuiesce::runningLinkIsAskedToLeave_data()
{
    QTest::addColumn<int>("reason");
    QTest::addColumn<int>("redirect");
    QTest::addColumn<int>("code");
    QTest::addColumn<int>("error");
    const int cancelled = int(ErrorCode::Cancelled);
    const int ending = int(ErrorCode::ShuttingDown);
    QTest::newRow("BC-06 maintenance") << 3 << 0 << 0x98 << cancelled;
    QTest::newRow("SH-01 host ends") << 2 << 0 << 0x8b << ending;
    QTest::newRow("redirect, maintenance") << 3 << 1 << 0x9c << cancelled;
    QTest::newRow("redirect, host ends") << 2 << 1 << 0x9c << ending;
    QTest::newRow("moved") << 2 << 2 << 0x9d << ending;
}

void tst_MqttQuiesce::runningLinkIsAskedToLeave()
{
    QFETCH(int, reason);
    QFETCH(int, redirect);
    QFETCH(int, code);
    QFETCH(int, error);
    const ListenerOptions options = redirect ? redirecting(redirect == 2) : ListenerOptions();
    Harness h(options);
    h.connect();
    QVERIFY(quiesce(h.listener, QuiesceReason(reason)));
    QVERIFY(!h.isClosed());
    h.advance(0);
    QVERIFY(h.isClosed());
    QCOMPARE(h.hooks.closeMode, CloseMode::Drain);
    QCOMPARE(int(h.link.reason().code()), error);
    QCOMPARE(h.count(Event::AskedToLeave), 1U);
    const std::vector<Packet> packets = h.takePackets();
    QCOMPARE(packets.size(), 1U);
    Disconnect packet;
    QVERIFY(!decodeDisconnect(packets[0].frame(), Version::V5, Sender::Server, packet));
    QCOMPARE(int(packet.reason), code);
    QCOMPARE(packet.serverReference.has_value(), redirect != 0);
    if (redirect)
        QVERIFY(*packet.serverReference == "b.example:1883 c.example");

    // 3.1.1 has no word for it: an orderly close.
    Harness old(options, Version::V311);
    old.connect();
    QVERIFY(quiesce(old.listener, QuiesceReason(reason)));
    old.advance(0);
    QVERIFY(old.isClosed());
    QCOMPARE(old.hooks.closeMode, CloseMode::Drain);
    QVERIFY(old.stream.written.isEmpty());
}

// BC-06, BC-07
void tst_MqttQuiesce::idleListenerKeepsItsClients()
{
    Harness h;
    h.connect();
    QVERIFY(quiesce(h.listener, QuiesceReason::IdleTimeout));
    h.advance(3600);
    QVERIFY(!h.isClosed());
    QVERIFY(h.timers.armed.empty());
}

// SH-01: whoever did not get a turn is told by the host's end in the same words.
void tst_MqttQuiesce::hostsEndRedirectsToo()
{
    Harness plain;
    plain.connect();
    plain.driver->handleClosing(Error(ErrorCode::ShuttingDown, QString()));
    QCOMPARE(quint8(plain.stream.written[2]), quint8(0x8b));
    Harness h(redirecting());
    h.connect();
    h.driver->handleClosing(Error(ErrorCode::ShuttingDown, QString()));
    QCOMPARE(quint8(h.stream.written[2]), quint8(0x9c));
    QVERIFY(h.stream.written.contains("b.example:1883 c.example"));
    Harness early(redirecting());
    early.send(early.connectPacket());
    early.driver->handleClosing(Error(ErrorCode::ShuttingDown, QString()));
    QCOMPARE(early.takeConnack().reason, ReasonCode::UseAnotherServer);
}

// The links' reactor is another thread than the one that decides.
void tst_MqttQuiesce::decisionCrossesThreads()
{
    QThread reactor;
    QObject there;
    there.moveToThread(&reactor);
    reactor.start();
    const auto run = [&there](auto &&call) {
        QMetaObject::invokeMethod(&there, call, Qt::BlockingQueuedConnection);
    };
    std::unique_ptr<Harness> h;
    bool closed = true;
    std::size_t armed = 0;
    run([&] {
        h = std::make_unique<Harness>();
        h->connect();
    });
    QVERIFY(quiesce(h->listener, QuiesceReason::Maintenance));
    run([&] { // queued behind the decision
        armed = h->timers.armed.size();
        closed = h->isClosed();
        h->advance(0);
    });
    QCOMPARE(armed, 1U);
    QVERIFY(!closed);
    ReasonCode reason = ReasonCode::Success;
    run([&] {
        reason = h->endReason();
        h.reset();
    });
    QCOMPARE(reason, ReasonCode::AdministrativeAction);
    QThread *const here = QThread::currentThread();
    run([&] { there.moveToThread(here); });
    reactor.quit();
    reactor.wait();
}

QTEST_GUILESS_MAIN(tst_MqttQuiesce)
#include "tst_mqttquiesce.moc"
