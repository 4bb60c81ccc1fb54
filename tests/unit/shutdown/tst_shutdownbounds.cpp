// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/shutdown/shutdowncoordinator.h"
#include "fakeloop.h"

#include <QtTest/QTest>

#include <stdexcept>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

/// How long a shutdown may take, whatever hangs (SH-02).
class tst_ShutdownBounds : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void hangingPhaseEndsAtItsBudgetWithItsName_data();
    void hangingPhaseEndsAtItsBudgetWithItsName();
    void everythingHangsAndItStillEnds();
    void linksShareTheirBudget();
    void storageMayUseWhatIsLeft();
    void allIsTheLimitWhateverThePhasesAreOwed();
    void lateAnswerIsCounted();
    void throwingStragglersAndCutOffStopNothing();
    void longListsOfStragglersAreCut();
    void budgetsAreChecked_data();
    void budgetsAreChecked();
};

namespace {

/// Steps that never answer.
struct Hanging
{
    explicit Hanging(ShutdownCoordinator &owner)
        : coordinator(owner)
    { }

    void set(ShutdownPhase phase)
    {
        ShutdownStep step;
        step.begin = [this](OperationReply reply) { kept.push_back(std::move(reply)); };
        step.stragglers = [] {
            return QStringList{QStringLiteral("plugin-b"), QStringLiteral("plugin-a")};
        };
        step.cutOff = [this, phase] { cutOff << int(phase); };
        QVERIFY(coordinator.setStep(phase, step));
    }

    ShutdownCoordinator &coordinator;
    std::vector<OperationReply> kept;
    QList<int> cutOff;
};

} // namespace

void tst_ShutdownBounds::hangingPhaseEndsAtItsBudgetWithItsName_data()
{
    QTest::addColumn<int>("phase");
    QTest::addColumn<int>("budget"); ///< milliseconds
    const auto row = [](const char *name, ShutdownPhase phase, int budget) {
        QTest::newRow(name) << int(phase) << budget;
    };
    row("SH-02 refuse new", ShutdownPhase::RefuseNew, 0);
    row("SH-02 attempts", ShutdownPhase::CancelAttempts, 500);
    row("SH-02 listeners", ShutdownPhase::StopListeners, 500);
    row("SH-02 quiesce", ShutdownPhase::Quiesce, 1000);
    row("SH-02 reading", ShutdownPhase::StopReading, 500);
    // Nothing hung before: it has what the later phases, 6500 ms, are not owed.
    row("SH-02 storage", ShutdownPhase::CommitStorage, 3500);
    row("SH-02 outbound", ShutdownPhase::DrainOutbound, 2000);
    row("SH-02 links", ShutdownPhase::CloseLinks, 3000);
    row("SH-02 leases", ShutdownPhase::CompleteLeases, 500);
    row("SH-02 store", ShutdownPhase::CloseStore, 9000);
    row("SH-02 events", ShutdownPhase::FlushEvents, 500);
    row("SH-02 plugins", ShutdownPhase::UnloadPlugins, 500);
}

void tst_ShutdownBounds::hangingPhaseEndsAtItsBudgetWithItsName()
{
    QFETCH(int, phase);
    QFETCH(int, budget);
    FakeLoop loop;
    ShutdownCoordinator coordinator(loop, loop.timers, loop);
    Hanging hanging(coordinator);
    hanging.set(ShutdownPhase(phase));
    coordinator.shutDown(QStringLiteral("test"));
    if (budget > 0) {
        loop.advance(budget * kNsPerMs - 1);
        QVERIFY(!coordinator.isFinished());
        loop.advance(1);
    } else {
        loop.advance(0);
    }
    QVERIFY(coordinator.isFinished());
    QCOMPARE(hanging.cutOff, QList<int>{phase});
    const PhaseReport &report = coordinator.report().phases[std::size_t(phase)];
    QCOMPARE(int(report.phase), phase);
    QCOMPARE(report.outcome, PhaseOutcome::OverBudget);
    QCOMPARE(report.error.code(), ErrorCode::Timeout);
    QCOMPARE(report.budget, budget * kNsPerMs);
    QCOMPARE(report.duration, budget * kNsPerMs);
    QCOMPARE(report.stragglers,
             QStringList({QStringLiteral("plugin-b"), QStringLiteral("plugin-a")}));
    QCOMPARE(coordinator.report().phases.size(), std::size_t(kShutdownPhaseCount));
}

