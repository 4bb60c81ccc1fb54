// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "../callqueue.h"
#include "core/endpoint/doublelinkdesk.h"
#include "core/reactor/timerqueue.h"
#include "simhost.h"

#include <QtTest/QTest>

#include <memory>

using namespace fairlead;
using namespace fairlead::core;
using sim::SimHost;
using sim::SimLink;

namespace {

constexpr auto kIn = Link::Direction::Accepted;
constexpr auto kOut = Link::Direction::Dialled;
constexpr qint64 kMs = kNsPerMs;

const std::string kPeer = "m";
const std::string kBigger = "z";
const std::string kSmaller = "a";

/// A host whose reactors and control plane take turns on one thread, on a clock of the test's.
struct World
{
    explicit World(int reactors)
        : owned(std::make_unique<SimHost>(reactors))
        , host(*owned)
        , desk(main, host.clock(), timers, host.distributor())
    {
        host.distributor().arbitration = &desk;
        QObject::connect(&desk,
                         &DoubleLinkDesk::peerConnected,
                         &desk,
                         [this](const QByteArray &principal, quint64 winner) {
                             connected << principal + ' ' + QByteArray::number(winner);
                         });
    }

    // Links end before the desk that they tell of it.
    ~World() { owned.reset(); }

    void settle()
    {
        do {
            host.settle();
        } while (main.turn());
    }

    void advance(qint64 ns)
    {
        settle();
        for (constexpr qint64 kStep = 50 * kMs; ns > 0; ns -= kStep) {
            host.advance(std::min(ns, kStep));
            timers.fireDue(host.clock().now());
            settle();
        }
    }

    /// A link that proved to be the peer, and asked for its session.
    std::unique_ptr<SimLink> connect(int reactor,
                                     Link::Direction direction,
                                     const std::string &ownId,
                                     quint32 expirySeconds = 100)
    {
        auto link = host.open(
            reactor,
            [&](const LinkContext &context, SimLink &made) {
                made.stream->identity = Principal{"the-key", false};
                made.record->ownId = ownId;
                return std::make_unique<sim::ProbeDriver>(context, made.record);
            },
            direction);
        link->stream->arrive("x");
        host.settle();
        (*link)->connect(kPeer, expirySeconds);
        host.settle();
        return link;
    }

    test::CallQueue main;
    TimerQueue timers;
    std::unique_ptr<SimHost> owned;
    SimHost &host;
    DoubleLinkDesk desk;
    QByteArrayList connected;
};

bool holds(const std::unique_ptr<SimLink> &link)
{
    return link->isOpen() && link->record->grant.lease && link->record->fenced == 0;
}

bool isWaiting(const std::unique_ptr<SimLink> &link)
{
    return link->isOpen() && link->record->grants == 0;
}

/// Whether it was refused, or ended, in favour of another.
bool gaveWay(const std::unique_ptr<SimLink> &link)
{
    return !link->isOpen() && (link->record->fenced == 1 || link->record->grants == 1);
}

} // namespace

class tst_DoubleLinkDesk : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theFirstLinkNeedsNoVerdict();
    void otherRulesAskNobody();
    void theBiggerIdKeepsTheNewerOne_data();
    void theBiggerIdKeepsTheNewerOne();
    void theSmallerIdLeavesTheChoiceToItsPeer_data();
    void theSmallerIdLeavesTheChoiceToItsPeer();
    void aFrozenLinkGivesWay_data();
    void aFrozenLinkGivesWay();
    void whatWasNotReadIsASignOfLife();
    void aPeerThatCameBackIsTakenAtOnce();
    void theSessionMovesToTheSurvivor_data();
    void theSessionMovesToTheSurvivor();
    void aThirdLinkTakesThePlaceOfTheOneThatWaits();
    void aCandidateThatEndsLeavesNothing();
    void aVerdictThatComesLateChangesNothing();
    void theHostsEndEndsWhatWaits();
    void whoIsConnectedIsNotDialled();
};

void tst_DoubleLinkDesk::theFirstLinkNeedsNoVerdict()
{
    World world(2);
    const auto link = world.connect(1, kIn, kBigger);
    // The control plane had no turn yet.
    QVERIFY(holds(link));
    world.settle();
    QCOMPARE(world.connected, QByteArrayList{"the-key " + QByteArray::number(link->generation)});
}

// RG-07: MQTT's latest CONNECT wins where it is, as if there were no such rule.
void tst_DoubleLinkDesk::otherRulesAskNobody()
{
    World world(2);
    const auto first = world.connect(0, kIn, std::string());
    const auto second = world.connect(1, kOut, std::string());
    QVERIFY(gaveWay(first));
    QVERIFY(holds(second));
    QCOMPARE(world.main.posts, 0);
}

void tst_DoubleLinkDesk::theBiggerIdKeepsTheNewerOne_data()
{
    QTest::addColumn<int>("firstReactor");
    QTest::addColumn<bool>("dialledFirst");
    for (const int reactor : {0, 1}) {
        for (const bool dialled : {false, true})
            QTest::addRow("%d %d", reactor, int(dialled)) << reactor << dialled;
    }
}

