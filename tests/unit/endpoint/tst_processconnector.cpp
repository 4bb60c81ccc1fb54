// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/hostendpoint.h"
#include "hostfixture.h"
#include "lifecycle/framedriver.h"

#include <QCoreApplication>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr int kHangMs = 30'000; ///< only detects a hang

/// Its peer is there once it says "!".
class LaunchedDriver final : public FrameDriver
{
public:
    using FrameDriver::FrameDriver;

    void handleEndOfInput() noexcept override
    {
        link().close(Error(ErrorCode::ConnectionClosed, QStringLiteral("the peer left")),
                     CloseMode::Drain,
                     false);
    }
};

class LaunchedDialler final : public Dialler
{
public:
    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        return std::make_unique<LaunchedDriver>(
            context, std::make_shared<FrameDriver::Seen>(), "peer");
    }
};

class LaunchedTransport final : public TransportFactory
{
public:
    QStringList types() const override { return {QStringLiteral("launched")}; }

    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &,
                                                     HostServices &) override
    {
        return Error(ErrorCode::NotSupported, QStringLiteral("it is launched"));
    }

    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &, HostServices &) override
    {
        return std::unique_ptr<Dialler>(std::make_unique<LaunchedDialler>());
    }
};

} // namespace

class tst_ProcessConnector : public QObject
{
    Q_OBJECT

public:
    explicit tst_ProcessConnector(MainLoop &loop)
        : m_loop(loop)
    { }

private:
    HostSetup setup()
    {
        HostSetup setup;
        setup.endpoints.makeLogger = [](const QString &, const QString &) {
            return std::make_shared<test::SilentLogger>();
        };
        setup.endpoints.factory
            = [this](const QString &) -> TransportFactory * { return &m_factory; };
        return setup;
    }

    EndpointSettings launcher(const QString &script)
    {
        EndpointSettings settings = test::dialler("tool", QString(), 0);
        settings.url = QUrl(QStringLiteral("stdio:"));
        settings.carrier = Carrier::Process;
        settings.transport = QStringLiteral("launched");
        settings.command
            = QStringList{QStringLiteral("/bin/sh"), QStringLiteral("-c"), script, m_log};
        settings.policy.crash.retryNs = 5 * kNsPerMs;
        settings.policy.crash.unavailableNs = 60 * kNsPerSecond;
        return settings;
    }

    static EndpointStatus status(Host &host)
    {
        return host.supervisor().find(QStringLiteral("tool"))->status();
    }

    /// The process of each start, as the program itself writes them down.
    QList<pid_t> starts() const
    {
        QFile file(m_log);
        QList<pid_t> pids;
        if (file.open(QIODevice::ReadOnly)) {
            const QList<QByteArray> lines = file.readAll().split('\n');
            for (const QByteArray &line : lines) {
                if (!line.isEmpty())
                    pids.append(line.toInt());
            }
        }
        return pids;
    }

    static bool isRunning(pid_t pid) { return ::kill(pid, 0) == 0; }

    MainLoop &m_loop;
    LaunchedTransport m_factory;
    QTemporaryDir m_folder;
    QString m_log;

private Q_SLOTS:

    void init() { m_log = m_folder.filePath(QString::fromLatin1(QTest::currentTestFunction())); }

    void aLaunchedProgramIsAPeerAndEndsWithItsEndpoint()
    {
        Host host(m_loop, setup());
        QVERIFY(host.start());
        QVERIFY(
            host.open(launcher(QStringLiteral("echo $$ >> \"$0\"; printf '!'; exec sleep 60"))));
        QTRY_COMPARE_WITH_TIMEOUT(status(host).state, EndpointState::Running, kHangMs);
        const pid_t pid = starts().value(0);
        QVERIFY(isRunning(pid));
        QCOMPARE(host.endpoints().openPeers().size(), 1);
        QVERIFY(host.endpoints().openPeers().front().contains(QStringLiteral("pid:%1").arg(pid)));
        host.supervisor().find(QStringLiteral("tool"))->stop();
        QTRY_COMPARE_WITH_TIMEOUT(status(host).state, EndpointState::Stopped, kHangMs);
        QTRY_VERIFY_WITH_TIMEOUT(!isRunning(pid), kHangMs);
        QCOMPARE(starts().size(), 1);
    }