// SH-02
void tst_ShutdownBounds::everythingHangsAndItStillEnds()
{
    FakeLoop loop;
    ShutdownCoordinator coordinator(loop, loop.timers, loop);
    Hanging hanging(coordinator);
    for (int i = 0; i < kShutdownPhaseCount; ++i)
        hanging.set(ShutdownPhase(i));
    bool told = false;
    coordinator.shutDown(QStringLiteral("test"), [&](const ShutdownReport &) { told = true; });
    loop.advance(10 * kNsPerSecond - 1);
    QVERIFY(!told);
    loop.advance(1);
    QVERIFY(told);
    QCOMPARE(coordinator.report().total, 10 * kNsPerSecond);
    QCOMPARE(hanging.cutOff.size(), kShutdownPhaseCount);
    for (const PhaseReport &phase : coordinator.report().phases) {
        QCOMPARE(phase.outcome, PhaseOutcome::OverBudget);
        QCOMPARE(phase.stragglerCount, 2);
        // Each had what it is owed, however much those before it took.
        QVERIFY(phase.budget >= ShutdownBudgets().of(phase.phase));
    }
}

// SH-02, DS-10: 2 s for each link, 3 s for all; what is stuck for longer is abandoned.
void tst_ShutdownBounds::linksShareTheirBudget()
{
    FakeLoop loop;
    ShutdownCoordinator coordinator(loop, loop.timers, loop);
    Hanging hanging(coordinator);
    hanging.set(ShutdownPhase::DrainOutbound);
    hanging.set(ShutdownPhase::CloseLinks);
    coordinator.shutDown(QStringLiteral("test"));
    QCOMPARE(coordinator.phaseDeadline(), loop.now() + 2 * kNsPerSecond);
    loop.advance(3 * kNsPerSecond);
    QVERIFY(coordinator.isFinished());
    QCOMPARE(coordinator.report().phases[6].duration, 2 * kNsPerSecond);
    QCOMPARE(coordinator.report().phases[7].duration, kNsPerSecond);
}

void tst_ShutdownBounds::storageMayUseWhatIsLeft()
{
    FakeLoop loop;
    ShutdownCoordinator coordinator(loop, loop.timers, loop);
    Hanging hanging(coordinator);
    hanging.set(ShutdownPhase::CloseStore);
    hanging.set(ShutdownPhase::UnloadPlugins);
    coordinator.shutDown(QStringLiteral("test"));
    loop.advance(8 * kNsPerSecond);
    QCOMPARE(hanging.kept.size(), 1U);
    hanging.kept[0].done();
    loop.advance(kNsPerSecond);
    QVERIFY(coordinator.isFinished());
    QCOMPARE(coordinator.report().phases[9].outcome, PhaseOutcome::Done);
    QCOMPARE(coordinator.report().total, 8 * kNsPerSecond + kNsPerSecond / 2);
}

// SH-02
void tst_ShutdownBounds::allIsTheLimitWhateverThePhasesAreOwed()
{
    FakeLoop loop;
    ShutdownBudgets budgets;
    budgets.all = kNsPerSecond;
    ShutdownCoordinator coordinator(loop, loop.timers, loop, budgets);
    Hanging hanging(coordinator);
    for (int i = 0; i < kShutdownPhaseCount; ++i)
        hanging.set(ShutdownPhase(i));
    coordinator.shutDown(QStringLiteral("test"));
    loop.advance(kNsPerSecond);
    QVERIFY(coordinator.isFinished());
    QCOMPARE(coordinator.report().total, kNsPerSecond);
    QCOMPARE(hanging.kept.size(), std::size_t(kShutdownPhaseCount)); // each was begun all the same
}

