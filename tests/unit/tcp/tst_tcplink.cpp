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

QJsonObject with(const char *key, const QJsonValue &value)
{
    return {{QLatin1String(key), value}};
}

} // namespace

/// A link in framed mode: who the peer is, what it sends, how it ends.
class tst_TcpLink : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anAcceptedPeerIsNamedByItsAddress();
    void aDialledPeerIsNamedByItsUrl();
    void aPeerIsNamedByItsCertificate();
    void aPeerWithoutCertificateIsRefused();
    void aPeerIsNamedByItsFirstFrame();
    void aFirstFrameThatIsNoNameEndsTheLink_data();
    void aFirstFrameThatIsNoNameEndsTheLink();
    void nothingHappensBeforeTheCarrierIsOpen();
    void aRefusedPeerIsGone();
    void eachFrameIsAMessage();
    void framesThatCameEarlyArePublishedLater();
    void publishingAsksForAPause();
    void aTurnPublishesItsShareAndTheRestComesNext();
    void aStaticTopicIsShared();
    void qosAndRetainAreTheEndpoints();
    void anOverLongFrameEndsTheLink_data();
    void anOverLongFrameEndsTheLink();
    void aCutOffFrameIsNotPublished();
    void silenceEndsRawFrames();
    void aRawFrameEndsWithTheConnection();
    void textIsChecked_data();
    void textIsChecked();
    void refusedFramesAreCounted();
    void silenceIsWatched();
};

void tst_TcpLink::anAcceptedPeerIsNamedByItsAddress()
{
    Harness peer;
    peer.open();
    QCOMPARE(peer.bus.peerKey, QByteArray("tcp/scanner/192.0.2.7:40000"));
    peer.authenticated();
    QCOMPARE(peer.bus.acquisitions.size(), std::size_t(1));
    QCOMPARE(peer.bus.acquisitions[0].peerKey, peer.bus.peerKey);
    QVERIFY(peer.bus.acquisitions[0].clean);
    peer.granted();
    QCOMPARE(peer.lease.subscribed.size(), std::size_t(1));
    QCOMPARE(peer.lease.subscribed[0].filters, QByteArrayList{"tcp/scanner/192.0.2.7:40000/tx"});
    QVERIFY(peer.lease.subscribed[0].requests[0].noLocal);
}

void tst_TcpLink::aDialledPeerIsNamedByItsUrl()
{
    Harness peer(QJsonObject(), Role::Dial);
    peer.open();
    QCOMPARE(peer.bus.peerKey, QByteArray("tcp/scanner/device.local:4001"));
}

void tst_TcpLink::aPeerIsNamedByItsCertificate()
{
    FramedOptions options;
    options.endpoint = "scanner";
    options.naming = PeerNaming::Certificate;
    Harness peer(options);
    const Principal identity{"Dock 1", false};
    peer.open(&identity);
    QCOMPARE(peer.bus.peerKey, QByteArray("tcp/scanner/Dock%201"));
}

void tst_TcpLink::aPeerWithoutCertificateIsRefused()
{
    FramedOptions options;
    options.endpoint = "scanner";
    options.naming = PeerNaming::Certificate;
    const Principal nobody;
    for (const Principal *identity : {static_cast<const Principal *>(nullptr), &nobody}) {
        Harness peer(options);
        peer.open(identity);
        QVERIFY(peer.isClosed());
        QCOMPARE(int(peer.endCode()), int(ErrorCode::NotAuthenticated));
        QCOMPARE(peer.bus.authentications, 0);
    }
}

void tst_TcpLink::aPeerIsNamedByItsFirstFrame()
{
    Harness peer(with("peer_name", text("first-frame")));
    peer.open();
    QCOMPARE(peer.bus.authentications, 0);
    peer.receive("dock/");
    QCOMPARE(peer.bus.authentications, 0);
    peer.receive("1\nscan\n");
    QCOMPARE(peer.bus.peerKey, QByteArray("tcp/scanner/dock%2F1"));
    QCOMPARE(peer.unused, QByteArray("scan\n"));
    peer.authenticated();
    peer.granted();
    QCOMPARE(peer.takeFrames(), QByteArrayList{"scan"});
    QCOMPARE(peer.bus.published.back().topic, QByteArray("tcp/scanner/dock%2F1/rx"));
}

void tst_TcpLink::aFirstFrameThatIsNoNameEndsTheLink_data()
{
    QTest::addColumn<QByteArray>("frame");
    QTest::newRow("empty") << QByteArray("\n");
    QTest::newRow("too long") << QByteArray(129, 'a') + '\n';
    QTest::newRow("too long once encoded") << QByteArray(43, '/') + '\n';
}

