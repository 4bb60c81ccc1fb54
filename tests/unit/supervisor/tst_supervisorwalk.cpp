// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "scripted.h"

#include <QtTest/QTest>

#include <array>
#include <utility>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;
using Kind = EndpointEvent::Kind;
using State = EndpointState;

namespace {

constexpr int kSteps = 100'000; // per seed

/// What an endpoint should be, by a few lines that share nothing with its code.
struct Model
{
    enum class Attempt : quint8 {
        None,
        Ticket,
        Dial
    };

    EndpointPlan plan;
    const SimTime *clock = nullptr;
    qint64 due = -1; ///< its one timer; a ticket's is what was announced
    State state = State::Idle;
    Attempt attempt = Attempt::None;
    bool hasLink = false;
    bool isEnabled = true;
    bool restarts = false;
    quint32 attempts = 0;
    int connects = 0;
    int reconnected = 0;
    int reconnectFailed = 0;
    int started = 0;
    int stopped = 0;

    bool isDown() const
    {
        return state == State::Idle || state == State::Stopped || state == State::Failed;
    }

    bool opensItself() const { return plan.role != SupervisedRole::Passive; }

    void arm(qint64 ns) { due = clock->now() + ns; }

    void dial()
    {
        attempt = Attempt::Dial;
        ++connects;
        arm(plan.policy.dialDeadlineNs);
    }

    void begin()
    {
        if (!isDown() || !isEnabled)
            return;
        state = State::Starting;
        attempts = 0;
        ++started;
        due = -1;
        if (opensItself())
            dial();
    }

    void stopDone()
    {
        state = State::Stopped;
        hasLink = false;
        due = -1;
        ++stopped;
        if (std::exchange(restarts, false))
            begin();
    }

    void stop(bool thenRestart, bool endsOnClose)
    {
        restarts = thenRestart;
        if (state == State::Stopping || state == State::Stopped)
            return;
        attempt = Attempt::None;
        state = State::Stopping;
        arm(plan.policy.closeDeadlineNs);
        if (!hasLink || endsOnClose)
            stopDone();
    }

    void ready()
    {
        if (state == State::Reconnecting)
            ++reconnected;
        attempt = Attempt::None;
        state = State::Running;
        hasLink = true;
        arm(plan.policy.stabilityNs);
    }

    void fails(bool isRetryable, EndCause cause)
    {
        const bool wasReconnecting = state == State::Reconnecting && attempts > 0;
        attempt = Attempt::None;
        hasLink = false;
        due = -1;
        if (cause == EndCause::Deliberate) {
            restarts = false;
            stopDone();
        } else if (!opensItself() && cause != EndCause::Refused) {
            state = State::Reconnecting;
        } else if (!opensItself() || !plan.policy.reconnect || cause == EndCause::Refused
                   || (cause == EndCause::Lost && !isRetryable)) {
            state = State::Failed;
            reconnectFailed += wasReconnecting ? 1 : 0;
        } else if (plan.policy.maxAttempts != 0 && attempts >= plan.policy.maxAttempts) {
            state = State::Failed;
            ++reconnectFailed;
        } else {
            state = State::Reconnecting;
            attempt = Attempt::Ticket;
        }
    }

    void dialFromTicket()
    {
        ++attempts;
        dial();
    }

    /// Its timer fired.
    void timeout(bool endsOnClose)
    {
        if (attempt == Attempt::Ticket) {
            dialFromTicket();
        } else if (attempt == Attempt::Dial) {
            fails(true, EndCause::Lost);
        } else if (state == State::Running) {
            attempts = 0;
            due = -1;
        } else if (state == State::Draining) {
            stop(restarts, endsOnClose);
        } else if (state == State::Stopping) {
            stopDone();
        }
    }
};

struct Actor
{
    QString name;
    std::shared_ptr<Script> script;
    Model model;
    SupervisedEndpoint *endpoint = nullptr;
    State last = State::Idle; ///< by the latest event
    qint64 lastAt = 0;
    qint64 ticket = -1; ///< as announced last
    std::array<int, 7> events = {};
};

} // namespace

class tst_SupervisorWalk : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void viewsNeverDisagree_data();
    void viewsNeverDisagree();

private:
    void step(World &world, Actor &actor, SimRandom &random);
    void check(World &world, const Actor &actor) const;
    bool m_isOk = true;
};

void tst_SupervisorWalk::viewsNeverDisagree_data()
{
    QTest::addColumn<quint64>("seed");
    for (quint64 seed = 1; seed <= 4; ++seed)
        QTest::addRow("SV-02 OB-01 seed %llu", seed) << seed;
}

