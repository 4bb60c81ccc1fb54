// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/dialbudget.h"

#include <QtTest/QTest>

#include <utility>
#include <vector>

using namespace fairlead;
using namespace fairlead::core;
using Verdict = DialAnswer::Verdict;

namespace {

constexpr qint64 kSecond = kNsPerSecond;
const QString kKey = QStringLiteral("peer");

} // namespace

class tst_DialBudget : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneDialPerKeyAtATime();
    void windowRolloverKeepsTheDialInFlight();
    void twelveDialsPerWindowOverAllTriggers();
    void stormIsToldOncePerWindow();
    void ownBackOffIsNoStorm();
    void permitGivesItselfBackOnce();
    void permitOutlivesTheBudget();
    void idleKeysAreForgotten();
    void keysAreBounded();
};

// SV-12
void tst_DialBudget::oneDialPerKeyAtATime()
{
    DialBudget budget;
    DialAnswer first = budget.ask(kKey, DialTrigger::Start, 0);
    QCOMPARE(first.verdict, Verdict::Granted);
    QVERIFY(first.permit.isHeld());
    QCOMPARE(budget.ask(kKey, DialTrigger::Discovery, 1).verdict, Verdict::InProgress);
    QCOMPARE(budget.ask(QStringLiteral("other"), DialTrigger::Start, 1).verdict, Verdict::Granted);
    first.permit.release();
    QCOMPARE(budget.ask(kKey, DialTrigger::Discovery, 2).verdict, Verdict::Granted);
}

// SV-12: a slow attempt of 40 s is still the only one at 35 s.
void tst_DialBudget::windowRolloverKeepsTheDialInFlight()
{
    DialBudget budget;
    DialAnswer slow = budget.ask(kKey, DialTrigger::Start, 0);
    QCOMPARE(slow.verdict, Verdict::Granted);
    QCOMPARE(budget.ask(kKey, DialTrigger::Discovery, 35 * kSecond).verdict, Verdict::InProgress);
    QCOMPARE(budget.inFlight(), 1);
    slow.permit.release();
    QCOMPARE(budget.ask(kKey, DialTrigger::Discovery, 40 * kSecond).verdict, Verdict::Granted);
    QCOMPARE(budget.storms(), 0U);
}

// SV-12
void tst_DialBudget::twelveDialsPerWindowOverAllTriggers()
{
    DialBudget budget;
    const DialTrigger triggers[]
        = {DialTrigger::Start, DialTrigger::BackOff, DialTrigger::Operator, DialTrigger::Discovery};
    for (int i = 0; i < 12; ++i) {
        const DialAnswer answer = budget.ask(kKey, triggers[i % 4], 5 * kSecond + i);
        QCOMPARE(answer.verdict, Verdict::Granted);
    }
    const DialAnswer late = budget.ask(kKey, DialTrigger::BackOff, 15 * kSecond);
    QCOMPARE(late.verdict, Verdict::Exhausted);
    QVERIFY(!late.permit.isHeld());
    QCOMPARE(late.retryAfterNs, 20 * kSecond);
    QCOMPARE(budget.ask(kKey, DialTrigger::BackOff, 35 * kSecond - 1).verdict, Verdict::Exhausted);
    QCOMPARE(budget.ask(kKey, DialTrigger::BackOff, 35 * kSecond).verdict, Verdict::Granted);
}

// SV-12
void tst_DialBudget::stormIsToldOncePerWindow()
{
    DialBudget budget;
    int told = 0;
    for (int i = 0; i < 100; ++i)
        told += budget.ask(kKey, DialTrigger::Discovery, i).stormBegan ? 1 : 0;
    QCOMPARE(told, 1);
    QCOMPARE(budget.storms(), 1U);
    for (int i = 0; i < 100; ++i)
        told += budget.ask(kKey, DialTrigger::Discovery, 30 * kSecond + i).stormBegan ? 1 : 0;
    QCOMPARE(told, 2);
}

// SV-12
void tst_DialBudget::ownBackOffIsNoStorm()
{
    DialBudget budget;
    for (int i = 0; i < 50; ++i)
        QVERIFY(!budget.ask(kKey, DialTrigger::BackOff, i).stormBegan);
    QCOMPARE(budget.storms(), 0U);
    QVERIFY(budget.ask(kKey, DialTrigger::Operator, 60).stormBegan);
}

// SV-12
void tst_DialBudget::permitGivesItselfBackOnce()
{
    DialBudget budget;
    {
        const DialAnswer scoped = budget.ask(kKey, DialTrigger::Start, 0);
        QCOMPARE(budget.inFlight(), 1);
    }
    QCOMPARE(budget.inFlight(), 0);
    DialAnswer first = budget.ask(kKey, DialTrigger::Start, 1);
    DialPermit moved = std::move(first.permit);
    first.permit.release(); // NOLINT(bugprone-use-after-move): empty is what is tested
    QCOMPARE(budget.inFlight(), 1);
    moved.release();
    DialAnswer second = budget.ask(kKey, DialTrigger::Start, 2);
    // Said again, the old one must not free the new one's place.
    moved.release();
    QCOMPARE(budget.inFlight(), 1);
    moved = std::move(second.permit);
    QVERIFY(moved.isHeld());
    QCOMPARE(budget.ask(kKey, DialTrigger::Start, 3).verdict, Verdict::InProgress);
}

void tst_DialBudget::permitOutlivesTheBudget()
{
    DialPermit permit;
    {
        DialBudget budget;
        permit = budget.ask(kKey, DialTrigger::Start, 0).permit;
    }
    permit.release();
    QVERIFY(!permit.isHeld());
}

// SV-12: nothing grows with the number of keys ever seen.
void tst_DialBudget::idleKeysAreForgotten()
{
    DialBudget budget;
    std::vector<DialAnswer> slow;
    slow.push_back(budget.ask(kKey, DialTrigger::Start, 0));
    for (int i = 0; i < 100'000; ++i) {
        const QString key = QString::number(i);
        QCOMPARE(budget.ask(key, DialTrigger::Discovery, i * kSecond).verdict, Verdict::Granted);
        QVERIFY(budget.keyCount() <= 70);
    }
    QCOMPARE(budget.ask(kKey, DialTrigger::Start, 100'000 * kSecond).verdict, Verdict::InProgress);
}

// SV-12
void tst_DialBudget::keysAreBounded()
{
    DialBudget budget({12, 30 * kSecond, 100});
    int granted = 0;
    for (int i = 0; i < 1000; ++i) {
        const DialAnswer answer = budget.ask(QString::number(i), DialTrigger::Discovery, i);
        granted += answer.verdict == Verdict::Granted ? 1 : 0;
        if (answer.verdict != Verdict::Granted)
            QVERIFY(answer.retryAfterNs > 0);
    }
    QCOMPARE(granted, 100);
    QCOMPARE(budget.keyCount(), 100);
    QCOMPARE(budget.ask(kKey, DialTrigger::Discovery, 31 * kSecond).verdict, Verdict::Granted);
}

QTEST_APPLESS_MAIN(tst_DialBudget)
#include "tst_dialbudget.moc"