void tst_TcpLink::aFirstFrameThatIsNoNameEndsTheLink()
{
    QFETCH(QByteArray, frame);
    Harness peer(with("peer_name", text("first-frame")));
    peer.open();
    peer.receive(frame);
    QVERIFY(peer.isClosed());
    QCOMPARE(int(peer.endCode()), int(ErrorCode::ProtocolViolation));
    QVERIFY(peer.bus.published.empty());
}

void tst_TcpLink::nothingHappensBeforeTheCarrierIsOpen()
{
    Harness peer(QJsonObject(), Role::Dial);
    QCOMPARE(peer.bus.authentications, 0);
    QCOMPARE(int(peer.link.state()), int(Link::State::Handshaking));
}

void tst_TcpLink::aRefusedPeerIsGone()
{
    Harness stranger;
    stranger.open();
    stranger.authenticated(Error(ErrorCode::NotAuthenticated, text("no")));
    QVERIFY(stranger.isClosed());
    QCOMPARE(int(stranger.endCode()), int(ErrorCode::NotAuthenticated));

    Harness surplus;
    surplus.open();
    surplus.authenticated();
    LeaseGrant grant;
    grant.error = Error(ErrorCode::LimitReached, text("full"));
    surplus.driver->handleLease(grant);
    QVERIFY(surplus.isClosed());
    QCOMPARE(int(surplus.endCode()), int(ErrorCode::LimitReached));
    QVERIFY(surplus.bus.published.empty());
}

void tst_TcpLink::eachFrameIsAMessage()
{
    Harness peer;
    peer.connect();
    peer.receive("one\ntw");
    peer.receive("o\r\n");
    QCOMPARE(peer.takeFrames(), (QByteArrayList{"one", "two"}));
    const FakeBus::Published &last = peer.bus.published.back();
    QCOMPARE(last.topic, QByteArray("tcp/scanner/192.0.2.7:40000/rx"));
    QCOMPARE(last.view.qos, quint8(0));
    QVERIFY(!last.view.retain);
    QVERIFY(last.properties.isEmpty());
    QVERIFY(peer.unused.isEmpty());
}

void tst_TcpLink::framesThatCameEarlyArePublishedLater()
{
    Harness peer;
    peer.open();
    peer.receive("early\n");
    QCOMPARE(peer.consumed.used, std::size_t(0));
    peer.authenticated();
    QVERIFY(peer.takeFrames().isEmpty());
    peer.granted();
    QCOMPARE(peer.takeFrames(), QByteArrayList{"early"});
}

// Back-pressure: what the bus has no room for stays with the host, and so with the peer's TCP.
void tst_TcpLink::publishingAsksForAPause()
{
    Harness peer;
    peer.connect();
    peer.bus.answer = Flow::Pause;
    peer.receive("one\ntwo\nthree\n");
    QCOMPARE(peer.takeFrames(), QByteArrayList{"one"});
    QCOMPARE(peer.unused, QByteArray("two\nthree\n"));
    peer.bus.answer = Flow::Continue;
    peer.offerRest();
    QCOMPARE(peer.takeFrames(), (QByteArrayList{"two", "three"}));
}

// Thousands of short frames come in one read; a receiver's connection has room for so many bytes.
void tst_TcpLink::aTurnPublishesItsShareAndTheRestComesNext()
{
    Harness peer;
    peer.connect();
    const QByteArray input = QByteArray("x\n").repeated(10000);
    peer.receive(input);
    qsizetype published = peer.takeFrames().size();
    QVERIFY(published > 1000 && published < 4000);
    QCOMPARE(peer.unused.size(), 2 * (10000 - published));
    while (!peer.stream.reading) {
        peer.advance(0);
        QVERIFY(peer.stream.reading);
        peer.offerRest();
        published += peer.takeFrames().size();
    }
    QCOMPARE(published, 10000);
    QVERIFY(peer.unused.isEmpty());
}

void tst_TcpLink::aStaticTopicIsShared()
{
    Harness peer({{text("rx_topic"), text("plant/scans")}, {text("tx_topic"), QString()}});
    peer.connect();
    peer.receive("x\n");
    QCOMPARE(peer.bus.published.back().topic, QByteArray("plant/scans"));
    QVERIFY(peer.lease.subscribed.empty());
}

void tst_TcpLink::qosAndRetainAreTheEndpoints()
{
    Harness peer({{text("qos"), 1}, {text("rx_retain"), true}});
    peer.connect();
    peer.receive("x\n");
    const PublishView &view = peer.bus.published.back().view;
    QCOMPARE(view.qos, quint8(1));
    QVERIFY(view.retain);
    QVERIFY(view.completionTag != 0);
    QCOMPARE(peer.lease.subscribed[0].requests[0].qos, quint8(1));
}

void tst_TcpLink::anOverLongFrameEndsTheLink_data()
{
    QTest::addColumn<Role>("role");
    QTest::newRow("listen") << Role::Listen;
    QTest::newRow("dial") << Role::Dial;
}

