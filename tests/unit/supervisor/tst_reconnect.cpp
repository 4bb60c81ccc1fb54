// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "scripted.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;
using Kind = EndpointEvent::Kind;
using State = EndpointState;

namespace {

constexpr qint64 kSecond = kNsPerSecond;
constexpr qint64 kHour = 3600 * kNsPerSecond;
const QString kName = QStringLiteral("a");

/// Nothing is held for the endpoint: no timer, no dial, no link, no permit.
bool isEmpty(World &world, const Script &script)
{
    return world.timers.size() == 0 && script.attempt == 0 && script.link == 0
        && world.supervisor->budget().inFlight() == 0 && world.status().links == 0
        && world.status().nextRetryAt == -1;
}

} // namespace

class tst_Reconnect : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void lossIsFollowedByAttemptsUntilOneSucceeds();
    void alwaysFailingEndsOnce();
    void unlimitedGoesOn();
    void hundredFailedHandshakesLeaveOneTicket();
    void simultaneousCausesCoalesce();
    void waitingIsCancelled_data();
    void waitingIsCancelled();
    void flappingLinkIsNotForgiven();
    void stableLinkIsForgiven();
    void bareConnectsAndHeartbeatsForgiveNothing();
    void seedRepeatsTheRun();
    void lateReportsAreCounted();
};

// SV-04
void tst_Reconnect::lossIsFollowedByAttemptsUntilOneSucceeds()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->ready();
    world.events.clear();
    script->lose(lostError());
    QCOMPARE(world.state(), State::Reconnecting);
    QCOMPARE(script->connects, 1);
    for (int k = 0; k < 3; ++k) {
        QVERIFY(world.advanceToNext());
        QCOMPARE(script->connects, 2 + k);
        QCOMPARE(world.status().attempts, quint32(k + 1));
        script->fail(refusedError());
        QCOMPARE(world.state(), State::Reconnecting);
    }
    QVERIFY(world.advanceToNext());
    QVERIFY(script->ready());
    QCOMPARE(world.state(), State::Running);
    QCOMPARE(script->connects, 5);
    const QStringList expected{
        QStringLiteral("running>reconnecting"),
        QStringLiteral("scheduled"),
        QStringLiteral("scheduled"),
        QStringLiteral("scheduled"),
        QStringLiteral("scheduled"),
        QStringLiteral("reconnecting>running"),
        QStringLiteral("reconnected(4)"),
    };
    QCOMPARE(world.log(), expected);
}

// SV-04
void tst_Reconnect::alwaysFailingEndsOnce()
{
    World world;
    EndpointPlan plan = World::plan(kName);
    plan.policy.maxAttempts = 4;
    const auto script = world.add(plan);
    QVERIFY(world.endpoint().start());
    script->ready();
    world.advance(kHour);
    script->onConnect = [](Script &s, quint64) { s.fail(refusedError()); };
    script->lose(lostError());
    world.advance(24 * kHour);
    QCOMPARE(world.state(), State::Failed);
    QCOMPARE(script->connects, 1 + 4);
    QCOMPARE(world.count(Kind::ReconnectFailed), 1);
    QCOMPARE(
        world.log().mid(world.log().size() - 2),
        (QStringList{QStringLiteral("reconnecting>failed"), QStringLiteral("reconnectFailed(4)")}));
    QCOMPARE(world.status().lastReason.code(), ErrorCode::ConnectionRefused);
    QVERIFY(isEmpty(world, *script));
    QVERIFY(!world.endpoint().dialNow(DialTrigger::Discovery));
    world.advance(24 * kHour);
    QCOMPARE(script->connects, 5);

    // An explicit restart begins a new series.
    QVERIFY(world.endpoint().restart());
    QCOMPARE(script->connects, 6);
    world.advance(24 * kHour);
    QCOMPARE(script->connects, 6 + 4);
    QCOMPARE(world.count(Kind::ReconnectFailed), 2);
}

// SV-04
void tst_Reconnect::unlimitedGoesOn()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->onConnect = [](Script &s, quint64) { s.fail(refusedError()); };
    QVERIFY(world.endpoint().start());
    world.advance(24 * kHour);
    QCOMPARE(world.state(), State::Reconnecting);
    // At the cap each wait is 15 to 30 s.
    QVERIFY(script->connects > 24 * 3600 / 30 && script->connects < 24 * 3600 / 15 + 20);
    QCOMPARE(world.count(Kind::ReconnectFailed), 0);
}

