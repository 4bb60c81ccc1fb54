// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/memoryengine.h"
#include "core/store/store.h"
#include "simhost.h"

#include <QTest>

#include <algorithm>
#include <optional>

using namespace fairlead;
using sim::SimHost;

namespace {

using Peer = std::unique_ptr<sim::SimLink>;

constexpr quint32 kKept = 60;

SimHost::Setup setupFor(int reactors, core::Store *store, sim::SimClock *clock)
{
    SimHost::Setup setup;
    setup.reactors = reactors;
    setup.store = store;
    setup.clock = clock;
    return setup;
}

/// A host with a disk that can be full.
struct World
{
    explicit World(int reactors = 1)
        : host(setupFor(reactors, &store, &clock))
    { }

    void settle()
    {
        for (int i = 0; i < 20; ++i) {
            QVERIFY(host.settle());
            (void)store.drain();
            host.wakeAll();
        }
    }

    /// @p isKnown: somebody found out before.
    void fill(bool isKnown)
    {
        engine.setRefusal(Error(ErrorCode::StorageFull, QStringLiteral("no room")));
        if (isKnown) {
            store.append(core::record::PutValue{"test", "key", "value"}, core::Durability::Disk);
            settle();
            QVERIFY(store.isDegraded());
        }
    }

    void makeRoom()
    {
        engine.setRefusal({});
        settle();
        QVERIFY(!store.isDegraded());
    }

    Peer connect(const std::string &name,
                 quint32 expiry = kKept,
                 bool clean = false,
                 const Testament *will = nullptr)
    {
        Peer link = host.open(0);
        (*link)->connect(name, expiry, clean, will);
        settle();
        return link;
    }

    void lose(Peer &link)
    {
        link->stream->breakOff();
        settle();
        link.reset();
    }

    void publish(const std::string &topic, const std::string &payload)
    {
        const Peer source = connect("source", 0, true);
        (*source)->publish(topic, payload);
        settle();
    }

    core::MemoryEngine engine;
    sim::SimClock clock;
    core::Store store{engine, clock, {}};
    const core::Recovered recovered = store.open();
    SimHost host;
};

/// What a further start would find.
core::Recovered restarted(World &world)
{
    (void)world.store.close();
    core::Store store(world.engine, world.clock, {});
    return store.open();
}

std::optional<core::RecoveredSession> sessionOf(const core::Recovered &found, const char *name)
{
    const auto at = std::find_if(
        found.sessions.begin(), found.sessions.end(), [name](const core::RecoveredSession &one) {
            return one.row.peerKey == name;
        });
    return at == found.sessions.end() ? std::nullopt : std::optional(*at);
}

std::size_t received(const Peer &link)
{
    return link->record->got.size();
}

} // namespace

