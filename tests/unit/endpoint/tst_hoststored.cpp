// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "hostfixture.h"

#include <QCoreApplication>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QTest>

#include <fairlead/link.h>
#include <fairlead/transport.h>

#include <atomic>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

namespace {

constexpr int kHangMs = 60'000; ///< only detects a hang

/// Changes its one subscription again and again, each time after the change before was stored.
class Changer final : public LinkDriver
{
public:
    Changer(const LinkContext &context, std::atomic<int> &answers, int most)
        : m_context(context)
        , m_answers(answers)
        , m_most(most)
    { }

    void handleStarted() override
    {
        (void)m_context.link.begin();
        Credentials credentials;
        credentials.peerKey = "changer";
        m_context.bus.authenticate(credentials);
    }

    void handleAuthenticated(const Error &) override
    {
        SessionRequest request;
        request.peerKey = "changer";
        request.expirySeconds = kNever;
        m_context.bus.acquire(request);
    }

    void handleLease(const LeaseGrant &grant) override
    {
        m_lease = grant.lease;
        change();
    }

    void handleSubscribed(quint32, const SubscribeOutcome *, int) override
    {
        if (++m_answers < m_most)
            change();
    }

    Consumed handleBytes(ByteSpan input) override { return {input.size(), 0}; }

    void handleEndOfInput() override
    {
        m_context.link.close(Error(ErrorCode::ConnectionClosed, QStringLiteral("the peer left")),
                             CloseMode::Drain,
                             false);
    }

    void handlePull(Lease &) override { }

    void handleCompletions(const Completion *, int) override { }

    void handleUnsubscribed(quint32, const UnsubscribeOutcome *, int) override { }

    void handleFenced(FenceReason) override { }

    void handleClosing(const Error &) override { }

private:
    void change()
    {
        if (!m_lease)
            return;
        SubscribeRequest request;
        request.filter = "a";
        request.qos = quint8(m_answers % 2 + 1);
        m_lease->subscribe(&request, 1, 1);
    }

    const LinkContext m_context;
    std::atomic<int> &m_answers;
    const int m_most;
    Lease *m_lease = nullptr;
};

class ChangerListener final : public Listener
{
public:
    ChangerListener(std::atomic<int> &answers, int most)
        : m_answers(answers)
        , m_most(most)
    { }

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        return std::make_unique<Changer>(context, m_answers, m_most);
    }

private:
    std::atomic<int> &m_answers;
    const int m_most;
};

class ChangerTransport final : public TransportFactory
{
public:
    explicit ChangerTransport(int most)
        : m_most(most)
    { }

    QStringList types() const override { return {QStringLiteral("changer")}; }

    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &,
                                                     HostServices &) override
    {
        return std::unique_ptr<Listener>(std::make_unique<ChangerListener>(answers, m_most));
    }

    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &, HostServices &) override
    {
        return Error(ErrorCode::NotSupported, QStringLiteral("it only listens"));
    }

    std::atomic<int> answers = 0;

private:
    const int m_most;
};

} // namespace

class tst_HostStored : public QObject
{
    Q_OBJECT

public:
    explicit tst_HostStored(MainLoop &loop)
        : m_loop(loop)
    { }

private:
    /// A host whose listener's links wait for the store, and one peer.
    struct World
    {
        World(MainLoop &loop, int answers)
            : transport(answers)
            , host(loop, makeSetup())
        { }

        HostSetup makeSetup()
        {
            HostSetup setup = hostSetup(unused, 1);
            setup.endpoints.factory
                = [this](const QString &) -> TransportFactory * { return &transport; };
            HostStore::Settings store;
            store.path = folder.filePath(QStringLiteral("store.db"));
            setup.store = store;
            return setup;
        }

        bool start()
        {
            EndpointSettings settings = listener("changers");
            settings.durability = Durability::Written;
            if (!host.start() || !host.open(settings))
                return false;
            peer.connectToHost(QHostAddress(QHostAddress::LocalHost),
                               quint16(QUrl(host.endpoints().listeners().front().url).port()));
            return true;
        }

        QTemporaryDir folder;
        LoopbackTransport unused;
        ChangerTransport transport;
        QTcpSocket peer;
        Host host;
    };

    MainLoop &m_loop;

private Q_SLOTS:

    // Whenever the store decides, in the middle of a reactor's turn too, and with nobody else about.
    void anAnswerLeavesAsSoonAsItIsStored()
    {
        World world(m_loop, 20'000);
        QVERIFY(world.start());
        QTRY_COMPARE_WITH_TIMEOUT(world.transport.answers.load(), 20'000, kHangMs);
    }

    // SH-08
    void itMayBeDestroyedAtAnyPointOfItsShutdown()
    {
        for (int turns = 0; turns < 40; ++turns) {
            World world(m_loop, 1'000'000);
            QVERIFY(world.start());
            QTRY_VERIFY_WITH_TIMEOUT(world.transport.answers > 20, kHangMs);
            world.host.shutDown(QStringLiteral("the test is over"));
            for (int i = 0; i < turns; ++i)
                QCoreApplication::processEvents();
        }
    }
};

int main(int argc, char **argv)
{
    auto *dispatcher = new EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    MainLoop loop(*dispatcher);
    tst_HostStored test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_hoststored.moc"
