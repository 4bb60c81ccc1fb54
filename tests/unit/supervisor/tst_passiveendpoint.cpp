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
const QString kName = QStringLiteral("a");

} // namespace

class tst_PassiveEndpoint : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void passiveKeepsItsPlace();
    void passiveNeverDials();
    void adoptedLinkEndsTheAttempt();
    void adoptedLinkReplacesTheOld();
    void crashesAreRetriedOnceThenPaused();
    void verifiedHealthForgivesCrashes();
    void inboundReturnAroundTheCrashPause_data();
    void inboundReturnAroundTheCrashPause();
};

// SV-15
void tst_PassiveEndpoint::passiveKeepsItsPlace()
{
    World world;
    const auto script = world.add(World::plan(kName, SupervisedRole::Passive));
    QVERIFY(world.endpoint().start());
    QCOMPARE(world.state(), State::Starting);
    quint64 link = world.generations.next();
    QVERIFY(world.endpoint().adoptLink(link, QStringLiteral("ski-1")));
    QCOMPARE(world.state(), State::Running);
    for (int i = 0; i < 3; ++i) {
        script->receiver->linkEnded(link, lostError());
        QCOMPARE(world.state(), State::Reconnecting);
        QCOMPARE(world.status().peer, QStringLiteral("ski-1"));
        QCOMPARE(world.status().links, 0);
        world.advance(24 * 3600 * kSecond);
        link = world.generations.next();
        QVERIFY(world.endpoint().adoptLink(link, QStringLiteral("ski-1")));
        QCOMPARE(world.state(), State::Running);
        QCOMPARE(world.events.back().kind, Kind::Reconnected);
    }
    world.endpoint().stop();
    QCOMPARE(script->closes, 1);
}

// SV-15
void tst_PassiveEndpoint::passiveNeverDials()
{
    World world;
    const auto script = world.add(World::plan(kName, SupervisedRole::Passive));
    QVERIFY(world.endpoint().start());
    QCOMPARE(world.endpoint().dialNow(DialTrigger::Operator).error().code(),
             ErrorCode::NotSupported);
    QVERIFY(world.endpoint().adoptLink(7, QStringLiteral("p")));
    // Whatever the error: it is the peer that comes back.
    script->receiver->linkEnded(7, fatalError());
    QCOMPARE(world.state(), State::Reconnecting);
    QCOMPARE(world.timers.size(), 0U);
    world.advance(3600 * kSecond);
    QCOMPARE(script->connects, 0);
}

// SV-15 SV-05
void tst_PassiveEndpoint::adoptedLinkEndsTheAttempt()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    const quint64 dial = script->attempt;
    const quint64 link = world.generations.next();
    QVERIFY(world.endpoint().adoptLink(link, QStringLiteral("p")));
    QCOMPARE(world.state(), State::Running);
    QCOMPARE(script->cancels, 1);
    QVERIFY(!script->readyAs(dial));
    QCOMPARE(world.status().generation, link);
    QCOMPARE(world.endpoint().adoptLink(0, QStringLiteral("p")).error().code(),
             ErrorCode::InvalidArgument);
    // It is lost as its own links are: the endpoint is one that dials.
    script->receiver->linkEnded(link, lostError());
    QVERIFY(world.advanceToNext());
    QCOMPARE(script->connects, 2);
}

// SV-15
void tst_PassiveEndpoint::adoptedLinkReplacesTheOld()
{
    World world;
    const auto script = world.add(World::plan(kName, SupervisedRole::Passive));
    QVERIFY(world.endpoint().start());
    QVERIFY(world.endpoint().adoptLink(10, QStringLiteral("p")));
    const std::size_t events = world.events.size();
    QVERIFY(world.endpoint().adoptLink(11, QStringLiteral("p")));
    script->receiver->linkEnded(10, lostError());
    QCOMPARE(world.state(), State::Running);
    QCOMPARE(world.status().generation, 11U);
    QCOMPARE(world.status().stale, 1U);
    QCOMPARE(world.events.size(), events);
}

