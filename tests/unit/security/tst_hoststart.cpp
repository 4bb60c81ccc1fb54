// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "../endpoint/hostfixture.h"
#include "core/platform/descriptorreserve.h"

#include <QCoreApplication>
#include <QSignalSpy>
#include <QTest>

#include <stdexcept>

using namespace fairlead;
using namespace fairlead::core;
using test::dialler;
using test::listener;
using State = StartSequence::State;

namespace {

constexpr int kHangMs = 30'000; ///< only detects a hang

} // namespace

class tst_HostStart : public QObject
{
    Q_OBJECT

public:
    explicit tst_HostStart(MainLoop &loop)
        : m_loop(loop)
    { }

private:
    /// Whether nobody listens there.
    bool isFree(quint16 port)
    {
        DescriptorReserve reserve(0);
        return Acceptor::listen(m_loop,
                                reserve,
                                Acceptor::Use::Links,
                                QHostAddress(QHostAddress::LocalHost),
                                port,
                                [](const AcceptedSocket &) {})
            .has_value();
    }

    static quint16 portOf(Host &host)
    {
        return quint16(QUrl(host.endpoints().listeners().at(0).url).port());
    }

    MainLoop &m_loop;
    test::LoopbackTransport m_factory;

private Q_SLOTS:

    // SH-06: discovery fails after the listener is bound; the port is free again, and once discovery
    // works the same host starts and serves.
    void aFailedStartFreesItsPortsAndCanBeRepeated_data()
    {
        QTest::addColumn<bool>("throws");
        QTest::newRow("SH-06 fails") << false;
        QTest::newRow("SH-06 throws") << true;
    }

    void aFailedStartFreesItsPortsAndCanBeRepeated()
    {
        QFETCH(const bool, throws);
        Host host(m_loop, test::hostSetup(m_factory, 2));
        quint16 port = 0;
        bool hasDiscovery = false;
        QVERIFY(host.addStartStep(
            {QStringLiteral("endpoints"),
             [&]() -> Result<> {
                 if (auto opened = host.open(listener("hub", port)); !opened)
                     return opened;
                 port = portOf(host);
                 return host.open(dialler("bridge", QStringLiteral("127.0.0.1"), port));
             },
             [&] {
                 for (const char *name : {"bridge", "hub"})
                     QVERIFY(host.endpoints().remove(QString::fromLatin1(name)));
             },
             false}));
        QVERIFY(host.addStartStep({QStringLiteral("discovery"),
                                   [&]() -> Result<> {
                                       if (!hasDiscovery && throws)
                                           throw std::runtime_error("no bus");
                                       if (!hasDiscovery)
                                           return Error(ErrorCode::Unreachable,
                                                        QStringLiteral("no bus"));
                                       return {};
                                   },
                                   {},
                                   false}));
        for (int i = 0; i < 3; ++i) {
            const Result<> started = host.start();
            QVERIFY(!started);
            QCOMPARE(started.error().details().value(QStringLiteral("step")).toString(),
                     QStringLiteral("discovery"));
            QVERIFY(started.error().text().contains(QStringLiteral("no bus")));
            QCOMPARE(host.startSequence().state(), State::Idle);
            QVERIFY(host.startSequence().undoFailures().empty());
            QVERIFY(host.endpoints().settings().isEmpty());
            QVERIFY(isFree(port));
        }
        hasDiscovery = true;
        QVERIFY(host.start());
        QCOMPARE(portOf(host), port);
        QTRY_COMPARE_WITH_TIMEOUT(host.supervisor().find(QStringLiteral("bridge"))->status().state,
                                  EndpointState::Running,
                                  kHangMs);
    }

    // SH-06
    void aSecondStartIsRefused()
    {
        Host host(m_loop, test::hostSetup(m_factory, 1));
        Result<> inside;
        QVERIFY(host.addStartStep({QStringLiteral("again"),
                                   [&]() -> Result<> {
                                       inside = host.start();
                                       return {};
                                   },
                                   {},
                                   false}));
        QVERIFY(host.start());
        QCOMPARE(inside.error().code(), ErrorCode::AlreadyStarted);
        QCOMPARE(host.start().error().code(), ErrorCode::AlreadyStarted);
        QCOMPARE(host.addStartStep({QStringLiteral("late"), [] { return Result<>(); }, {}, false})
                     .error()
                     .code(),
                 ErrorCode::AlreadyStarted);
    }

    // SH-06
    void aStartAfterTheShutdownIsRefused()
    {
        Host host(m_loop, test::hostSetup(m_factory, 1));
        const QSignalSpy stopped(&host, &Host::stopped);
        QVERIFY(host.start());
        host.shutDown(QStringLiteral("test"));
        QCOMPARE(host.start().error().code(), ErrorCode::ShuttingDown);
        QTRY_COMPARE_WITH_TIMEOUT(stopped.size(), 1, kHangMs);
        QCOMPARE(host.start().error().code(), ErrorCode::ShuttingDown);
    }

    // SH-06: while it starts, it can be told where it is.
    void theStepIsTold()
    {
        Host host(m_loop, test::hostSetup(m_factory, 1));
        QStringList steps;
        const auto step = [&](const char *name) {
            const auto look = [&]() -> Result<> {
                steps.append(host.startSequence().currentStep());
                return {};
            };
            return host.addStartStep({QString::fromLatin1(name), look, {}, false});
        };
        QVERIFY(step("first"));
        QVERIFY(step("second"));
        QVERIFY(host.start());
        QCOMPARE(steps, QStringList({QStringLiteral("first"), QStringLiteral("second")}));
        QVERIFY(host.startSequence().currentStep().isEmpty());
    }

    // SH-06: a part that is not needed may be missing, and is named.
    void whatIsOptionalIsMissed()
    {
        Host host(m_loop, test::hostSetup(m_factory, 1));
        QVERIFY(host.addStartStep(
            {QStringLiteral("http"),
             []() -> Result<> { return Error(ErrorCode::AddressInUse, QStringLiteral("taken")); },
             {},
             true}));
        QVERIFY(host.start());
        QVERIFY(host.startSequence().isDegraded());
        QCOMPARE(host.startSequence().missing().size(), std::size_t(1));
        QCOMPARE(host.startSequence().missing().front().step, QStringLiteral("http"));
    }
};

int main(int argc, char **argv)
{
    auto *dispatcher = new EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    MainLoop loop(*dispatcher);
    tst_HostStart test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_hoststart.moc"
