// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "seatworld.h"

#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using fairlead::test::SeatWorld;

namespace {

BroadcastReport broadcast(SeatWorld &world, const BroadcastRequest &request)
{
    BroadcastReport report;
    (void)world.broadcaster.start(request, [&](const BroadcastReport &done) { report = done; });
    world.settle();
    return report;
}

BroadcastRequest quiesce()
{
    BroadcastRequest request;
    request.reason = QuiesceReason::Maintenance;
    return request;
}

} // namespace

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

    // The lookup, the call and the answer: across reactors.
    void aCallReachesWhoOffersItAndItsAnswerComesBack()
    {
        SeatWorld world(2);
        auto caller = world.serve("caller", QStringLiteral("ask"), 0);
        auto scale = world.serve("scale", QStringLiteral("weigh"), 1);
        CallRequest call;
        call.capability = "weigh";
        call.body = "[1]";
        call.tag = 7;
        QVERIFY(caller->seat().call(call));
        QVERIFY(caller->results.empty());
        world.settle();
        QCOMPARE(scale->calls.size(), std::size_t(1));
        QCOMPARE(scale->calls.front().body, QByteArray("[1]"));
        QCOMPARE(scale->calls.front().caller, QByteArray("caller"));
        scale->seat().answer(scale->calls.front().id, QByteArray("[2]"));
        scale->seat().answer(scale->calls.front().id, QByteArray("[3]"));
        world.settle();
        QCOMPARE(caller->results.size(), std::size_t(1));
        QCOMPARE(caller->results.front().first, quint32(7));
        QCOMPARE(*caller->results.front().second, QByteArray("[2]"));
        QCOMPARE(world.desk.callStats().answered, quint64(1));
        QCOMPARE(world.main.timers.size(), std::size_t(0));
    }

    void aFailureIsToldInTheWordsOfWhoWasCalled()
    {
        SeatWorld world;
        auto caller = world.serve("caller", QStringLiteral("ask"));
        auto scale = world.serve("scale", QStringLiteral("weigh"));
        CallRequest call;
        call.capability = "weigh";
        QVERIFY(caller->seat().call(call));
        world.settle();
        Error failed(ErrorCode::CallFailed, QStringLiteral("nothing on it"));
        failed.setDetail(QStringLiteral("code"), QStringLiteral("empty"));
        scale->seat().answer(scale->calls.front().id, failed);
        world.settle();
        const Error told = caller->results.front().second.error();
        QCOMPARE(told.code(), ErrorCode::CallFailed);
        QCOMPARE(told.text(), QStringLiteral("nothing on it"));
        QCOMPARE(told.details().value(QStringLiteral("code")).toString(), QStringLiteral("empty"));
    }

    void whatNobodyOffersIsNotFoundAndWhatThereIsIsNamed()
    {
        SeatWorld world;
        auto caller = world.serve("caller", QStringLiteral("ask"));
        auto scale = world.serve("scale", QStringLiteral("weigh"));
        CallRequest call;
        call.capability = "fly";
        QVERIFY(caller->seat().call(call));
        call.capability = "weigh";
        call.service = "service/none";
        QVERIFY(caller->seat().call(call));
        call.service = "service/caller";
        QVERIFY(caller->seat().call(call));
        world.settle();
        QCOMPARE(caller->results.size(), std::size_t(3));
        const QString available = QStringLiteral("available");
        const QList<QStringList> expected
            = {{QStringLiteral("ask"), QStringLiteral("weigh")},
               {QStringLiteral("service/caller"), QStringLiteral("service/scale")},
               {QStringLiteral("ask")}};
        for (int i = 0; i < 3; ++i) {
            const Error error = caller->results[std::size_t(i)].second.error();
            QCOMPARE(error.code(), ErrorCode::NotFound);
            QCOMPARE(error.details().value(available).toStringList(), expected.at(i));
        }
    }

    void whoIsAwayIsNotRunningWithItsStatus()
    {
        SeatWorld world;
        auto caller = world.serve("caller", QStringLiteral("ask"));
        auto scale = world.serve("scale", QStringLiteral("weigh"));
        world.lose(scale);
        CallRequest call;
        call.capability = "weigh";
        QVERIFY(caller->seat().call(call));
        world.settle();
        const Error error = caller->results.front().second.error();
        QCOMPARE(error.code(), ErrorCode::NotRunning);
        QCOMPARE(error.details().value(QStringLiteral("status")).toString(),
                 QStringLiteral("unavailable"));
    }

    void aCallThatIsNotAnsweredEndsAtItsDeadline()
    {
        SeatWorld world;
        auto caller = world.serve("caller", QStringLiteral("ask"));
        auto scale = world.serve("scale", QStringLiteral("weigh"));
        CallRequest call;
        call.capability = "weigh";
        call.timeoutMs = 300;
        QVERIFY(caller->seat().call(call));
        world.settle();
        world.advance(290 * kNsPerMs);
        QVERIFY(caller->results.empty());
        world.advance(10 * kNsPerMs);
        QCOMPARE(caller->results.size(), std::size_t(1));
        QCOMPARE(caller->results.front().second.error().code(), ErrorCode::Timeout);
        QCOMPARE(scale->dropped, std::vector<quint64>{scale->calls.front().id});
        scale->seat().answer(scale->calls.front().id, QByteArray("late"));
        world.settle();
        QCOMPARE(caller->results.size(), std::size_t(1));
    }

    void callsEndWithTheLinkOfEitherSide()
    {
        SeatWorld world;
        auto caller = world.serve("caller", QStringLiteral("ask"));
        auto scale = world.serve("scale", QStringLiteral("weigh"));
        CallRequest call;
        call.capability = "weigh";
        QVERIFY(caller->seat().call(call));
        world.settle();
        world.lose(scale);
        QCOMPARE(caller->results.size(), std::size_t(1));
        QCOMPARE(caller->results.front().second.error().code(), ErrorCode::ConnectionClosed);
        auto back = world.serve("scale", QStringLiteral("weigh"));
        QVERIFY(caller->seat().call(call));
        world.settle();
        world.lose(caller);
        QCOMPARE(back->dropped.size(), std::size_t(1));
        QCOMPARE(world.desk.callStats().dropped, quint64(1));
        QCOMPARE(world.desk.callStats().broken, quint64(1));
    }

    // AD-06: what is too large or too much is refused to who asks.
    void callsAreBounded()
    {
        SeatWorld world;
        auto caller = world.serve("caller", QStringLiteral("ask"));
        auto scale = world.serve("scale", QStringLiteral("weigh"));
        const std::string large(std::size_t(ServiceSeat::kMaxCallBody) + 1, 'x');
        CallRequest call;
        call.capability = "weigh";
        call.body = large;
        QCOMPARE(caller->seat().call(call).error().code(), ErrorCode::PacketTooLarge);
        call.body = {};
        call.timeoutMs = ServiceSeat::kMaxCallMs + 1;
        QCOMPARE(caller->seat().call(call).error().code(), ErrorCode::InvalidArgument);
        call.timeoutMs = 1000;
        for (int i = 0; i < ServiceSeat::kMaxOpenCalls; ++i)
            QVERIFY(caller->seat().call(call));
        QCOMPARE(caller->seat().call(call).error().code(), ErrorCode::LimitReached);
        world.settle();
        QCOMPARE(scale->calls.size(), std::size_t(ServiceSeat::kMaxOpenCalls));
        scale->seat().answer(scale->calls.front().id,
                             QByteArray(ServiceSeat::kMaxCallBody + 1, 'x'));
        world.settle();
        QCOMPARE(caller->results.front().second.error().code(), ErrorCode::PacketTooLarge);
        QVERIFY(caller->seat().call(call));
        world.advance(1100 * kNsPerMs);
        QCOMPARE(caller->results.size(), std::size_t(ServiceSeat::kMaxOpenCalls) + 1);
    }

    void callsGoToWhoHasTheFewestOpen()
    {
        SeatWorld world;
        auto caller = world.serve("caller", QStringLiteral("ask"));
        auto first = world.serve("first", QStringLiteral("weigh"));
        auto second = world.serve("second", QStringLiteral("weigh"));
        CallRequest call;
        call.capability = "weigh";
        for (int i = 0; i < 4; ++i)
            QVERIFY(caller->seat().call(call));
        world.settle();
        QCOMPARE(first->calls.size(), std::size_t(2));
        QCOMPARE(second->calls.size(), std::size_t(2));
    }

    // BC-02, BC-04: acked, failed, timed out and dead, each in one list.
    void aBroadcastReachesServicesOverTheirLinks()
    {
        SeatWorld world(2);
        auto good = world.serve("good", QStringLiteral("x"), 0);
        auto bad = world.serve("bad", QStringLiteral("x"), 1);
        auto mute = world.serve("mute", QStringLiteral("x"), 1);
        auto lost = world.serve("lost", QStringLiteral("x"), 0);
        auto dead = world.serve("dead", QStringLiteral("x"), 0);
        world.lose(dead);
        BroadcastReport report;
        (void)world.broadcaster.start(quiesce(),
                                      [&](const BroadcastReport &done) { report = done; });
        world.settle();
        QCOMPARE(good->operations.size(), std::size_t(1));
        QCOMPARE(good->operations.front().reason, QuiesceReason::Maintenance);
        good->replies.front().done();
        bad->replies.front().fail(Error(ErrorCode::NotSupported, QStringLiteral("cannot")));
        world.lose(lost);
        world.advance(6 * kNsPerSecond);
        QCOMPARE(report.acks, QStringList{QStringLiteral("service/good")});
        QCOMPARE(report.timeouts, QStringList{QStringLiteral("service/mute")});
        QCOMPARE(report.failures.size(), std::size_t(2));
        QCOMPARE(report.failures[0].id, QStringLiteral("service/bad"));
        QCOMPARE(report.failures[1].id, QStringLiteral("service/lost"));
        QCOMPARE(report.failures[1].error.code(), ErrorCode::ConnectionClosed);
        QCOMPARE(report.skippedDead, QStringList{QStringLiteral("service/dead")});
    }

    // BC-06: from the decision on nobody is routed there, until it is resumed.
    void aQuietServiceIsNotCalled()
    {
        SeatWorld world;
        auto caller = world.connect("caller");
        auto scale = world.serve("scale", QStringLiteral("weigh"));
        (void)world.broadcaster.start(quiesce());
        QCOMPARE(world.status(QStringLiteral("service/scale")), QStringLiteral("draining"));
        QVERIFY(caller->seat().registerService(SeatWorld::offer("caller", QStringLiteral("ask")),
                                               *caller.operator->()));
        world.settle();
        CallRequest call;
        call.capability = "weigh";
        QVERIFY(caller->seat().call(call));
        world.settle();
        QVERIFY(scale->calls.empty());
        const Error error = caller->results.front().second.error();
        QCOMPARE(error.code(), ErrorCode::NotRunning);
        QCOMPARE(error.details().value(QStringLiteral("status")).toString(),
                 QStringLiteral("draining"));
        QVERIFY(world.broadcaster.resume());
        world.settle();
        QCOMPARE(scale->resumed, 1);
        QCOMPARE(world.status(QStringLiteral("service/scale")), QStringLiteral("running"));
        QVERIFY(caller->seat().call(call));
        world.settle();
        QCOMPARE(scale->calls.size(), std::size_t(1));
    }

    // BC-08: who said what it holds is asked only for that.
    void whoHoldsNothingBelowThePathIsNotAsked()
    {
        SeatWorld world;
        auto peer = world.connect("files");
        ServiceOffer offer = SeatWorld::offer("files", QStringLiteral("x"));
        offer.knowsPaths = true;
        offer.paths = QStringList{QStringLiteral("/a/bc")};
        QVERIFY(peer->seat().registerService(offer, *peer.operator->()));
        world.settle();
        BroadcastRequest request;
        request.kind = OperationKind::ReleaseHandles;
        request.pathPrefix = QStringLiteral("/a/b");
        QCOMPARE(broadcast(world, request).acks, QStringList{QStringLiteral("service/files")});
        QVERIFY(peer->operations.empty());
        request.pathPrefix = QStringLiteral("/a");
        broadcast(world, request);
        QCOMPARE(peer->operations.size(), std::size_t(1));
        QCOMPARE(peer->operations.front().pathPrefix, QStringLiteral("/a"));
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

    // HB-05: a service that works on what it was asked for may be silent meanwhile.
    void anOpenCallExcusesSilence()
    {
        SeatWorld world;
        auto caller = world.serve("caller", QStringLiteral("ask"));
        auto scale = world.serve("scale", QStringLiteral("weigh"));
        HeartbeatPlan plan;
        plan.timeoutMs = 1000;
        QVERIFY(scale->context.heartbeat->watch(plan));
        CallRequest call;
        call.capability = "weigh";
        call.timeoutMs = 60'000;
        QVERIFY(caller->seat().call(call));
        world.settle();
        world.advance(30 * kNsPerSecond);
        QVERIFY(scale.isUp());
        scale->seat().answer(scale->calls.front().id, QByteArray("1"));
        world.advance(1500 * kNsPerMs);
        QVERIFY(!scale.isUp());
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
