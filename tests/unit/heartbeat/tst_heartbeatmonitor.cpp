// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "heartbeatworld.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using State = HeartbeatMonitor::State;

class tst_HeartbeatMonitor : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyTimeoutExpiresExactly_data();
    void everyTimeoutExpiresExactly();
    void zeroNeverExpiresNorTicks();
    void freshLinkIsHealthyForItsTimeout();
    void graceIsForTheFirstSignOnly();
    void timerIsNeverEarly();
    void anyTrafficCounts();
    void trafficLeavesTheTimerAlone();
    void probesComeEachIntervalWhenIdle();
    void noProbesWhereNoneAreWanted();
    void keepAliveLastsOneAndAHalf();
    void wallClockJumpsHaveNoEffect();
    void expiryComesOncePerOutage();
    void strayBeatsReviveNothing();
    void olderTimerNeverStopsANewerLink();
    void registrySeesTheSameDeadline();
    void handlerMayDestroyTheMonitor();
    void handlerMayStartAnew();
};

void tst_HeartbeatMonitor::everyTimeoutExpiresExactly_data()
{
    QTest::addColumn<qint64>("timeoutMs");
    for (const int ms : {1, 2, 3, 10, 90'000})
        QTest::addRow("HB-01 %d ms", ms) << qint64(ms);
}

// HB-01, HB-02
void tst_HeartbeatMonitor::everyTimeoutExpiresExactly()
{
    QFETCH(qint64, timeoutMs);
    HeartbeatWorld world;
    world.start(1, {.configuredMs = timeoutMs});
    QVERIFY(world.timers.nextDeadline() <= world.clock.now() + std::max(kMs, timeoutMs * kMs / 3));
    world.advance(timeoutMs * kMs - 1);
    QVERIFY(world.expiries.empty());
    QCOMPARE(world.monitor->state(), State::Watching);
    world.advance(1);
    QCOMPARE(world.expiries, std::vector<qint64>({timeoutMs * kMs}));
    QCOMPARE(world.reason.code(), ErrorCode::HeartbeatTimeout);
    QCOMPARE(world.reason.details().value(QStringLiteral("silentMs")).toLongLong(), timeoutMs);
    QVERIFY(world.reason.isRetryable());
    // Checks at every third of the timeout, but no more than one a millisecond.
    QVERIFY(world.timeouts >= (timeoutMs >= 3 ? 3 : 1));
    QVERIFY(world.timeouts <= 8);
}

// HB-01
void tst_HeartbeatMonitor::zeroNeverExpiresNorTicks()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 0});
    QCOMPARE(world.timers.size(), std::size_t(0));
    world.advance(86400 * kSecond);
    QVERIFY(world.expiries.empty());
    QVERIFY(world.probes.empty());
    QVERIFY(world.monitor->beat(1).has_value());
}

// HB-02
void tst_HeartbeatMonitor::freshLinkIsHealthyForItsTimeout()
{
    HeartbeatWorld world;
    world.advance(1000 * kSecond); // the monitor is older than its link
    world.start(1, {.configuredMs = 90'000});
    world.advance(90 * kSecond - kMs);
    QVERIFY(world.expiries.empty());
    world.advance(kMs);
    QCOMPARE(world.expiries.size(), std::size_t(1));
}

// HB-02
void tst_HeartbeatMonitor::graceIsForTheFirstSignOnly()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 1000, .graceMs = 500});
    world.advance(1400 * kMs);
    QVERIFY(world.expiries.empty());
    world.monitor->noteTraffic();
    world.advance(1000 * kMs - 1);
    QVERIFY(world.expiries.empty());
    world.advance(1);
    QCOMPARE(world.expiries.size(), std::size_t(1));
}

// HB-02: a loop that wakes up early finds nothing due, one that is late finds it at once.
void tst_HeartbeatMonitor::timerIsNeverEarly()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 300, .probeMs = 0});
    for (int i = 0; i < 299; ++i) {
        world.clock.setNow(world.clock.now() + kMs);
        world.timers.fireDue(world.clock.now());
    }
    QVERIFY(world.expiries.empty());
    world.clock.setNow(world.clock.now() + 100 * kMs);
    world.timers.fireDue(world.clock.now());
    QCOMPARE(world.expiries.size(), std::size_t(1));
}

