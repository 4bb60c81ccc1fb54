// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/attemptslot.h"
#include "core/lifecycle/supervisor/crashpolicy.h"
#include "core/lifecycle/supervisor/discoverydelay.h"
#include "scripted.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using fairlead::test::FixedRandom;
using fairlead::test::SimRandom;
using fairlead::test::SimTime;
using Phase = AttemptSlot::Phase;

namespace {

const QString kKey = QStringLiteral("peer");

struct SlotWorld
{
    TimerQueue timers;
    DialBudget budget;
    int fired = 0;
    std::vector<quint64> aborted;
    AttemptSlot slot{timers,
                     [](void *self) noexcept { ++static_cast<SlotWorld *>(self)->fired; },
                     this,
                     [this](quint64 generation) { aborted.push_back(generation); }};

    bool isEmpty() const { return slot.isFree() && timers.size() == 0 && budget.inFlight() == 0; }

    DialPermit permit() { return budget.ask(kKey, DialTrigger::Start, 0).permit; }
};

} // namespace

class tst_AttemptPieces : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void claimFreesTheSlotOnEveryWayOut();
    void claimIsExclusive();
    void releaseFreesTimerPermitAndDial();
    void finishedDialIsNotAborted();
    void counterSurvivesAttemptsAndSaturates();

    void discoveryBands_data();
    void discoveryBands();
    void triggerWhilePendingIsIgnored();
    void zeroDelayLeavesNoEntry();
    void dueMayTriggerAgain();
    void cancelledDiscoveryNeverFires();
    void discoveryIsBounded();

    void crashScript();
};

// SV-11
void tst_AttemptPieces::claimFreesTheSlotOnEveryWayOut()
{
    SlotWorld world;
    for (int exit = 0; exit < 4; ++exit) {
        [&world, exit] {
            auto claim = world.slot.claim(quint64(exit) + 1);
            QVERIFY(claim);
            if (exit == 0)
                return;
            if (exit == 1) {
                world.slot.wait(10);
                return;
            }
            world.slot.dial(world.permit(), 10);
            if (exit == 2)
                return;
            world.slot.markIssued();
        }();
        QVERIFY2(world.isEmpty(), qPrintable(QString::number(exit)));
    }
    QCOMPARE(world.aborted, std::vector<quint64>{4});
}

// SV-05 SV-11
void tst_AttemptPieces::claimIsExclusive()
{
    SlotWorld world;
    {
        auto claim = world.slot.claim(1);
        world.slot.wait(10);
        claim.keep();
    }
    {
        auto second = world.slot.claim(2);
        QVERIFY(!second);
    }
    QCOMPARE(world.slot.phase(), Phase::Waiting);
    QCOMPARE(world.slot.generation(), 1U);
    QCOMPARE(world.timers.size(), 1U);
}

// SV-11
void tst_AttemptPieces::releaseFreesTimerPermitAndDial()
{
    SlotWorld world;
    {
        auto claim = world.slot.claim(1);
        world.slot.dial(world.permit(), 10);
        claim.keep();
    }
    world.slot.markIssued();
    world.slot.handshake(20);
    QVERIFY(world.slot.isBusyWith(1));
    QVERIFY(!world.slot.isBusyWith(2));
    QCOMPARE(world.slot.deadline(), 20);
    world.slot.release();
    world.slot.release();
    QVERIFY(world.isEmpty());
    QVERIFY(!world.slot.isBusyWith(1));
    QCOMPARE(world.aborted, std::vector<quint64>{1});
}

// SV-11
void tst_AttemptPieces::finishedDialIsNotAborted()
{
    SlotWorld world;
    {
        auto claim = world.slot.claim(1);
        world.slot.dial(world.permit(), 10);
        claim.keep();
    }
    world.slot.markIssued();
    world.slot.finish();
    QVERIFY(world.isEmpty());
    QVERIFY(world.aborted.empty());
}

// SV-11
void tst_AttemptPieces::counterSurvivesAttemptsAndSaturates()
{
    SlotWorld world;
    world.slot.countAttempt();
    world.slot.finish();
    QCOMPARE(world.slot.count(), 1U);
    world.slot.resetCount();
    QCOMPARE(world.slot.count(), 0U);
}

// SV-13
void tst_AttemptPieces::discoveryBands_data()
{
    QTest::addColumn<quint32>("attempt");
    QTest::addColumn<int>("from");
    QTest::addColumn<int>("to");
    QTest::newRow("SV-13 first") << 0U << 0 << 3;
    QTest::newRow("SV-13 second") << 1U << 3 << 10;
    QTest::newRow("SV-13 third") << 2U << 10 << 20;
    QTest::newRow("SV-13 fourth") << 3U << 10 << 20;
    QTest::newRow("SV-13 last") << 0xFFFFFFFFU << 10 << 20;
}

void tst_AttemptPieces::discoveryBands()
{
    QFETCH(const quint32, attempt);
    QFETCH(const int, from);
    QFETCH(const int, to);
    SimRandom random(attempt + 1);
    qint64 least = drawDiscoveryDelay(attempt, random);
    qint64 most = least;
    for (int i = 0; i < 2000; ++i) {
        const qint64 delay = drawDiscoveryDelay(attempt, random);
        least = std::min(least, delay);
        most = std::max(most, delay);
    }
    QVERIFY(least >= from * kNsPerSecond && most <= to * kNsPerSecond);
    const double span = double(to - from) * 1e9;
    QVERIFY(double(least) < from * 1e9 + span * 0.02);
    QVERIFY(double(most) > to * 1e9 - span * 0.02);
}