// SV-05
void tst_Reconnect::hundredFailedHandshakesLeaveOneTicket()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    for (int i = 0; i < 100; ++i) {
        const quint64 generation = script->attempt;
        QVERIFY(generation != 0);
        script->receiver->dialFinished(generation);
        script->fail(Error(ErrorCode::HandshakeTimeout, QStringLiteral("x")));
        // The same end, told by more than one cause.
        script->receiver->attemptFailed(generation, lostError());
        script->receiver->linkEnded(generation, lostError());
        QCOMPARE(world.timers.size(), 1U);
        QVERIFY(world.advanceToNext());
        QCOMPARE(script->connects, i + 2);
        QCOMPARE(world.timers.size(), 1U);
    }
    QCOMPARE(world.status().attempts, 100U);
    QCOMPARE(world.status().stale, 200U);
}

// SV-05
void tst_Reconnect::simultaneousCausesCoalesce()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->ready();
    const quint64 link = script->link;
    script->lose(lostError());
    script->receiver->linkEnded(link, Error(ErrorCode::HeartbeatTimeout, QStringLiteral("x")));
    QVERIFY(world.endpoint().dialNow(DialTrigger::Discovery));
    for (int i = 0; i < 10; ++i) {
        QCOMPARE(world.endpoint().dialNow(DialTrigger::Discovery).error().code(),
                 ErrorCode::AlreadyStarted);
    }
    QCOMPARE(script->connects, 2);
    QCOMPARE(world.timers.size(), 1U);
    QCOMPARE(world.status().lastReason.code(), lostError().code());
    script->ready();
    QCOMPARE(world.endpoint().dialNow(DialTrigger::Operator).error().code(),
             ErrorCode::AlreadyExists);
}

// SV-08
void tst_Reconnect::waitingIsCancelled_data()
{
    QTest::addColumn<QString>("by");
    for (const char *by : {"stop", "disable", "remove", "close", "delete", "drain"})
        QTest::addRow("SV-08 %s", by) << QString::fromLatin1(by);
}

void tst_Reconnect::waitingIsCancelled()
{
    QFETCH(const QString, by);
    World world;
    EndpointPlan plan = World::plan(kName);
    plan.policy.backOff.jitter = 0;
    const auto script = world.add(plan);
    QVERIFY(world.endpoint().start());
    script->ready();
    script->lose(lostError());
    QCOMPARE(world.status().nextRetryAt, world.clock.now() + kSecond);
    world.advance(kSecond / 2);
    QCOMPARE(world.timers.size(), 1U);
    if (by == u"stop")
        world.endpoint().stop();
    else if (by == u"disable")
        QVERIFY(world.endpoint().setEnabled(false));
    else if (by == u"remove")
        QVERIFY(world.supervisor->remove(kName));
    else if (by == u"close")
        world.supervisor->beginClosing();
    else if (by == u"drain")
        world.endpoint().drain();
    else
        world.supervisor.reset();
    // In the same turn: the ticket is gone when the call returns.
    QCOMPARE(world.timers.size(), 0U);
    if (world.supervisor && by != u"remove")
        QCOMPARE(world.state(), State::Stopped);
    world.advance(kHour);
    QCOMPARE(script->connects, 1);
}

// SV-09
void tst_Reconnect::flappingLinkIsNotForgiven()
{
    World world;
    EndpointPlan plan = World::plan(kName);
    plan.policy.backOff.jitter = 0;
    const auto script = world.add(plan);
    QVERIFY(world.endpoint().start());
    QVERIFY(script->ready());
    const int seconds[] = {1, 2, 4, 8, 16, 30, 30, 30};
    for (const int expected : seconds) {
        world.advance(5 * kSecond);
        script->lose(lostError());
        QCOMPARE(world.status().nextRetryAt - world.clock.now(), expected * kSecond);
        QVERIFY(world.advanceToNext());
        QVERIFY(script->ready());
    }
    QCOMPARE(world.status().attempts, 8U);
}

