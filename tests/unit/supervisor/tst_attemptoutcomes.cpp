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

QString step(const Error &error)
{
    return error.details().value(QStringLiteral("step")).toString();
}

} // namespace

class tst_AttemptOutcomes : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void failedStartRollsBack_data();
    void failedStartRollsBack();
    void runningOnlyWithTheLinkReady();
    void fatalFailureIsFinal();
    void fatalFailureWhileReconnectingIsFinal();
    void retryAfterIsALowerBound();
    void retryAfterBindsTriggersToo();
    void everyExitFreesTheSlot_data();
    void everyExitFreesTheSlot();
    void budgetPostponesTheAttempt();
    void stormIsToldOnce();
    void twoEndpointsOfOnePeerDialInTurn();
    void deadlinesAreAbsolute();
    void endCauseDecides_data();
    void endCauseDecides();
};

// SV-03
void tst_AttemptOutcomes::failedStartRollsBack_data()
{
    QTest::addColumn<QString>("at");
    for (const char *at : {"check",
                           "dial",
                           "dial-inside",
                           "dial-deadline",
                           "handshake",
                           "handshake-deadline",
                           "listen"}) {
        QTest::addRow("SV-03 %s", at) << QString::fromLatin1(at);
    }
}

void tst_AttemptOutcomes::failedStartRollsBack()
{
    QFETCH(const QString, at);
    World world;
    EndpointPlan plan
        = World::plan(kName, at == u"listen" ? SupervisedRole::Listen : SupervisedRole::Dial);
    plan.policy.reconnect = false;
    const auto script = world.add(plan);
    const std::size_t timers = world.timers.size();
    Error failure = refusedError();
    if (at == u"check")
        script->refusal = failure;
    if (at == u"dial-inside")
        script->onConnect = [&failure](Script &s, quint64) { s.fail(failure); };
    QVERIFY(world.endpoint().start());
    if (at == u"dial" || at == u"listen")
        script->fail(failure);
    if (at.startsWith(u"handshake"))
        script->receiver->dialFinished(script->attempt);
    if (at == u"handshake")
        script->fail(failure);
    if (at.endsWith(u"deadline"))
        QVERIFY(world.advanceToNext());

    QCOMPARE(world.state(), State::Failed);
    QVERIFY(isEmpty(world, *script));
    QCOMPARE(world.timers.size(), timers);
    QCOMPARE(step(world.status().lastReason), at.section(u'-', 0, 0));
    QCOMPARE(step(world.events.back().reason), at.section(u'-', 0, 0));
    QCOMPARE(world.count(Kind::Stopped), 0);
    QCOMPARE(script->cancels, at.endsWith(u"deadline") ? 1 : 0);

    // And it can be repeated.
    script->refusal = {};
    script->onConnect = nullptr;
    QVERIFY(world.endpoint().start());
    QVERIFY(script->ready());
    QCOMPARE(world.state(), State::Running);
}

// SV-03
void tst_AttemptOutcomes::runningOnlyWithTheLinkReady()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    QCOMPARE(world.state(), State::Starting);
    script->receiver->dialFinished(script->attempt);
    QCOMPARE(world.state(), State::Starting);
    QVERIFY(!script->readyAs(script->attempt + 1));
    QCOMPARE(world.state(), State::Starting);
    QVERIFY(script->ready());
    QCOMPARE(world.state(), State::Running);
    QCOMPARE(world.status().links, 1);
    QCOMPARE(world.status().generation, script->link);
}

// SV-10
void tst_AttemptOutcomes::fatalFailureIsFinal()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->fail(fatalError());
    QCOMPARE(world.state(), State::Failed);
    QCOMPARE(world.count(Kind::ReconnectFailed), 0);
    QCOMPARE(world.status().lastReason.code(), ErrorCode::IdentityMismatch);
    QVERIFY(isEmpty(world, *script));
    world.advance(kHour);
    QCOMPARE(script->connects, 1);
}

// SV-10
void tst_AttemptOutcomes::fatalFailureWhileReconnectingIsFinal()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->fail(refusedError());
    QVERIFY(world.advanceToNext());
    script->fail(fatalError());
    QCOMPARE(world.state(), State::Failed);
    // An outage ends in exactly one of reconnected, reconnectFailed and stopped.
    QCOMPARE(world.log().last(), QStringLiteral("reconnectFailed(1)"));
    world.advance(kHour);
    QCOMPARE(script->connects, 2);
}