void tst_TcpLink::anOverLongFrameEndsTheLink()
{
    QFETCH(Role, role);
    Harness peer(with("max_frame", 3), role);
    peer.connect();
    peer.receive("abc\nabcd");
    QCOMPARE(peer.takeFrames(), QByteArrayList{"abc"});
    QVERIFY(peer.isClosed());
    QCOMPARE(int(peer.endCode()), int(ErrorCode::PacketTooLarge));
    QCOMPARE(int(peer.hooks.closeMode), int(CloseMode::Drain));
    // Who is dialled is dialled again.
    QVERIFY(peer.link.reason().isRetryable());
}

void tst_TcpLink::aCutOffFrameIsNotPublished()
{
    Harness peer;
    peer.connect();
    peer.receive("one\ntw");
    peer.endInput();
    QCOMPARE(peer.takeFrames(), QByteArrayList{"one"});
    QCOMPARE(int(peer.endCode()), int(ErrorCode::ProtocolViolation));

    Harness whole;
    whole.connect();
    whole.receive("one\n");
    whole.endInput();
    QCOMPARE(int(whole.endCode()), int(ErrorCode::ConnectionClosed));
}

void tst_TcpLink::silenceEndsRawFrames()
{
    Harness peer({{text("framing"), text("raw")}, {text("idle_gap"), 0.1}});
    peer.connect();
    peer.receive("ab");
    peer.advance(99);
    peer.receive("cd");
    peer.advance(99);
    QVERIFY(peer.takeFrames().isEmpty());
    peer.advance(1);
    QCOMPARE(peer.takeFrames(), QByteArrayList{"abcd"});
    peer.advance(1000);
    QVERIFY(peer.takeFrames().isEmpty());
}

void tst_TcpLink::aRawFrameEndsWithTheConnection()
{
    Harness peer(with("framing", text("raw")));
    peer.connect();
    peer.receive("ab");
    peer.endInput();
    QCOMPARE(peer.takeFrames(), QByteArrayList{"ab"});
    QCOMPARE(int(peer.endCode()), int(ErrorCode::ConnectionClosed));
}

void tst_TcpLink::textIsChecked_data()
{
    QTest::addColumn<QString>("check");
    QTest::addColumn<QByteArrayList>("published");
    QTest::addColumn<bool>("closes");
    QTest::newRow("off") << text("off") << QByteArrayList{"a", "\xff", "b"} << false;
    QTest::newRow("drop") << text("drop") << QByteArrayList{"a", "b"} << false;
    QTest::newRow("close") << text("close") << QByteArrayList{"a"} << true;
}

void tst_TcpLink::textIsChecked()
{
    QFETCH(QString, check);
    QFETCH(QByteArrayList, published);
    QFETCH(bool, closes);
    Harness peer(with("text_check", check));
    peer.connect();
    peer.receive("a\n\xff\nb\n");
    QCOMPARE(peer.takeFrames(), published);
    QCOMPARE(peer.isClosed(), closes);
    if (closes) {
        QCOMPARE(int(peer.endCode()), int(ErrorCode::ProtocolViolation));
        return;
    }
    const bool checked = check != text("off");
    QCOMPARE(!peer.bus.published.back().properties.isEmpty(), checked);
    peer.endInput();
    const QJsonObject counters = peer.lastState().value(text("counters")).toObject();
    QCOMPARE(counters.value(text("rxFrames")).toInt(), 3);
    QCOMPARE(counters.value(text("rxDropped")).toInt(), checked ? 1 : 0);
}

void tst_TcpLink::refusedFramesAreCounted()
{
    Harness peer(with("qos", 1));
    peer.connect();
    peer.receive("a\nb\n");
    const quint32 tag = peer.bus.published.back().view.completionTag;
    const Completion completions[] = {{tag, Completion::Kind::Publish, Outcome::Quota},
                                      {tag, Completion::Kind::Publish, Outcome::NoReceiver}};
    peer.driver->handleCompletions(completions, 2);
    QVERIFY(!peer.isClosed());
    peer.endInput();
    const QJsonObject counters = peer.lastState().value(text("counters")).toObject();
    QCOMPARE(counters.value(text("rxFrames")).toInt(), 2);
    QCOMPARE(counters.value(text("rxDropped")).toInt(), 1);
}

void tst_TcpLink::silenceIsWatched()
{
    Harness careless;
    careless.connect();
    QVERIFY(!careless.heartbeat.watched);

    Harness careful(with("heartbeat", 30));
    careful.connect();
    QVERIFY(careful.heartbeat.watched);
    QCOMPARE(careful.heartbeat.watched->timeoutMs, qint64(30000));
    QCOMPARE(careful.heartbeat.watched->probeMs, qint64(0));
}

QTEST_GUILESS_MAIN(tst_TcpLink)
#include "tst_tcplink.moc"
