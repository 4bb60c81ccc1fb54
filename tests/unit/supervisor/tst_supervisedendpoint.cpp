// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "scripted.h"

#include <QtCore/QCoreApplication>
#include <QtCore/QPointer>
#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;
using Kind = EndpointEvent::Kind;
using State = EndpointState;

namespace {

constexpr qint64 kSecond = kNsPerSecond;
const QString kName = QStringLiteral("a");

QStringList words(const char *text)
{
    return QString::fromLatin1(text).split(u' ');
}

} // namespace

class tst_SupervisedEndpoint : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void badPlanIsRefused();
    void startAndStopTellAGoldenStory();
    void instantStartTellsTheSameStory();
    void sameStateIsASilentNoOp();
    void startIsRefusedWhereItMakesNoSense();
    void stopWaitsForTheLinkWithinItsDeadline();
    void stopReasonAndCloseErrorAreTold();
    void drainDeliversThenStops();
    void drainIsCutOffAtItsDeadline();
    void restartClosesThenOpens();
    void stopCancelsARestart();
    void disabledStaysDown();
    void listenerRetriesOrFails();
    void slotMayStopTheEndpoint();
    void slotMayDeleteTheEndpoint_data();
    void slotMayDeleteTheEndpoint();
    void deletedEndpointLeavesNothingBehind();
    void eventsCarryEverything();
};

void tst_SupervisedEndpoint::badPlanIsRefused()
{
    World world;
    const auto add = [&world](const EndpointPlan &plan) {
        return world.supervisor->add(
            plan, std::make_unique<ScriptedConnector>(std::make_shared<Script>()));
    };
    QCOMPARE(add(World::plan(QString())).error().code(), ErrorCode::InvalidArgument);
    QCOMPARE(world.supervisor->add(World::plan(kName), nullptr).error().code(),
             ErrorCode::InvalidArgument);
    const auto tampered = [](qint64 EndpointPolicy::*field, qint64 value) {
        EndpointPlan plan = World::plan(kName);
        plan.policy.*field = value;
        return plan;
    };
    for (const auto field : {&EndpointPolicy::stabilityNs,
                             &EndpointPolicy::dialDeadlineNs,
                             &EndpointPolicy::handshakeDeadlineNs,
                             &EndpointPolicy::drainDeadlineNs,
                             &EndpointPolicy::closeDeadlineNs}) {
        QCOMPARE(add(tampered(field, -1)).error().code(), ErrorCode::ConfigRange);
        QCOMPARE(add(tampered(field, BackOff::kLongestNs + 1)).error().code(),
                 ErrorCode::ConfigRange);
    }
    QCOMPARE(add(tampered(&EndpointPolicy::dialDeadlineNs, 0)).error().code(),
             ErrorCode::ConfigRange);
    EndpointPlan plan = World::plan(kName);
    plan.policy.crash.retryNs = 0;
    QCOMPARE(add(plan).error().code(), ErrorCode::ConfigRange);
    QCOMPARE(world.supervisor->counts().total, 0);
}

// OB-02
void tst_SupervisedEndpoint::startAndStopTellAGoldenStory()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->ready();
    world.endpoint().stop();
    QCOMPARE(world.log(),
             words("idle>starting started starting>running running>stopping stopping>stopped "
                   "stopped"));
    QCOMPARE(script->closes, 1);
    QCOMPARE(world.timers.size(), 0U);
}

// OB-02
void tst_SupervisedEndpoint::instantStartTellsTheSameStory()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->onConnect = [](Script &s, quint64) { s.ready(); };
    QVERIFY(world.endpoint().start());
    QCOMPARE(world.state(), State::Running);
    QCOMPARE(world.log(), words("idle>starting started starting>running"));
}

// SV-01
void tst_SupervisedEndpoint::sameStateIsASilentNoOp()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->ready();
    script->endsOnClose = false;
    const auto silent = [&world](auto &&call) {
        const std::size_t events = world.events.size();
        const qint64 since = world.status().since;
        world.clock.moveTo(world.clock.now() + 1);
        call();
        return world.events.size() == events && world.status().since == since;
    };
    world.endpoint().drain();
    QVERIFY(silent([&] { world.endpoint().drain(); }));
    QCOMPARE(script->drains, 1);
    world.endpoint().stop();
    QVERIFY(silent([&] { world.endpoint().stop(); }));
    QVERIFY(silent([&] { world.endpoint().drain(); }));
    QCOMPARE(script->closes, 1);
    script->endClosing();
    QVERIFY(silent([&] { world.endpoint().stop(); }));
    QVERIFY(silent([&] { world.endpoint().drain(); }));
}

