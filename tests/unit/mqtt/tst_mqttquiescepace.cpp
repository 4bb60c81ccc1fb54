// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "quiesceworld.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::test;

/// A listener that empties, at its pace (BC-06, SH-01).
class tst_MqttQuiescePace : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void linkWorksUntilItIsAsked();
    void linksLeaveAtTheConfiguredPace();
    void reactorsShareThePace();
    void fastPaceIsReachedWithCoarseTimers();
    void resumeEndsIt();
    void laterReasonTakesOver();
    void noTimerIsArmedOtherwise();
    void closedLinksTakeNoPlace();
};

// BC-06
void tst_MqttQuiescePace::linkWorksUntilItIsAsked()
{
    ListenerOptions options;
    options.quiesceRate = 1;
    Crowd crowd(options);
    crowd.add(2);
    QVERIFY(quiesce(crowd.listener, QuiesceReason::Maintenance));
    crowd.advance(kNsPerSecond - 1);
    QVERIFY(crowd.clients[0]->isGone());
    Client &last = *crowd.clients[1];
    QVERIFY(!last.isGone());
    last.driver->handleBytes(bytesOf(hex("c000")));
    QCOMPARE(last.stream.written, hex("d000"));
    last.driver->handleBytes(bytesOf(hex("3004 0001 74 00")));
    QCOMPARE(last.bus.published.size(), 1U);
    crowd.advance(1);
    QVERIFY(last.isGone());
}

// The pace of the issue: rate-limited disconnects.
void tst_MqttQuiescePace::linksLeaveAtTheConfiguredPace()
{
    Crowd crowd;
    crowd.add(250);
    QVERIFY(quiesce(crowd.listener, QuiesceReason::HostShutdown));
    crowd.advance(0);
    QCOMPARE(crowd.gone(), 1);
    for (int i = 2; i <= 250; ++i) {
        crowd.advance(10 * kNsPerMs - 1);
        QCOMPARE(crowd.gone(), i - 1);
        crowd.advance(1);
        QCOMPARE(crowd.gone(), i);
        QVERIFY(crowd.clients[std::size_t(i - 1)]->isGone()); // who came first leaves first
    }
    QVERIFY(crowd.timers.armed.empty());
    QCOMPARE(crowd.listener.endpoint().counters.total(Event::AskedToLeave), 250U);
}

void tst_MqttQuiescePace::reactorsShareThePace()
{
    Crowd crowd;

    struct Reactor
    {
        FakeClock clock;
        FakeTimers timers;
    };

    std::vector<std::unique_ptr<Reactor>> reactors;
    for (int i = 0; i < 4; ++i) {
        reactors.push_back(std::make_unique<Reactor>());
        crowd.add(50, reactors.back()->clock, reactors.back()->timers);
    }
    const auto turn = [&reactors](qint64 by) {
        for (const auto &reactor : reactors) {
            reactor->clock.time += by;
            reactor->timers.advance(reactor->clock, 0);
        }
    };
    QVERIFY(quiesce(crowd.listener, QuiesceReason::Maintenance));
    for (int tick = 0; tick < 100; ++tick) {
        turn(tick == 0 ? 0 : 10 * kNsPerMs);
        // Each tick is one place, and each reactor may have one that it was late for.
        QVERIFY2(crowd.gone() <= tick + 1 && crowd.gone() >= tick - 3,
                 qPrintable(QString::number(tick)));
    }
    turn(10 * kNsPerMs);
    int perReactor[4] = {};
    for (std::size_t i = 0; i < crowd.clients.size(); ++i)
        perReactor[i / 50] += crowd.clients[i]->isGone() ? 1 : 0;
    for (const int count : perReactor)
        QVERIFY(count >= 20 && count <= 30);
    crowd.clients.clear(); // before their timers
}

void tst_MqttQuiescePace::fastPaceIsReachedWithCoarseTimers()
{
    ListenerOptions options;
    options.quiesceRate = 10000;
    Crowd crowd(options);
    crowd.add(1000);
    QVERIFY(quiesce(crowd.listener, QuiesceReason::Maintenance));
    for (int i = 0; i < 101; ++i) {
        crowd.advance(0);
        crowd.clock.time += kNsPerMs; // the loop comes by only now and then
    }
    QCOMPARE(crowd.gone(), 1000);
}

// BC-06
void tst_MqttQuiescePace::resumeEndsIt()
{
    Crowd crowd;
    crowd.add(10);
    QVERIFY(quiesce(crowd.listener, QuiesceReason::Maintenance));
    crowd.advance(40 * kNsPerMs);
    QCOMPARE(crowd.gone(), 5);
    crowd.listener.operations()->handleResume();
    QVERIFY(crowd.timers.armed.empty());
    crowd.advance(3600 * kNsPerSecond);
    QCOMPARE(crowd.gone(), 5);
    crowd.add(1);
    QVERIFY(!crowd.clients.back()->isGone());
    QCOMPARE(crowd.listener.endpoint().counters.total(Event::QuiesceRefused), 0U);

    QVERIFY(quiesce(crowd.listener, QuiesceReason::Maintenance));
    crowd.advance(0);
    QCOMPARE(crowd.gone(), 6);
}

void tst_MqttQuiescePace::laterReasonTakesOver()
{
    Harness h;
    h.connect();
    QVERIFY(quiesce(h.listener, QuiesceReason::IdleTimeout));
    h.advance(1);
    QVERIFY(!h.isClosed());
    QVERIFY(quiesce(h.listener, QuiesceReason::HostShutdown));
    h.advance(0);
    QCOMPARE(h.endReason(), ReasonCode::ServerShuttingDown);
}

void tst_MqttQuiescePace::noTimerIsArmedOtherwise()
{
    Crowd crowd;
    crowd.add(3);
    QVERIFY(crowd.timers.armed.empty());
    QCOMPARE(crowd.timers.arms, 0);
}

void tst_MqttQuiescePace::closedLinksTakeNoPlace()
{
    Crowd crowd;
    crowd.add(5);
    crowd.clients[0]->driver->handleBytes(bytesOf(hex("e000")));
    crowd.clients.erase(crowd.clients.begin() + 1);
    crowd.clients[1]->driver->handleEndOfInput();
    QCOMPARE(crowd.gone(), 2);
    QVERIFY(quiesce(crowd.listener, QuiesceReason::Maintenance));
    crowd.advance(0);
    QCOMPARE(crowd.gone(), 3);
    crowd.advance(10 * kNsPerMs);
    QCOMPARE(crowd.gone(), 4);
    QCOMPARE(crowd.listener.endpoint().counters.total(Event::AskedToLeave), 2U);
}

QTEST_GUILESS_MAIN(tst_MqttQuiescePace)
#include "tst_mqttquiescepace.moc"
