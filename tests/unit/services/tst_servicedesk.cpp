// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "seatworld.h"

#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using fairlead::test::SeatWorld;

class tst_ServiceDesk : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // RG-11: who registers is found by its id and by what it can do.
    void aRegisteredPeerIsListed()
    {
        SeatWorld world;
        auto peer = world.serve("scale", QStringLiteral("weigh"));
        QCOMPARE(peer->grants.size(), std::size_t(1));
        QVERIFY(peer->grants.front().error.isNull());
        QCOMPARE(peer->grants.front().id, QStringLiteral("service/scale"));
        QVERIFY(!peer->grants.front().returned);
        const auto record = world.registry.find(QStringLiteral("service/scale"));
        QVERIFY(record);
        QCOMPARE(record->status, ServiceStatus::Running);
        QCOMPARE(record->generation, peer->grants.front().generation);
        ServiceFilter filter;
        filter.capabilities = QStringList{QStringLiteral("weigh")};
        QCOMPARE(world.registry.query(filter).size(), std::size_t(1));
        QCOMPARE(world.broadcaster.targetIds(), QStringList{QStringLiteral("service/scale")});
    }

    void onlyALinkWithASessionRegistersAndOnlyOnce()
    {
        SeatWorld world;
        SeatWorld::Peer early;
        early.link = world.host.open(0, [&](const LinkContext &context, sim::SimLink &) {
            return std::make_unique<test::ServiceProbe>(context, early.seen, "early");
        });
        world.settle();
        const ServiceOffer offer = SeatWorld::offer("early", QStringLiteral("x"));
        QCOMPARE(early->seat().registerService(offer, *early.operator->()).error().code(),
                 ErrorCode::InvalidTransition);
        auto peer = world.serve("one", QStringLiteral("x"));
        QCOMPARE(peer->seat().registerService(offer, *peer.operator->()).error().code(),
                 ErrorCode::InvalidTransition);
        QCOMPARE(world.registry.size(), 1);
    }

    // AD-03: the endpoint's gate; who was refused may try another one.
    void versionsThatTheEndpointDoesNotLetInAreRefused()
    {
        SeatWorld world;
        world.host.endpoint().serviceVersions
            = VersionGate::create(QStringLiteral("1.0.0"), {}).value();
        auto peer = world.connect("scale");
        ServiceOffer offer = SeatWorld::offer("scale", QStringLiteral("weigh"));
        for (const char *bad : {"", "abc", "1.0.0-rc"}) {
            offer.version = QString::fromLatin1(bad);
            QVERIFY(peer->seat().registerService(offer, *peer.operator->()));
            world.settle();
            QVERIFY2(peer->grants.back().error.code() == ErrorCode::VersionRefused, bad);
        }
        QCOMPARE(world.registry.size(), 0);
        offer.version = QStringLiteral("1.0.0");
        QVERIFY(peer->seat().registerService(offer, *peer.operator->()));
        world.settle();
        QVERIFY(peer->grants.back().error.isNull());
    }

    // SV-15: the identity keeps its place while its peer is away, and is Running when it is back.
    void aLostServiceIsUnavailableUntilItReturns()
    {
        SeatWorld world;
        auto first = world.serve("scale", QStringLiteral("weigh"));
        const quint64 generation = first->grants.front().generation;
        auto other = world.serve("other", QStringLiteral("weigh"));
        world.lose(first);
        QCOMPARE(world.status(QStringLiteral("service/scale")), QStringLiteral("unavailable"));
        world.advance(59 * kNsPerSecond);
        auto again = world.serve("scale", QStringLiteral("weigh"));
        QVERIFY(again->grants.front().returned);
        QVERIFY(again->grants.front().generation > generation);
        QCOMPARE(world.status(QStringLiteral("service/scale")), QStringLiteral("running"));
        QCOMPARE(world.registry.snapshot().front().info.id, QStringLiteral("service/scale"));
        world.advance(120 * kNsPerSecond);
        QCOMPARE(world.status(QStringLiteral("service/scale")), QStringLiteral("running"));
    }

    void whoDoesNotReturnInTimeIsListedNoMore()
    {
        SeatWorld world;
        auto peer = world.serve("scale", QStringLiteral("weigh"));
        QSignalSpy gone(&world.registry, &ServiceRegistry::unregistered);
        world.lose(peer);
        world.advance(59 * kNsPerSecond);
        QCOMPARE(gone.size(), 0);
        world.advance(2 * kNsPerSecond);
        QCOMPARE(gone.size(), 1);
        QCOMPARE(gone.front().at(1).value<Error>().code(), ErrorCode::Timeout);
        QCOMPARE(world.broadcaster.targetIds(), QStringList());
        QCOMPARE(world.registry.indexEntryCount(), 0);
        QCOMPARE(world.main.timers.size(), std::size_t(0));
    }

    void whoLeavesInOrderIsListedNoMoreAtOnce()
    {
        SeatWorld world;
        auto peer = world.serve("scale", QStringLiteral("weigh"));
        peer->seat().unregisterService();
        world.settle();
        QCOMPARE(world.registry.size(), 0);
        QCOMPARE(world.broadcaster.targetIds(), QStringList());
        QVERIFY(peer.isUp());
        QVERIFY(peer->seat().registerService(SeatWorld::offer("scale", QStringLiteral("weigh")),
                                             *peer.operator->()));
        world.settle();
        QCOMPARE(peer->grants.size(), std::size_t(2));
        QVERIFY(!peer->grants.back().returned);
    }

    // AD-01: the name of an anonymous peer goes to who presents it; the former link is fenced.
    void whoComesBackOnAnotherLinkSupersedesTheFormer()
    {
        SeatWorld world(2);
        auto caller = world.serve("caller", QStringLiteral("ask"));
        auto first = world.serve("scale", QStringLiteral("weigh"), 0);
        CallRequest call;
        call.capability = "weigh";
        QVERIFY(caller->seat().call(call));
        world.settle();
        QCOMPARE(first->calls.size(), std::size_t(1));
        auto second = world.serve("scale", QStringLiteral("weigh"), 1);
        QVERIFY(second->grants.front().returned);
        QCOMPARE(world.status(QStringLiteral("service/scale")), QStringLiteral("running"));
        QCOMPARE(world.registry.size(), 2);
        QCOMPARE(caller->results.size(), std::size_t(1));
        QCOMPARE(caller->results.front().second.error().code(), ErrorCode::ConnectionClosed);
        QVERIFY(caller->seat().call(call));
        world.settle();
        QCOMPARE(second->calls.size(), std::size_t(1));
        if (first.isUp())
            QCOMPARE(first->calls.size(), std::size_t(1));
    }

    // RG-11: nothing is taken over from another, and a refusal leaves no residue.
    void whatBelongsToAnotherIsRefused()
    {
        SeatWorld world;
        auto owner = world.connect("owner");
        ServiceOffer offer = SeatWorld::offer("owner", QStringLiteral("x"));
        offer.owned = QStringList{QStringLiteral("tool/a")};
        QVERIFY(owner->seat().registerService(offer, *owner.operator->()));
        world.settle();
        auto thief = world.connect("thief");
        offer.name = QStringLiteral("thief");
        QVERIFY(thief->seat().registerService(offer, *thief.operator->()));
        world.settle();
        QCOMPARE(thief->grants.front().error.code(), ErrorCode::AlreadyExists);
        QCOMPARE(thief->grants.front().error.details().value(QStringLiteral("holder")).toString(),
                 QStringLiteral("service/owner"));
        QCOMPARE(world.registry.size(), 1);
        // Refused is not registered: it may try again with another offer.
        offer.owned.clear();
        QVERIFY(thief->seat().registerService(offer, *thief.operator->()));
        world.settle();
        QVERIFY(thief->grants.back().error.isNull());
    }

    // A return with an offer that is refused takes nothing from the one that is there.
    void aRefusedReturnLeavesTheFormerInPlace()
    {
        SeatWorld world(2);
        auto other = world.connect("other");
        ServiceOffer owns = SeatWorld::offer("other", QStringLiteral("x"));
        owns.owned = QStringList{QStringLiteral("tool/a")};
        QVERIFY(other->seat().registerService(owns, *other.operator->()));
        auto first = world.serve("scale", QStringLiteral("weigh"));
        world.lose(first);
        auto second = world.connect("scale", 1);
        owns.name = QStringLiteral("scale");
        QVERIFY(second->seat().registerService(owns, *second.operator->()));
        world.settle();
        QCOMPARE(second->grants.front().error.code(), ErrorCode::AlreadyExists);
        const auto record = world.registry.find(QStringLiteral("service/scale"));
        QVERIFY(record);
        QCOMPARE(record->info.capabilities, QStringList{QStringLiteral("weigh")});
        QCOMPARE(record->status, ServiceStatus::Unavailable);
    }

    // HB-03, HB-04: whatever comes in is a sign of life; silence ends the link and the service waits.
    void aSilentServiceIsLostAndListedSo()
    {
        SeatWorld world;
        auto peer = world.connect("beat");
        ServiceOffer offer = SeatWorld::offer("beat", QStringLiteral("x"));
        offer.heartbeatTimeoutMs = 1000;
        QVERIFY(peer->seat().registerService(offer, *peer.operator->()));
        HeartbeatPlan plan;
        plan.timeoutMs = offer.heartbeatTimeoutMs;
        QVERIFY(peer->context.heartbeat->watch(plan));
        world.settle();
        for (int i = 0; i < 30; ++i) {
            world.advance(100 * kNsPerMs);
            peer.link->stream->arrive("x");
            world.settle();
            peer->seat().noteHeartbeat();
        }
        const QString id = QStringLiteral("service/beat");
        QCOMPARE(world.registry.find(id)->heartbeat, HeartbeatState::Alive);
        QVERIFY(world.registry.statistics().heartbeats >= 12);
        QVERIFY(world.registry.statistics().heartbeats <= 24);
        QSignalSpy changed(&world.registry, &ServiceRegistry::statusChanged);
        world.advance(1100 * kNsPerMs);
        QVERIFY(!peer.isUp());
        QCOMPARE(world.status(id), QStringLiteral("unavailable"));
        QCOMPARE(changed.size(), 1);
        QCOMPARE(changed.front().at(2).value<Error>().code(), ErrorCode::HeartbeatTimeout);
    }

    // SH-01: the end of the host is told to who registers or calls.
    void nobodyRegistersOrCallsWhileTheHostEnds()
    {
        SeatWorld world;
        auto caller = world.serve("caller", QStringLiteral("ask"));
        auto late = world.connect("late");
        world.desk.beginShutdown();
        QVERIFY(late->seat().registerService(SeatWorld::offer("late", QStringLiteral("x")),
                                             *late.operator->()));
        CallRequest call;
        call.capability = "ask";
        QVERIFY(caller->seat().call(call));
        world.settle();
        QCOMPARE(late->grants.front().error.code(), ErrorCode::ShuttingDown);
        QCOMPARE(caller->results.front().second.error().code(), ErrorCode::ShuttingDown);
    }

    // A full registry gives up who is away before it refuses somebody new.
    void whoIsAwayGivesWayWhenTheRegistryIsFull()
    {
        SeatWorld world;
        auto peer = world.connect("old");
        ServiceOffer offer = SeatWorld::offer("old", QStringLiteral("x"));
        offer.heartbeatTimeoutMs = 1000;
        QVERIFY(peer->seat().registerService(offer, *peer.operator->()));
        world.settle();
        world.registry.setCapacity(1);
        world.lose(peer);
        world.advance(2 * kNsPerSecond);
        auto fresh = world.serve("fresh", QStringLiteral("x"));
        QVERIFY(fresh->grants.front().error.isNull());
        QCOMPARE(world.broadcaster.targetIds(), QStringList{QStringLiteral("service/fresh")});
        QCOMPARE(world.desk.absentCount(), 0);
    }
};

QTEST_GUILESS_MAIN(tst_ServiceDesk)

#include "tst_servicedesk.moc"