// RG-07
void tst_DoubleLinkDesk::theBiggerIdKeepsTheNewerOne()
{
    QFETCH(int, firstReactor);
    QFETCH(bool, dialledFirst);
    World world(2);
    const auto first = world.connect(firstReactor, dialledFirst ? kOut : kIn, kBigger);
    world.settle();
    const auto second = world.connect(0, dialledFirst ? kIn : kOut, kBigger);
    world.advance(900 * kMs);
    QVERIFY(holds(first));
    QVERIFY(isWaiting(second));
    world.advance(150 * kMs);
    QVERIFY(gaveWay(first));
    QVERIFY(holds(second));
    QCOMPARE(world.host.distributor().links.size(), qsizetype(1));
}

void tst_DoubleLinkDesk::theSmallerIdLeavesTheChoiceToItsPeer_data()
{
    QTest::addColumn<bool>("endsFirst");
    QTest::addRow("the older one ends") << true;
    QTest::addRow("the newer one ends") << false;
}

// RG-07
void tst_DoubleLinkDesk::theSmallerIdLeavesTheChoiceToItsPeer()
{
    QFETCH(bool, endsFirst);
    World world(2);
    const auto first = world.connect(0, kOut, kSmaller);
    const auto second = world.connect(1, kIn, kSmaller);
    for (int second10th = 0; second10th < 100; ++second10th) {
        world.advance(100 * kMs);
        // Both are asked whether they live, and say so.
        first->stream->arrive("pong");
        second->stream->arrive("pong");
    }
    world.settle();
    QVERIFY(holds(first));
    QVERIFY(isWaiting(second));
    QVERIFY(first->record->probes >= 3 && second->record->probes >= 3);
    (endsFirst ? first : second)->stream->endInput();
    world.settle();
    QVERIFY(holds(endsFirst ? second : first));
    QVERIFY(!(endsFirst ? first : second)->isOpen());
}

void tst_DoubleLinkDesk::aFrozenLinkGivesWay_data()
{
    QTest::addColumn<bool>("dialledFirst");
    QTest::addColumn<bool>("bigger");
    for (const bool dialled : {false, true}) {
        for (const bool bigger : {false, true})
            QTest::addRow("%d %d", int(dialled), int(bigger)) << dialled << bigger;
    }
}

