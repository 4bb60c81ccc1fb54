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

constexpr qint64 kLookAgain = 2 * kNsPerSecond;

Error superseded()
{
    Error error(ErrorCode::Superseded, QStringLiteral("another link of this peer took over"));
    error.setRetryable(false);
    setRetryAfter(error, kLookAgain);
    return error;
}

} // namespace

/// An endpoint whose peer is connected by another link.
class tst_GaveWay : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whoIsConnectedIsLookedForAgain();
    void whoGaveWayIsOpenedAgain_data();
    void whoGaveWayIsOpenedAgain();
    void withoutReconnectItIsTheEnd();
    void aVerdictMayTakeLongerThanAHandshake();
};

// RG-07: no dial, no attempt spent, told once, and there as soon as the other link is gone.
void tst_GaveWay::whoIsConnectedIsLookedForAgain()
{
    World world;
    EndpointPlan plan = World::plan(QStringLiteral("a"));
    plan.policy.maxAttempts = 1;
    const auto script = world.add(plan);
    script->refusal = connectedElsewhere(kLookAgain);
    QVERIFY(world.endpoint().start());
    world.advance(60 * kLookAgain);
    QCOMPARE(world.state(), State::Reconnecting);
    QCOMPARE(script->connects, 0);
    QCOMPARE(world.status().attempts, 0U);
    QCOMPARE(world.status().lastReason.code(), ErrorCode::AlreadyExists);
    QCOMPARE(world.log(),
             (QStringList{QStringLiteral("idle>starting"),
                          QStringLiteral("started"),
                          QStringLiteral("starting>reconnecting")}));
    // Its peer is there, so nothing is amiss.
    QVERIFY(!world.supervisor->counts().isDegraded());
    const auto now = world.endpoint().dialNow(DialTrigger::Operator);
    QVERIFY(!now);
    QCOMPARE(now.error().code(), ErrorCode::AlreadyExists);
    script->refusal = {};
    world.advance(kLookAgain);
    QCOMPARE(script->connects, 1);
    QVERIFY(script->ready());
    QCOMPARE(world.state(), State::Running);
}

void tst_GaveWay::whoGaveWayIsOpenedAgain_data()
{
    QTest::addColumn<bool>("wasRunning");
    QTest::newRow("a candidate") << false;
    QTest::newRow("a link that was ready") << true;
}

// RG-07: to lose against another link of the peer is no failure of the endpoint.
void tst_GaveWay::whoGaveWayIsOpenedAgain()
{
    QFETCH(const bool, wasRunning);
    World world;
    EndpointPlan plan = World::plan(QStringLiteral("a"));
    plan.policy.maxAttempts = 1;
    const auto script = world.add(plan);
    QVERIFY(world.endpoint().start());
    for (int i = 1; i <= 5; ++i) {
        QCOMPARE(script->connects, i);
        if (wasRunning) {
            QVERIFY(script->ready());
            script->lose(superseded(), EndCause::GaveWay);
        } else {
            script->fail(superseded(), EndCause::GaveWay);
        }
        QCOMPARE(world.state(), State::Reconnecting);
        world.advance(kLookAgain - 1);
        QCOMPARE(script->connects, i);
        world.advance(1);
    }
}

void tst_GaveWay::withoutReconnectItIsTheEnd()
{
    World world;
    EndpointPlan plan = World::plan(QStringLiteral("a"));
    plan.policy.reconnect = false;
    const auto script = world.add(plan);
    script->refusal = connectedElsewhere(kLookAgain);
    QVERIFY(world.endpoint().start());
    QCOMPARE(world.state(), State::Failed);
    QCOMPARE(world.timers.size(), std::size_t(0));
}

void tst_GaveWay::aVerdictMayTakeLongerThanAHandshake()
{
    World world;
    const auto script = world.add(World::plan(QStringLiteral("a")));
    QVERIFY(world.endpoint().start());
    script->receiver->dialFinished(script->attempt);
    script->receiver->verdictPending(script->attempt);
    world.advance(300 * kNsPerSecond);
    QCOMPARE(script->cancels, 0);
    QVERIFY(script->ready());
    QCOMPARE(world.state(), State::Running);
    // Of another attempt, and said too early.
    script->receiver->verdictPending(12345);
    QCOMPARE(world.status().stale, quint64(1));
}

QTEST_APPLESS_MAIN(tst_GaveWay)
#include "tst_gaveway.moc"
