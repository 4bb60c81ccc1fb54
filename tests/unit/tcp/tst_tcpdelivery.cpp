// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "harness.h"

#include <QtTest/QtTest>

using namespace fairlead;
using namespace fairlead::test;

namespace {

QString text(const char *value)
{
    return QString::fromLatin1(value);
}

QJsonObject counters(const QJsonObject &state)
{
    return state.value(text("counters")).toObject();
}

} // namespace

/// A link in framed mode: what the peer is sent, and what the state topic says of it.
class tst_TcpDelivery : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void eachMessageIsAFrame_data();
    void eachMessageIsAFrame();
    void aLargePayloadIsNotCopied();
    void aFullStreamIsNotWrittenTo();
    void messagesThatFitNoFrameAreRefused();
    void deliveriesAreSettledOnceTheyAreSent();
    void theSessionWaitsAsConfigured();
    void aTopicConfiguredAnewReplacesTheOld();
    void theStateIsRetained();
    void theStateIsSaidAgain();
    void theStateTellsWhyThePeerLeft();
    void aBrokenConnectionLeavesAState();
    void aHostThatClosesLeavesAState();
    void whoTakesOverSpeaksForThePeer();
    void aDialledPeersStateStays();
    void thereMayBeNoState();
    void aQuietEndpointTakesNoLinks();
};

void tst_TcpDelivery::eachMessageIsAFrame_data()
{
    QTest::addColumn<QJsonObject>("options");
    QTest::addColumn<QByteArray>("wire");
    QTest::newRow("line") << QJsonObject() << QByteArray("one\ntwo\n");
    QTest::newRow("crlf") << QJsonObject{{text("line_ending"), text("crlf")}}
                          << QByteArray("one\r\ntwo\r\n");
    QTest::newRow("length") << QJsonObject{{text("framing"), text("length-prefix")}}
                            << QByteArray("\0\3one\0\3two", 10);
    QTest::newRow("delimiter") << QJsonObject{{text("framing"), text("delimiter")},
                                              {text("frame_start"), text("\\x02")},
                                              {text("frame_end"), text("\\x03")}}
                               << QByteArray("\2one\3\2two\3");
    QTest::newRow("fixed") << QJsonObject{{text("framing"), text("fixed")}, {text("frame_size"), 3}}
                           << QByteArray("onetwo");
    QTest::newRow("raw") << QJsonObject{{text("framing"), text("raw")}} << QByteArray("onetwo");
}

void tst_TcpDelivery::eachMessageIsAFrame()
{
    QFETCH(QJsonObject, options);
    QFETCH(QByteArray, wire);
    Harness peer(options);
    peer.connect();
    QCOMPARE(peer.sent({"one", "two"}), wire);
}

void tst_TcpDelivery::aLargePayloadIsNotCopied()
{
    Harness peer;
    peer.connect();
    const QByteArray large(5000, 'x');
    QCOMPARE(peer.sent({large}), large + '\n');
    QCOMPARE(peer.stream.appends, 1);
    QCOMPARE(peer.sent({"small"}), QByteArray("small\n"));
    QCOMPARE(peer.stream.appends, 1);
}

// Back-pressure: what does not fit waits in its session, where the policy can act.
void tst_TcpDelivery::aFullStreamIsNotWrittenTo()
{
    Harness peer;
    peer.connect();
    peer.stream.freeSpace = 0;
    QVERIFY(peer.sent({"one"}).isEmpty());
    QCOMPARE(peer.lease.queue.size(), std::size_t(1));
    peer.stream.freeSpace = 100;
    QCOMPARE(peer.sent({}), QByteArray("one\n"));
    QCOMPARE(peer.lease.windows.front().bytes, qint64(100));
}

void tst_TcpDelivery::messagesThatFitNoFrameAreRefused()
{
    Harness peer({{text("max_frame"), 5}, {text("qos"), 1}});
    peer.connect();
    peer.offer("a\nb", 1, 7);
    peer.offer("abcdef", 1, 8);
    peer.offer("good", 1, 9);
    peer.pull();
    QCOMPARE(peer.stream.written, QByteArray("good\n"));
    QCOMPARE(peer.lease.settled.size(), std::size_t(3));
    QCOMPARE(int(peer.lease.settled[0].how), int(Settle::How::Refused));
    QCOMPARE(int(peer.lease.settled[1].how), int(Settle::How::TooLarge));
    QCOMPARE(int(peer.lease.settled[2].how), int(Settle::How::Acked));
    QVERIFY(!peer.isClosed());
    QCOMPARE(peer.logger.lines.filter(text("reason=holds-delimiter")).size(), 1);
    QCOMPARE(peer.logger.lines.filter(text("reason=too-long")).size(), 1);
    peer.endInput();
    QCOMPARE(counters(peer.lastState()).value(text("txDropped")).toInt(), 2);
    QCOMPARE(counters(peer.lastState()).value(text("txFrames")).toInt(), 1);
    QCOMPARE(counters(peer.lastState()).value(text("txBytes")).toInt(), 4);
}

