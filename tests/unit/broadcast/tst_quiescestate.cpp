// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/broadcast/quiescestate.h"

#include <QtTest/QTest>

#include <thread>
#include <vector>

using namespace fairlead;
using namespace fairlead::core;
using State = QuiesceState::State;

class tst_QuiesceState : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void drainingRefusesNewWorkAndFinishesOld();
    void activityDoesNotEndDraining();
    void resumeOpensAgain();
    void closedStaysClosed();
    void refusalSaysWhy();
    void laterReasonReplacesTheEarlier();
    void nothingBeginsAfterTheDrainWasSeen();
};

// BC-06
void tst_QuiesceState::drainingRefusesNewWorkAndFinishesOld()
{
    QuiesceState state;
    QVERIFY(state.beginWork());
    QVERIFY(state.beginWork());
    QVERIFY(state.drain(QuiesceReason::Maintenance));
    QCOMPARE(state.work(), 2);
    QVERIFY(!state.beginWork());
    QCOMPARE(state.work(), 2);
    QVERIFY(!state.isDrained());
    state.endWork();
    state.endWork();
    QVERIFY(state.isDrained());
}

// BC-06
void tst_QuiesceState::activityDoesNotEndDraining()
{
    QuiesceState state;
    QVERIFY(state.beginWork());
    QVERIFY(state.drain(QuiesceReason::IdleTimeout));
    state.endWork();
    for (int i = 0; i < 3; ++i)
        QVERIFY(!state.beginWork());
    QCOMPARE(state.state(), State::Draining);
    QCOMPARE(state.reason(), QuiesceReason::IdleTimeout);
}

// BC-06
void tst_QuiesceState::resumeOpensAgain()
{
    QuiesceState state;
    QVERIFY(state.resume());
    QVERIFY(state.drain(QuiesceReason::Maintenance));
    QVERIFY(state.resume());
    QCOMPARE(state.state(), State::Open);
    QCOMPARE(state.reason(), QuiesceReason::None);
    QVERIFY(state.beginWork());
}

// BC-06
void tst_QuiesceState::closedStaysClosed()
{
    QuiesceState state;
    QVERIFY(state.drain(QuiesceReason::Maintenance));
    state.close();
    QCOMPARE(state.resume().error().code(), ErrorCode::InvalidTransition);
    QCOMPARE(state.drain(QuiesceReason::Maintenance).error().code(), ErrorCode::InvalidTransition);
    QCOMPARE(state.state(), State::Closed);
    QCOMPARE(state.beginWork().error().code(), ErrorCode::ConnectionClosed);
}

// AD-04
void tst_QuiesceState::refusalSaysWhy()
{
    QuiesceState state;
    QVERIFY(state.drain(QuiesceReason::HostShutdown));
    QCOMPARE(state.beginWork().error().code(), ErrorCode::ShuttingDown);
    QVERIFY(!state.beginWork().error().isRetryable());
    QVERIFY(state.drain(QuiesceReason::Maintenance));
    QCOMPARE(state.beginWork().error().code(), ErrorCode::LimitReached);
    QVERIFY(state.beginWork().error().isRetryable());
    QVERIFY(state.beginWork().error().text().contains(QStringLiteral("maintenance")));
}

void tst_QuiesceState::laterReasonReplacesTheEarlier()
{
    QuiesceState state;
    QVERIFY(state.drain(QuiesceReason::IdleTimeout));
    QVERIFY(state.drain(QuiesceReason::HostShutdown));
    QCOMPARE(state.reason(), QuiesceReason::HostShutdown);
}

// BC-06: the decision and the counting of work agree over threads.
void tst_QuiesceState::nothingBeginsAfterTheDrainWasSeen()
{
    for (int round = 0; round < 50; ++round) {
        QuiesceState state;
        std::vector<std::thread> workers;
        std::atomic<int> kept = 0;
        for (int i = 0; i < 3; ++i) {
            workers.emplace_back([&] {
                while (state.beginWork())
                    ++kept;
            });
        }
        while (kept < 100)
            std::this_thread::yield();
        QVERIFY(state.drain(QuiesceReason::Maintenance));
        for (std::thread &worker : workers)
            worker.join();
        QCOMPARE(state.work(), qint64(kept));
    }
}

QTEST_APPLESS_MAIN(tst_QuiesceState)

#include "tst_quiescestate.moc"
