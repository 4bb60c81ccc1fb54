// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventbus.h"
#include "core/observe/eventreader.h"
#include "hostfixture.h"

#include <QCoreApplication>
#include <QSignalSpy>
#include <QTest>

using namespace fairlead;
using namespace fairlead::core;
using test::dialler;
using test::listener;

namespace {

constexpr int kHangMs = 30'000; ///< only detects a hang

} // namespace

class tst_HostEndpoints : public QObject
{
    Q_OBJECT

public:
    explicit tst_HostEndpoints(MainLoop &loop)
        : m_loop(loop)
    { }

private:
    static EndpointStatus status(Host &host, const char *name)
    {
        const SupervisedEndpoint *found = host.supervisor().find(QString::fromLatin1(name));
        return found ? found->status() : EndpointStatus();
    }

    static quint16 portOf(Host &host, std::size_t index = 0)
    {
        return quint16(QUrl(host.endpoints().listeners().at(index).url).port());
    }

    MainLoop &m_loop;
    test::LoopbackTransport m_factory;

private Q_SLOTS:

    void reactors_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("three reactors") << 3;
    }

    // SV-03, SV-14: a name is dialled, and Running means that the link is Ready.
    void aDialledEndpointRunsOnceItsLinkIsReady_data() { reactors_data(); }

    void aDialledEndpointRunsOnceItsLinkIsReady()
    {
        QFETCH(int, reactors);
        Host host(m_loop, test::hostSetup(m_factory, reactors));
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        QVERIFY(host.open(dialler("bridge", QStringLiteral("localhost"), portOf(host))));
        QTRY_COMPARE_WITH_TIMEOUT(status(host, "bridge").state, EndpointState::Running, kHangMs);
        QTRY_COMPARE_WITH_TIMEOUT(
            host.distributor().index.subscriptionCount(), quint64(1), kHangMs);
        QCOMPARE(status(host, "hub").links, qint64(1));
        QCOMPARE(host.linkCount(), qint64(2));
    }

    // SV-04, OB-02: what went away and came back is connected again, by itself.
    void aLostPeerIsDialledUntilItIsBack_data() { reactors_data(); }

    void aLostPeerIsDialledUntilItIsBack()
    {
        QFETCH(int, reactors);
        Host host(m_loop, test::hostSetup(m_factory, reactors));
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        const quint16 port = portOf(host);
        QVERIFY(host.open(dialler("bridge", QStringLiteral("127.0.0.1"), port)));
        QTRY_COMPARE_WITH_TIMEOUT(status(host, "bridge").state, EndpointState::Running, kHangMs);
        const quint64 first = status(host, "bridge").generation;

        QSignalSpy events(&host.supervisor(), &Supervisor::endpointEvent);
        QVERIFY(host.endpoints().remove(QStringLiteral("hub")));
        QTRY_COMPARE_WITH_TIMEOUT(
            status(host, "bridge").state, EndpointState::Reconnecting, kHangMs);
        QTRY_VERIFY_WITH_TIMEOUT(status(host, "bridge").attempts >= 2, kHangMs);
        QVERIFY(!status(host, "bridge").lastReason.isNull());
        QVERIFY(host.open(listener("hub", port)));
        QTRY_COMPARE_WITH_TIMEOUT(status(host, "bridge").state, EndpointState::Running, kHangMs);
        QVERIFY(status(host, "bridge").generation > first);

        int reconnected = 0;
        for (const auto &event : events) {
            const auto value = event[0].value<EndpointEvent>();
            if (value.name == QLatin1String("bridge")
                && value.kind == EndpointEvent::Kind::Reconnected) {
                ++reconnected;
            }
        }
        QCOMPARE(reconnected, 1);
    }

    // SV-08, SH-04: ended while it waits or dials, nothing of it is left.
    void anEndpointThatFindsNobodyIsRemovedAtOnce()
    {
        Host host(m_loop, test::hostSetup(m_factory, 1));
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        const quint16 port = portOf(host);
        QVERIFY(host.endpoints().remove(QStringLiteral("hub")));
        QVERIFY(host.open(dialler("bridge", QStringLiteral("127.0.0.1"), port)));
        QTRY_COMPARE_WITH_TIMEOUT(
            status(host, "bridge").lastReason.code(), ErrorCode::ConnectionRefused, kHangMs);
        QVERIFY(host.endpoints().remove(QStringLiteral("bridge")));
        QVERIFY(!host.supervisor().find(QStringLiteral("bridge")));
        QVERIFY(host.supervisor().isQuiet());
        QCOMPARE(host.endpoints().remove(QStringLiteral("bridge")).error().code(),
                 ErrorCode::NotFound);
    }

    // SH-06: a port in use is told, and taken as soon as it is free.
    void aListenerWaitsForItsPort()
    {
        Host host(m_loop, test::hostSetup(m_factory, 1));
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        const quint16 port = portOf(host);
        const Result<> second = host.open(listener("other", port));
        QCOMPARE(second.error().code(), ErrorCode::AddressInUse);
        QCOMPARE(host.endpoints().listeners().size(), std::size_t(1));
        QVERIFY(host.endpoints().remove(QStringLiteral("hub")));
        QTRY_COMPARE_WITH_TIMEOUT(status(host, "other").state, EndpointState::Running, kHangMs);
        QCOMPARE(portOf(host), port);
    }

    // A reload: the same name with other settings.
    void aReplacedListenerKeepsItsPortAndEndsItsLinks()
    {
        Host host(m_loop, test::hostSetup(m_factory, 1));
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        EndpointSettings changed = listener("hub", portOf(host));
        QVERIFY(host.open(dialler("bridge", QStringLiteral("127.0.0.1"), changed.port)));
        QTRY_COMPARE_WITH_TIMEOUT(status(host, "bridge").state, EndpointState::Running, kHangMs);
        const quint64 first = status(host, "bridge").generation;
        changed.maxLinks = 1;
        QVERIFY(host.endpoints().replace(changed));
        QCOMPARE(status(host, "hub").state, EndpointState::Running);
        QCOMPARE(portOf(host), changed.port);
        QTRY_VERIFY_WITH_TIMEOUT(status(host, "bridge").generation > first
                                     && status(host, "bridge").state == EndpointState::Running,
                                 kHangMs);
        QTRY_COMPARE_WITH_TIMEOUT(host.linkCount(), qint64(2), kHangMs);
    }

    // OB-01: links are told to who listens, with their endpoint.
    void linksAreToldToListeners()
    {
        Host host(m_loop, test::hostSetup(m_factory, 1));
        EventReaderOptions options;
        auto reader = host.events().subscribe(options);
        QVERIFY(reader.has_value());
        std::vector<std::pair<EventKind, QString>> seen;
        connect(reader->get(), &EventReader::ready, this, [&] {
            while (const auto event = (*reader)->take())
                seen.emplace_back(event->kind, event->endpoint);
        });
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        QVERIFY(host.open(dialler("bridge", QStringLiteral("127.0.0.1"), portOf(host))));
        const auto has = [&](EventKind kind, const char *endpoint) {
            return std::find(seen.begin(),
                             seen.end(),
                             std::make_pair(kind, QString::fromLatin1(endpoint)))
                != seen.end();
        };
        QTRY_VERIFY_WITH_TIMEOUT(has(EventKind::LinkConnected, "hub"), kHangMs);
        QTRY_VERIFY_WITH_TIMEOUT(has(EventKind::LinkConnected, "bridge"), kHangMs);
        QVERIFY(host.endpoints().remove(QStringLiteral("bridge")));
        QTRY_VERIFY_WITH_TIMEOUT(has(EventKind::LinkDisconnected, "hub"), kHangMs);
        QTRY_VERIFY_WITH_TIMEOUT(has(EventKind::EndpointStopped, "bridge"), kHangMs);
    }

    // SH-01, SH-03, SH-05
    void shutDownEndsEveryLinkAndDialsNoMore_data() { reactors_data(); }

    void shutDownEndsEveryLinkAndDialsNoMore()
    {
        QFETCH(int, reactors);
        Host host(m_loop, test::hostSetup(m_factory, reactors));
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        const quint16 port = portOf(host);
        for (int i = 0; i < 5; ++i) {
            const QByteArray name = "bridge" + QByteArray::number(i);
            QVERIFY(host.open(dialler(name.constData(), QStringLiteral("127.0.0.1"), port)));
        }
        QTRY_COMPARE_WITH_TIMEOUT(host.linkCount(), qint64(10), kHangMs);
        QSignalSpy stopped(&host, &Host::stopped);
        host.shutDown(QStringLiteral("test"));
        host.shutDown(QStringLiteral("again"));
        QTRY_COMPARE_WITH_TIMEOUT(stopped.size(), 1, kHangMs);
        const auto report = stopped[0][0].value<ShutdownReport>();
        QVERIFY(report.isClean());
        QCOMPARE(report.reason, QStringLiteral("test"));
        QCOMPARE(report.phases.size(), std::size_t(kShutdownPhaseCount));
        QCOMPARE(host.linkCount(), qint64(0));
        QVERIFY(host.endpoints().listeners().empty());
        QCOMPARE(host.open(listener("late")).error().code(), ErrorCode::ShuttingDown);
    }
};

int main(int argc, char **argv)
{
    auto *dispatcher = new EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    MainLoop loop(*dispatcher);
    tst_HostEndpoints test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_hostendpoints.moc"