// HB-04
void tst_HeartbeatMonitor::anyTrafficCounts()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 1000});
    for (int i = 0; i < 100; ++i) {
        world.advance(999 * kMs);
        if (i % 2 == 0)
            world.monitor->noteTraffic();
        else
            QVERIFY(world.monitor->beat(1).has_value());
    }
    QVERIFY(world.expiries.empty());
    world.advance(1000 * kMs);
    QCOMPARE(world.expiries.size(), std::size_t(1));
}

// HB-04: a million packets cost no timer.
void tst_HeartbeatMonitor::trafficLeavesTheTimerAlone()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 90'000});
    const qint64 armed = world.timers.nextDeadline();
    for (int i = 0; i < 1000; ++i) {
        world.clock.setNow(world.clock.now() + kMs);
        world.monitor->noteTraffic();
        QCOMPARE(world.timers.nextDeadline(), armed);
    }
}

// HB-04
void tst_HeartbeatMonitor::probesComeEachIntervalWhenIdle()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 1000, .probeMs = 250});
    world.advance(100 * kMs);
    world.monitor->noteTraffic();
    world.advance(5000 * kMs);
    QCOMPARE(world.probes, std::vector<qint64>({350 * kMs, 600 * kMs, 850 * kMs}));
    QCOMPARE(world.expiries, std::vector<qint64>({1100 * kMs}));

    HeartbeatWorld answered;
    answered.start(1, {.configuredMs = 1000, .probeMs = 250});
    answered.onProbe = [&] { answered.monitor->noteTraffic(); };
    answered.advance(1000 * kMs);
    QCOMPARE(answered.probes, std::vector<qint64>({250 * kMs, 500 * kMs, 750 * kMs, 1000 * kMs}));
    answered.advance(3600 * kSecond);
    QVERIFY(answered.expiries.empty());
}

// HB-04
void tst_HeartbeatMonitor::noProbesWhereNoneAreWanted()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 1000, .probeMs = 0});
    world.advance(5 * kSecond);
    QVERIFY(world.probes.empty());
    QCOMPARE(world.expiries.size(), std::size_t(1));
}

// HB-04
void tst_HeartbeatMonitor::keepAliveLastsOneAndAHalf()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 5, .keepAliveSeconds = 10});
    world.advance(14'900 * kMs);
    QVERIFY(world.expiries.empty());
    world.monitor->noteTraffic();
    world.advance(15'000 * kMs - 1);
    QVERIFY(world.expiries.empty());
    world.advance(100 * kMs + 1);
    QCOMPARE(world.expiries, std::vector<qint64>({29'900 * kMs}));
    QVERIFY(world.probes.empty());
}

// HB-04
void tst_HeartbeatMonitor::wallClockJumpsHaveNoEffect()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 1000});
    for (const qint64 jump : {86'400'000LL, -2 * 86'400'000LL}) {
        world.clock.jumpWall(jump);
        world.advance(499 * kMs);
        QVERIFY(world.expiries.empty());
    }
    world.advance(2 * kMs);
    QCOMPARE(world.expiries, std::vector<qint64>({1000 * kMs}));
}

// HB-03
void tst_HeartbeatMonitor::expiryComesOncePerOutage()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 100});
    world.advance(10 * kSecond);
    world.monitor->noteTraffic();
    world.advance(10 * kSecond);
    QCOMPARE(world.expiries.size(), std::size_t(1));
    QCOMPARE(world.monitor->state(), State::Expired);
    QCOMPARE(world.timers.size(), std::size_t(0));
    world.start(2, {.configuredMs = 100}); // the peer came back: another outage may follow
    world.advance(10 * kSecond);
    QCOMPARE(world.expired, std::vector<quint64>({1, 2}));
}

