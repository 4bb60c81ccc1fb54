// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "seatworld.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using fairlead::test::SeatWorld;

class tst_SeatCalls : public QObject
{
    Q_OBJECT

private Q_SLOTS:

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
};

QTEST_GUILESS_MAIN(tst_SeatCalls)

#include "tst_seatcalls.moc"