// SV-13
void tst_AttemptPieces::triggerWhilePendingIsIgnored()
{
    SimTime clock;
    TimerQueue &timers = clock.timers();
    FixedRandom random(2 * kNsPerSecond);
    QStringList due;
    DiscoverySchedule schedule(
        clock, timers, random, [&due](const QString &key) { due.append(key); });
    using Outcome = DiscoverySchedule::Outcome;
    QCOMPARE(schedule.trigger(kKey, 0), Outcome::Scheduled);
    const qint64 deadline = timers.nextDeadline();
    QCOMPARE(deadline, clock.now() + 2 * kNsPerSecond);
    for (int i = 0; i < 10; ++i)
        QCOMPARE(schedule.trigger(kKey, 2), Outcome::Pending);
    QCOMPARE(timers.size(), 1U);
    QCOMPARE(timers.nextDeadline(), deadline);
    clock.moveTo(deadline);
    timers.fireDue(deadline);
    QCOMPARE(due, QStringList{kKey});
    QCOMPARE(schedule.size(), 0U);
    QCOMPARE(schedule.trigger(kKey, 0), Outcome::Scheduled);
}

// SV-13
void tst_AttemptPieces::zeroDelayLeavesNoEntry()
{
    SimTime clock;
    TimerQueue &timers = clock.timers();
    FixedRandom random(0);
    int due = 0;
    DiscoverySchedule schedule(clock, timers, random, [&](const QString &key) {
        QCOMPARE(key, kKey);
        QCOMPARE(schedule.size(), 0U);
        // Reentered from inside: must neither recurse for ever nor find itself pending.
        if (++due < 3)
            schedule.trigger(key, 0);
    });
    QCOMPARE(schedule.trigger(kKey, 0), DiscoverySchedule::Outcome::Due);
    QCOMPARE(due, 3);
    QCOMPARE(schedule.size(), 0U);
    QCOMPARE(timers.size(), 0U);
    QCOMPARE(schedule.trigger(kKey, 1), DiscoverySchedule::Outcome::Scheduled);
}

// SV-13
void tst_AttemptPieces::dueMayTriggerAgain()
{
    SimTime clock;
    TimerQueue &timers = clock.timers();
    SimRandom random(1);
    int due = 0;
    DiscoverySchedule schedule(clock, timers, random, [&](const QString &key) {
        ++due;
        schedule.trigger(key, quint32(due));
    });
    schedule.trigger(kKey, 0);
    for (int i = 0; i < 5; ++i) {
        clock.moveTo(timers.nextDeadline());
        timers.fireDue(clock.now());
    }
    QCOMPARE(due, 5);
    QCOMPARE(schedule.size(), 1U);
}

// SV-13
void tst_AttemptPieces::cancelledDiscoveryNeverFires()
{
    SimTime clock;
    TimerQueue &timers = clock.timers();
    SimRandom random(1);
    int due = 0;
    DiscoverySchedule schedule(clock, timers, random, [&](const QString &) { ++due; });
    schedule.trigger(kKey, 1);
    schedule.trigger(QStringLiteral("other"), 1);
    QVERIFY(schedule.cancel(kKey));
    QVERIFY(!schedule.cancel(kKey));
    schedule.cancelAll();
    QCOMPARE(timers.size(), 0U);
    timers.fireDue(clock.now() + 3600 * kNsPerSecond);
    QCOMPARE(due, 0);
}

// SV-13
void tst_AttemptPieces::discoveryIsBounded()
{
    SimTime clock;
    TimerQueue &timers = clock.timers();
    SimRandom random(1);
    DiscoverySchedule schedule(
        clock, timers, random, [](const QString &) {}, 10);
    for (int i = 0; i < 100; ++i)
        schedule.trigger(QString::number(i), 1);
    QCOMPARE(schedule.size(), 10U);
    QCOMPARE(schedule.trigger(kKey, 1), DiscoverySchedule::Outcome::Full);
}

// SV-15
void tst_AttemptPieces::crashScript()
{
    constexpr qint64 s = kNsPerSecond;
    CrashPolicy policy;
    QCOMPARE(policy.crashed(100 * s), 250 * kNsPerMs);
    QCOMPARE(policy.unavailableUntil(), -1);
    QCOMPARE(policy.crashed(101 * s), 30 * s);
    QCOMPARE(policy.unavailableUntil(), 131 * s);
    // Tried again after the pause, it has a first crash again.
    QCOMPARE(policy.crashed(131 * s), 250 * kNsPerMs);
    QCOMPARE(policy.unavailableUntil(), -1);
    QCOMPARE(policy.crashed(161 * s - 1), 30 * s);
    policy.reset();
    QCOMPARE(policy.unavailableUntil(), -1);
    QCOMPARE(policy.crashed(162 * s), 250 * kNsPerMs);
    QCOMPARE(policy.crashed(192 * s), 250 * kNsPerMs);
}

QTEST_APPLESS_MAIN(tst_AttemptPieces)
#include "tst_attemptpieces.moc"
