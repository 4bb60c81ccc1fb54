// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/host.h"
#include "core/lifecycle/supervisor/supervisor.h"
#include "core/reactor/epolldispatcher.h"
#include "core/reactor/reactorthread.h"
#include "framelink.h"
#include "framewriter.h"
#include "listenerlink.h"
#include "peerlink.h"

#include <QCoreApplication>
#include <QJsonArray>
#include <QSignalSpy>
#include <QTest>

#include <fairlead/link.h>
#include <fairlead/logger.h>

#include <mutex>

using namespace fairlead;
using namespace fairlead::loopback;

namespace {

class SilentLogger final : public Logger
{
public:
    bool isEnabled(LogLevel) const noexcept override { return false; }

    void log(LogLevel, const char *, const QString &) override { }
};

/// What a tester saw; written on its reactor, read by the test.
struct Seen
{
    mutable std::mutex lock;
    std::vector<std::string> payloads;
    int outcomes = 0;
    ErrorCode farewell = ErrorCode::None;

    std::size_t count() const
    {
        const std::scoped_lock locked(lock);
        return payloads.size();
    }
};

constexpr int kMessages = 2000;

/// A peer that publishes numbers to `in/x` and takes what comes back under `out`.
class Tester final : public FrameLink
{
public:
    Tester(const LinkContext &context, Seen &seen)
        : FrameLink(context)
        , m_seen(seen)
    { }

    void handleStarted() noexcept override
    {
        (void)m_context.link.begin();
        writeHello(stream(), {0, "tester"});
    }

    void handleAuthenticated(const Error &) noexcept override { }

    void handleLease(const LeaseGrant &) noexcept override { }

    void handlePull(Lease &) noexcept override { }

    void handleCompletions(const Completion *, int) noexcept override { }

    void handleSubscribed(quint32, const SubscribeOutcome *, int) noexcept override { }

private:
    Flow handleFrame(FrameType type, ByteSpan body) noexcept override
    {
        if (type == FrameType::Welcome) {
            m_phase = Phase::Running;
            writeSubscribe(stream(), {kMessages + 1, "out", 1});
        } else if (type == FrameType::Done) {
            // The subscription stands, or a publish was accepted: the next ones.
            for (int i = decodeDone(body)->id > kMessages ? 20 : 1; i > 0; --i)
                publishNext();
            const std::scoped_lock locked(m_seen.lock);
            ++m_seen.outcomes;
        } else if (type == FrameType::Message) {
            const Result<MessageFrame> message = decodeMessage(body);
            writeAck(stream(), {message->id});
            const std::scoped_lock locked(m_seen.lock);
            m_seen.payloads.emplace_back(message->payload);
        } else if (type == FrameType::Bye) {
            {
                const std::scoped_lock locked(m_seen.lock);
                m_seen.farewell = decodeBye(body)->code;
            }
            handleBye(body);
        }
        return Flow::Continue;
    }

    void publishNext()
    {
        if (m_next == kMessages)
            return;
        const std::string payload = std::to_string(m_next++);
        MessageFrame frame;
        frame.id = quint32(m_next);
        frame.qos = 1;
        frame.topic = "in/x";
        frame.payload = payload;
        writePublish(stream(), frame);
    }

    Seen &m_seen;
    int m_next = 0;
};

/// Offers the loopback transport, and the tester as another one.
class Factory final : public TransportFactory
{
public:
    Factory(Seen &seen, bool tester)
        : m_seen(seen)
        , m_tester(tester)
    { }

    QStringList types() const override { return {}; }

    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &config,
                                                     HostServices &) override
    {
        if (const Result<> good = checkListenerConfig(config); !good)
            return good.error();
        return std::unique_ptr<Listener>(std::make_unique<LoopbackListener>());
    }

    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &config,
                                                   HostServices &) override
    {
        if (m_tester)
            return std::unique_ptr<Dialler>(std::make_unique<TesterDialler>(m_seen));
        const Result<PeerOptions> options = parsePeerOptions(config);
        if (!options)
            return options.error();
        return std::unique_ptr<Dialler>(std::make_unique<LoopbackDialler>(*options));
    }

private:
    class TesterDialler final : public Dialler
    {
    public:
        explicit TesterDialler(Seen &seen)
            : m_seen(seen)
        { }

        std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) noexcept override
        {
            return std::make_unique<Tester>(context, m_seen);
        }

    private:
        Seen &m_seen;
    };

    Seen &m_seen;
    bool m_tester;
};