// SV-01
void tst_SupervisedEndpoint::startIsRefusedWhereItMakesNoSense()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->endsOnClose = false;
    QVERIFY(world.endpoint().start());
    const auto code = [&world] { return world.endpoint().start().error().code(); };
    QCOMPARE(code(), ErrorCode::AlreadyStarted);
    script->fail(refusedError());
    QCOMPARE(code(), ErrorCode::AlreadyStarted);
    QVERIFY(world.advanceToNext());
    script->ready();
    QCOMPARE(code(), ErrorCode::AlreadyStarted);
    world.endpoint().drain();
    QCOMPARE(code(), ErrorCode::InvalidTransition);
    QCOMPARE(world.endpoint().adoptLink(99, kName).error().code(), ErrorCode::InvalidTransition);
    world.endpoint().stop();
    QCOMPARE(code(), ErrorCode::InvalidTransition);
    script->endClosing();
    QVERIFY(world.endpoint().start());
    QCOMPARE(script->connects, 3);
}

// OB-02
void tst_SupervisedEndpoint::stopWaitsForTheLinkWithinItsDeadline()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->endsOnClose = false;
    QVERIFY(world.endpoint().start());
    script->ready();
    const quint64 link = script->link;
    world.endpoint().stop();
    QCOMPARE(world.state(), State::Stopping);
    QCOMPARE(world.status().links, 1);
    world.advance(2 * kSecond - 1);
    QCOMPARE(world.state(), State::Stopping);
    world.advance(1);
    QCOMPARE(world.state(), State::Stopped);
    QCOMPARE(world.status().lastReason.code(), ErrorCode::Timeout);
    QCOMPARE(world.events.back().reason.code(), ErrorCode::Timeout);
    // Cut off: what an operator sees stopped holds no socket.
    QCOMPARE(script->cancels, 1);
    QCOMPARE(script->link, 0U);
    script->receiver->linkEnded(link, Error(), EndCause::Deliberate);
    QCOMPARE(world.status().stale, 1U);
    QCOMPARE(world.count(Kind::Stopped), 1);
    QCOMPARE(world.timers.size(), 0U);
}

// OB-04
void tst_SupervisedEndpoint::stopReasonAndCloseErrorAreTold()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->endsOnClose = false;
    QVERIFY(world.endpoint().start());
    script->ready();
    world.endpoint().stop(Error(ErrorCode::Cancelled, QStringLiteral("by hand")));
    script->endClosing(lostError());
    const Error reason = world.events.back().reason;
    QCOMPARE(reason.code(), ErrorCode::Cancelled);
    QVERIFY(
        reason.details().value(QStringLiteral("close")).toString().contains(lostError().text()));
    QCOMPARE(world.status().lastReason.code(), ErrorCode::Cancelled);
}

// SV-01
void tst_SupervisedEndpoint::drainDeliversThenStops()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->ready();
    world.events.clear();
    world.endpoint().drain();
    QCOMPARE(script->drains, 1);
    QCOMPARE(script->closes, 0);
    QCOMPARE(world.state(), State::Draining);
    QCOMPARE(world.status().links, 1);
    // The link's end while draining is what was asked for: no attempt follows.
    script->lose(lostError());
    QCOMPARE(world.log(), words("running>draining draining>stopping stopping>stopped stopped"));
    QCOMPARE(world.timers.size(), 0U);
    QCOMPARE(script->connects, 1);
}

void tst_SupervisedEndpoint::drainIsCutOffAtItsDeadline()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->ready();
    world.endpoint().drain();
    world.advance(3 * kSecond - 1);
    QCOMPARE(world.state(), State::Draining);
    world.advance(1);
    QCOMPARE(script->closes, 1);
    QCOMPARE(world.state(), State::Stopped);
}

