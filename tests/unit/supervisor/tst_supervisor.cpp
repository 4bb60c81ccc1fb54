// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "scripted.h"

#include <QtCore/QCoreApplication>
#include <QtTest/QSignalSpy>
#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;
using Kind = EndpointEvent::Kind;
using State = EndpointState;

namespace {

constexpr qint64 kSecond = kNsPerSecond;
const QString kName = QStringLiteral("a");

std::unique_ptr<EndpointConnector> connector(const std::shared_ptr<Script> &script)
{
    return std::make_unique<ScriptedConnector>(script);
}

} // namespace

class tst_Supervisor : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void namesAreUnique();
    void statusesKeepTheOrderOfConfiguration();
    void countsAddUp();
    void removalFollowsStopped();
    void removalFromInsideCutsNoEventsShort();
    void removedNameCanBeTakenAgain();
    void replacementStartsWhenTheOldIsDown();
    void replacementOfAStoppedStaysDown();
    void removalTakesAReplacementAlong();
    void closingCancelsTicketsAndDials();
    void nothingOpensAfterClosingBegan();
    void dialThatCompletesLateIsClosed_data();
    void dialThatCompletesLateIsClosed();
    void stopAllTellsOnce();
    void allStoppedIsTheLastWord();
    void stopAllIsBounded();
    void stoppedHostCausesNoReconnect();
    void lossDuringClosingIsNoReconnect();
    void oneFailureLeavesTheOthersAlone();
    void phasesStopWhatTheyName();
};

void tst_Supervisor::namesAreUnique()
{
    World world;
    world.add(World::plan(kName));
    auto script = std::make_shared<Script>();
    QCOMPARE(world.supervisor->add(World::plan(kName), connector(script)).error().code(),
             ErrorCode::AlreadyExists);
    QVERIFY(script->isGone);
    QCOMPARE(world.supervisor->counts().total, 1);
    QCOMPARE(world.supervisor->remove(QStringLiteral("b")).error().code(), ErrorCode::NotFound);
    script = std::make_shared<Script>();
    QCOMPARE(world.supervisor->replace(World::plan(QStringLiteral("b")), connector(script))
                 .error()
                 .code(),
             ErrorCode::NotFound);
    QVERIFY(!world.supervisor->find(QStringLiteral("b")));
}

void tst_Supervisor::statusesKeepTheOrderOfConfiguration()
{
    World world;
    const QStringList names{QStringLiteral("z"), QStringLiteral("a"), QStringLiteral("m")};
    for (const QString &name : names)
        world.add(World::plan(name));
    const auto order = [&world] {
        QStringList result;
        for (const EndpointStatus &status : world.supervisor->statuses())
            result.append(status.name);
        return result;
    };
    QCOMPARE(order(), names);
    QVERIFY(world.supervisor->replace(World::plan(QStringLiteral("a")),
                                      connector(std::make_shared<Script>())));
    QCOMPARE(order(), names);
    QVERIFY(world.supervisor->remove(QStringLiteral("z")));
    QCOMPARE(order(), names.mid(1));
}

// SV-02
void tst_Supervisor::countsAddUp()
{
    World world;
    std::vector<std::shared_ptr<Script>> scripts;
    for (int i = 0; i < 5; ++i)
        scripts.push_back(world.add(World::plan(QString::number(i))));
    QVERIFY(world.supervisor->startAll());
    scripts[0]->ready();
    scripts[1]->ready();
    QVERIFY(!world.supervisor->counts().isDegraded());
    scripts[2]->fail(fatalError());
    scripts[3]->fail(refusedError());
    const EndpointCounts counts = world.supervisor->counts();
    QCOMPARE(counts.total, 5);
    QCOMPARE(counts.links, 2);
    QCOMPARE(counts.count(State::Running), 2);
    QCOMPARE(counts.count(State::Failed), 1);
    QCOMPARE(counts.count(State::Reconnecting), 1);
    QCOMPARE(counts.count(State::Starting), 1);
    QVERIFY(counts.isDegraded());
}

// OB-02
void tst_Supervisor::removalFollowsStopped()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->endsOnClose = false;
    QVERIFY(world.endpoint().start());
    script->ready();
    QStringList order;
    QObject::connect(world.supervisor.get(),
                     &Supervisor::endpointEvent,
                     this,
                     [&order](const EndpointEvent &event) {
                         if (event.kind == Kind::Stopped)
                             order.append(QStringLiteral("stopped"));
                     });
    QObject::connect(world.supervisor.get(),
                     &Supervisor::endpointRemoved,
                     this,
                     [&order](const QString &) { order.append(QStringLiteral("removed")); });
    QVERIFY(world.supervisor->remove(kName));
    QCOMPARE(world.supervisor->remove(kName).error().code(), ErrorCode::NotFound);
    QVERIFY(!world.supervisor->find(kName));
    QCOMPARE(world.supervisor->counts().total, 1);
    script->endClosing();
    QCOMPARE(order, (QStringList{QStringLiteral("stopped"), QStringLiteral("removed")}));
    QCOMPARE(world.supervisor->counts().total, 0);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QVERIFY(script->isGone);
}