core::EndpointSettings endpoint(const char *name, const char *transport, core::EndpointRole role)
{
    core::EndpointSettings settings;
    settings.name = QString::fromLatin1(name);
    settings.url = QUrl(QStringLiteral("loopback://hub"));
    settings.role = role;
    settings.carrier = core::Carrier::Memory;
    settings.transport = QString::fromLatin1(transport);
    settings.allowAnonymous = true;
    return settings;
}

core::EndpointSettings bridge()
{
    auto settings = endpoint("bridge", "loopback", core::EndpointRole::Dial);
    settings.options = {{QStringLiteral("subscribe"), QJsonArray{QStringLiteral("in/#")}},
                        {QStringLiteral("publish_topic"), QStringLiteral("out")}};
    return settings;
}

} // namespace

class tst_LoopbackHost : public QObject
{
    Q_OBJECT

public:
    explicit tst_LoopbackHost(core::MainLoop &loop)
        : m_loop(loop)
    { }

private:
    core::HostSetup setup(int reactors, Seen &seen)
    {
        m_loopback = std::make_unique<Factory>(seen, false);
        m_tester = std::make_unique<Factory>(seen, true);
        core::HostSetup made;
        made.reactors = reactors;
        made.endpoints.makeLogger
            = [](const QString &, const QString &) { return std::make_shared<SilentLogger>(); };
        made.endpoints.factory = [this](const QString &type) -> TransportFactory * {
            return type == QLatin1String("tester") ? m_tester.get() : m_loopback.get();
        };
        return made;
    }

    core::MainLoop &m_loop;
    std::unique_ptr<Factory> m_loopback;
    std::unique_ptr<Factory> m_tester;

private Q_SLOTS:

    void theBridgeRunsOnRealThreads_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("three reactors") << 3;
    }

    // PL-02 in process, SH-02, SH-05.
    void theBridgeRunsOnRealThreads()
    {
        QFETCH(int, reactors);
        Seen seen;
        core::Host host(m_loop, setup(reactors, seen));
        QVERIFY(host.start());
        QVERIFY(host.open(endpoint("hub", "loopback", core::EndpointRole::Listen)));
        QVERIFY(host.open(bridge()));
        QTRY_COMPARE_WITH_TIMEOUT(host.distributor().index.subscriptionCount(), quint64(1), 30'000);
        QVERIFY(host.open(endpoint("tester", "tester", core::EndpointRole::Dial)));
        QTRY_COMPARE_WITH_TIMEOUT(seen.count(), std::size_t(kMessages), 30'000);
        {
            const std::scoped_lock locked(seen.lock);
            for (int i = 0; i < kMessages; ++i)
                QVERIFY(seen.payloads[std::size_t(i)] == std::to_string(i));
        }
        QCOMPARE(host.linkCount(), qint64(4));

        QSignalSpy stopped(&host, &core::Host::stopped);
        host.shutDown(QStringLiteral("test"));
        host.shutDown(QStringLiteral("again"));
        QTRY_COMPARE_WITH_TIMEOUT(stopped.size(), 1, 30'000);
        QVERIFY(stopped[0][0].value<core::ShutdownReport>().isClean());
        QCOMPARE(host.linkCount(), qint64(0));
        QCOMPARE(host.distributor().directory.count(), quint64(0));
        QCOMPARE(host.distributor().index.subscriptionCount(), quint64(0));
    }

    // SV-04: whoever is dialled may come later.
    void aPeerConnectsOnceSomebodyListens()
    {
        Seen seen;
        core::Host host(m_loop, setup(1, seen));
        QVERIFY(host.start());
        core::EndpointSettings settings = bridge();
        settings.policy.backOff.baseNs = 5 * kNsPerMs;
        settings.policy.backOff.capNs = 20 * kNsPerMs;
        QVERIFY(host.open(settings));
        const core::SupervisedEndpoint *supervised
            = host.supervisor().find(QStringLiteral("bridge"));
        QCOMPARE(supervised->status().state, core::EndpointState::Reconnecting);
        QCOMPARE(supervised->status().lastReason.code(), ErrorCode::ConnectionRefused);
        QVERIFY(supervised->status().lastReason.text().contains(QLatin1String("hub")));
        QVERIFY(host.open(endpoint("hub", "loopback", core::EndpointRole::Listen)));
        QTRY_COMPARE_WITH_TIMEOUT(supervised->status().state, core::EndpointState::Running, 30'000);
    }
};

int main(int argc, char **argv)
{
    auto *dispatcher = new core::EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    core::MainLoop loop(*dispatcher);
    tst_LoopbackHost test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_loopbackhost.moc"