// RG-14
void tst_ShutdownBounds::lateAnswerIsCounted()
{
    FakeLoop loop;
    ShutdownCoordinator coordinator(loop, loop.timers, loop);
    Hanging hanging(coordinator);
    hanging.set(ShutdownPhase::CancelAttempts);
    hanging.set(ShutdownPhase::StopListeners);
    coordinator.shutDown(QStringLiteral("test"));
    loop.advance(kNsPerSecond / 2);
    QCOMPARE(hanging.kept.size(), 2U);
    hanging.kept[0].done();
    QCOMPARE(coordinator.lateAnswers(), 1U);
    QVERIFY(!coordinator.isFinished()); // it did not end the phase after its own
    hanging.kept[1].done();
    hanging.kept[1].done();
    QCOMPARE(coordinator.lateAnswers(), 2U);
    loop.run();
    QVERIFY(coordinator.isFinished());
    QCOMPARE(coordinator.report().phases[1].outcome, PhaseOutcome::OverBudget);
    QCOMPARE(coordinator.report().phases[2].outcome, PhaseOutcome::Done);
}

void tst_ShutdownBounds::throwingStragglersAndCutOffStopNothing()
{
    FakeLoop loop;
    ShutdownCoordinator coordinator(loop, loop.timers, loop);
    std::vector<OperationReply> kept;
    ShutdownStep step;
    step.begin = [&](OperationReply reply) { kept.push_back(std::move(reply)); };
    step.stragglers = []() -> QStringList { throw std::runtime_error("no names"); };
    int cuts = 0;
    step.cutOff = [&] {
        ++cuts;
        kept[0].done(); // too late, although it is from inside
        throw std::runtime_error("no end");
    };
    QVERIFY(coordinator.setStep(ShutdownPhase::CloseLinks, step));
    coordinator.shutDown(QStringLiteral("test"));
    loop.advance(3 * kNsPerSecond);
    QVERIFY(coordinator.isFinished());
    QCOMPARE(cuts, 1);
    const PhaseReport &phase = coordinator.report().phases[7];
    QCOMPARE(phase.outcome, PhaseOutcome::OverBudget);
    QVERIFY(phase.error.text().contains(QStringLiteral("no names")));
    QCOMPARE(coordinator.lateAnswers(), 1U);
}

void tst_ShutdownBounds::longListsOfStragglersAreCut()
{
    FakeLoop loop;
    ShutdownCoordinator coordinator(loop, loop.timers, loop);
    std::vector<OperationReply> kept;
    ShutdownStep step;
    step.begin = [&](OperationReply reply) { kept.push_back(std::move(reply)); };
    step.stragglers = [] {
        QStringList names;
        for (int i = 0; i < 1000; ++i)
            names << QString::number(i);
        return names;
    };
    QVERIFY(coordinator.setStep(ShutdownPhase::DrainOutbound, step));
    coordinator.shutDown(QStringLiteral("test"));
    loop.advance(2 * kNsPerSecond);
    const PhaseReport &phase = coordinator.report().phases[6];
    QCOMPARE(phase.stragglers.size(), ShutdownReport::kMaxNamed);
    QCOMPARE(phase.stragglerCount, 1000);
}

void tst_ShutdownBounds::budgetsAreChecked_data()
{
    QTest::addColumn<qint64>("all");
    QTest::addColumn<qint64>("links");
    QTest::addColumn<qint64>("perLink");
    QTest::addColumn<qint64>("other");
    QTest::addColumn<bool>("good");
    const qint64 s = kNsPerSecond;
    QTest::newRow("SH-02 defaults") << 10 * s << 3 * s << 2 * s << s / 2 << true;
    QTest::newRow("zero others") << 10 * s << 3 * s << 2 * s << qint64(0) << true;
    QTest::newRow("negative") << 10 * s << 3 * s << 2 * s << -s << false;
    QTest::newRow("more than all") << 10 * s - 1 << 3 * s << 2 * s << s / 2 << false;
    QTest::newRow("a link more than all links") << 10 * s << 3 * s << 4 * s << s / 2 << false;
}

void tst_ShutdownBounds::budgetsAreChecked()
{
    QFETCH(qint64, all);
    QFETCH(qint64, links);
    QFETCH(qint64, perLink);
    QFETCH(qint64, other);
    QFETCH(bool, good);
    ShutdownBudgets budgets;
    budgets.all = all;
    budgets.links = links;
    budgets.perLink = perLink;
    budgets.other = other;
    QCOMPARE(budgets.check().error().code(), good ? ErrorCode::None : ErrorCode::ConfigRange);
}

QTEST_GUILESS_MAIN(tst_ShutdownBounds)

#include "tst_shutdownbounds.moc"
