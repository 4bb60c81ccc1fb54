// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/broadcast/broadcaster.h"
#include "hostfixture.h"

#include <QCoreApplication>
#include <QTest>
#include <QThread>

#include <fairlead/events.h>
#include <fairlead/hostservices.h>
#include <fairlead/link.h>

#include <atomic>
#include <new>

using namespace fairlead;
using namespace fairlead::core;
using test::dialler;
using test::listener;

namespace {

constexpr int kHangMs = 60'000; ///< only detects a hang

/// What of the plugin is alive, and what went wrong. Counts are the plugin's own memory: whoever
/// comes after its end is found by the sanitizer too.
struct Census
{
    std::atomic<int> endpoints = 0;
    std::atomic<int> drivers = 0;
    std::atomic<int> elsewhere = 0; ///< endpoints destroyed on another thread than the main one
    std::atomic<int> early = 0; ///< endpoints destroyed before their drivers
    std::atomic<quint64> calls = 0;
};

/// The plugin's object of one endpoint, which its drivers use until their end.
class Owner : public EventHandler, public OperationTarget
{
public:
    Owner(Census &census, HostServices &host)
        : m_census(census)
        , m_host(host)
        , m_text(64, 'x')
    {
        ++m_census.endpoints;
        auto *events = static_cast<Events *>(host.service(FAIRLEAD_EVENTS_IID));
        auto subscribed = events->subscribe(EventRequest(), *this);
        if (subscribed)
            m_subscription = std::move(*subscribed);
    }

    ~Owner() override
    {
        if (QThread::currentThread() != QCoreApplication::instance()->thread())
            ++m_census.elsewhere;
        if (m_live != 0)
            ++m_census.early;
        // What it was given is there for as long as it is; the host may be gone.
        m_host.logger().log(LogLevel::Info, "unloaded", m_host.hostVersion());
        (void)m_host.service(FAIRLEAD_EVENTS_IID);
        if (m_reply.isOpen())
            m_reply.done();
        --m_census.endpoints;
    }

    void handleEvent(const Event &event) override { m_lastEvent = event.key; }

    void handleOperation(const Operation &, OperationReply reply) override
    {
        m_reply = std::move(reply);
    }

    void enter()
    {
        ++m_live;
        ++m_census.drivers;
    }

    void touch()
    {
        ++m_census.calls;
        m_sum += m_text.size();
    }

    void leave()
    {
        --m_census.drivers;
        --m_live;
    }

private:
    Census &m_census;
    HostServices &m_host;
    std::unique_ptr<EventSubscription> m_subscription;
    OperationReply m_reply;
    QByteArray m_lastEvent;
    const std::string m_text;
    std::atomic<quint64> m_sum = 0;
    std::atomic<int> m_live = 0;
};

/// A driver of the loopback plugin whose every call and timer uses its endpoint's object.
class Watched final : public LinkDriver
{
public:
    Watched(Owner &owner, const LinkContext &context, std::unique_ptr<LinkDriver> driver)
        : m_owner(owner)
        , m_context(context)
        , m_driver(std::move(driver))
    {
        m_owner.enter();
        m_context.timers.arm(m_timer, m_context.clock.now());
    }

    ~Watched() override
    {
        m_driver.reset();
        m_owner.leave();
    }

    void handleStarted() override { driver().handleStarted(); }

    Consumed handleBytes(ByteSpan input) override { return driver().handleBytes(input); }

    void handleEndOfInput() override { driver().handleEndOfInput(); }

    void handleAuthenticated(const Error &error) override { driver().handleAuthenticated(error); }

    void handleLease(const LeaseGrant &grant) override { driver().handleLease(grant); }

    void handlePull(Lease &lease) override { driver().handlePull(lease); }

    void handleCompletions(const Completion *completions, int count) override
    {
        driver().handleCompletions(completions, count);
    }