void tst_SupervisedEndpoint::restartClosesThenOpens()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->endsOnClose = false;
    QVERIFY(world.endpoint().start());
    script->ready();
    world.events.clear();
    QVERIFY(world.endpoint().restart());
    QCOMPARE(world.state(), State::Stopping);
    QCOMPARE(script->connects, 1);
    script->endClosing();
    QCOMPARE(world.state(), State::Starting);
    QCOMPARE(script->connects, 2);
    QCOMPARE(world.log(),
             words("running>stopping stopping>stopped stopped stopped>starting started"));
    // Also out of an attempt, whose dial is cancelled.
    QVERIFY(world.endpoint().restart());
    QCOMPARE(script->cancels, 1);
    QCOMPARE(script->connects, 3);
    QCOMPARE(world.timers.size(), 1U);
    QVERIFY(script->ready());
}

void tst_SupervisedEndpoint::stopCancelsARestart()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->endsOnClose = false;
    QVERIFY(world.endpoint().start());
    script->ready();
    QVERIFY(world.endpoint().restart());
    world.endpoint().stop();
    script->endClosing();
    QCOMPARE(world.state(), State::Stopped);
    QCOMPARE(script->connects, 1);
}

// SV-08
void tst_SupervisedEndpoint::disabledStaysDown()
{
    World world;
    EndpointPlan plan = World::plan(kName);
    plan.enabled = false;
    const auto script = world.add(plan);
    QVERIFY(world.supervisor->startAll());
    QCOMPARE(world.state(), State::Idle);
    QCOMPARE(world.endpoint().start().error().code(), ErrorCode::InvalidTransition);
    QCOMPARE(world.endpoint().restart().error().code(), ErrorCode::InvalidTransition);
    QVERIFY(world.endpoint().setEnabled(true));
    QCOMPARE(script->connects, 1);
    script->ready();
    QVERIFY(world.status().enabled);
    QVERIFY(world.endpoint().setEnabled(false));
    QCOMPARE(world.state(), State::Stopped);
    QVERIFY(!world.status().enabled);
    QCOMPARE(world.status().lastReason.code(), ErrorCode::Cancelled);
    QVERIFY(!world.endpoint().restart());
    // Enabled again while it still stops, it comes up once it is down.
    QVERIFY(world.endpoint().setEnabled(true));
    script->ready();
    script->endsOnClose = false;
    QVERIFY(world.endpoint().setEnabled(false));
    QVERIFY(world.endpoint().setEnabled(true));
    QCOMPARE(world.state(), State::Stopping);
    script->endClosing();
    QCOMPARE(world.state(), State::Starting);
}

// SV-03 SV-04
void tst_SupervisedEndpoint::listenerRetriesOrFails()
{
    const Error inUse(ErrorCode::AddressInUse, QStringLiteral("port 1883 is taken"));
    for (const bool reconnect : {true, false}) {
        World world(1, {1, 1000 * kSecond, 10});
        EndpointPlan plan = World::plan(kName, SupervisedRole::Listen);
        plan.policy.reconnect = reconnect;
        const auto script = world.add(plan);
        QVERIFY(world.endpoint().start());
        script->fail(inUse);
        QCOMPARE(world.state(), reconnect ? State::Reconnecting : State::Failed);
        QCOMPARE(world.status().lastReason.code(), ErrorCode::AddressInUse);
        world.advance(kSecond);
        QCOMPARE(script->connects, reconnect ? 2 : 1);
        if (!reconnect) {
            QVERIFY(world.endpoint().start());
        }
        // A bind is no dial: the dial budget has no say.
        QCOMPARE(world.supervisor->budget().keyCount(), 0);
        script->ready(QStringLiteral("tcp://127.0.0.1:40001"));
        QCOMPARE(world.state(), State::Running);
        QCOMPARE(world.status().peer, QStringLiteral("tcp://127.0.0.1:40001"));
        QCOMPARE(world.endpoint().adoptLink(99, kName).error().code(), ErrorCode::NotSupported);
    }
}

