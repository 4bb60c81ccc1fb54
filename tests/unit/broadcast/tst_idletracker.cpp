// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/lifecycle/broadcast/idlequiesce.h"
#include "core/lifecycle/broadcast/idletracker.h"
#include "fakeloop.h"
#include "scriptedtarget.h"

#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;
using Answer = ScriptedTarget::Answer;

class tst_IdleTracker : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void dueAtTheTimeoutAndOnce();
    void useMovesTheDeadline();
    void eachTargetHasItsOwnDeadline();
    void forgottenTargetIsNeverDue();
    void staleRearmIsCounted();
    void trackerMayDieInItsSignal();
    void failedDeliveryIsDueAgain_data();
    void failedDeliveryIsDueAgain();
    void ackedTargetStaysQuietUntilResumed();
};

// BC-07
void tst_IdleTracker::dueAtTheTimeoutAndOnce()
{
    FakeLoop loop;
    IdleTracker tracker(loop, loop.timers);
    const QSignalSpy due(&tracker, &IdleTracker::idleDue);
    tracker.watch(QStringLiteral("a"), 1);
    loop.advance(30 * kNsPerSecond - 1);
    QCOMPARE(due.count(), 0);
    loop.advance(1);
    QCOMPARE(due.count(), 1);
    loop.advance(3600 * kNsPerSecond);
    QCOMPARE(due.count(), 1);
    QCOMPARE(loop.timers.size(), 0U);
}

void tst_IdleTracker::useMovesTheDeadline()
{
    FakeLoop loop;
    IdleTracker tracker(loop, loop.timers);
    const QSignalSpy due(&tracker, &IdleTracker::idleDue);
    tracker.watch(QStringLiteral("a"), 1);
    for (int i = 0; i < 5; ++i) {
        loop.advance(29 * kNsPerSecond);
        tracker.touch(QStringLiteral("a"));
    }
    loop.advance(30 * kNsPerSecond - 1);
    QCOMPARE(due.count(), 0);
    loop.advance(1);
    QCOMPARE(due.count(), 1);
    // BC-06: while it drains, use changes nothing.
    tracker.touch(QStringLiteral("a"));
    loop.advance(60 * kNsPerSecond);
    QCOMPARE(due.count(), 1);
}

void tst_IdleTracker::eachTargetHasItsOwnDeadline()
{
    FakeLoop loop;
    IdleTracker tracker(loop, loop.timers, 10 * kNsPerSecond);
    QStringList due;
    connect(&tracker, &IdleTracker::idleDue, this, [&](const QString &id) { due << id; });
    tracker.watch(QStringLiteral("b"), 1);
    tracker.watch(QStringLiteral("a"), 2);
    loop.advance(4 * kNsPerSecond);
    tracker.watch(QStringLiteral("c"), 3);
    loop.advance(6 * kNsPerSecond);
    QCOMPARE(due, QStringList({QStringLiteral("a"), QStringLiteral("b")}));
    loop.advance(4 * kNsPerSecond);
    QCOMPARE(due.last(), QStringLiteral("c"));
}

void tst_IdleTracker::forgottenTargetIsNeverDue()
{
    FakeLoop loop;
    IdleTracker tracker(loop, loop.timers);
    const QSignalSpy due(&tracker, &IdleTracker::idleDue);
    tracker.watch(QStringLiteral("a"), 1);
    tracker.forget(QStringLiteral("a"));
    QCOMPARE(loop.timers.size(), 0U);
    loop.advance(60 * kNsPerSecond);
    QCOMPARE(due.count(), 0);
    QCOMPARE(tracker.size(), 0);
}

// RG-14
void tst_IdleTracker::staleRearmIsCounted()
{
    FakeLoop loop;
    IdleTracker tracker(loop, loop.timers);
    const QSignalSpy due(&tracker, &IdleTracker::idleDue);
    tracker.watch(QStringLiteral("a"), 1);
    loop.advance(30 * kNsPerSecond);
    tracker.watch(QStringLiteral("a"), 2);
    loop.advance(20 * kNsPerSecond);
    QVERIFY(!tracker.rearm(QStringLiteral("a"), 1));
    QVERIFY(!tracker.rearm(QStringLiteral("b"), 1));
    QCOMPARE(tracker.staleCount(), 2U);
    loop.advance(10 * kNsPerSecond);
    QCOMPARE(due.count(), 2); // not put off
}

// SH-08
void tst_IdleTracker::trackerMayDieInItsSignal()
{
    FakeLoop loop;
    auto tracker = std::make_unique<IdleTracker>(loop, loop.timers);
    int due = 0;
    connect(tracker.get(), &IdleTracker::idleDue, this, [&] {
        ++due;
        tracker.reset();
    });
    tracker->watch(QStringLiteral("a"), 1);
    tracker->watch(QStringLiteral("b"), 1);
    loop.advance(60 * kNsPerSecond);
    QCOMPARE(due, 1);
}

void tst_IdleTracker::failedDeliveryIsDueAgain_data()
{
    QTest::addColumn<int>("answer");
    QTest::addColumn<int>("again"); ///< seconds after the first time
    QTest::newRow("BC-07 failed") << int(Answer::Fail) << 30;
    QTest::newRow("BC-07 threw") << int(Answer::Throw) << 30;
    QTest::newRow("BC-07 timed out") << int(Answer::Keep) << 35;
}

void tst_IdleTracker::failedDeliveryIsDueAgain()
{
    QFETCH(int, answer);
    QFETCH(int, again);
    FakeLoop loop;
    Broadcaster broadcaster(loop, loop.timers, loop);
    IdleTracker tracker(loop, loop.timers);
    connectIdleQuiesce(tracker, broadcaster);
    const auto target = std::make_shared<ScriptedTarget>(Answer(answer));
    const QString id = QStringLiteral("a");
    const auto registration = broadcaster.registerTarget({id, target, true, {}});
    QVERIFY(registration);
    tracker.watch(id, registration->generation);
    loop.advance(30 * kNsPerSecond);
    QCOMPARE(target->asked.size(), 1U);
    QCOMPARE(target->asked[0].reason, QuiesceReason::IdleTimeout);
    loop.advance((again - 30) * kNsPerSecond);
    // Instead of draining for ever, it works on.
    QCOMPARE(broadcaster.quiesceState(id)->state(), QuiesceState::State::Open);
    QCOMPARE(target->resumes, 1);
    loop.advance(30 * kNsPerSecond - 1);
    QCOMPARE(target->asked.size(), 1U);
    loop.advance(1);
    QCOMPARE(target->asked.size(), 2U);
}

// BC-06, BC-07
void tst_IdleTracker::ackedTargetStaysQuietUntilResumed()
{
    FakeLoop loop;
    Broadcaster broadcaster(loop, loop.timers, loop);
    IdleTracker tracker(loop, loop.timers);
    connectIdleQuiesce(tracker, broadcaster);
    const auto target = std::make_shared<ScriptedTarget>();
    const QString id = QStringLiteral("a");
    const auto registration = broadcaster.registerTarget({id, target, true, {}});
    QVERIFY(registration);
    tracker.watch(id, registration->generation);
    loop.advance(300 * kNsPerSecond);
    QCOMPARE(target->asked.size(), 1U);
    QVERIFY(broadcaster.quiesceState(id)->isDraining());
    QVERIFY(broadcaster.resume(id));
    QCOMPARE(target->resumes, 1);
    loop.advance(30 * kNsPerSecond);
    QCOMPARE(target->asked.size(), 2U);
}

QTEST_GUILESS_MAIN(tst_IdleTracker)

#include "tst_idletracker.moc"