// SV-10
void tst_AttemptOutcomes::retryAfterIsALowerBound()
{
    World world;
    EndpointPlan plan = World::plan(kName);
    plan.policy.backOff.jitter = 0;
    const auto script = world.add(plan);
    QVERIFY(world.endpoint().start());
    Error busy(ErrorCode::LimitReached, QStringLiteral("busy"));
    setRetryAfter(busy, 7 * kSecond);
    const int seconds[] = {7, 7, 7, 8, 16};
    for (const int expected : seconds) {
        script->fail(busy);
        QCOMPARE(world.status().nextRetryAt - world.clock.now(), expected * kSecond);
        QVERIFY(world.advanceToNext());
    }
}

// SV-10
void tst_AttemptOutcomes::retryAfterBindsTriggersToo()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    Error busy(ErrorCode::LimitReached, QStringLiteral("busy"));
    setRetryAfter(busy, 7 * kSecond);
    script->fail(busy);
    world.advance(2 * kSecond);
    const auto early = world.endpoint().dialNow(DialTrigger::Discovery);
    QCOMPARE(early.error().code(), ErrorCode::LimitReached);
    QCOMPARE(retryAfter(early.error()), 5 * kSecond);
    QCOMPARE(script->connects, 1);
    QCOMPARE(world.timers.size(), 1U);
    world.advance(5 * kSecond);
    QCOMPARE(script->connects, 2);
    // A person may: restart forgets the pause.
    script->fail(busy);
    QVERIFY(world.endpoint().restart());
    QCOMPARE(script->connects, 3);
}

// SV-11
void tst_AttemptOutcomes::everyExitFreesTheSlot_data()
{
    QTest::addColumn<QString>("exit");
    for (const char *exit : {"stale", "untrusted", "connected", "unknown", "closing"})
        QTest::addRow("SV-11 %s", exit) << QString::fromLatin1(exit);
}

void tst_AttemptOutcomes::everyExitFreesTheSlot()
{
    QFETCH(const QString, exit);
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->fail(refusedError());
    const int before = script->connects;
    if (exit == u"stale") {
        // The attempt is taken back while it runs; its result comes after that.
        QVERIFY(world.advanceToNext());
        const quint64 old = script->attempt;
        world.endpoint().stop();
        QVERIFY(!script->readyAs(old));
        QVERIFY(isEmpty(world, *script));
        QVERIFY(world.endpoint().start());
    } else if (exit == u"untrusted") {
        script->refusal = Error(ErrorCode::NotAuthenticated, QStringLiteral("not paired"));
        QVERIFY(world.advanceToNext());
        QCOMPARE(world.state(), State::Failed);
        QCOMPARE(script->connects, before);
        QVERIFY(isEmpty(world, *script));
        script->refusal = {};
        QVERIFY(world.endpoint().start());
    } else if (exit == u"connected") {
        QVERIFY(world.advanceToNext());
        QVERIFY(world.endpoint().adoptLink(world.generations.next(), QStringLiteral("p")));
        QCOMPARE(world.supervisor->budget().inFlight(), 0);
        QCOMPARE(script->attempt, 0U);
        QCOMPARE(script->cancels, 1);
        script->receiver->linkEnded(world.status().generation, lostError());
        QVERIFY(world.advanceToNext());
    } else if (exit == u"unknown") {
        script->refusal = Error(ErrorCode::NotFound, QStringLiteral("peer unknown"));
        script->refusal.setRetryable(true);
        QVERIFY(world.advanceToNext());
        QCOMPARE(world.state(), State::Reconnecting);
        QCOMPARE(script->connects, before);
        QCOMPARE(world.supervisor->budget().inFlight(), 0);
        QCOMPARE(world.timers.size(), 1U);
        script->refusal = {};
        QVERIFY(world.endpoint().dialNow(DialTrigger::Discovery));
    } else {
        QVERIFY(world.advanceToNext());
        world.supervisor->beginClosing();
        QVERIFY(isEmpty(world, *script));
        QCOMPARE(world.endpoint().start().error().code(), ErrorCode::ShuttingDown);
        return;
    }
    QVERIFY(script->connects > before);
    QVERIFY(script->attempt != 0);
    QCOMPARE(world.timers.size(), 1U);
    QVERIFY(script->ready());
}

// SV-12
void tst_AttemptOutcomes::budgetPostponesTheAttempt()
{
    World world(1, DialBudgetLimits());
    EndpointPlan plan = World::plan(kName);
    plan.policy.backOff = {100 * kNsPerMs, 1.0, 100 * kNsPerMs, 0.0};
    const auto script = world.add(plan);
    script->onConnect = [](Script &s, quint64) { s.fail(refusedError()); };
    const qint64 began = world.clock.now();
    QVERIFY(world.endpoint().start());
    world.advance(30 * kSecond - 1);
    QCOMPARE(script->connects, 12);
    QCOMPARE(world.state(), State::Reconnecting);
    QCOMPARE(world.status().attempts, 11U);
    QCOMPARE(world.status().nextRetryAt, began + 30 * kSecond);
    QCOMPARE(world.status().lastReason.code(), ErrorCode::LimitReached);
    QCOMPARE(world.count(Kind::DialStorm), 0);
    world.advance(1);
    QCOMPARE(script->connects, 13);
}