// SV-15
void tst_PassiveEndpoint::crashesAreRetriedOnceThenPaused()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->onConnect = [](Script &s, quint64) { s.ready(); };
    QVERIFY(world.endpoint().start());
    const Error crash(ErrorCode::Internal, QStringLiteral("the plugin threw"));
    script->lose(crash, EndCause::Crashed);
    QCOMPARE(world.status().nextRetryAt - world.clock.now(), 250 * kNsPerMs);
    QCOMPARE(world.status().unavailableUntil, -1);
    world.advance(kSecond);
    QCOMPARE(world.state(), State::Running);
    script->lose(crash, EndCause::Crashed);
    QCOMPARE(world.status().nextRetryAt - world.clock.now(), 30 * kSecond);
    QCOMPARE(world.status().unavailableUntil, world.status().nextRetryAt);
    // Nobody cuts the pause short, and is told how long it is.
    world.advance(10 * kSecond);
    const auto early = world.endpoint().dialNow(DialTrigger::Discovery);
    QCOMPARE(retryAfter(early.error()), 20 * kSecond);
    world.advance(20 * kSecond - 1);
    QCOMPARE(script->connects, 2);
    world.advance(1);
    QCOMPARE(script->connects, 3);
    QCOMPARE(world.state(), State::Running);
    QCOMPARE(world.status().unavailableUntil, -1);
}

// SV-15
void tst_PassiveEndpoint::verifiedHealthForgivesCrashes()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->onConnect = [](Script &s, quint64) { s.ready(); };
    QVERIFY(world.endpoint().start());
    const Error crash(ErrorCode::Internal, QStringLiteral("the plugin threw"));
    for (int i = 0; i < 5; ++i) {
        script->lose(crash, EndCause::Crashed);
        QCOMPARE(world.status().nextRetryAt - world.clock.now(), 250 * kNsPerMs);
        world.advance(kSecond);
        QCOMPARE(world.state(), State::Running);
        script->receiver->healthVerified(script->link);
    }
}

// SV-15
void tst_PassiveEndpoint::inboundReturnAroundTheCrashPause_data()
{
    QTest::addColumn<bool>("isPassive");
    QTest::addColumn<qint64>("after");
    QTest::newRow("SV-15 passive, before") << true << 10 * kSecond;
    QTest::newRow("SV-15 passive, after") << true << 40 * kSecond;
    QTest::newRow("SV-15 dialling, before") << false << 10 * kSecond;
    QTest::newRow("SV-15 dialling, after") << false << 40 * kSecond;
}

void tst_PassiveEndpoint::inboundReturnAroundTheCrashPause()
{
    QFETCH(const bool, isPassive);
    QFETCH(const qint64, after);
    World world;
    const auto script
        = world.add(World::plan(kName, isPassive ? SupervisedRole::Passive : SupervisedRole::Dial));
    QVERIFY(world.endpoint().start());
    const Error crash(ErrorCode::Internal, QStringLiteral("the plugin threw"));
    for (quint64 link = 1000; link < 1002; ++link) {
        QVERIFY(world.endpoint().adoptLink(link, QStringLiteral("p")));
        script->receiver->linkEnded(link, crash, EndCause::Crashed);
    }
    QCOMPARE(world.status().unavailableUntil, world.clock.now() + 30 * kSecond);
    world.advance(after);
    QCOMPARE(world.status().unavailableUntil == -1, after > 30 * kSecond);
    QVERIFY(world.endpoint().adoptLink(1002, QStringLiteral("p")));
    QCOMPARE(world.state(), State::Running);
    QCOMPARE(world.status().unavailableUntil, -1);
    QCOMPARE(world.status().nextRetryAt, -1);
    QCOMPARE(script->attempt, 0U);
    world.advance(60 * kSecond);
    QCOMPARE(world.state(), State::Running);
}

QTEST_GUILESS_MAIN(tst_PassiveEndpoint)
#include "tst_passiveendpoint.moc"
