// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "endpointworld.h"

#include <QtTest/QTest>

#include <fairlead/heartbeat.h>

#include <stdexcept>

using namespace fairlead;
using core::EndpointState;
using test::EndpointWorld;

namespace {

constexpr qint64 kSecond = kNsPerSecond;

/// What throws, how often.
struct Script
{
    int throwsInFactory = 0;
    int throwsInDialler = 0;
    int made = 0;
};

/// Its peer says "!" to be let in and "x" to have it throw; it asks "?" when it hears nothing.
class Driver final : public LinkDriver
{
public:
    explicit Driver(const LinkContext &context)
        : m_context(context)
    { }

    void handleStarted() override { (void)m_context.link.begin(); }

    Consumed handleBytes(ByteSpan input) override
    {
        if (input.front() == '!')
            m_context.bus.authenticate({"hub", {}, {}, false, false});
        if (input.front() == 'x')
            throw std::runtime_error("on purpose");
        return {1, 0};
    }

    void handleEndOfInput() override { }

    void handleAuthenticated(const Error &) override
    {
        SessionRequest request;
        request.peerKey = "hub";
        m_context.bus.acquire(request);
    }

    void handleLease(const LeaseGrant &grant) override
    {
        HeartbeatPlan plan;
        plan.timeoutMs = 9000;
        if (grant.lease)
            (void)m_context.heartbeat->watch(plan);
    }

    void handlePull(Lease &) override { }

    void handleCompletions(const Completion *, int) override { }

    void handleSubscribed(quint32, const SubscribeOutcome *, int) override { }

    void handleUnsubscribed(quint32, const UnsubscribeOutcome *, int) override { }

    void handleFenced(FenceReason) override { }

    void handleClosing(const Error &) override { }

    void handleProbeDue() override
    {
        *m_context.stream.reserve(1) = '?';
        m_context.stream.commit(1);
    }

private:
    const LinkContext m_context;
};

class CrashDialler final : public Dialler
{
public:
    explicit CrashDialler(Script &script)
        : m_script(script)
    { }

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        if (m_script.throwsInDialler > 0) {
            --m_script.throwsInDialler;
            throw 7;
        }
        return std::make_unique<Driver>(context);
    }

private:
    Script &m_script;
};

class Factory final : public TransportFactory
{
public:
    QStringList types() const override { return {QStringLiteral("crash")}; }

    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &,
                                                     HostServices &) override
    {
        return Error(ErrorCode::NotSupported, QStringLiteral("no listener"));
    }

    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &, HostServices &) override
    {
        ++script.made;
        if (script.throwsInFactory > 0) {
            --script.throwsInFactory;
            throw std::bad_alloc();
        }
        return std::unique_ptr<Dialler>(std::make_unique<CrashDialler>(script));
    }

    Script script;
};

struct World : EndpointWorld
{
    World()
        : EndpointWorld(m_factory)
        , script(m_factory.script)
    {
        peer = [this](std::string *, sim::SimStream &link) {
            if (answers)
                link.arrive(".");
        };
    }

    /// The peer that was dialled lets the endpoint in.
    void letIn()
    {
        settle();
        if (stream)
            stream->arrive("!");
        settle();
    }

    void crash()
    {
        if (stream)
            stream->arrive("x");
        settle();
    }

    bool isUp() const { return status().state == EndpointState::Running; }

    Factory m_factory;
    Script &script;
    bool answers = true;
};

} // namespace

