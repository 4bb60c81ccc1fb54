// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "seatworld.h"

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

class tst_SeatOperations : public QObject
{
    Q_OBJECT

private Q_SLOTS:

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
};

QTEST_GUILESS_MAIN(tst_SeatOperations)

#include "tst_seatoperations.moc"