void tst_SupervisorWalk::step(World &world, Actor &actor, SimRandom &random)
{
    Model &model = actor.model;
    Script &script = *actor.script;
    SupervisedEndpoint &endpoint = *actor.endpoint;
    const bool endsOnClose = script.endsOnClose;
    switch (random.below(14)) {
    case 0:
        QCOMPARE(bool(endpoint.start()), model.isDown() && model.isEnabled);
        model.begin();
        break;
    case 1:
        endpoint.stop();
        model.stop(false, endsOnClose);
        break;
    case 2:
        endpoint.drain();
        if (model.state == State::Running) {
            model.state = State::Draining;
            model.restarts = false;
            model.arm(model.plan.policy.drainDeadlineNs);
        } else if (model.state == State::Draining) {
            model.restarts = false;
        } else {
            model.stop(false, endsOnClose);
        }
        break;
    case 3:
        static_cast<void>(endpoint.restart());
        if (model.isDown())
            model.begin();
        else if (model.isEnabled)
            model.stop(true, endsOnClose);
        break;
    case 4:
        if (random.below(4) == 0) {
            QVERIFY(endpoint.setEnabled(false));
            model.isEnabled = false;
            if (model.state != State::Idle)
                model.stop(false, endsOnClose);
        } else {
            QVERIFY(endpoint.setEnabled(true));
            model.isEnabled = true;
            if (model.state == State::Stopping || model.state == State::Draining)
                model.restarts = true;
            else
                model.begin();
        }
        break;
    case 5:
    case 6:
    case 7:
        if (script.attempt != 0) {
            QVERIFY(script.ready());
            model.ready();
        }
        break;
    case 8:
        if (script.attempt != 0) {
            const bool isFatal = random.below(8) == 0;
            script.fail(isFatal ? fatalError() : refusedError());
            model.fails(!isFatal, EndCause::Lost);
        }
        break;
    case 9:
        if (script.link != 0) {
            const bool isFatal = random.below(8) == 0;
            const auto cause = random.below(3) == 0 ? EndCause(random.below(4)) : EndCause::Lost;
            script.lose(isFatal ? fatalError() : lostError(), cause);
            if (model.state == State::Running)
                model.fails(!isFatal, cause);
            else
                model.stopDone();
        }
        break;
    case 10: {
        const auto result = endpoint.dialNow(DialTrigger::Discovery);
        if (result) {
            QVERIFY(model.attempt == Model::Attempt::Ticket);
            model.dialFromTicket();
        }
        break;
    }
    case 11:
        if (model.plan.role != SupervisedRole::Listen) {
            const bool isWelcome = model.state == State::Starting
                || model.state == State::Reconnecting || model.state == State::Running;
            const quint64 link = world.generations.next();
            QCOMPARE(bool(endpoint.adoptLink(link, QStringLiteral("p"))), isWelcome);
            if (isWelcome) {
                script.link = link;
                model.ready();
            }
        }
        break;
    case 12: {
        // Late words of any kind change nothing.
        const quint64 stale = endpoint.status().stale;
        const quint64 old = script.generations.empty()
                || script.generations.back() == script.attempt
                || script.generations.back() == script.link
            ? 1ULL << 40
            : script.generations.back();
        script.receiver->attemptFailed(old, fatalError());
        script.receiver->linkEnded(old, fatalError());
        QVERIFY(!script.receiver->linkReady(old, QStringLiteral("x")));
        script.receiver->dialFinished(old);
        QCOMPARE(endpoint.status().stale, stale + 4);
        break;
    }
    default:
        script.endsOnClose = random.below(2) == 0;
        break;
    }
}

void tst_SupervisorWalk::check(World &world, const Actor &actor) const
{
    const Model &model = actor.model;
    const EndpointStatus status = actor.endpoint->status();
    // The machine, its status, the last event and the model.
    QCOMPARE(status.state, model.state);
    QCOMPARE(actor.endpoint->state(), model.state);
    QCOMPARE(actor.last, model.state);
    QVERIFY(status.since <= world.clock.now());
    QCOMPARE(status.enabled, model.isEnabled);
    QCOMPARE(status.attempts, model.attempts);
    QVERIFY(status.maxAttempts == 0 || status.attempts <= status.maxAttempts);
    // The registry's view: the links that are open at the other end.
    QCOMPARE(actor.script->link != 0, model.hasLink);
    if (model.plan.role != SupervisedRole::Listen)
        QCOMPARE(status.links, model.hasLink ? 1 : 0);
    if (model.hasLink)
        QCOMPARE(status.generation, actor.script->link);
    QVERIFY(!(status.state == State::Running) || actor.script->link != 0);
    // Attempts: at most one, and none where none is wanted.
    QCOMPARE(actor.script->connects, model.connects);
    QCOMPARE(actor.script->attempt != 0, model.attempt == Model::Attempt::Dial);
    QCOMPARE(status.nextRetryAt, model.attempt == Model::Attempt::Ticket ? actor.ticket : -1);
    // The edges.
    QCOMPARE(actor.events[std::size_t(Kind::Started)], model.started);
    QCOMPARE(actor.events[std::size_t(Kind::Stopped)], model.stopped);
    QCOMPARE(actor.events[std::size_t(Kind::Reconnected)], model.reconnected);
    QCOMPARE(actor.events[std::size_t(Kind::ReconnectFailed)], model.reconnectFailed);
}

