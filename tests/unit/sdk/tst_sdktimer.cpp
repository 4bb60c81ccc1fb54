// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <QtTest/QTest>

#include <fairlead/timers.h>

#include <algorithm>
#include <memory>
#include <vector>

using namespace fairlead;

namespace {

class RecordingTimers : public Timers
{
public:
    void arm(Timer &timer, qint64 deadline) noexcept override
    {
        timersOf(timer) = this;
        deadlineOf(timer) = deadline;
        armed.push_back(&timer);
    }

    void disarm(Timer &timer) noexcept override
    {
        timersOf(timer) = nullptr;
        armed.erase(std::remove(armed.begin(), armed.end(), &timer), armed.end());
        ++disarmed;
    }

    void fireFirst()
    {
        Timer *timer = armed.front();
        armed.erase(armed.begin());
        timersOf(*timer) = nullptr;
        fire(*timer);
    }

    std::vector<Timer *> armed;
    int disarmed = 0;
};

void count(void *owner) noexcept
{
    ++*static_cast<int *>(owner);
}

} // namespace

class tst_SdkTimer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void destroyingAnArmedTimerDisarmsIt();
    void destroyingAnIdleTimerTouchesNothing();
    void firingReachesTheOwner();
};

void tst_SdkTimer::destroyingAnArmedTimerDisarmsIt()
{
    RecordingTimers timers;
    int calls = 0;
    auto timer = std::make_unique<Timer>(count, &calls);
    timers.arm(*timer, 42);
    QVERIFY(timer->isArmed());
    QCOMPARE(timer->deadline(), 42);
    timer.reset();
    QVERIFY(timers.armed.empty());
    QCOMPARE(timers.disarmed, 1);
}

void tst_SdkTimer::destroyingAnIdleTimerTouchesNothing()
{
    RecordingTimers timers;
    int calls = 0;
    {
        Timer never(count, &calls);
        Timer disarmed(count, &calls);
        timers.arm(disarmed, 1);
        timers.disarm(disarmed);
        QCOMPARE(timers.disarmed, 1);
    }
    QCOMPARE(timers.disarmed, 1);
}

void tst_SdkTimer::firingReachesTheOwner()
{
    RecordingTimers timers;
    int calls = 0;
    Timer timer(count, &calls);
    timers.arm(timer, 1);
    timers.fireFirst();
    QCOMPARE(calls, 1);
    QVERIFY(!timer.isArmed());
}

QTEST_APPLESS_MAIN(tst_SdkTimer)

#include "tst_sdktimer.moc"