    void handleSubscribed(quint32 tag, const SubscribeOutcome *outcomes, int count) override
    {
        driver().handleSubscribed(tag, outcomes, count);
    }

    void handleUnsubscribed(quint32 tag, const UnsubscribeOutcome *outcomes, int count) override
    {
        driver().handleUnsubscribed(tag, outcomes, count);
    }

    void handleFenced(FenceReason reason) override { driver().handleFenced(reason); }

    void handleClosing(const Error &reason) override { driver().handleClosing(reason); }

    void handleProbeDue() override { driver().handleProbeDue(); }

    void handleOpen(const Principal *identity) override { driver().handleOpen(identity); }

private:
    LinkDriver &driver()
    {
        m_owner.touch();
        return *m_driver;
    }

    void handleTimer()
    {
        m_owner.touch();
        m_context.timers.arm(m_timer, m_context.clock.now() + kNsPerMs);
    }

    Owner &m_owner;
    const LinkContext m_context;
    std::unique_ptr<LinkDriver> m_driver;
    Timer m_timer{[](void *self) { static_cast<Watched *>(self)->handleTimer(); }, this};
};

template <typename Role, typename Inner>
class Endpoint final : public Role
{
public:
    template <typename... Args>
    Endpoint(Census &census, HostServices &host, Args &&...args)
        : m_owner(census, host)
        , m_inner(std::forward<Args>(args)...)
    { }

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        return std::make_unique<Watched>(m_owner, context, m_inner.createDriver(context));
    }

    OperationTarget *operations() override { return &m_owner; }

private:
    Owner m_owner;
    Inner m_inner;
};

class Plugin final : public TransportFactory
{
public:
    QStringList types() const override { return {QStringLiteral("loopback")}; }

    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &,
                                                     HostServices &host) override
    {
        return std::unique_ptr<Listener>(
            std::make_unique<Endpoint<Listener, loopback::LoopbackListener>>(census, host));
    }

    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &config,
                                                   HostServices &host) override
    {
        EndpointConfig named = config;
        named.url = QUrl(QStringLiteral("loopback://hub"));
        const auto options = loopback::parsePeerOptions(named);
        if (!options)
            return options.error();
        return std::unique_ptr<Dialler>(
            std::make_unique<Endpoint<Dialler, loopback::LoopbackDialler>>(census, host, *options));
    }

    Census census;
};

HostSetup setupFor(Plugin &plugin, int reactors)
{
    test::LoopbackTransport unused;
    HostSetup setup = test::hostSetup(unused, reactors);
    setup.endpoints.factory = [&plugin](const QString &) -> TransportFactory * { return &plugin; };
    return setup;
}

EndpointSettings copier(const char *name, quint16 port, const char *from, const char *to)
{
    EndpointSettings settings = dialler(name, QStringLiteral("127.0.0.1"), port);
    settings.options = {{QStringLiteral("subscribe"), QJsonArray{QString::fromLatin1(from)}},
                        {QStringLiteral("publish_topic"), QString::fromLatin1(to)}};
    return settings;
}

quint16 portOf(const Host &host)
{
    return quint16(QUrl(host.endpoints().listeners().at(0).url).port());
}

/// Two copiers that copy to each other: what one message begins never ends.
bool openCircle(Host &host, quint16 port)
{
    return host.open(copier("ping", port, "a/#", "b/1"))
        && host.open(copier("pong", port, "b/#", "a/1"));
}

void feedCircle(Host &host)
{
    Reactor &reactor = host.reactors().front()->reactor();
    reactor.post([&reactor] {
        for (int i = 0; i < 20; ++i) {
            PublishView view;
            view.topic = "a/1";
            view.payload = "round and round";
            view.qos = 1;
            reactor.publish({nullptr, &view, 0});
        }
    });
}

} // namespace