/// Acknowledged means stored: what becomes of sessions and subscriptions while nothing can be.
class tst_Unstored : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void when_data()
    {
        QTest::addColumn<bool>("isKnown");
        QTest::newRow("it is known that the disk is full") << true;
        QTest::newRow("this is how it comes out") << false;
    }

    void aSessionThatCannotBeStoredIsRefused_data() { when_data(); }

    void aSessionThatCannotBeStoredIsRefused()
    {
        QFETCH(bool, isKnown);
        World world;
        world.fill(isKnown);
        const Peer link = world.connect("c");
        QCOMPARE(link->record->grant.lease, nullptr);
        QCOMPARE(link->record->grant.error.code(), ErrorCode::StorageFull);
        QVERIFY(link->record->grant.error.isRetryable());
        world.settle();
        QCOMPARE(world.host.distributor().directory.count(), quint64(0));
        world.makeRoom();
        const Peer again = world.connect("c");
        QVERIFY(again->record->grant.lease);
        QVERIFY(!again->record->grant.resumed);
        QCOMPARE(restarted(world).sessions.size(), std::size_t(1));
    }

    void aSessionThatWasRefusedIsNotStoredLater_data() { when_data(); }

    void aSessionThatWasRefusedIsNotStoredLater()
    {
        QFETCH(bool, isKnown);
        World world;
        world.fill(isKnown);
        (void)world.connect("c");
        world.makeRoom();
        QVERIFY(!sessionOf(restarted(world), "c"));
    }

    void whatNeedsNoDiskIsGranted()
    {
        World world;
        world.fill(true);
        QVERIFY(world.connect("passing", 0)->record->grant.lease);
        QVERIFY(world.connect("passing too", 0, true)->record->grant.lease);
        world.host.endpoint().durability = core::Durability::Memory;
        QVERIFY(world.connect("kept in memory")->record->grant.lease);
    }

    void aStoredSessionIsResumed_data() { when_data(); }

    void aStoredSessionIsResumed()
    {
        QFETCH(bool, isKnown);
        World world(3);
        Peer first = world.connect("c");
        (*first)->subscribe("t", 1);
        world.settle();
        world.lose(first);
        world.fill(isKnown);
        const Peer link = world.host.open(2);
        (*link)->connect("c", kKept);
        world.settle();
        QVERIFY(link->record->grant.resumed);
        // What it has already needs no disk either.
        (*link)->subscribe("t", 1);
        world.settle();
        QCOMPARE(link->record->subscribed.at(0).outcome, Outcome::Done);
        world.publish("t", "m");
        QCOMPARE(received(link), std::size_t(1));
    }

    void aSessionIsNotChangedByWhatIsRefused_data()
    {
        QTest::addColumn<bool>("isKnown");
        QTest::addColumn<quint32>("expiry");
        QTest::addColumn<bool>("hasWill");
        QTest::addColumn<bool>("clean");
        QTest::newRow("longer") << true << 2 * kKept << false << false;
        QTest::newRow("longer, found out") << false << 2 * kKept << false << false;
        QTest::newRow("with a will") << true << kKept << true << false;
        QTest::newRow("with a will, found out") << false << kKept << true << false;
        QTest::newRow("begun anew") << true << kKept << false << true;
        QTest::newRow("ended") << true << 0U << false << true;
    }

    void aSessionIsNotChangedByWhatIsRefused()
    {
        QFETCH(bool, isKnown);
        QFETCH(quint32, expiry);
        QFETCH(bool, hasWill);
        QFETCH(bool, clean);
        World world;
        Peer first = world.connect("c");
        (*first)->subscribe("t", 1);
        world.settle();
        world.lose(first);
        world.fill(isKnown);
        Testament will;
        will.topic = "w";
        Peer link = world.connect("c", expiry, clean, hasWill ? &will : nullptr);
        QCOMPARE(link->record->grant.lease, nullptr);
        QCOMPARE(link->record->grant.error.code(), ErrorCode::StorageFull);
        world.makeRoom();
        const core::Recovered found = restarted(world);
        const auto session = sessionOf(found, "c");
        QVERIFY(session);
        QCOMPARE(session->row.expirySeconds, kKept);
        QVERIFY(!session->row.testament);
        QCOMPARE(session->subscriptions.size(), std::size_t(1));
    }

    // Also in memory it is what it was.
    void whatWasRefusedCanBeAskedForAgain()
    {
        World world;
        Peer first = world.connect("c");
        (*first)->subscribe("t", 1);
        world.settle();
        world.lose(first);
        world.fill(false);
        Peer refused = world.connect("c", 2 * kKept);
        QCOMPARE(refused->record->grant.lease, nullptr);
        world.makeRoom();
        const Peer link = world.connect("c", 2 * kKept);
        QVERIFY(link->record->grant.resumed);
        QCOMPARE(link->record->grant.expirySeconds, 2 * kKept);
        world.publish("t", "m");
        QCOMPARE(received(link), std::size_t(1));
    }

    // A refused peer does not cost another its link.
    void whoHoldsASessionKeepsItWhileOthersAreRefused()
    {
        World world;
        const Peer holder = world.connect("c");
        world.fill(true);
        const Peer other = world.connect("c", kKept, true);
        QCOMPARE(other->record->grant.lease, nullptr);
        QVERIFY(holder->isOpen());
        QCOMPARE(holder->record->fenced, 0);
    }

    void aSubscriptionThatCannotBeStoredIsRefused_data() { when_data(); }

    void aSubscriptionThatCannotBeStoredIsRefused()
    {
        QFETCH(bool, isKnown);
        World world;
        const Peer link = world.connect("c");
        (*link)->subscribe("old", 1);
        world.settle();
        world.fill(isKnown);
        (*link)->subscribe("t", 1);
        world.settle();
        QCOMPARE(link->record->subscribed.at(1).outcome, Outcome::Quota);
        QCOMPARE(link->host->session()->subscriptions().size(), 1);
        world.publish("t", "m");
        world.publish("old", "n");
        QCOMPARE(received(link), std::size_t(1));
        world.makeRoom();
        world.publish("t", "m");
        QCOMPARE(received(link), std::size_t(1));
        (*link)->subscribe("t", 1);
        world.settle();
        QCOMPARE(link->record->subscribed.at(2).outcome, Outcome::Done);
        world.publish("t", "m");
        QCOMPARE(received(link), std::size_t(2));
        QCOMPARE(sessionOf(restarted(world), "c")->subscriptions.size(), std::size_t(2));
    }

    void whatIsNotKeptIsSubscribedAsEver()
    {
        World world;
        const Peer link = world.connect("passing", 0);
        world.fill(true);
        (*link)->subscribe("t", 1);
        world.settle();
        QCOMPARE(link->record->subscribed.at(0).outcome, Outcome::Done);
        (*link)->unsubscribe("t");
        world.settle();
        QCOMPARE(link->record->unsubscribed.at(0), Outcome::Done);
    }

    void aSubscriptionStaysAsItWas_data() { when_data(); }

    void aSubscriptionStaysAsItWas()
    {
        QFETCH(bool, isKnown);
        World world;
        const Peer link = world.connect("c");
        (*link)->subscribe("t", 1, 7);
        world.settle();
        world.fill(isKnown);
        (*link)->subscribe("t", 2, 8);
        world.settle();
        QCOMPARE(link->record->subscribed.at(1).outcome, Outcome::Quota);
        const auto &options = link->host->session()->subscriptions()["t"].options;
        QCOMPARE(options.qos, quint8(1));
        QCOMPARE(options.id, 7U);
        world.publish("t", "m");
        QCOMPARE(received(link), std::size_t(1));
        world.makeRoom();
        const auto session = sessionOf(restarted(world), "c");
        QCOMPARE(session->subscriptions.at(0).id, 7U);
    }

    void aSubscriptionThatCannotBeRemovedStays_data() { when_data(); }

    void aSubscriptionThatCannotBeRemovedStays()
    {
        QFETCH(bool, isKnown);
        World world;
        const Peer link = world.connect("c");
        (*link)->subscribe("t", 1);
        world.settle();
        world.fill(isKnown);
        (*link)->unsubscribe("t");
        (*link)->unsubscribe("none");
        world.settle();
        QVERIFY((link->record->unsubscribed
                 == std::vector<Outcome>{Outcome::Failed, Outcome::NoReceiver}));
        world.publish("t", "m");
        QCOMPARE(received(link), std::size_t(1));
        world.makeRoom();
        world.publish("t", "m");
        QCOMPARE(received(link), std::size_t(2));
        (*link)->unsubscribe("t");
        world.settle();
        QCOMPARE(link->record->unsubscribed.at(2), Outcome::Done);
        world.publish("t", "m");
        QCOMPARE(received(link), std::size_t(2));
        QVERIFY(sessionOf(restarted(world), "c")->subscriptions.empty());
    }

    // Of changes that follow each other before the store has decided, none leaves a trace.
    void aRunOfChangesIsTakenBackWhole()
    {
        World world;
        const Peer link = world.connect("c");
        (*link)->subscribe("kept", 1, 7);
        world.settle();
        world.fill(false);
        (*link)->subscribe("fresh", 1);
        (*link)->unsubscribe("fresh");
        (*link)->subscribe("fresh", 2);
        (*link)->unsubscribe("kept");
        (*link)->subscribe("kept", 0, 8);
        world.settle();
        for (std::size_t i = 1; i < 4; ++i)
            QCOMPARE(link->record->subscribed.at(i).outcome, Outcome::Quota);
        QVERIFY(
            (link->record->unsubscribed == std::vector<Outcome>{Outcome::Failed, Outcome::Failed}));
        const auto &subscriptions = link->host->session()->subscriptions();
        QCOMPARE(subscriptions.keys(), QList<QByteArray>{"kept"});
        QCOMPARE(subscriptions["kept"].options.id, 7U);
        world.publish("fresh", "m");
        world.publish("kept", "m");
        QCOMPARE(received(link), std::size_t(1));
        world.makeRoom();
        const auto session = sessionOf(restarted(world), "c");
        QCOMPARE(session->subscriptions.size(), std::size_t(1));
        QCOMPARE(session->subscriptions.at(0).id, 7U);
    }

    // What a link asked for and did not live to hear of is not taken for stored by the next.
    void whatNobodyHeardOfIsAskedForAnew()
    {
        World world;
        Peer first = world.connect("c");
        world.fill(false);
        (*first)->subscribe("t", 1);
        QVERIFY(world.host.settle());
        world.lose(first);
        const Peer link = world.connect("c");
        QVERIFY(link->record->grant.resumed);
        (*link)->subscribe("t", 1);
        world.settle();
        QCOMPARE(link->record->subscribed.at(0).outcome, Outcome::Quota);
    }
};

QTEST_GUILESS_MAIN(tst_Unstored)
#include "tst_unstored.moc"
