// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "linkharness.h"

#include <QJsonArray>
#include <QTest>

using namespace fairlead;
using namespace fairlead::test;
using fairlead::ship::Role;
using fairlead::ship::Ski;
using fairlead::ship::Trust;
using fairlead::ship::TrustDesk;
using fairlead::ship::TrustedPeer;
using fairlead::ship::TrustSource;

namespace {

const QByteArray kInit = QByteArray("\0\0", 2);
const QByteArray kReady = "\1{\"connectionHello\":[{\"phase\":\"ready\"},{\"waiting\":60000}]}";
const QByteArray kAborted = "\1{\"connectionHello\":[{\"phase\":\"aborted\"}]}";
const QByteArray kRemoved
    = "\3{\"connectionClose\":[{\"phase\":\"announce\"},{\"maxTime\":500},{\"reason\":"
      "\"removedConnection\"}]}";
const QByteArray kConfirm = "\3{\"connectionClose\":[{\"phase\":\"confirm\"}]}";
const QByteArray kPinRequired
    = "\1{\"connectionPinState\":[{\"pinState\":\"required\"},{\"inputPermission\":\"ok\"}]}";

Ski peerSki()
{
    return *Ski::fromText(ship::viewOf(kPeerSki));
}

TrustedPeer decided()
{
    return {peerSki(), TrustSource::Verified, "Heat pump", {}, 1, 0};
}

QJsonObject trusting(const QByteArray &ski = kPeerSki)
{
    return {{QStringLiteral("trusted"), QJsonArray{QString::fromLatin1(ski)}}};
}

} // namespace

/// What is decided reaches live links, chapter 7.
class tst_ShipTrustLinks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whoWaitsGoesOnWhenItIsTrusted();
    void aDecisionBeforeTheProtocolCounts_data();
    void aDecisionBeforeTheProtocolCounts();
    void whoWaitsIsAbortedWhenItIsRejected();
    void removalEndsTheConnection();
    void whatTheConfigurationDropsEnds();
    void whatTheConfigurationAddsGoesOn();
    void anotherEndpointMayTrustItToo();
    void decisionsComeTooLateForWhoLeft();
    void theWindowLetsOneIn();
    void thePinIsEnteredWhenItComes();
    void thePinOfLaterConnectionsIsKept();
    void whatTheDeskSeesIsTheLinks();
};

void tst_ShipTrustLinks::whoWaitsGoesOnWhenItIsTrusted()
{
    LinkHarness harness;
    harness.connect();
    harness.receive(kInit);
    harness.receive(kReady);
    QVERIFY(harness.lease.subscribed.empty());
    QVERIFY(harness.endpoint->desk.accept(decided()));
    QVERIFY(!harness.stream.sent.contains(kReady));
    harness.executor.run();
    QCOMPARE(harness.stream.sent.last(),
             QByteArray("\1{\"connectionHello\":[{\"phase\":\"ready\"}]}"));
    // From here on it is a peer like any other.
    QCOMPARE(harness.lease.subscribed.back().filters.first(), "ship/" + kPeerSki + "/tx");
    QCOMPARE(harness.lastState().value(QStringLiteral("state")),
             QJsonValue(QStringLiteral("connecting")));
    harness.driver->handleEndOfInput();
    QVERIFY(harness.lease.released.back().changeExpiry);
    QCOMPARE(harness.lease.released.back().expirySeconds, 60U);
    QCOMPARE(harness.lastState().value(QStringLiteral("state")),
             QJsonValue(QStringLiteral("disconnected")));
}

void tst_ShipTrustLinks::aDecisionBeforeTheProtocolCounts_data()
{
    QTest::addColumn<bool>("isTrusted");
    QTest::newRow("trusted") << true;
    QTest::newRow("rejected") << false;
}

void tst_ShipTrustLinks::aDecisionBeforeTheProtocolCounts()
{
    QFETCH(bool, isTrusted);
    LinkHarness harness;
    harness.open();
    if (isTrusted)
        QVERIFY(harness.endpoint->desk.accept(decided()));
    else
        harness.endpoint->desk.reject(peerSki(), harness.clock.now());
    harness.executor.run();
    QVERIFY(!harness.isClosed());
    harness.granted();
    harness.receive(kInit);
    QCOMPARE(harness.stream.sent.last(), isTrusted ? kReady : kAborted);
    QCOMPARE(harness.lease.subscribed.size(), std::size_t(isTrusted ? 1 : 0));
}