// RG-08
void tst_DoubleLinkDesk::aFrozenLinkGivesWay()
{
    QFETCH(bool, dialledFirst);
    QFETCH(bool, bigger);
    World world(2);
    const std::string own = bigger ? kBigger : kSmaller;
    const auto frozen = world.connect(0, dialledFirst ? kOut : kIn, own);
    world.advance(20'000 * kMs);
    const auto back = world.connect(1, dialledFirst ? kIn : kOut, own);
    world.advance(100 * kMs);
    QVERIFY(isWaiting(back));
    back->stream->arrive("pong");
    world.advance(2'900 * kMs);
    QVERIFY(holds(back));
    QVERIFY(gaveWay(frozen));
}

// RG-08: silence is the host's own while it does not read.
void tst_DoubleLinkDesk::whatWasNotReadIsASignOfLife()
{
    World world(1);
    const auto first = world.connect(0, kOut, kSmaller);
    const auto second = world.connect(0, kIn, kSmaller);
    world.settle();
    (*first)->stream().setReading(false);
    first->stream->arrive("what nobody reads");
    second->stream->arrive("pong");
    world.advance(3'200 * kMs);
    QVERIFY(holds(first));
    second->stream->arrive("pong");
    // Nothing more comes, and what came is still there.
    world.advance(3'200 * kMs);
    QVERIFY(holds(first));
    QVERIFY(isWaiting(second));
}

// RR13: two links of one direction.
void tst_DoubleLinkDesk::aPeerThatCameBackIsTakenAtOnce()
{
    for (const std::string &own : {kBigger, kSmaller}) {
        World world(2);
        const auto first = world.connect(0, kIn, own);
        const auto second = world.connect(1, kIn, own);
        QVERIFY(holds(second));
        QVERIFY(gaveWay(first));
    }
}

void tst_DoubleLinkDesk::theSessionMovesToTheSurvivor_data()
{
    QTest::addColumn<int>("reactor");
    QTest::addColumn<quint32>("expiry");
    QTest::addRow("same reactor") << 0 << 100U;
    QTest::addRow("another reactor") << 1 << 100U;
    QTest::addRow("nothing to keep") << 1 << 0U;
}

// Nothing is lost or told twice while two links of a peer contend for its session.
void tst_DoubleLinkDesk::theSessionMovesToTheSurvivor()
{
    QFETCH(int, reactor);
    QFETCH(quint32, expiry);
    World world(2);
    const auto publisher = world.host.connect(1, "publisher");
    const auto first = world.connect(0, kIn, kBigger, expiry);
    (*first)->subscribe("t", 1);
    world.settle();
    const auto second = world.connect(reactor, kOut, kBigger, expiry);
    (*publisher)->publish("t", "1", 1);
    world.settle();
    QCOMPARE(first->record->got.size(), std::size_t(1));
    QVERIFY(second->record->got.empty());
    world.advance(1'100 * kMs);
    QVERIFY(holds(second));
    QCOMPARE(second->record->grant.resumed, expiry > 0);
    (*publisher)->publish("t", "2", 1);
    world.settle();
    QCOMPARE(second->record->got.size(), std::size_t(expiry > 0 ? 1 : 0));
    if (expiry > 0)
        QCOMPARE(second->record->got[0].payload, std::string("2"));
    QCOMPARE(first->record->got.size(), std::size_t(1));
}

// RG-07: nothing is left over when there are three.
void tst_DoubleLinkDesk::aThirdLinkTakesThePlaceOfTheOneThatWaits()
{
    World world(2);
    const auto first = world.connect(0, kIn, kBigger);
    const auto second = world.connect(1, kOut, kBigger);
    world.advance(300 * kMs);
    const auto third = world.connect(0, kOut, kBigger);
    world.advance(100 * kMs);
    QVERIFY(gaveWay(second));
    QCOMPARE(second->record->grant.error.code(), ErrorCode::Superseded);
    QVERIFY(isWaiting(third));
    world.advance(1'000 * kMs);
    QVERIFY(gaveWay(first));
    QVERIFY(holds(third));
}

void tst_DoubleLinkDesk::aCandidateThatEndsLeavesNothing()
{
    World world(2);
    const auto first = world.connect(0, kIn, kBigger);
    const auto second = world.connect(1, kOut, kBigger);
    world.settle();
    second->stream->endInput();
    world.advance(2'000 * kMs);
    QVERIFY(holds(first));
    QVERIFY(!second->isOpen());
    const auto third = world.connect(1, kOut, kBigger);
    world.advance(1'100 * kMs);
    QVERIFY(holds(third));
    QCOMPARE(world.host.distributor().directory.count(), quint64(1));
}

// RG-01: the registry and the session directory agree on who came last.
void tst_DoubleLinkDesk::aVerdictThatComesLateChangesNothing()
{
    World world(3);
    const auto first = world.connect(0, kIn, kBigger);
    const auto second = world.connect(1, kOut, kBigger);
    world.settle();
    // The verdict is on its way to the reactor of the second link, and a third one comes first.
    world.host.clock().advance(1'100 * kMs);
    world.timers.fireDue(world.host.clock().now());
    auto third = world.host.open(
        2,
        [&](const LinkContext &context, SimLink &made) {
            made.stream->identity = Principal{"the-key", false};
            made.record->ownId = kBigger;
            return std::make_unique<sim::ProbeDriver>(context, made.record);
        },
        kOut);
    Reactor &there = world.host.reactor(2);
    third->stream->arrive("x");
    there.turn();
    (*third)->connect(kPeer, 100);
    for (int i = 0; i < 4; ++i)
        there.turn();
    const auto held = world.host.distributor().links.snapshot();
    QCOMPARE(held.size(), std::size_t(1));
    QCOMPARE(held[0].link.generation, third->generation);
    world.advance(100 * kMs);
    QVERIFY(gaveWay(first));
    QVERIFY(gaveWay(second));
    QVERIFY(!second->record->grant.lease);
    QVERIFY(holds(third));
}

// SH-03
void tst_DoubleLinkDesk::theHostsEndEndsWhatWaits()
{
    World world(2);
    const auto first = world.connect(0, kIn, kBigger);
    const auto second = world.connect(1, kOut, kBigger);
    world.settle();
    world.desk.close(Error(ErrorCode::ShuttingDown, QStringLiteral("the host ends")));
    world.settle();
    QVERIFY(holds(first));
    QVERIFY(!second->isOpen());
    QCOMPARE(second->record->grant.error.code(), ErrorCode::ShuttingDown);
    const auto third = world.connect(1, kOut, kBigger);
    world.settle();
    QCOMPARE(third->record->grant.error.code(), ErrorCode::ShuttingDown);
}

// SHIP 12.2.2; RR15: nor a moment later.
void tst_DoubleLinkDesk::whoIsConnectedIsNotDialled()
{
    World world(2);
    QVERIFY(!world.desk.isTaken("the-key"));
    const auto first = world.connect(0, kIn, kBigger);
    world.settle();
    QVERIFY(world.desk.isTaken("the-key"));
    QVERIFY(!world.desk.isTaken("another"));
    QVERIFY(!world.desk.isTaken(QByteArray()));
    const auto second = world.connect(1, kOut, kBigger);
    world.advance(1'100 * kMs);
    QCOMPARE(world.connected.size(), 2);
    QCOMPARE(world.connected.last(), "the-key " + QByteArray::number(second->generation));
    QVERIFY(world.desk.isTaken("the-key"));
    QVERIFY(world.desk.isConnected("the-key"));
    second->stream->endInput();
    world.settle();
    QVERIFY(world.desk.isTaken("the-key"));
    QVERIFY(!world.desk.isConnected("the-key"));
    world.advance(2'000 * kMs);
    QVERIFY(!world.desk.isTaken("the-key"));
}

QTEST_APPLESS_MAIN(tst_DoubleLinkDesk)
#include "tst_doublelinkdesk.moc"
