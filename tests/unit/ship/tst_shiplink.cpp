// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "link/endcode.h"
#include "linkharness.h"
#include "shiptexts.h"

#include <QJsonArray>
#include <QTest>

using namespace fairlead;
using namespace fairlead::test;
using namespace fairlead::test::shiptexts;
using fairlead::ship::PeerClaims;
using fairlead::ship::Role;
using fairlead::ship::Ski;

class tst_ShipLink : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theKeyIsThePeer();
    void nobodyIsLetIn_data();
    void nobodyIsLetIn();
    void withoutMessagesThereIsNoShip();
    void dataGoesBothWays();
    void messagesWaitForTheDataExchange();
    void whatCannotBeSentIsRefused_data();
    void whatCannotBeSentIsRefused();
    void lossesAreToldToPeopleAndNotToTheDevice();
    void strangersLeaveNothingBehind();
    void whoIsDialledIsTrusted();
    void whoDialledIsTheClient();
    void eachEndSaysWhenToTryAgain_data();
    void eachEndSaysWhenToTryAgain();
    void silenceIsEndedByTheTimer();
    void theHostsEndIsAnnounced();
    void aFencedLinkSaysThatItIsADuplicate();
    void whatIsLearnedLaterIsTold();
    void theShipIdStays();
    void lifeIsAskedForAsTheSpecificationSays();
    void whoIsSaidToBeElsewhereIsAskedAtOnce();
    void nothingHappensAfterTheEnd();
};

void tst_ShipLink::theKeyIsThePeer()
{
    LinkHarness harness(trusting());
    harness.open();
    QCOMPARE(harness.bus.peerKey, kPeerSki);
    harness.granted();
    const FakeBus::Acquired &acquired = harness.bus.acquisitions.back();
    QCOMPARE(acquired.peerKey, kPeerSki);
    QCOMPARE(acquired.expirySeconds, 60U);
    QVERIFY(!acquired.clean);
    QVERIFY(acquired.will);
    QCOMPARE(acquired.will->topic, "ship/" + kPeerSki + "/state");
    QCOMPARE(
        QJsonDocument::fromJson(acquired.will->payload).object().value(QStringLiteral("state")),
        QJsonValue(QStringLiteral("disconnected")));
    QCOMPARE(harness.lease.subscribed.back().filters.first(), "ship/" + kPeerSki + "/tx");
    QCOMPARE(harness.lastState().value(QStringLiteral("state")),
             QJsonValue(QStringLiteral("connecting")));
    // The server waits for the client's first word.
    QVERIFY(harness.stream.sent.isEmpty());
}

void tst_ShipLink::nobodyIsLetIn_data()
{
    QTest::addColumn<QByteArray>("ski");
    QTest::addColumn<int>("code");
    QTest::newRow("nobody") << QByteArray() << int(ErrorCode::NotAuthenticated);
    QTest::newRow("no key") << QByteArray("somebody") << int(ErrorCode::NotAuthenticated);
    QTest::newRow("ourselves") << kOwnSki << int(ErrorCode::IdentityMismatch);
}

void tst_ShipLink::nobodyIsLetIn()
{
    QFETCH(QByteArray, ski);
    QFETCH(int, code);
    LinkHarness harness(trusting());
    if (ski.isEmpty())
        harness.driver->handleOpen(nullptr);
    else
        harness.open(ski);
    QVERIFY(harness.isClosed());
    QCOMPARE(int(harness.link.reason().code()), code);
    QCOMPARE(harness.bus.authentications, 0);
}

void tst_ShipLink::withoutMessagesThereIsNoShip()
{
    LinkHarness harness(trusting());
    FakeStream plain;
    Link link(2, Link::Direction::Accepted, harness.hooks);
    ship::ShipLink driver(LinkContext{link,
                                      plain,
                                      harness.bus,
                                      harness.clock,
                                      harness.timers,
                                      harness.random,
                                      harness.logger,
                                      QByteArray(),
                                      nullptr},
                          *harness.endpoint);
    driver.handleStarted();
    const Principal principal{kPeerSki, false};
    driver.handleOpen(&principal);
    QCOMPARE(link.reason().code(), ErrorCode::NotSupported);
}