// OB-01, OB-02
void tst_Supervisor::removalFromInsideCutsNoEventsShort()
{
    World world;
    world.add(World::plan(kName));
    QVERIFY(world.endpoint(kName).start());
    QStringList order;
    QObject::connect(world.supervisor.get(),
                     &Supervisor::endpointEvent,
                     world.supervisor.get(),
                     [&](const EndpointEvent &event) {
                         // Its fields are at the end already, its signals are not.
                         if (event.to == State::Stopping)
                             QVERIFY(world.supervisor->remove(kName));
                     });
    QObject::connect(world.supervisor.get(),
                     &Supervisor::endpointEvent,
                     world.supervisor.get(),
                     [&](const EndpointEvent &event) {
                         order.append(QLatin1String(endpointStateName(event.to)));
                     });
    QObject::connect(world.supervisor.get(),
                     &Supervisor::endpointRemoved,
                     world.supervisor.get(),
                     [&](const QString &) { order.append(QStringLiteral("removed")); });
    world.endpoint(kName).stop();
    QCOMPARE(order,
             (QStringList{QStringLiteral("stopping"),
                          QStringLiteral("stopped"),
                          QStringLiteral("stopped"),
                          QStringLiteral("removed")}));
    QVERIFY(!world.supervisor->find(kName));
}

void tst_Supervisor::removedNameCanBeTakenAgain()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->endsOnClose = false;
    QVERIFY(world.endpoint().start());
    script->ready();
    QVERIFY(world.supervisor->remove(kName));
    const auto next = std::make_shared<Script>();
    QVERIFY(world.supervisor->add(World::plan(kName), connector(next)));
    QCOMPARE(world.supervisor->add(World::plan(kName), connector(std::make_shared<Script>()))
                 .error()
                 .code(),
             ErrorCode::AlreadyExists);
    script->endClosing();
    QVERIFY(world.supervisor->find(kName));
    QCOMPARE(world.state(), State::Idle);
    QVERIFY(world.supervisor->startAll());
    QCOMPARE(next->connects, 1);
}

void tst_Supervisor::replacementStartsWhenTheOldIsDown()
{
    World world;
    const auto old = world.add(World::plan(kName, SupervisedRole::Listen));
    old->endsOnClose = false;
    QVERIFY(world.endpoint().start());
    old->ready();
    // The last of several plans counts.
    const auto skipped = std::make_shared<Script>();
    const auto next = std::make_shared<Script>();
    EndpointPlan plan = World::plan(kName, SupervisedRole::Listen);
    plan.url = QStringLiteral("tcp://second:1");
    QVERIFY(world.supervisor->replace(World::plan(kName), connector(skipped)));
    QVERIFY(world.supervisor->replace(plan, connector(next)));
    QVERIFY(skipped->isGone);
    QCOMPARE(old->closes, 1);
    QCOMPARE(next->connects, 0);
    // Not before the socket is free.
    old->endClosing();
    QCOMPARE(next->connects, 1);
    QCOMPARE(world.status().url, plan.url);
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QVERIFY(old->isGone);
    State last = State::Idle;
    for (const EndpointEvent &event : world.events) {
        if (event.kind != Kind::StateChanged)
            continue;
        QVERIFY(event.from == last || (event.from == State::Idle && last == State::Stopped));
        last = event.to;
    }
}

void tst_Supervisor::replacementOfAStoppedStaysDown()
{
    World world;
    world.add(World::plan(kName));
    const auto next = std::make_shared<Script>();
    QVERIFY(world.supervisor->replace(World::plan(kName), connector(next)));
    QCOMPARE(next->connects, 0);
    QCOMPARE(world.state(), State::Idle);
    // Disabled in the file yesterday, enabled today: up.
    EndpointPlan plan = World::plan(kName);
    plan.enabled = false;
    QVERIFY(world.supervisor->replace(plan, connector(std::make_shared<Script>())));
    const auto enabled = std::make_shared<Script>();
    QVERIFY(world.supervisor->replace(World::plan(kName), connector(enabled)));
    QCOMPARE(enabled->connects, 1);
    // What failed is wanted up: the new plan may be what it needs.
    enabled->receiver->attemptFailed(enabled->attempt, fatalError());
}