class tst_EndpointCrash : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // PL-05, SV-15: a plugin that throws is tried again soon, then after a pause, then again.
    void aCrashIsRetriedByItsPolicy()
    {
        World world;
        QVERIFY(world.open());
        world.letIn();
        QVERIFY(world.isUp());
        world.takeTold();

        world.crash();
        QCOMPARE(world.status().state, EndpointState::Reconnecting);
        QCOMPARE(world.status().lastReason.code(), ErrorCode::PluginFailed);
        QCOMPARE(world.endpoint->runtime()->pluginFailures.count(), quint64(1));
        QCOMPARE(world.takeTold(),
                 QStringList({QStringLiteral("link-disconnected"),
                              QStringLiteral("endpoint-state reconnecting")}));
        world.advance(250 * kNsPerMs - 1);
        QCOMPARE(world.dials, 1);
        world.advance(1);
        QCOMPARE(world.dials, 2);
        world.letIn();
        QVERIFY(world.isUp());

        world.crash();
        QCOMPARE(world.status().state, EndpointState::Reconnecting);
        QCOMPARE(world.status().unavailableUntil, world.host.clock().now() + 30 * kSecond);
        world.advance(30 * kSecond - 1);
        QCOMPARE(world.dials, 2);
        world.advance(1);
        QCOMPARE(world.dials, 3);
        world.letIn();
        QVERIFY(world.isUp());

        // A link that lasts makes the next crash a first one.
        world.advance(40 * kSecond);
        world.crash();
        world.advance(250 * kNsPerMs);
        QCOMPARE(world.dials, 4);
    }

    // PL-05: a throw while the link is made or in its handshake is a crash like any other.
    void aCrashBeforeTheLinkIsUpIsRetriedToo()
    {
        World world;
        world.script.throwsInDialler = 1;
        QVERIFY(world.open());
        QCOMPARE(world.status().state, EndpointState::Reconnecting);
        QCOMPARE(world.status().lastReason.code(), ErrorCode::PluginFailed);
        world.advance(250 * kNsPerMs);
        QCOMPARE(world.dials, 2);
        world.crash(); // in its handshake
        QCOMPARE(world.status().lastReason.code(), ErrorCode::PluginFailed);
        world.advance(30 * kSecond);
        QCOMPARE(world.dials, 3);
        world.letIn();
        QVERIFY(world.isUp());
    }

    // PL-05: so is one while the plugin makes its part of the endpoint, which is there all the same.
    void aFactoryThatThrowsIsAskedAgain()
    {
        World world;
        world.script.throwsInFactory = 2;
        QVERIFY(world.open());
        QCOMPARE(world.script.made, 1);
        QCOMPARE(world.status().state, EndpointState::Reconnecting);
        QCOMPARE(world.status().lastReason.code(), ErrorCode::PluginFailed);
        QVERIFY(!world.endpoint->operations());
        world.advance(250 * kNsPerMs);
        QCOMPARE(world.script.made, 2);
        QCOMPARE(world.dials, 0);
        QCOMPARE(world.status().unavailableUntil, world.host.clock().now() + 30 * kSecond);
        world.advance(30 * kSecond);
        QCOMPARE(world.script.made, 3);
        QCOMPARE(world.dials, 1);
        world.letIn();
        QVERIFY(world.isUp());
        QCOMPARE(world.endpoint->runtime()->pluginFailures.count(), quint64(2));
    }

    // SV-15: a peer that answered a probe is well, and what was before is forgotten.
    void verifiedHealthForgetsACrash_data()
    {
        QTest::addColumn<bool>("answers");
        QTest::newRow("verified") << true;
        QTest::newRow("not verified") << false;
    }

    void verifiedHealthForgetsACrash()
    {
        QFETCH(const bool, answers);
        World world;
        QVERIFY(world.open());
        world.letIn();
        world.crash();
        world.advance(kSecond);
        world.answers = answers;
        world.letIn();
        world.advance(4 * kSecond); // a probe is due after three
        world.crash();
        world.advance(kSecond);
        QCOMPARE(world.dials, answers ? 3 : 2);
    }

    // LC-10: what the operator ended stays ended, and is no failure.
    void aLinkEndedByTheOperatorStopsItsEndpoint_data()
    {
        QTest::addColumn<bool>("isUp");
        QTest::newRow("up") << true;
        QTest::newRow("in its handshake") << false;
    }

    void aLinkEndedByTheOperatorStopsItsEndpoint()
    {
        QFETCH(const bool, isUp);
        World world;
        QVERIFY(world.open());
        if (isUp)
            world.letIn();
        core::HostLink *link = world.host.reactor(0).findLink(world.status().generation);
        QVERIFY(link);
        link->shutDown(Error(ErrorCode::Cancelled, QStringLiteral("by the operator")));
        world.host.reactor(0).turn();
        world.advance(60 * kSecond);
        QCOMPARE(world.status().state, EndpointState::Stopped);
        QCOMPARE(world.status().lastReason.code(), ErrorCode::Cancelled);
        QCOMPARE(world.dials, 1);
        QVERIFY(world.supervisor.find(world.settings.name)->start());
        world.letIn();
        QVERIFY(world.isUp());
    }
};

QTEST_GUILESS_MAIN(tst_EndpointCrash)

#include "tst_endpointcrash.moc"