// SV-09
void tst_Reconnect::stableLinkIsForgiven()
{
    World world;
    EndpointPlan plan = World::plan(kName);
    plan.policy.backOff.jitter = 0;
    const auto script = world.add(plan);
    QVERIFY(world.endpoint().start());
    script->ready();
    for (int i = 0; i < 4; ++i) {
        script->lose(lostError());
        QVERIFY(world.advanceToNext());
        script->ready();
    }
    world.advance(30 * kSecond - 1);
    QCOMPARE(world.status().attempts, 4U);
    world.advance(1);
    QCOMPARE(world.status().attempts, 0U);
    QCOMPARE(world.timers.size(), 0U);
    script->lose(lostError());
    QCOMPARE(world.status().nextRetryAt - world.clock.now(), kSecond);
}

// SV-09
void tst_Reconnect::bareConnectsAndHeartbeatsForgiveNothing()
{
    World world;
    EndpointPlan plan = World::plan(kName);
    plan.policy.backOff.jitter = 0;
    plan.policy.handshakeDeadlineNs = 60 * kSecond;
    const auto script = world.add(plan);
    QVERIFY(world.endpoint().start());
    script->ready();
    const quint64 old = script->link;
    script->lose(lostError());
    for (quint32 attempt = 1; attempt <= 4; ++attempt) {
        QVERIFY(world.advanceToNext());
        script->receiver->dialFinished(script->attempt);
        script->receiver->healthVerified(script->attempt);
        script->receiver->healthVerified(old);
        world.advance(40 * kSecond);
        QCOMPARE(world.status().attempts, attempt);
        script->fail(lostError());
    }
    QCOMPARE(world.status().nextRetryAt - world.clock.now(), 16 * kSecond);
    QVERIFY(world.advanceToNext());
    script->ready();
    script->receiver->healthVerified(script->link);
    QCOMPARE(world.status().attempts, 5U);
}

// SV-07
void tst_Reconnect::seedRepeatsTheRun()
{
    const auto run = [](quint64 seed) {
        World world(seed);
        const auto script = world.add(World::plan(kName));
        const auto other = world.add(World::plan(QStringLiteral("b")));
        for (const auto &s : {script, other})
            s->onConnect = [](Script &self, quint64) { self.fail(refusedError()); };
        static_cast<void>(world.supervisor->startAll());
        world.advance(600 * kSecond);
        std::vector<std::vector<qint64>> delays(2);
        for (const EndpointEvent &event : world.events) {
            if (event.kind == Kind::ReconnectScheduled)
                delays[event.name == kName ? 0 : 1].push_back(event.delayNs);
        }
        return delays;
    };
    const auto first = run(1);
    QVERIFY(first[0].size() > 20);
    QCOMPARE(run(1), first);
    QVERIFY(run(2) != first);
    QVERIFY(first[0] != first[1]);
}

// RG-14
void tst_Reconnect::lateReportsAreCounted()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    const quint64 first = script->attempt;
    script->fail(refusedError());
    QVERIFY(world.advanceToNext());
    script->ready();
    const quint64 second = script->link;
    QVERIFY(second > first);
    script->lose(lostError());
    QVERIFY(world.advanceToNext());
    script->ready();
    const EndpointStatus before = world.status();
    const std::size_t events = world.events.size();
    quint64 stale = before.stale;
    for (const quint64 old : {first, second, quint64(0), quint64(1) << 60}) {
        script->receiver->dialFinished(old);
        QVERIFY(!script->receiver->linkReady(old, QStringLiteral("x")));
        script->receiver->attemptFailed(old, fatalError());
        script->receiver->linkEnded(old, fatalError());
        script->receiver->healthVerified(old);
        stale += 5;
        QCOMPARE(world.status().stale, stale);
    }
    QCOMPARE(world.state(), before.state);
    QCOMPARE(world.status().generation, before.generation);
    QCOMPARE(world.status().peer, before.peer);
    QVERIFY(world.status().lastReason.code() == before.lastReason.code());
    QCOMPARE(world.events.size(), events);
}

QTEST_APPLESS_MAIN(tst_Reconnect)
#include "tst_reconnect.moc"