void tst_ShipLink::dataGoesBothWays()
{
    LinkHarness harness(trusting());
    harness.shakeHands();
    QCOMPARE(harness.lastState().value(QStringLiteral("state")),
             QJsonValue(QStringLiteral("connected")));
    harness.receive(dataMessage("{\"datagram\":[{\"a\":[]},{\"n\":1.50}]}"));
    QCOMPARE(harness.bus.published.back().topic, rx());
    QCOMPARE(harness.bus.published.back().payload,
             QByteArray("{\"datagram\":{\"a\":{},\"n\":1.50}}"));
    QVERIFY(!harness.bus.published.back().view.retain);
    harness.stream.sent.clear();
    harness.offer("{ \"datagram\" : { \"a\": {} } }");
    harness.driver->handlePull(harness.lease);
    QCOMPARE(harness.stream.sent, QByteArrayList{dataMessage("{\"datagram\":[{\"a\":[]}]}")});
    QCOMPARE(harness.lease.settled.size(), std::size_t(1));
    QCOMPARE(harness.lease.settled[0].how, Settle::How::Acked);
}

void tst_ShipLink::messagesWaitForTheDataExchange()
{
    LinkHarness harness(trusting());
    harness.connect();
    harness.offer("{}");
    harness.driver->handlePull(harness.lease);
    harness.driver->handlePull(harness.lease);
    QCOMPARE(harness.lease.queue.size(), std::size_t(1));
    QVERIFY(harness.lastState().value(QStringLiteral("waiting")).toBool());
    QCOMPARE(harness.logger.lines.filter(QStringLiteral("ship-messages-wait")).size(), 1);

    LinkHarness through(trusting());
    through.offer("{\"a\":1}");
    through.shakeHands();
    QVERIFY(through.lease.queue.empty());
    QCOMPARE(through.stream.sent.last(), dataMessage("{\"a\":1}"));
}

void tst_ShipLink::whatCannotBeSentIsRefused_data()
{
    QTest::addColumn<QByteArray>("payload");
    QTest::addColumn<int>("how");
    QTest::newRow("no JSON") << QByteArray("on") << int(Settle::How::Refused);
    QTest::newRow("nothing") << QByteArray() << int(Settle::How::Refused);
    // Fits as plain JSON, and not with what frames it.
    QTest::newRow("too large") << '"' + QByteArray(1024 * 1024 - 20, 'x') + '"'
                               << int(Settle::How::TooLarge);
}

void tst_ShipLink::whatCannotBeSentIsRefused()
{
    QFETCH(QByteArray, payload);
    QFETCH(int, how);
    LinkHarness harness(trusting());
    harness.shakeHands();
    harness.stream.sent.clear();
    harness.offer(payload);
    harness.driver->handlePull(harness.lease);
    QVERIFY(harness.stream.sent.isEmpty());
    QCOMPARE(int(harness.lease.settled.at(0).how), how);
    QCOMPARE(harness.logger.lines.filter(QStringLiteral("ship-message-dropped")).size(), 1);
    QVERIFY(!harness.isClosed());
}

void tst_ShipLink::lossesAreToldToPeopleAndNotToTheDevice()
{
    LinkHarness harness(trusting());
    harness.shakeHands();
    harness.stream.sent.clear();
    harness.offer("{\"count\":3}", 1, "$notice/gap");
    harness.offer("{}", 2);
    harness.driver->handlePull(harness.lease);
    QCOMPARE(harness.stream.sent, QByteArrayList{dataMessage("{}")});
    QCOMPARE(harness.lease.settled.size(), std::size_t(2));
    QCOMPARE(harness.lastState()
                 .value(QStringLiteral("counters"))
                 .toObject()
                 .value(QStringLiteral("txLosses")),
             QJsonValue(1));
    QCOMPARE(harness.logger.lines.filter(QStringLiteral("ship-messages-lost")).size(), 1);
}