void tst_ShipTrustLinks::whoWaitsIsAbortedWhenItIsRejected()
{
    LinkHarness harness;
    harness.connect();
    harness.receive(kInit);
    harness.endpoint->desk.reject(peerSki(), harness.clock.now());
    harness.executor.run();
    QCOMPARE(harness.stream.sent.last(), kAborted);
    QVERIFY(harness.isClosed());
    QCOMPARE(int(harness.stream.closeCode), 4452);
    QCOMPARE(harness.link.reason().code(), ErrorCode::NotAuthorized);
    QVERIFY(harness.bus.published.empty());

    LinkHarness again(harness.endpoint, Role::Server);
    again.connect();
    again.receive(kInit);
    QCOMPARE(again.stream.sent.last(), kAborted);
}

// RR23
void tst_ShipTrustLinks::removalEndsTheConnection()
{
    LinkHarness harness;
    QVERIFY(harness.endpoint->desk.accept(decided()));
    harness.shakeHands();
    QCOMPARE(harness.lastState().value(QStringLiteral("state")),
             QJsonValue(QStringLiteral("connected")));
    QCOMPARE(harness.endpoint->desk.remove(peerSki()), ship::TrustBook::Removal::Removed);
    harness.executor.run();
    QCOMPARE(harness.stream.sent.last(), kRemoved);
    QVERIFY(!harness.isClosed());
    const std::size_t published = harness.bus.published.size();
    harness.receive("\2{\"data\":[{\"header\":[{\"protocolId\":\"ee1.0\"}]},{\"payload\":{}}]}");
    QCOMPARE(harness.bus.published.size(), published);
    harness.receive(kConfirm);
    QVERIFY(harness.isClosed());
    QCOMPARE(harness.lastState().value(QStringLiteral("ship")),
             QJsonValue(QStringLiteral("trust-removed-here")));
    QVERIFY(!harness.link.reason().isRetryable());
    // Nothing waits for its return.
    QVERIFY(harness.lease.released.back().changeExpiry);
    QCOMPARE(harness.lease.released.back().expirySeconds, 0U);

    LinkHarness again(harness.endpoint, Role::Server);
    again.connect();
    again.receive(kInit);
    QVERIFY(again.stream.sent.last().contains("\"pending\""));
}

void tst_ShipTrustLinks::whatTheConfigurationDropsEnds()
{
    const auto desk = TrustDesk::unkept();
    LinkHarness harness(
        std::make_shared<ship::ShipEndpoint>(optionsOf(trusting(), Role::Server), desk),
        Role::Server);
    harness.shakeHands();
    // A reload makes the endpoint's successor before it ends.
    const ship::ShipEndpoint successor(optionsOf({}, Role::Server), desk);
    harness.executor.run();
    QCOMPARE(harness.stream.sent.last(), kRemoved);
    harness.driver->handleClosing(Error(ErrorCode::ShuttingDown, QStringLiteral("the end")));
    QCOMPARE(harness.stream.sent.count(kRemoved), 1);
    QCOMPARE(harness.stream.sent.last(), kRemoved);
    // It goes after its links, and takes nothing of its successor's along.
    harness.driver.reset();
    harness.endpoint.reset();
    QCOMPARE(desk->boards().size(), std::size_t(1));
}

void tst_ShipTrustLinks::whatTheConfigurationAddsGoesOn()
{
    const auto desk = TrustDesk::unkept();
    LinkHarness harness(std::make_shared<ship::ShipEndpoint>(optionsOf({}, Role::Server), desk),
                        Role::Server);
    harness.connect();
    harness.receive(kInit);
    ship::ShipOptions other = optionsOf(trusting(), Role::Server);
    other.endpoint = "other";
    const ship::ShipEndpoint further(other, desk);
    harness.executor.run();
    QCOMPARE(harness.stream.sent.last(), kReady);
}

void tst_ShipTrustLinks::anotherEndpointMayTrustItToo()
{
    const auto desk = TrustDesk::unkept();
    LinkHarness harness(
        std::make_shared<ship::ShipEndpoint>(optionsOf(trusting(), Role::Server), desk),
        Role::Server);
    harness.shakeHands();
    ship::ShipOptions other = optionsOf(trusting(), Role::Server);
    other.endpoint = "other";
    const ship::ShipEndpoint further(other, desk);
    const ship::ShipEndpoint successor(optionsOf({}, Role::Server), desk);
    harness.executor.run();
    QVERIFY(!harness.stream.sent.contains(kRemoved));
    QVERIFY(desk->isTrusted(peerSki()));
}

