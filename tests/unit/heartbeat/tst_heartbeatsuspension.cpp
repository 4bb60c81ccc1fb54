// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "heartbeatworld.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;

class tst_HeartbeatSuspension : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void requestInFlightExcusesSilence();
    void excuseEnds();
    void lateEndLeavesTimeForOneProbe();
    void overlappingRequestsCountAsOne();
    void chainsOfRequestsDoNotHideADeadPeer();
    void trafficRenewsTheExcuse();
    void laterRequestDoesNotRenewTheExcuse();
    void keepAliveKnowsNoExcuse();
    void requestInFlightIsProbeEnough();
};

// HB-05
void tst_HeartbeatSuspension::requestInFlightExcusesSilence()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 10'000});
    QVERIFY(world.monitor->beginRequest(1).has_value());
    world.advance(60 * kSecond);
    QVERIFY(world.expiries.empty());
    world.monitor->noteTraffic(); // the answer
    QVERIFY(world.monitor->endRequest(1).has_value());
    world.advance(10 * kSecond - 1);
    QVERIFY(world.expiries.empty());
    world.advance(1);
    QCOMPARE(world.expiries, std::vector<qint64>({70 * kSecond}));
}

// HB-05
void tst_HeartbeatSuspension::excuseEnds()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 10'000});
    QVERIFY(world.monitor->beginRequest(1).has_value());
    world.advance(80 * kSecond);
    QCOMPARE(world.expiries, std::vector<qint64>({75 * kSecond}));

    HeartbeatWorld patient; // an excuse never makes the timeout shorter
    patient.start(1, {.configuredMs = 90'000});
    QVERIFY(patient.monitor->beginRequest(1).has_value());
    patient.advance(100 * kSecond);
    QCOMPARE(patient.expiries, std::vector<qint64>({90 * kSecond}));
}

// HB-05
void tst_HeartbeatSuspension::lateEndLeavesTimeForOneProbe()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 9000});
    QVERIFY(world.monitor->beginRequest(1).has_value());
    world.advance(60 * kSecond);
    QVERIFY(world.monitor->endRequest(1).has_value()); // without an answer
    world.advance(3 * kSecond - 1);
    QVERIFY(world.expiries.empty());
    QCOMPARE(world.probes, std::vector<qint64>({60 * kSecond}));
    world.advance(1);
    QCOMPARE(world.expiries, std::vector<qint64>({63 * kSecond}));
}

// HB-05
void tst_HeartbeatSuspension::overlappingRequestsCountAsOne()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 3000});
    QVERIFY(world.monitor->beginRequest(1).has_value());
    world.advance(40 * kSecond);
    QVERIFY(world.monitor->beginRequest(1).has_value());
    QVERIFY(world.monitor->endRequest(1).has_value());
    world.advance(34 * kSecond);
    QVERIFY(world.expiries.empty()); // one is still in flight
    world.advance(2 * kSecond);
    QCOMPARE(world.expiries, std::vector<qint64>({75 * kSecond}));
}

// HB-05
void tst_HeartbeatSuspension::chainsOfRequestsDoNotHideADeadPeer()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 3000});
    for (int i = 0; i < 200 && world.expiries.empty(); ++i) {
        QVERIFY(world.monitor->beginRequest(1).has_value());
        world.advance(900 * kMs);
        if (!world.expiries.empty())
            break;
        QVERIFY(world.monitor->endRequest(1).has_value());
        world.advance(100 * kMs);
    }
    QCOMPARE(world.expiries, std::vector<qint64>({75 * kSecond}));
}

// HB-05
void tst_HeartbeatSuspension::trafficRenewsTheExcuse()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 3000});
    QVERIFY(world.monitor->beginRequest(1).has_value());
    for (int i = 0; i < 5; ++i) {
        world.advance(70 * kSecond);
        world.monitor->noteTraffic();
    }
    QVERIFY(world.expiries.empty());
    world.advance(75 * kSecond - 1);
    QVERIFY(world.expiries.empty());
    world.advance(1);
    QCOMPARE(world.expiries.size(), std::size_t(1));
}

// HB-05
void tst_HeartbeatSuspension::laterRequestDoesNotRenewTheExcuse()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 3000});
    QVERIFY(world.monitor->beginRequest(1).has_value());
    world.advance(10 * kSecond);
    world.monitor->noteTraffic(); // not the answer: the request stays in flight
    world.advance(70 * kSecond);
    QVERIFY(world.monitor->beginRequest(1).has_value());
    world.advance(60 * kSecond);
    QCOMPARE(world.expiries, std::vector<qint64>({85 * kSecond}));
}

// HB-05
void tst_HeartbeatSuspension::keepAliveKnowsNoExcuse()
{
    HeartbeatWorld world;
    world.start(1, {.keepAliveSeconds = 10});
    world.advance(9 * kSecond);
    QVERIFY(world.monitor->beginRequest(1).has_value());
    world.advance(6 * kSecond - 1);
    QVERIFY(world.expiries.empty());
    world.advance(1);
    QCOMPARE(world.expiries, std::vector<qint64>({15 * kSecond}));
}

// HB-04
void tst_HeartbeatSuspension::requestInFlightIsProbeEnough()
{
    HeartbeatWorld world;
    world.start(1, {.configuredMs = 3000, .probeMs = 1000});
    QVERIFY(world.monitor->beginRequest(1).has_value());
    world.advance(10 * kSecond);
    QVERIFY(world.probes.empty());
}

QTEST_APPLESS_MAIN(tst_HeartbeatSuspension)
#include "tst_heartbeatsuspension.moc"