void tst_ShipLink::strangersLeaveNothingBehind()
{
    LinkHarness harness;
    harness.connect();
    const FakeBus::Acquired &acquired = harness.bus.acquisitions.back();
    QCOMPARE(acquired.expirySeconds, 0U);
    QVERIFY(acquired.clean);
    QVERIFY(!acquired.will);
    QVERIFY(harness.lease.subscribed.empty());
    harness.receive(kInit);
    QVERIFY(harness.stream.sent.last().contains("pending"));
    harness.advance(60'000);
    QCOMPARE(harness.stream.sent.last(), kHelloAborted);
    QVERIFY(harness.isClosed());
    QVERIFY(harness.bus.published.empty());
    QVERIFY(!harness.lease.released.back().changeExpiry);

    LinkHarness refused({{QStringLiteral("strangers"), QStringLiteral("refused")}});
    refused.connect();
    refused.receive(kInit);
    QCOMPARE(refused.stream.sent, (QByteArrayList{kInit, kHelloAborted}));
    QVERIFY(refused.isClosed());
    QCOMPARE(int(refused.stream.closeCode), 4452);
    QVERIFY(refused.bus.published.empty());
}

void tst_ShipLink::whoIsDialledIsTrusted()
{
    LinkHarness harness(QJsonObject(), Role::Client);
    harness.connect();
    QCOMPARE(harness.stream.sent, QByteArrayList{kInit});
    harness.receive(kInit);
    QCOMPARE(harness.stream.sent.last(), kHelloReady);
    QCOMPARE(harness.lastState().value(QStringLiteral("role")),
             QJsonValue(QStringLiteral("client")));
}

// Role: a listener's endpoint may dial, too, and does not trust for that.
void tst_ShipLink::whoDialledIsTheClient()
{
    const auto listener = [](const QByteArray &trusted) {
        return std::make_shared<ship::ShipEndpoint>(optionsOf(
            {{QStringLiteral("trusted"), QJsonArray{QString::fromLatin1(trusted)}}}, Role::Server));
    };
    LinkHarness dialled(listener(kPeerSki), Role::Client);
    dialled.connect();
    QCOMPARE(dialled.stream.sent, QByteArrayList{kInit});
    dialled.receive(kInit);
    QCOMPARE(dialled.stream.sent.last(), kHelloReady);
    QCOMPARE(dialled.lastState().value(QStringLiteral("role")),
             QJsonValue(QStringLiteral("client")));

    LinkHarness stranger(listener(QByteArray(40, 'c')), Role::Client);
    stranger.connect();
    stranger.receive(kInit);
    QVERIFY(stranger.stream.sent.last().contains("\"pending\""));
}

void tst_ShipLink::eachEndSaysWhenToTryAgain_data()
{
    QTest::addColumn<int>("reason");
    for (int i = 0; i < ship::kEndReasonCount; ++i)
        QTest::newRow(toText(ship::EndReason(i))) << i;
}

// RR15, RR27
void tst_ShipLink::eachEndSaysWhenToTryAgain()
{
    QFETCH(int, reason);
    const ship::EndReason why = ship::EndReason(reason);
    const Error error = ship::errorFor({why, "why", closeFrameFor(why), false});
    QVERIFY(error.code() != ErrorCode::Internal && !error.isNull());
    QCOMPARE(error.details().value(QStringLiteral("ship")).toString(),
             QString::fromLatin1(toText(why)));
    const qint64 wait = error.details().value(QStringLiteral("retryAfterMs")).toLongLong();
    switch (redialAfter(why)) {
    case ship::Redial::Never:
        QVERIFY(!error.isRetryable());
        break;
    case ship::Redial::Slowly:
        QVERIFY(error.isRetryable());
        QCOMPARE(wait, 60'000);
        break;
    case ship::Redial::Soon:
        QVERIFY(error.isRetryable());
        QCOMPARE(wait, 2'000);
        break;
    }
}

// TC_SHIP_CMI_003
void tst_ShipLink::silenceIsEndedByTheTimer()
{
    LinkHarness harness(trusting());
    harness.connect();
    harness.advance(10'000);
    QVERIFY(!harness.isClosed());
    harness.advance(1'000);
    QVERIFY(harness.isClosed());
    QCOMPARE(harness.link.reason().code(), ErrorCode::HandshakeTimeout);
    QVERIFY(harness.stream.sent.isEmpty());
    QVERIFY(harness.timers.armed.empty());
    QCOMPARE(harness.lastState().value(QStringLiteral("ship")),
             QJsonValue(QStringLiteral("timeout")));
    QCOMPARE(harness.lease.released.size(), std::size_t(1));
}

// RR24
void tst_ShipLink::theHostsEndIsAnnounced()
{
    LinkHarness harness(trusting());
    harness.shakeHands();
    harness.driver->handleClosing(Error(ErrorCode::ShuttingDown, QStringLiteral("the end")));
    QCOMPARE(harness.stream.sent.last(), kCloseAnnounced);
    QCOMPARE(int(harness.stream.closeCode), 4001);
    QCOMPARE(harness.lastState().value(QStringLiteral("state")),
             QJsonValue(QStringLiteral("disconnected")));
    // Off the bus, and the answer awaited; what was under way is nobody's.
    QCOMPARE(harness.lease.released.size(), std::size_t(1));
    QVERIFY(harness.driver->awaitsAnswer());
    const std::size_t published = harness.bus.published.size();
    harness.receive(dataMessage("[]"));
    QVERIFY(!harness.isClosed());
    harness.receive(kCloseConfirmed);
    QVERIFY(harness.isClosed());
    QVERIFY(harness.timers.armed.empty());
    QCOMPARE(harness.bus.published.size(), published);

    LinkHarness silent(trusting());
    silent.shakeHands();
    silent.driver->handleClosing(Error(ErrorCode::ShuttingDown, QStringLiteral("the end")));
    silent.advance(499);
    QVERIFY(!silent.isClosed());
    silent.advance(1);
    QVERIFY(silent.isClosed());
    QVERIFY(silent.timers.armed.empty());

    LinkHarness early(trusting());
    early.connect();
    early.receive(kInit);
    early.driver->handleClosing(Error(ErrorCode::ShuttingDown, QStringLiteral("the end")));
    QCOMPARE(early.stream.sent.last(), kHelloAborted);
    QVERIFY(!early.driver->awaitsAnswer());
}

void tst_ShipLink::aFencedLinkSaysThatItIsADuplicate()
{
    LinkHarness harness(trusting());
    harness.shakeHands();
    const std::size_t published = harness.bus.published.size();
    harness.driver->handleFenced(FenceReason::TakenOver);
    QCOMPARE(harness.stream.sent.last(), kCloseAnnounced);
    QCOMPARE(int(harness.stream.closeCode), 1000);
    // The state is the other link's to tell.
    QCOMPARE(harness.bus.published.size(), published);
    QVERIFY(harness.lease.released.empty());
}

void tst_ShipLink::whatIsLearnedLaterIsTold()
{
    LinkHarness harness(trusting());
    harness.shakeHands();
    harness.receive("\1{\"accessMethods\":[{\"id\":\"one\"}]}");
    harness.executor.run();
    const QByteArray info = "ship/" + kPeerSki + "/info";
    QCOMPARE(harness.published(info).size(), 1);
    const Ski peer = *Ski::fromText(fairlead::ship::viewOf(kPeerSki));
    PeerClaims claims;
    claims.model = "X1";
    (void)harness.endpoint->desk.learn(peer, claims, 1);
    harness.executor.run();
    QCOMPARE(harness.published(info).size(), 2);
    QCOMPARE(harness.published(info)[1].value(QStringLiteral("model")),
             QJsonValue(QStringLiteral("X1")));
    // Where it is now is nobody's business on the bus.
    claims.places = "192.0.2.7:4712";
    (void)harness.endpoint->desk.learn(peer, claims, 2);
    harness.executor.run();
    QCOMPARE(harness.published(info).size(), 2);
}

// RR16
void tst_ShipLink::theShipIdStays()
{
    LinkHarness first(trusting());
    first.shakeHands();
    first.receive("\1{\"accessMethods\":[{\"id\":\"one\"}]}");
    const auto infos = first.published("ship/" + kPeerSki + "/info");
    QCOMPARE(infos.size(), 1);
    QCOMPARE(infos[0].value(QStringLiteral("shipId")), QJsonValue(QStringLiteral("one")));
    QCOMPARE(infos[0].value(QStringLiteral("label")), QJsonValue(QStringLiteral("Heat pump")));

    LinkHarness same(first.endpoint, Role::Server);
    same.shakeHands();
    same.receive("\1{\"accessMethods\":[{\"id\":\"one\"}]}");
    QVERIFY(!same.isClosed());

    LinkHarness other(first.endpoint, Role::Server);
    other.shakeHands();
    other.receive("\1{\"accessMethods\":[{\"id\":\"another\"}]}");
    QCOMPARE(other.stream.sent.last(), kCloseAnnounced);
    other.advance(500);
    QVERIFY(other.isClosed());
    QCOMPARE(other.link.reason().code(), ErrorCode::IdentityMismatch);
    QCOMPARE(int(other.stream.closeCode), 4450);
}

// RR19
void tst_ShipLink::lifeIsAskedForAsTheSpecificationSays()
{
    LinkHarness harness(trusting());
    harness.connect();
    QVERIFY(harness.heartbeat.watched);
    QCOMPARE(harness.heartbeat.watched->probeMs, 50'000);
    QCOMPARE(harness.heartbeat.watched->timeoutMs, 60'000);
    harness.driver->handleProbeDue();
    QCOMPARE(harness.stream.pings, 1);
}

// RR19: on the connection that a device left when it moved it says nothing.
void tst_ShipLink::whoIsSaidToBeElsewhereIsAskedAtOnce()
{
    const auto say = [](LinkHarness &harness, const char *places) {
        PeerClaims claims;
        claims.places = places;
        const Ski peer = *Ski::fromText(fairlead::ship::viewOf(kPeerSki));
        (void)harness.endpoint->desk.learn(peer, claims, 1);
        harness.executor.run();
    };
    LinkHarness harness(trusting());
    harness.connect();
    // Where it is in the first place is no move.
    say(harness, "192.0.2.7:4712");
    say(harness, "192.0.2.7:4712");
    QCOMPARE(harness.stream.pings, 0);
    QCOMPARE(harness.heartbeat.plans, 1);

    say(harness, "192.0.2.8:4712");
    QCOMPARE(harness.stream.pings, 1);
    QCOMPARE(harness.heartbeat.plans, 2);
    QCOMPARE(harness.heartbeat.watched->timeoutMs, 10'000);
    QCOMPARE(harness.heartbeat.watched->probeMs, 5'000);
    // Reports that flicker give it no more time.
    say(harness, "192.0.2.7:4712");
    QCOMPARE(harness.heartbeat.plans, 2);
    harness.driver->handleProbeDue();
    QCOMPARE(harness.stream.pings, 2);
    QCOMPARE(harness.heartbeat.plans, 2);

    // It answers: it is well, and asked as ever.
    harness.stream.pongs = 1;
    harness.driver->handleProbeDue();
    QCOMPARE(harness.stream.pings, 2);
    QCOMPARE(harness.heartbeat.watched->timeoutMs, 60'000);
    QCOMPARE(harness.heartbeat.watched->probeMs, 50'000);
    harness.driver->handleProbeDue();
    QCOMPARE(harness.stream.pings, 3);
    QVERIFY(!harness.isClosed());

    say(harness, "192.0.2.9:4712");
    QCOMPARE(harness.stream.pings, 4);
    QCOMPARE(harness.heartbeat.watched->timeoutMs, 10'000);
    // It has answered for where it was said to be then, not for the next place.
    harness.stream.pongs = 2;
    say(harness, "192.0.2.10:4712");
    QCOMPARE(harness.stream.pings, 5);
    harness.driver->handleProbeDue();
    QCOMPARE(harness.stream.pings, 6);
    QCOMPARE(harness.heartbeat.watched->timeoutMs, 10'000);
}

void tst_ShipLink::nothingHappensAfterTheEnd()
{
    LinkHarness harness(trusting());
    harness.shakeHands();
    harness.driver->handleEndOfInput();
    QVERIFY(harness.isClosed());
    const auto sent = harness.stream.sent;
    const std::size_t published = harness.bus.published.size();
    harness.receive(dataMessage("{}"));
    harness.driver->handlePull(harness.lease);
    harness.driver->handleClosing(Error(ErrorCode::ShuttingDown, QString()));
    harness.advance(100'000);
    QCOMPARE(harness.stream.sent, sent);
    QCOMPARE(harness.bus.published.size(), published);
}

QTEST_APPLESS_MAIN(tst_ShipLink)
#include "tst_shiplink.moc"