// SV-02 OB-01 SV-05 RG-14
void tst_SupervisorWalk::viewsNeverDisagree()
{
    QFETCH(const quint64, seed);
    SimRandom random(seed * 1000);
    World world(seed);
    std::vector<Actor> actors(5);
    const auto configure = [&](std::size_t i, const EndpointPlan &plan) {
        Actor &actor = actors[i];
        actor.name = plan.name;
        actor.script = world.add(plan);
        actor.endpoint = world.supervisor->find(plan.name);
        actor.model.plan = plan;
        actor.model.clock = &world.clock;
    };
    EndpointPlan plan = World::plan(QStringLiteral("free"));
    configure(0, plan);
    plan = World::plan(QStringLiteral("bounded"));
    plan.policy.maxAttempts = 2;
    configure(1, plan);
    plan = World::plan(QStringLiteral("once"));
    plan.policy.reconnect = false;
    configure(2, plan);
    configure(3, World::plan(QStringLiteral("listen"), SupervisedRole::Listen));
    configure(4, World::plan(QStringLiteral("passive"), SupervisedRole::Passive));

    int timersFired = 0;
    m_isOk = true;
    QObject::connect(
        world.supervisor.get(), &Supervisor::endpointEvent, this, [&](const EndpointEvent &event) {
            for (Actor &actor : actors) {
                if (actor.name != event.name)
                    continue;
                ++actor.events[std::size_t(event.kind)];
                // A chain without holes, and nothing is told that does not change anything.
                const bool isChange = event.kind == Kind::StateChanged;
                m_isOk = m_isOk && event.from == actor.last && (event.from != event.to) == isChange
                    && event.at >= actor.lastAt;
                actor.last = event.to;
                actor.lastAt = event.at;
                if (event.kind == Kind::ReconnectScheduled)
                    actor.ticket = event.at + event.delayNs;
            }
        });

    for (int i = 0; i < kSteps; ++i) {
        world.events.clear();
        if (random.below(4) == 0 && world.timers.nextDeadline() >= 0) {
            const qint64 now = world.timers.nextDeadline();
            std::vector<Actor *> due;
            for (Actor &actor : actors) {
                if (actor.model.due >= 0 && actor.model.due <= now)
                    due.push_back(&actor);
            }
            world.clock.moveTo(now);
            world.timers.fireDue(now);
            QVERIFY(!due.empty());
            timersFired += int(due.size());
            for (Actor *actor : due)
                actor->model.timeout(actor->script->endsOnClose);
        } else {
            step(world, actors[random.below(actors.size())], random);
        }
        EndpointCounts expected;
        std::size_t timers = 0;
        for (Actor &actor : actors) {
            if (actor.model.attempt == Model::Attempt::Ticket)
                actor.model.due = actor.ticket;
            check(world, actor);
            ++expected.byState[std::size_t(actor.model.state)];
            timers += actor.model.due >= 0 ? 1 : 0;
        }
        if (QTest::currentTestFailed()) {
            qWarning("seed %llu, step %d", seed, i);
            return;
        }
        QVERIFY2(m_isOk, qPrintable(QStringLiteral("chain broken at step %1").arg(i)));
        QVERIFY2(world.supervisor->counts().byState == expected.byState,
                 qPrintable(QStringLiteral("counts at step %1").arg(i)));
        QVERIFY2(world.timers.size() == timers,
                 qPrintable(QStringLiteral("timers at step %1").arg(i)));
    }

    // The walk went everywhere, or it proves little.
    std::array<int, 7> told = {};
    for (const Actor &actor : actors) {
        for (std::size_t kind = 0; kind < told.size(); ++kind)
            told[kind] += actor.events[kind];
    }
    for (const Kind kind : {Kind::StateChanged,
                            Kind::Started,
                            Kind::Stopped,
                            Kind::Reconnected,
                            Kind::ReconnectFailed,
                            Kind::ReconnectScheduled}) {
        QVERIFY2(told[std::size_t(kind)] > 100, qPrintable(QString::number(int(kind))));
    }
    QVERIFY(timersFired > kSteps / 20);
}

QTEST_APPLESS_MAIN(tst_SupervisorWalk)
#include "tst_supervisorwalk.moc"