// OB-01: the chain holds for an observer behind the one that calls back in.
void tst_SupervisedEndpoint::slotMayStopTheEndpoint()
{
    for (const State at : {State::Starting, State::Running, State::Reconnecting}) {
        World world;
        const auto script = world.add(World::plan(kName));
        SupervisedEndpoint *endpoint = &world.endpoint();
        std::vector<EndpointEvent> seen;
        QObject::connect(endpoint,
                         &SupervisedEndpoint::stateChanged,
                         endpoint,
                         [at, endpoint](const EndpointEvent &event) {
                             if (event.to == at)
                                 endpoint->stop();
                         });
        QObject::connect(endpoint,
                         &SupervisedEndpoint::stateChanged,
                         endpoint,
                         [&seen](const EndpointEvent &event) { seen.push_back(event); });
        QVERIFY(endpoint->start());
        if (at == State::Starting) {
            QCOMPARE(script->connects, 0);
        } else {
            script->ready();
        }
        if (at == State::Reconnecting)
            script->lose(lostError());
        world.advance(3600 * kSecond);
        QCOMPARE(endpoint->state(), State::Stopped);
        QVERIFY(script->connects <= 1);
        QCOMPARE(world.timers.size(), 0U);
        State last = State::Idle;
        for (const EndpointEvent &event : seen) {
            QCOMPARE(event.from, last);
            last = event.to;
        }
        QCOMPARE(last, State::Stopped);
    }
}

// SH-08
void tst_SupervisedEndpoint::slotMayDeleteTheEndpoint_data()
{
    QTest::addColumn<int>("number");
    for (int i = 0; i < 12; ++i)
        QTest::addRow("SH-08 in event %d", i) << i;
}

void tst_SupervisedEndpoint::slotMayDeleteTheEndpoint()
{
    QFETCH(const int, number);
    for (const bool isWhole : {false, true}) {
        World world;
        const auto script = world.add(World::plan(kName));
        QPointer<SupervisedEndpoint> endpoint(&world.endpoint());
        int seen = 0;
        const auto onEvent = [&](const EndpointEvent &) {
            if (seen++ != number)
                return;
            // The host may go, too.
            if (isWhole) {
                world.supervisor.reset();
            } else {
                static_cast<void>(world.supervisor->remove(kName));
                QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
            }
        };
        QObject context;
        QObject::connect(world.supervisor.get(), &Supervisor::endpointEvent, &context, onEvent);
        const auto isThere = [&] { return endpoint && !script->isGone; };
        if (isThere())
            static_cast<void>(endpoint->start());
        if (isThere() && script->attempt != 0)
            script->fail(refusedError());
        if (isThere())
            world.advanceToNext();
        if (isThere() && script->attempt != 0)
            script->ready();
        if (isThere() && script->link != 0)
            script->lose(lostError());
        if (isThere())
            world.advanceToNext();
        if (isThere() && script->attempt != 0)
            script->ready();
        if (isThere())
            endpoint->stop();
        world.supervisor.reset();
        QVERIFY(script->isGone);
        QCOMPARE(world.timers.size(), 0U);
        QCOMPARE(script->attempt, 0U);
    }
}

// SV-03 SH-04
void tst_SupervisedEndpoint::deletedEndpointLeavesNothingBehind()
{
    {
        World world;
        const auto script = world.add(World::plan(kName));
        QVERIFY(world.endpoint().start());
        world.supervisor.reset();
        QCOMPARE(script->cancels, 1);
        QCOMPARE(world.timers.size(), 0U);
    }
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->ready();
    world.supervisor.reset();
    QCOMPARE(script->closes, 1);
    QCOMPARE(script->link, 0U);
    QCOMPARE(world.timers.size(), 0U);
}

// OB-01
void tst_SupervisedEndpoint::eventsCarryEverything()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    const quint64 generation = script->attempt;
    world.clock.moveTo(world.clock.now() + 5);
    script->ready();
    const EndpointEvent ready = world.events.back();
    QCOMPARE(ready.name, kName);
    QCOMPARE(ready.generation, generation);
    QCOMPARE(ready.at, world.clock.now());
    QVERIFY(ready.reason.isNull());
    script->lose(lostError());
    const EndpointEvent lost = world.events[world.events.size() - 2];
    QCOMPARE(lost.to, State::Reconnecting);
    QCOMPARE(lost.generation, generation);
    QCOMPARE(lost.reason.code(), lostError().code());
    const EndpointEvent scheduled = world.events.back();
    QCOMPARE(scheduled.kind, Kind::ReconnectScheduled);
    QCOMPARE(scheduled.at + scheduled.delayNs, world.status().nextRetryAt);
    QVERIFY(world.advanceToNext());
    script->ready();
    QCOMPARE(world.events.back().kind, Kind::Reconnected);
    QCOMPARE(world.events.back().attempt, 1U);
    QCOMPARE(world.events.back().from, world.events.back().to);
}

QTEST_GUILESS_MAIN(tst_SupervisedEndpoint)
#include "tst_supervisedendpoint.moc"