// HB-05, RG-14
void tst_HeartbeatMonitor::strayBeatsReviveNothing()
{
    HeartbeatWorld world;
    QCOMPARE(world.monitor->beat(1).error().code(), ErrorCode::NotFound);
    world.start(2, {.configuredMs = 100});
    world.advance(60 * kMs);
    QCOMPARE(world.monitor->beat(1).error().code(), ErrorCode::Superseded);
    QCOMPARE(world.monitor->beginRequest(1).error().code(), ErrorCode::Superseded);
    QCOMPARE(world.monitor->endRequest(1).error().code(), ErrorCode::Superseded);
    QCOMPARE(world.monitor->endRequest(2).error().code(), ErrorCode::InvalidTransition);
    world.advance(40 * kMs);
    QCOMPARE(world.expiries, std::vector<qint64>({100 * kMs}));
    QCOMPARE(world.monitor->beat(2).error().code(), ErrorCode::InvalidTransition);
    QCOMPARE(world.monitor->state(), State::Expired);
    world.monitor->stop();
    QCOMPARE(world.monitor->beat(2).error().code(), ErrorCode::NotFound);
    QCOMPARE(world.monitor->state(), State::Stopped);
    QCOMPARE(world.monitor->strayCount(), quint64(7));
    world.advance(10 * kSecond);
    QCOMPARE(world.expiries.size(), std::size_t(1));
}

// RG-14
void tst_HeartbeatMonitor::olderTimerNeverStopsANewerLink()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 100});
    world.advance(99 * kMs);
    world.start(2, {.configuredMs = 100});
    world.advance(99 * kMs);
    QVERIFY(world.expiries.empty());
    world.advance(kMs);
    QCOMPARE(world.expired, std::vector<quint64>({2}));
    world.start(3, {.configuredMs = 100});
    world.monitor->stop();
    world.advance(kSecond);
    QCOMPARE(world.expired, std::vector<quint64>({2}));
    QCOMPARE(world.timers.size(), std::size_t(0));
}

// RG-04
void tst_HeartbeatMonitor::registrySeesTheSameDeadline()
{
    HeartbeatWorld world;
    const auto liveness = std::make_shared<LinkLiveness>();
    liveness->setState(Link::State::Ready);
    world.monitor->start(1, resolveHeartbeat({.configuredMs = 1000}).value(), liveness);
    QVERIFY(liveness->isLive(world.clock.now() + 1000 * kMs - 1));
    QVERIFY(!liveness->isLive(world.clock.now() + 1000 * kMs));
    world.advance(700 * kMs);
    world.monitor->noteTraffic();
    QCOMPARE(liveness->deadline(), world.clock.now() + 1000 * kMs);
    QVERIFY(world.monitor->beginRequest(1).has_value());
    QCOMPARE(liveness->deadline(), world.clock.now() + 75 * kSecond);
    QVERIFY(world.monitor->endRequest(1).has_value());
    QCOMPARE(liveness->deadline(), world.clock.now() + 1000 * kMs);
    world.advance(1000 * kMs);
    QCOMPARE(world.expiries.size(), std::size_t(1));
    world.monitor->noteTraffic(); // too late
    QVERIFY(!liveness->isLive(world.clock.now()));
}

// SH-08
void tst_HeartbeatMonitor::handlerMayDestroyTheMonitor()
{
    HeartbeatWorld world;
    world.onProbe = [&] { world.monitor.reset(); };
    world.start(1, {.configuredMs = 300});
    world.advance(kSecond);
    QCOMPARE(world.probes.size(), std::size_t(1));
    QCOMPARE(world.timers.size(), std::size_t(0));

    HeartbeatWorld other;
    other.onExpiry = [&] { other.monitor.reset(); };
    other.start(1, {.configuredMs = 300, .probeMs = 0});
    other.advance(kSecond);
    QCOMPARE(other.expiries.size(), std::size_t(1));
}

// SH-08
void tst_HeartbeatMonitor::handlerMayStartAnew()
{
    HeartbeatWorld world;
    quint64 generation = 1;
    world.onExpiry = [&] {
        if (generation < 3)
            world.start(++generation, {.configuredMs = 100});
    };
    world.start(generation, {.configuredMs = 100});
    world.advance(kSecond);
    QCOMPARE(world.expired, std::vector<quint64>({1, 2, 3}));
    QCOMPARE(world.expiries, std::vector<qint64>({100 * kMs, 200 * kMs, 300 * kMs}));
}

QTEST_APPLESS_MAIN(tst_HeartbeatMonitor)
#include "tst_heartbeatmonitor.moc"