void tst_Supervisor::removalTakesAReplacementAlong()
{
    World world;
    const auto old = world.add(World::plan(kName));
    old->endsOnClose = false;
    QVERIFY(world.endpoint().start());
    old->ready();
    const auto next = std::make_shared<Script>();
    QVERIFY(world.supervisor->replace(World::plan(kName), connector(next)));
    QVERIFY(world.supervisor->remove(kName));
    QVERIFY(next->isGone);
    old->endClosing();
    QCOMPARE(world.supervisor->counts().total, 0);
    QCOMPARE(next->connects, 0);
}

// SH-01 SH-04
void tst_Supervisor::closingCancelsTicketsAndDials()
{
    World world;
    std::vector<std::shared_ptr<Script>> scripts;
    for (int i = 0; i < 40; ++i)
        scripts.push_back(world.add(World::plan(QString::number(i))));
    QVERIFY(world.supervisor->startAll());
    for (std::size_t i = 0; i < 40; i += 4) {
        scripts[i]->ready();
        scripts[i + 1]->fail(refusedError());
        scripts[i + 2]->receiver->dialFinished(scripts[i + 2]->attempt);
    }
    world.supervisor->beginClosing();
    for (std::size_t i = 0; i < 40; ++i) {
        QCOMPARE(scripts[i]->attempt, 0U);
        QCOMPARE(scripts[i]->cancels, i % 4 >= 2 ? 1 : 0);
        QCOMPARE(scripts[i]->closes, 0);
    }
    // Only the stability timers of the ten links are left.
    QCOMPARE(world.timers.size(), 10U);
    QCOMPARE(world.supervisor->budget().inFlight(), 0);
    QCOMPARE(world.supervisor->counts().count(State::Running), 10);
    QCOMPARE(world.supervisor->counts().count(State::Stopped), 30);
}

// SH-03
void tst_Supervisor::nothingOpensAfterClosingBegan()
{
    World world;
    const auto script = world.add(World::plan(kName));
    world.supervisor->beginClosing();
    const auto code = [](const Result<> &result) { return result.error().code(); };
    QCOMPARE(code(world.supervisor->startAll()), ErrorCode::ShuttingDown);
    QCOMPARE(code(world.endpoint().start()), ErrorCode::ShuttingDown);
    QCOMPARE(code(world.endpoint().restart()), ErrorCode::ShuttingDown);
    QCOMPARE(code(world.endpoint().setEnabled(true)), ErrorCode::ShuttingDown);
    QCOMPARE(code(world.endpoint().dialNow(DialTrigger::Operator)), ErrorCode::ShuttingDown);
    QCOMPARE(code(world.endpoint().adoptLink(7, kName)), ErrorCode::ShuttingDown);
    const auto next = std::make_shared<Script>();
    QCOMPARE(code(world.supervisor->add(World::plan(QStringLiteral("b")), connector(next))),
             ErrorCode::ShuttingDown);
    QCOMPARE(code(world.supervisor->replace(World::plan(kName), connector(next))),
             ErrorCode::ShuttingDown);
    world.advance(3600 * kSecond);
    QCOMPARE(script->connects + next->connects, 0);
}

// SH-03
void tst_Supervisor::dialThatCompletesLateIsClosed_data()
{
    QTest::addColumn<int>("phase");
    QTest::newRow("SH-03 after closing began") << 0;
    QTest::newRow("SH-03 after the listeners") << 1;
    QTest::newRow("SH-03 after draining") << 2;
    QTest::newRow("SH-03 after all") << 3;
}

void tst_Supervisor::dialThatCompletesLateIsClosed()
{
    QFETCH(const int, phase);
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    const quint64 dial = script->attempt;
    world.supervisor->beginClosing();
    if (phase >= 1)
        world.supervisor->stopListening();
    if (phase >= 2)
        world.supervisor->drainAll();
    if (phase >= 3)
        world.supervisor->stopAll();
    QVERIFY(!script->readyAs(dial));
    QCOMPARE(script->refused, 1);
    QCOMPARE(world.status().links, 0);
    QCOMPARE(world.status().stale, 1U);
    QCOMPARE(world.state(), State::Stopped);
}