void tst_TcpDelivery::deliveriesAreSettledOnceTheyAreSent()
{
    Harness peer({{text("qos"), 1}});
    peer.connect();
    for (quint64 handle = 1; handle <= 100; ++handle)
        peer.offer("x", 1, handle);
    peer.offer("last");
    peer.pull();
    QCOMPARE(peer.lease.settled.size(), std::size_t(100));
    for (std::size_t i = 0; i < 100; ++i)
        QCOMPARE(peer.lease.settled[i].handle, quint64(i + 1));
    QVERIFY(peer.stream.written.endsWith("x\nlast\n"));
}

void tst_TcpDelivery::theSessionWaitsAsConfigured()
{
    Harness peer({{text("session_expiry"), 30}});
    peer.connect();
    QCOMPARE(peer.bus.acquisitions[0].expirySeconds, 30U);
    QVERIFY(!peer.bus.acquisitions[0].clean);
}

void tst_TcpDelivery::aTopicConfiguredAnewReplacesTheOld()
{
    Harness peer({{text("session_expiry"), 30}, {text("tx_topic"), text("new")}});
    peer.open();
    peer.authenticated();
    peer.granted(true, "old");
    QCOMPARE(peer.lease.unsubscribed.size(), std::size_t(1));
    QCOMPARE(peer.lease.unsubscribed[0].filters, QByteArrayList{"old"});
    QCOMPARE(peer.lease.subscribed[0].filters, QByteArrayList{"new"});

    Harness same({{text("session_expiry"), 30}, {text("tx_topic"), text("new")}});
    same.open();
    same.authenticated();
    same.granted(true, "new");
    QVERIFY(same.lease.unsubscribed.empty());
}

void tst_TcpDelivery::theStateIsRetained()
{
    Harness peer;
    peer.connect();
    QCOMPARE(peer.states().size(), std::size_t(1));
    const FakeBus::Published &message = peer.lastStateMessage();
    QCOMPARE(message.topic, QByteArray("tcp/scanner/192.0.2.7:40000/state"));
    QVERIFY(message.view.retain);
    QCOMPARE(message.view.expirySeconds, 180U);
    QVERIFY(message.properties.contains("application/json"));
    const QJsonObject state = peer.lastState();
    QCOMPARE(state.value(text("state")).toString(), text("connected"));
    QCOMPARE(state.value(text("address")).toString(), text("192.0.2.7:40000"));
    QCOMPARE(state.value(text("since")).toString(), text("1970-01-01T00:00:00.000Z"));
    QCOMPARE(counters(state).value(text("rxFrames")).toInt(-1), 0);
    QVERIFY(!state.contains(text("reason")));
}

void tst_TcpDelivery::theStateIsSaidAgain()
{
    Harness peer({{text("state_interval"), 10}});
    peer.connect();
    peer.receive("abc\n");
    peer.advance(9999);
    QCOMPARE(peer.states().size(), std::size_t(1));
    peer.advance(1);
    QCOMPARE(peer.states().size(), std::size_t(2));
    QCOMPARE(counters(peer.lastState()).value(text("rxFrames")).toInt(), 1);
    QCOMPARE(counters(peer.lastState()).value(text("rxBytes")).toInt(), 3);
    QCOMPARE(peer.lastStateMessage().view.expirySeconds, 30U);
    peer.advance(10000);
    QCOMPARE(peer.states().size(), std::size_t(3));

    Harness silent({{text("state_interval"), 0}});
    silent.connect();
    silent.advance(1'000'000);
    QCOMPARE(silent.states().size(), std::size_t(1));
    QCOMPARE(silent.lastStateMessage().view.expirySeconds, kNever);
}