void tst_ShipTrustLinks::decisionsComeTooLateForWhoLeft()
{
    LinkHarness harness;
    harness.connect();
    harness.receive(kInit);
    QCOMPARE(harness.endpoint->desk.visitors().size(), std::size_t(1));
    QVERIFY(harness.endpoint->desk.accept(decided()));
    QCOMPARE(harness.endpoint->desk.enterPin(peerSki(), "12345678"), 1);
    harness.driver.reset();
    harness.executor.run();
    QVERIFY(harness.endpoint->desk.visitors().empty());
    QVERIFY(!harness.stream.sent.contains(kReady));

    LinkHarness ended(harness.endpoint, Role::Server);
    ended.shakeHands();
    ended.driver->handleEndOfInput();
    QVERIFY(harness.endpoint->desk.visitors().empty());
}

void tst_ShipTrustLinks::theWindowLetsOneIn()
{
    LinkHarness first;
    first.endpoint->desk.openWindow(60'000, first.clock.now());
    first.shakeHands();
    QCOMPARE(first.lastState().value(QStringLiteral("state")),
             QJsonValue(QStringLiteral("connected")));
    QCOMPARE(first.endpoint->desk.find(peerSki())->source, TrustSource::AutoAccept);
    LinkHarness second(first.endpoint, Role::Server);
    second.open(QByteArray(40, 'c'));
    second.granted();
    second.receive(kInit);
    QVERIFY(second.stream.sent.last().contains("\"pending\""));
}

void tst_ShipTrustLinks::thePinIsEnteredWhenItComes()
{
    LinkHarness harness(trusting());
    harness.connect();
    harness.receive(kInit);
    harness.receive(kReady);
    const QByteArray proposal
        = "\1{\"messageProtocolHandshake\":[{\"handshakeType\":\"announceMax\"},{\"version\":[{"
          "\"major\":1},{\"minor\":0}]},{\"formats\":[{\"format\":[\"JSON-UTF8\"]}]}]}";
    harness.receive(proposal);
    QByteArray choice = proposal;
    harness.receive(choice.replace("announceMax", "select"));
    harness.receive(kPinRequired);
    QVERIFY(!harness.isClosed());
    QVERIFY(harness.endpoint->desk.visitors().front()->wantsPin.load());
    QCOMPARE(harness.logger.lines.filter(QStringLiteral("ship-pin-wanted")).size(), 1);
    QCOMPARE(harness.endpoint->desk.enterPin(peerSki(), "0123abcd"), 1);
    harness.executor.run();
    QCOMPARE(harness.stream.sent.last(),
             QByteArray("\1{\"connectionPinInput\":[{\"pin\":\"0123abcd\"}]}"));
    QVERIFY(!harness.endpoint->desk.visitors().front()->wantsPin.load());
    QCOMPARE(harness.endpoint->desk.peerPin(peerSki()), QByteArray("0123abcd"));
    harness.receive("\1{\"connectionPinError\":[{\"error\":1}]}");
    QVERIFY(harness.endpoint->desk.peerPin(peerSki()).isEmpty());
    QVERIFY(harness.endpoint->desk.visitors().front()->wantsPin.load());
    harness.endpoint->desk.enterPin(peerSki(), "aaaabbbb");
    harness.executor.run();
    harness.receive("\1{\"connectionPinState\":[{\"pinState\":\"pinOk\"}]}");
    QCOMPARE(harness.lastState().value(QStringLiteral("state")),
             QJsonValue(QStringLiteral("connected")));
}

void tst_ShipTrustLinks::thePinOfLaterConnectionsIsKept()
{
    LinkHarness first(trusting());
    QCOMPARE(first.endpoint->desk.enterPin(peerSki(), "0123abcd"), 0);
    first.connect();
    first.receive(kInit);
    first.receive(kReady);
    const QByteArray proposal
        = "\1{\"messageProtocolHandshake\":[{\"handshakeType\":\"announceMax\"},{\"version\":[{"
          "\"major\":1},{\"minor\":0}]},{\"formats\":[{\"format\":[\"JSON-UTF8\"]}]}]}";
    first.receive(proposal);
    QByteArray choice = proposal;
    first.receive(choice.replace("announceMax", "select"));
    first.receive(kPinRequired);
    QCOMPARE(first.stream.sent.last(),
             QByteArray("\1{\"connectionPinInput\":[{\"pin\":\"0123abcd\"}]}"));
}

void tst_ShipTrustLinks::whatTheDeskSeesIsTheLinks()
{
    LinkHarness harness(trusting());
    harness.connect();
    const auto visitors = harness.endpoint->desk.visitors();
    QCOMPARE(visitors.size(), std::size_t(1));
    QCOMPARE(visitors[0]->endpoint, QByteArray("pump"));
    QCOMPARE(visitors[0]->state.load(), ship::State::InitWait);
    harness.receive(kInit);
    QCOMPARE(visitors[0]->state.load(), ship::State::HelloReady);
}

QTEST_APPLESS_MAIN(tst_ShipTrustLinks)

#include "tst_shiptrustlinks.moc"