// SH-05
void tst_Supervisor::stopAllTellsOnce()
{
    World world;
    const auto script = world.add(World::plan(kName));
    const auto other = world.add(World::plan(QStringLiteral("b")));
    script->endsOnClose = other->endsOnClose = false;
    QVERIFY(world.supervisor->startAll());
    script->ready();
    other->ready();
    QSignalSpy spy(world.supervisor.get(), &Supervisor::allStopped);
    world.supervisor->stopAll();
    world.supervisor->stopAll();
    script->endClosing();
    QCOMPARE(spy.count(), 0);
    QVERIFY(!world.supervisor->isQuiet());
    other->endClosing();
    QCOMPARE(spy.count(), 1);
    QVERIFY(world.supervisor->isQuiet());
    world.supervisor->stopAll();
    QCOMPARE(spy.count(), 1);
    QCOMPARE(world.count(Kind::Stopped), 2);

    World empty;
    QSignalSpy none(empty.supervisor.get(), &Supervisor::allStopped);
    empty.supervisor->stopAll();
    QCOMPARE(none.count(), 1);
}

// SH-05: also when some were down before.
void tst_Supervisor::allStoppedIsTheLastWord()
{
    World world;
    const auto script = world.add(World::plan(kName));
    world.add(World::plan(QStringLiteral("idle")));
    const auto failed = world.add(World::plan(QStringLiteral("failed")));
    QVERIFY(world.endpoint().start());
    QVERIFY(world.endpoint(QStringLiteral("failed")).start());
    script->ready();
    failed->fail(fatalError());
    std::vector<int> told;
    QObject::connect(world.supervisor.get(), &Supervisor::allStopped, this, [&] {
        told.push_back(world.count(Kind::Stopped));
    });
    world.supervisor->stopAll();
    QCOMPARE(told, std::vector<int>{3});
}

// SH-02
void tst_Supervisor::stopAllIsBounded()
{
    World world;
    const auto script = world.add(World::plan(kName));
    script->endsOnClose = false;
    QVERIFY(world.endpoint().start());
    script->ready();
    QSignalSpy spy(world.supervisor.get(), &Supervisor::allStopped);
    world.supervisor->stopAll();
    world.advance(2 * kSecond);
    QCOMPARE(spy.count(), 1);
    QCOMPARE(world.status().lastReason.code(), ErrorCode::Timeout);
}

// LC-12
void tst_Supervisor::stoppedHostCausesNoReconnect()
{
    World world;
    std::vector<std::shared_ptr<Script>> scripts;
    for (int i = 0; i < 50; ++i)
        scripts.push_back(world.add(World::plan(QString::number(i))));
    QVERIFY(world.supervisor->startAll());
    for (const auto &script : scripts)
        script->ready();
    world.events.clear();
    world.supervisor->stopAll();
    QCOMPARE(world.timers.size(), 0U);
    for (const EndpointEvent &event : world.events)
        QVERIFY(event.to == State::Stopping || event.to == State::Stopped);
    world.advance(3600 * kSecond);
    for (const auto &script : scripts) {
        QCOMPARE(script->connects, 1);
        QCOMPARE(script->closes, 1);
    }
}

// LC-12
void tst_Supervisor::lossDuringClosingIsNoReconnect()
{
    World world;
    const auto script = world.add(World::plan(kName));
    QVERIFY(world.endpoint().start());
    script->ready();
    world.supervisor->beginClosing();
    script->lose(lostError());
    QCOMPARE(world.state(), State::Stopped);
    QCOMPARE(world.timers.size(), 0U);
}

// LC-12
void tst_Supervisor::oneFailureLeavesTheOthersAlone()
{
    World world;
    std::vector<std::shared_ptr<Script>> scripts;
    for (int i = 0; i < 50; ++i)
        scripts.push_back(world.add(World::plan(QString::number(i))));
    QVERIFY(world.supervisor->startAll());
    for (const auto &script : scripts)
        script->ready();
    world.events.clear();
    scripts[17]->lose(lostError());
    for (const EndpointEvent &event : world.events)
        QCOMPARE(event.name, QStringLiteral("17"));
    QCOMPARE(world.supervisor->counts().count(State::Running), 49);
}

// SH-01
void tst_Supervisor::phasesStopWhatTheyName()
{
    World world;
    const auto listener = world.add(World::plan(QStringLiteral("l"), SupervisedRole::Listen));
    const auto dialler = world.add(World::plan(kName));
    QVERIFY(world.supervisor->startAll());
    listener->ready();
    dialler->ready();
    world.supervisor->beginClosing();
    world.supervisor->stopListening();
    QCOMPARE(world.state(QStringLiteral("l")), State::Stopped);
    QCOMPARE(world.state(), State::Running);
    world.supervisor->drainAll();
    QCOMPARE(world.state(), State::Draining);
    world.supervisor->stopAll();
    QCOMPARE(world.state(), State::Stopped);
    QVERIFY(world.supervisor->isQuiet());
}

QTEST_GUILESS_MAIN(tst_Supervisor)
#include "tst_supervisor.moc"