void tst_TcpDelivery::theStateTellsWhyThePeerLeft()
{
    Harness peer({{text("framing"), text("delimiter")},
                  {text("frame_start"), text("<")},
                  {text("frame_end"), text(">")}});
    peer.connect();
    peer.receive("noise<a>");
    peer.endInput();
    QCOMPARE(peer.states().size(), std::size_t(2));
    const QJsonObject state = peer.lastState();
    QCOMPARE(state.value(text("state")).toString(), text("disconnected"));
    QCOMPARE(state.value(text("reason")).toString(), text("connection-closed"));
    QCOMPARE(counters(state).value(text("skippedBytes")).toInt(), 5);
    QCOMPARE(peer.lastStateMessage().view.expirySeconds, 3600U);
    // The testament would say less.
    QCOMPARE(peer.lease.released.size(), std::size_t(1));
    QVERIFY(!peer.lease.released[0].publishTestament);
    peer.advance(1'000'000);
    QCOMPARE(peer.states().size(), std::size_t(2));
}

void tst_TcpDelivery::aBrokenConnectionLeavesAState()
{
    Harness peer;
    peer.connect();
    peer.link.close(Error(ErrorCode::ConnectionReset, text("reset")), CloseMode::Abort, false);
    QCOMPARE(peer.lastState().value(text("reason")).toString(), text("connection-reset"));
    QCOMPARE(peer.lease.released.size(), std::size_t(1));
}

void tst_TcpDelivery::aHostThatClosesLeavesAState()
{
    Harness peer;
    peer.connect();
    peer.driver->handleClosing(Error(ErrorCode::ShuttingDown, text("the host ends")));
    QCOMPARE(peer.lastState().value(text("reason")).toString(), text("shutting-down"));
    peer.link.close(Error(ErrorCode::ShuttingDown, text("the host ends")), CloseMode::Drain, true);
    QCOMPARE(peer.states().size(), std::size_t(2));
    QVERIFY(peer.stream.written.isEmpty());
}

// Newest wins: the old link says nothing more, its testament and the new link do.
void tst_TcpDelivery::whoTakesOverSpeaksForThePeer()
{
    Harness peer;
    peer.open();
    peer.authenticated();
    QVERIFY(peer.bus.acquisitions[0].will);
    const FakeBus::Will &will = *peer.bus.acquisitions[0].will;
    QCOMPARE(will.topic, QByteArray("tcp/scanner/192.0.2.7:40000/state"));
    QVERIFY(will.testament.retain);
    const QJsonObject gone = QJsonDocument::fromJson(will.payload).object();
    QCOMPARE(gone.value(text("state")).toString(), text("disconnected"));
    QVERIFY(gone.value(text("since")).isNull());
    peer.granted();
    peer.driver->handleFenced(FenceReason::TakenOver);
    peer.link.close(Error(ErrorCode::Superseded, text("taken")), CloseMode::Drain, true);
    QCOMPARE(peer.states().size(), std::size_t(1));
    QVERIFY(peer.lease.released.empty());
    peer.receive("late\n");
    peer.pull();
    QVERIFY(peer.takeFrames().isEmpty());
}

void tst_TcpDelivery::aDialledPeersStateStays()
{
    Harness peer(QJsonObject(), Role::Dial);
    peer.connect();
    peer.endInput();
    QCOMPARE(peer.lastStateMessage().view.expirySeconds, kNever);
    QCOMPARE(peer.bus.acquisitions[0].will->testament.expirySeconds, kNever);
    QCOMPARE(peer.lastState().value(text("address")).toString(), text("192.0.2.7:40000"));
}

void tst_TcpDelivery::thereMayBeNoState()
{
    Harness peer({{text("state_topic"), QString()}});
    peer.connect();
    peer.endInput();
    QVERIFY(peer.bus.published.empty());
    QVERIFY(!peer.bus.acquisitions[0].will);
}

void tst_TcpDelivery::aQuietEndpointTakesNoLinks()
{
    Harness world;
    FramedListener listener(optionsOf({}));
    const LinkContext context{world.link,
                              world.stream,
                              world.bus,
                              world.clock,
                              world.timers,
                              world.random,
                              world.logger,
                              QByteArrayLiteral("192.0.2.8:1"),
                              nullptr};
    QVERIFY(listener.createDriver(context));
    Operation quiesce;
    quiesce.reason = QuiesceReason::Maintenance;
    bool good = false;
    listener.operations()->handleOperation(
        quiesce, OperationReply([&](const Result<> &outcome) { good = outcome.has_value(); }));
    QVERIFY(good);
    QVERIFY(!listener.createDriver(context));
    listener.operations()->handleResume();
    QVERIFY(listener.createDriver(context));
}

QTEST_GUILESS_MAIN(tst_TcpDelivery)
#include "tst_tcpdelivery.moc"