    // SV-04: who ends by itself is launched again, and never are there two.
    void whoEndsIsLaunchedAgain()
    {
        Host host(m_loop, setup());
        QVERIFY(host.start());
        QVERIFY(host.open(launcher(
            QStringLiteral("echo $$ >> \"$0\"; printf '!'; "
                           "if [ $(wc -l < \"$0\") -lt 3 ]; then exit 0; fi; exec sleep 60"))));
        QTRY_COMPARE_WITH_TIMEOUT(starts().size(), 3, kHangMs);
        QTRY_COMPARE_WITH_TIMEOUT(status(host).state, EndpointState::Running, kHangMs);
        const QList<pid_t> pids = starts();
        QVERIFY(!isRunning(pids[0]));
        QVERIFY(!isRunning(pids[1]));
        QVERIFY(isRunning(pids[2]));
    }

    // SV-15: the first crash is answered by a quick retry, the second one by a pause.
    void whoCrashesTwiceIsUnavailableForAWhile()
    {
        Host host(m_loop, setup());
        QVERIFY(host.start());
        QVERIFY(
            host.open(launcher(QStringLiteral("echo $$ >> \"$0\"; printf '!'; kill -SEGV $$"))));
        QTRY_COMPARE_WITH_TIMEOUT(starts().size(), 2, kHangMs);
        QTRY_VERIFY_WITH_TIMEOUT(status(host).unavailableUntil > 0, kHangMs);
        QCOMPARE(status(host).state, EndpointState::Reconnecting);
        QVERIFY(status(host).lastReason.text().contains(QStringLiteral("signal 11")));
    }

    // The link's end is the program's: it is asked to go, and then made to.
    void whoClosesItsOutputIsEnded()
    {
        Host host(m_loop, setup());
        QVERIFY(host.start());
        QVERIFY(host.open(launcher(
            QStringLiteral("echo $$ >> \"$0\"; printf '!'; exec <&- >&-; exec sleep 60"))));
        QTRY_VERIFY_WITH_TIMEOUT(starts().size() >= 2, kHangMs);
        QVERIFY(!isRunning(starts().front()));
    }

    void whatCannotBeLaunchedIsToldAndTriedAgain()
    {
        Host host(m_loop, setup());
        QVERIFY(host.start());
        EndpointSettings settings = launcher(QString());
        settings.command = QStringList{QStringLiteral("/does/not/exist")};
        QVERIFY(host.open(settings));
        QTRY_VERIFY_WITH_TIMEOUT(!status(host).lastReason.isNull(), kHangMs);
        QCOMPARE(status(host).lastReason.code(), ErrorCode::NotFound);
        QCOMPARE(status(host).state, EndpointState::Reconnecting);
    }

    // SH-01: the end of the host is the end of what it launched.
    void theHostsEndIsThatOfItsPrograms()
    {
        pid_t pid = 0;
        {
            Host host(m_loop, setup());
            QVERIFY(host.start());
            QVERIFY(host.open(
                launcher(QStringLiteral("echo $$ >> \"$0\"; printf '!'; exec sleep 60"))));
            QTRY_COMPARE_WITH_TIMEOUT(status(host).state, EndpointState::Running, kHangMs);
            pid = starts().value(0);
            bool stopped = false;
            connect(&host, &Host::stopped, this, [&] { stopped = true; });
            host.shutDown(QStringLiteral("test"));
            QTRY_VERIFY_WITH_TIMEOUT(stopped, kHangMs);
        }
        QVERIFY(!isRunning(pid));
    }
};

int main(int argc, char **argv)
{
    auto *dispatcher = new EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    MainLoop loop(*dispatcher);
    tst_ProcessConnector test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_processconnector.moc"
