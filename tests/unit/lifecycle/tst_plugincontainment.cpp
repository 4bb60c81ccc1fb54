// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/linkend.h"
#include "simhost.h"
#include "throwingdriver.h"

#include <QtTest/QTest>

#include <functional>
#include <optional>

using namespace fairlead;
using core::LinkReport;
using sim::SimHost;
using sim::SimLink;
using sim::SimStream;

namespace {

class Follower final : public core::LinkFollower
{
public:
    bool follows(Link::Direction) const noexcept override { return true; }

    void handleReport(LinkReport report) noexcept override
    {
        if (report.kind == LinkReport::Kind::Ended)
            ended.push_back(std::move(report));
    }

    std::vector<LinkReport> ended;
};

/// A link that is to be left alone, and one whose driver throws.
struct World
{
    World()
        : host(1)
        , other(host.connect(0, "other"))
        , runtime(std::make_shared<core::EndpointRuntime>())
    {
        (*other)->subscribe("other/#");
        host.settle();
        runtime->authenticator = host.endpoint().authenticator;
        runtime->accessControl = host.endpoint().accessControl;
        runtime->logger = host.endpoint().logger;
        runtime->follower = &follower;
        runtime->createDriver = [this](const LinkContext &context) -> std::unique_ptr<LinkDriver> {
            if (seen->at == "createDriver") {
                ++seen->thrown;
                throwOne(seen->what);
            }
            return std::make_unique<ThrowingDriver>(context, seen);
        };
    }

    void open(Link::Direction direction = Link::Direction::Dialled)
    {
        auto made = std::make_unique<SimStream>(host.reactor(0).chunks());
        stream = made.get();
        stream->watch(&stream);
        host.reactor(0).adopt(runtime, std::move(made), direction);
        host.reactor(0).turn(); // also when nothing of it is left to wake for
        host.settle();
    }

    /// One command after the other, each with what follows from it.
    void tell(std::string_view commands)
    {
        for (const char command : commands) {
            if (stream)
                stream->arrive({&command, 1});
            host.settle();
        }
    }

    std::string sent() { return stream ? stream->takeSent() : std::string(); }

    ~World()
    {
        if (stream)
            stream->watch(nullptr);
    }

    SimHost host;
    Follower follower;
    std::unique_ptr<SimLink> other;
    core::EndpointRuntimePtr runtime;
    std::shared_ptr<ThrowingDriver::Seen> seen = std::make_shared<ThrowingDriver::Seen>();
    SimStream *stream = nullptr;
    std::unique_ptr<SimLink> rival;
};

using Provoke = std::function<void(World &)>;

struct Case
{
    const char *call;
    Provoke provoke;
};

Provoke says(const char *commands)
{
    return [commands](World &world) { world.tell(commands); };
}

/// Every call that the host makes into a driver, and what leads to it.
const std::vector<Case> &cases()
{
    static const std::vector<Case> all = {
        {"createDriver", [](World &) {}},
        {"handleStarted", [](World &) {}},
        {"handleOpen", [](World &) {}},
        {"handleBytes", says("x")},
        {"handleBytes used", says("x")},
        {"handleEndOfInput",
         [](World &world) {
             world.stream->endInput();
             world.host.settle();
         }},
        {"handleAuthenticated", says("!")},
        {"a slot of stateChanged()", says("!")},
        {"handleLease", says("!")},
        {"handlePull",
         [](World &world) {
             world.tell("!s");
             (*world.other)->publish("t/1", "x");
             world.host.reactor(0).turn();
         }},
        {"handleCompletions", says("!p")},
        {"handleSubscribed", says("!s")},
        {"handleUnsubscribed", says("!su")},
        {"handleFenced",
         [](World &world) {
             world.tell("!");
             world.rival = world.host.connect(0, "thrower");
         }},
        {"handleProbeDue",
         [](World &world) {
             world.tell("!h");
             world.host.advance(4 * kNsPerSecond);
         }},
        {"a timer",
         [](World &world) {
             world.tell("!t");
             world.host.advance(2 * kNsPerSecond);
         }},
    };
    return all;
}

/// An authenticator as a plugin may write it.
class OddAuthenticator final : public Authenticator
{
public:
    using Act = std::function<void(const Done &)>;