class tst_PluginUnload : public QObject
{
    Q_OBJECT

public:
    explicit tst_PluginUnload(MainLoop &loop)
        : m_loop(loop)
    { }

private:
    MainLoop &m_loop;

private Q_SLOTS:

    void reactors_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("three reactors") << 3;
    }

    // PL-05: endpoints come and go while their links are busy; what the plugin made for one dies after
    // the last that refers to it, on the main thread.
    void whatAPluginMadeOutlivesItsUsers_data() { reactors_data(); }

    void whatAPluginMadeOutlivesItsUsers()
    {
        QFETCH(const int, reactors);
        Plugin plugin;
        Host host(m_loop, setupFor(plugin, reactors));
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        const quint16 port = portOf(host);
        for (int round = 0; round < 12; ++round) {
            QVERIFY(openCircle(host, port));
            QTRY_COMPARE_WITH_TIMEOUT(
                host.distributor().index.subscriptionCount(), quint64(2), kHangMs);
            feedCircle(host);
            const quint64 before = plugin.census.calls;
            QTRY_VERIFY_WITH_TIMEOUT(plugin.census.calls > before + 200, kHangMs);
            // One of them is asked for something that it does not answer in its life.
            BroadcastRequest request;
            request.kind = OperationKind::ReleaseHandles;
            request.pathPrefix = QStringLiteral("/");
            request.targets = {QStringLiteral("ping")};
            bool isTold = false;
            QVERIFY(host.broadcaster().start(
                request, [&isTold](const BroadcastReport &) { isTold = true; }));
            if (round % 3 == 2) {
                // The listener, too, with links that send.
                EndpointSettings changed = listener("hub", port);
                QVERIFY(host.endpoints().replace(changed));
            }
            QVERIFY(host.endpoints().remove(QStringLiteral("ping")));
            QVERIFY(host.endpoints().remove(QStringLiteral("pong")));
            QTRY_COMPARE_WITH_TIMEOUT(plugin.census.endpoints.load(), 1, kHangMs);
            QTRY_COMPARE_WITH_TIMEOUT(plugin.census.drivers.load(), 0, kHangMs);
            QTRY_VERIFY_WITH_TIMEOUT(isTold, kHangMs);
        }
        QVERIFY(host.endpoints().remove(QStringLiteral("hub")));
        QTRY_COMPARE_WITH_TIMEOUT(plugin.census.endpoints.load(), 0, kHangMs);
        QCOMPARE(plugin.census.elsewhere.load(), 0);
        QCOMPARE(plugin.census.early.load(), 0);
    }

    // PL-05: the host's end is no exception.
    void aHostThatEndsLeavesNothingOfThePlugin_data() { reactors_data(); }

    void aHostThatEndsLeavesNothingOfThePlugin()
    {
        QFETCH(const int, reactors);
        Plugin plugin;
        {
            Host host(m_loop, setupFor(plugin, reactors));
            QVERIFY(host.start());
            QVERIFY(host.open(listener("hub")));
            QVERIFY(openCircle(host, portOf(host)));
            QTRY_COMPARE_WITH_TIMEOUT(
                host.distributor().index.subscriptionCount(), quint64(2), kHangMs);
            feedCircle(host);
            QTRY_VERIFY_WITH_TIMEOUT(plugin.census.calls > 200, kHangMs);
            // With a link of it still ending somewhere.
            QVERIFY(host.endpoints().remove(QStringLiteral("ping")));
        }
        QCoreApplication::processEvents();
        QTRY_COMPARE_WITH_TIMEOUT(plugin.census.endpoints.load(), 0, kHangMs);
        QCOMPARE(plugin.census.drivers.load(), 0);
        QCOMPARE(plugin.census.elsewhere.load(), 0);
        QCOMPARE(plugin.census.early.load(), 0);
    }
};

int main(int argc, char **argv)
{
    auto *dispatcher = new EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    MainLoop loop(*dispatcher);
    tst_PluginUnload test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_pluginunload.moc"