// SV-12
void tst_AttemptOutcomes::stormIsToldOnce()
{
    World world(1, DialBudgetLimits());
    const auto script = world.add(World::plan(kName));
    script->onConnect = [](Script &s, quint64) { s.fail(refusedError()); };
    QVERIFY(world.endpoint().start());
    int refused = 0;
    for (int i = 0; i < 40; ++i) {
        const qint64 ticket = world.status().nextRetryAt;
        const auto result = world.endpoint().dialNow(DialTrigger::Discovery);
        if (!result) {
            ++refused;
            QCOMPARE(result.error().code(), ErrorCode::LimitReached);
            QVERIFY(retryAfter(result.error()) > 0);
            // A refused trigger neither moves nor loses the ticket.
            QCOMPARE(world.status().nextRetryAt, ticket);
        }
    }
    QCOMPARE(refused, 40 - 11);
    QCOMPARE(script->connects, 12);
    QCOMPARE(world.count(Kind::DialStorm), 1);
    QCOMPARE(world.timers.size(), 1U);
}

// SV-12
void tst_AttemptOutcomes::twoEndpointsOfOnePeerDialInTurn()
{
    World world(1, DialBudgetLimits());
    EndpointPlan plan = World::plan(kName);
    plan.budgetKey = QStringLiteral("ski");
    const auto first = world.add(plan);
    plan.name = QStringLiteral("b");
    const auto second = world.add(plan);
    QVERIFY(world.supervisor->startAll());
    QCOMPARE(first->connects, 1);
    QCOMPARE(second->connects, 0);
    QCOMPARE(world.state(plan.name), State::Reconnecting);
    QCOMPARE(world.status(plan.name).attempts, 0U);
    first->ready();
    world.advance(2 * kSecond);
    QCOMPARE(second->connects, 1);
}

// SV-03
void tst_AttemptOutcomes::deadlinesAreAbsolute()
{
    World world;
    const auto script = world.add(World::plan(kName));
    const qint64 began = world.clock.now();
    QVERIFY(world.endpoint().start());
    QCOMPARE(script->deadline, began + 30 * kSecond);
    world.advance(29 * kSecond);
    for (int i = 0; i < 9; ++i) {
        script->receiver->dialFinished(script->attempt);
        world.advance(kSecond);
        QCOMPARE(world.state(), State::Starting);
    }
    world.advance(kSecond);
    QCOMPARE(world.state(), State::Reconnecting);
    QCOMPARE(world.status().lastReason.code(), ErrorCode::HandshakeTimeout);
    QCOMPARE(script->cancels, 1);
}

// LC-10
void tst_AttemptOutcomes::endCauseDecides_data()
{
    QTest::addColumn<int>("cause");
    QTest::addColumn<bool>("reconnect");
    QTest::addColumn<int>("state");
    const auto row = [](const char *name, EndCause cause, bool reconnect, State state) {
        QTest::newRow(name) << int(cause) << reconnect << int(state);
    };
    row("LC-10 lost", EndCause::Lost, true, State::Reconnecting);
    row("LC-10 lost, not wanted", EndCause::Lost, false, State::Failed);
    row("LC-10 deliberate", EndCause::Deliberate, true, State::Stopped);
    row("LC-10 refused", EndCause::Refused, true, State::Failed);
    row("LC-10 crashed", EndCause::Crashed, true, State::Reconnecting);
    row("LC-10 crashed, not wanted", EndCause::Crashed, false, State::Failed);
}

void tst_AttemptOutcomes::endCauseDecides()
{
    QFETCH(const int, cause);
    QFETCH(const bool, reconnect);
    QFETCH(const int, state);
    World world;
    EndpointPlan plan = World::plan(kName);
    plan.policy.reconnect = reconnect;
    const auto script = world.add(plan);
    QVERIFY(world.endpoint().start());
    script->ready();
    script->lose(lostError(), EndCause(cause));
    QCOMPARE(int(world.state()), state);
    const bool isRetried = State(state) == State::Reconnecting;
    QCOMPARE(world.timers.size(), isRetried ? 1U : 0U);
    world.advance(100 * kNsPerMs);
    world.advance(kHour);
    QCOMPARE(script->connects > 1, isRetried);
}

QTEST_APPLESS_MAIN(tst_AttemptOutcomes)
#include "tst_attemptoutcomes.moc"