    explicit OddAuthenticator(Act act)
        : m_act(std::move(act))
    { }

    void authenticate(const Credentials &, Done done) override { m_act(done); }

private:
    const Act m_act;
};

class OddAccess final : public AccessControl
{
public:
    explicit OddAccess(Thrown what)
        : m_what(what)
    { }

    bool mayPublish(const Principal &, ByteSpan, ByteSpan) const override { throwOne(m_what); }

    bool maySubscribe(const Principal &, ByteSpan, ByteSpan) const override { throwOne(m_what); }

    quint64 revision() const noexcept override { return 1; }

private:
    const Thrown m_what;
};

} // namespace

class tst_PluginContainment : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // PL-05: whatever call throws whatever, it is the end of that link, at once and without a word
    // more to its driver, and of nothing else.
    void aThrowEndsItsLinkAlone_data()
    {
        QTest::addColumn<int>("index");
        QTest::addColumn<int>("what");
        const char *const kinds[] = {"exception", "no memory", "number"};
        for (std::size_t i = 0; i < cases().size(); ++i) {
            for (int what = 0; what < 3; ++what)
                QTest::addRow("%s: %s", cases()[i].call, kinds[what]) << int(i) << what;
        }
    }

    void aThrowEndsItsLinkAlone()
    {
        QFETCH(const int, index);
        QFETCH(const int, what);
        const Case &one = cases()[std::size_t(index)];
        World world;
        world.seen->at = one.call;
        world.seen->what = Thrown(what);
        world.open();
        one.provoke(world);
        world.host.settle();

        QCOMPARE(world.seen->thrown, 1);
        QCOMPARE(world.seen->later, 0);
        QCOMPARE(world.seen->live, 0);
        QCOMPARE(world.sent(), std::string());
        QCOMPARE(world.follower.ended.size(), std::size_t(1));
        const LinkReport &ended = world.follower.ended.front();
        QCOMPARE(ended.reason.code(), ErrorCode::PluginFailed);
        QVERIFY2(ended.reason.text().startsWith(QLatin1String(one.call)),
                 qPrintable(ended.reason.text()));
        QVERIFY(ended.hasCrashed);
        QCOMPARE(core::endCauseOf(ended), core::EndCause::Crashed);
        QCOMPARE(world.runtime->pluginFailures.count(), quint64(1));

        // Nothing of it is left: no session, no registration, no link.
        const std::size_t links = world.rival ? 2 : 1;
        QCOMPARE(world.host.reactor(0).linkCount(), links);
        QCOMPARE(std::size_t(world.host.distributor().directory.count()), links);
        QCOMPARE(world.runtime->links.load(), qint64(0));

        // The other goes on.
        world.other->record->got.clear();
        (*world.other)->publish("other/2", "y");
        world.host.settle();
        QCOMPARE(world.other->record->got.size(), std::size_t(1));
    }

    // PL-05: what it throws while it is asked for its last frame does not change why it ends.
    void aThrowAtTheEndKeepsTheReason()
    {
        World world;
        world.seen->at = "handleClosing";
        world.open();
        world.tell("!");
        core::HostLink *link = world.host.reactor(0).findLink(world.seen->generation);
        QVERIFY(link);
        link->shutDown(Error(ErrorCode::Cancelled, QStringLiteral("asked for")));
        world.host.reactor(0).turn();
        world.host.settle();
        QCOMPARE(world.seen->live, 0);
        QCOMPARE(world.follower.ended.size(), std::size_t(1));
        QCOMPARE(world.follower.ended.front().reason.code(), ErrorCode::Cancelled);
        QCOMPARE(core::endCauseOf(world.follower.ended.front()), core::EndCause::Deliberate);
        QCOMPARE(world.runtime->pluginFailures.count(), quint64(1));
        QVERIFY(world.other->isOpen());
    }

    // PL-05, LC-10: an accepted link is counted, and nobody dials it.
    void aThrowOfAnAcceptedLinkIsCounted()
    {
        World world;
        world.seen->at = "handleBytes";
        for (int i = 1; i <= 3; ++i) {
            world.open(Link::Direction::Accepted);
            world.tell("x");
            QCOMPARE(world.runtime->pluginFailures.count(), quint64(i));
            world.seen->thrown = 0;
        }
        QCOMPARE(world.follower.ended.size(), std::size_t(3));
        QVERIFY(!world.follower.ended.front().asksReconnect);
    }

    // PL-05: a timer that outlives its driver's link does not go off any more.
    void aTimerEndsWithItsLink()
    {
        World world;
        int fired = 0;
        Timer stray([](void *count) { ++*static_cast<int *>(count); }, &fired);
        Timer another([](void *count) { ++*static_cast<int *>(count); }, &fired);
        world.runtime->createDriver = [&](const LinkContext &context) {
            context.timers.arm(stray, context.clock.now() + kNsPerSecond);
            context.timers.arm(another, context.clock.now() + 2 * kNsPerSecond);
            context.timers.arm(another, context.clock.now() + 3 * kNsPerSecond);
            return std::make_unique<ThrowingDriver>(context, world.seen);
        };
        world.open();
        QVERIFY(stray.isArmed());
        world.stream->breakOff();
        world.host.settle();
        QCOMPARE(world.seen->live, 0);
        QVERIFY(!stray.isArmed());
        QVERIFY(!another.isArmed());
        world.host.advance(5 * kNsPerSecond);
        QCOMPARE(fired, 0);
    }

    // PL-05: who throws lets nobody in, whatever it said before; who answers twice is heard once.
    void anAuthenticatorThatThrowsRefuses_data()
    {
        QTest::addColumn<int>("says"); // bit 0: yes, bit 1: throws, bit 2: no afterwards
        QTest::addColumn<int>("what");
        QTest::addColumn<bool>("isIn");
        QTest::newRow("yes") << 1 << 0 << true;
        QTest::newRow("throws") << 2 << 0 << false;
        QTest::newRow("throws no exception") << 2 << 2 << false;
        QTest::newRow("yes, then throws") << 3 << 1 << false;
        QTest::newRow("yes, then no") << 5 << 0 << true;
    }

    void anAuthenticatorThatThrowsRefuses()
    {
        QFETCH(const int, says);
        QFETCH(const int, what);
        QFETCH(const bool, isIn);
        World world;
        world.runtime->authenticator
            = std::make_shared<OddAuthenticator>([=](const Authenticator::Done &done) {
                  if ((says & 1) != 0)
                      done(Error(), Principal());
                  if ((says & 2) != 0)
                      throwOne(Thrown(what));
                  if ((says & 4) != 0)
                      done(Error(ErrorCode::NotAuthenticated, QStringLiteral("no")), Principal());
              });
        world.open();
        world.tell("!");
        QCOMPARE(world.host.distributor().directory.count(), isIn ? 2 : 1);
        QCOMPARE(world.runtime->pluginFailures.count(), quint64((says & 2) != 0 ? 1 : 0));
        QVERIFY(world.other->isOpen());
    }

    // PL-05: access rules that throw say no, and the link stays.
    void accessRulesThatThrowSayNo()
    {
        World world;
        for (const Thrown what : {Thrown::Exception, Thrown::NoMemory, Thrown::Number}) {
            core::ContainedAccessControl rules(world.runtime->pluginFailures);
            rules = std::make_shared<OddAccess>(what);
            QVERIFY(!rules->mayPublish(Principal(), "peer", "topic"));
            QVERIFY(!rules->maySubscribe(Principal(), "peer", "topic"));
        }
        QCOMPARE(world.runtime->pluginFailures.count(), quint64(6));
        world.runtime->accessControl = std::make_shared<OddAccess>(Thrown::Exception);
        world.open();
        world.tell("!sp");
        QCOMPARE(world.runtime->pluginFailures.count(), quint64(8));
        QCOMPARE(world.seen->live, 1);
        QVERIFY(world.other->record->got.empty());
    }
};

QTEST_APPLESS_MAIN(tst_PluginContainment)

#include "tst_plugincontainment.moc"
