// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/shutdown/shutdowncoordinator.h"
#include "fakeloop.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

/// Deleting the coordinator wherever it calls out (SH-08).
class tst_ShutdownReentrancy : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void coordinatorMayDieAnywhere_data();
    void coordinatorMayDieAnywhere();
    void otherCallersAreToldWhenOneDeletesIt();
    void answerAfterTheEndIsHarmless();
};

void tst_ShutdownReentrancy::coordinatorMayDieAnywhere_data()
{
    QTest::addColumn<QString>("where");
    for (const char *where : {"closingBegan",
                              "phaseStarted",
                              "begin",
                              "answered",
                              "answer",
                              "stragglers",
                              "cutOff",
                              "phaseFinished",
                              "finished",
                              "callback"}) {
        QTest::newRow(qPrintable(QStringLiteral("SH-08 ") + QLatin1String(where)))
            << QString::fromLatin1(where);
    }
}

void tst_ShutdownReentrancy::coordinatorMayDieAnywhere()
{
    QFETCH(QString, where);
    FakeLoop loop;
    auto coordinator = std::make_unique<ShutdownCoordinator>(loop, loop.timers, loop);
    ShutdownCoordinator *raw = coordinator.get();
    int deaths = 0;
    const auto dieAt = [&](const char *place) {
        if (where != QLatin1String(place) || !coordinator)
            return;
        ++deaths;
        coordinator.reset();
    };
    connect(raw, &ShutdownCoordinator::closingBegan, this, [&] { dieAt("closingBegan"); });
    connect(raw, &ShutdownCoordinator::phaseStarted, this, [&] { dieAt("phaseStarted"); });
    connect(raw, &ShutdownCoordinator::phaseFinished, this, [&](const PhaseReport &phase) {
        dieAt("phaseFinished");
        if (phase.phase == ShutdownPhase::Quiesce)
            dieAt("answer");
    });
    connect(raw, &ShutdownCoordinator::finished, this, [&] { dieAt("finished"); });

    OperationReply later;
    std::vector<OperationReply> hanging;
    ShutdownStep step;
    step.begin = [&](OperationReply reply) {
        dieAt("begin");
        reply.done();
        dieAt("answered");
    };
    QVERIFY(raw->setStep(ShutdownPhase::CancelAttempts, step));
    step.begin = [&](OperationReply reply) { later = std::move(reply); };
    QVERIFY(raw->setStep(ShutdownPhase::Quiesce, step));
    step.begin = [&](OperationReply reply) { hanging.push_back(std::move(reply)); };
    step.stragglers = [&] {
        dieAt("stragglers");
        return QStringList{QStringLiteral("a")};
    };
    step.cutOff = [&] { dieAt("cutOff"); };
    QVERIFY(raw->setStep(ShutdownPhase::CloseLinks, step));

    raw->shutDown(QStringLiteral("test"), [&](const ShutdownReport &) { dieAt("callback"); });
    later.done();
    loop.advance(10 * kNsPerSecond);
    QCOMPARE(deaths, 1);
    QCOMPARE(loop.timers.size(), 0U);
}

// SH-05
void tst_ShutdownReentrancy::otherCallersAreToldWhenOneDeletesIt()
{
    FakeLoop loop;
    auto coordinator = std::make_unique<ShutdownCoordinator>(loop, loop.timers, loop);
    int told = 0;
    for (int i = 0; i < 3; ++i) {
        coordinator->shutDown(QStringLiteral("test"), [&](const ShutdownReport &report) {
            told += int(report.phases.size()) == kShutdownPhaseCount ? 1 : 0;
            coordinator.reset();
        });
    }
    loop.run();
    QCOMPARE(told, 3);
}

void tst_ShutdownReentrancy::answerAfterTheEndIsHarmless()
{
    FakeLoop loop;
    auto coordinator = std::make_unique<ShutdownCoordinator>(loop, loop.timers, loop);
    OperationReply kept;
    ShutdownStep step;
    step.begin = [&](OperationReply reply) { kept = std::move(reply); };
    QVERIFY(coordinator->setStep(ShutdownPhase::Quiesce, step));
    coordinator->shutDown(QStringLiteral("test"));
    coordinator.reset();
    QCOMPARE(loop.timers.size(), 0U);
    kept.done();
    loop.run();
}

QTEST_GUILESS_MAIN(tst_ShutdownReentrancy)

#include "tst_shutdownreentrancy.moc"
