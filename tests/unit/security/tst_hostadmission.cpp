// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "../endpoint/hostfixture.h"
#include "core/control/controlapi.h"
#include "core/control/controlserver.h"
#include "core/lifecycle/broadcast/broadcaster.h"
#include "core/reactor/socketaddress.h"

#include <QCoreApplication>
#include <QTemporaryDir>
#include <QTest>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

using namespace fairlead;
using namespace fairlead::core;
using test::dialler;
using test::listener;

namespace {

constexpr int kHangMs = 30'000; ///< only detects a hang

/// A TCP peer of the test's own, whose descriptor is there before it connects.
class Peer
{
public:
    Peer()
        : m_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
    { }

    ~Peer() { ::close(m_fd); }

    Q_DISABLE_COPY_MOVE(Peer)

    void connect(quint16 port) const
    {
        const SocketAddress to(QHostAddress(QHostAddress::LocalHost), port);
        if (::connect(m_fd, to.data(), to.size) != 0)
            qFatal("cannot connect: %d", errno);
        // The host may have ended it already.
        (void)::send(m_fd, "hello", 5, MSG_NOSIGNAL);
    }

    bool isEnded() const
    {
        char byte = 0;
        const ssize_t got = ::recv(m_fd, &byte, 1, MSG_DONTWAIT);
        return got == 0 || (got < 0 && errno != EAGAIN);
    }

private:
    const int m_fd;
};

/// No descriptor is to be had for as long as it is there.
class Exhaustion
{
public:
    Exhaustion()
    {
        ::getrlimit(RLIMIT_NOFILE, &m_before);
        rlimit now = m_before;
        now.rlim_cur = 256;
        ::setrlimit(RLIMIT_NOFILE, &now);
        for (int fd = open(); fd >= 0; fd = open())
            m_fillers.push_back(fd);
    }

    ~Exhaustion()
    {
        ::setrlimit(RLIMIT_NOFILE, &m_before);
        for (const int fd : m_fillers)
            ::close(fd);
    }

    Q_DISABLE_COPY_MOVE(Exhaustion)

private:
    static int open() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

    rlimit m_before = {};
    std::vector<int> m_fillers;
};

} // namespace

class tst_HostAdmission : public QObject
{
    Q_OBJECT

public:
    explicit tst_HostAdmission(MainLoop &loop)
        : m_loop(loop)
    { }

private:
    static quint16 portOf(Host &host, std::size_t index = 0)
    {
        return quint16(QUrl(host.endpoints().listeners().at(index).url).port());
    }

    static quint64 refused(Host &host, RefusalReason reason)
    {
        return host.endpoints().admission().refused(reason);
    }

    static Traffic &traffic(Host &host) { return host.reactors().front()->reactor().traffic(); }

    static EndpointState stateOf(Host &host, const char *name)
    {
        return host.supervisor().find(QString::fromLatin1(name))->status().state;
    }

    MainLoop &m_loop;
    test::LoopbackTransport m_factory;

private Q_SLOTS:

    // AD-01: an address that is denied ends before a byte of it is read.
    void aDeniedAddressIsNotRead()
    {
        Host host(m_loop, test::hostSetup(m_factory, 1));
        QVERIFY(host.start());
        EndpointSettings closed = listener("closed");
        closed.addressRules
            = AddressRules({}, {*AddressRules::parseNetwork(QStringLiteral("127.0.0.0/8"))});
        QVERIFY(host.open(closed));
        QVERIFY(host.open(listener("open")));
        const Peer peer;
        peer.connect(portOf(host));
        QTRY_VERIFY_WITH_TIMEOUT(peer.isEnded(), kHangMs);
        const Peer other;
        other.connect(portOf(host, 1));
        QTRY_COMPARE_WITH_TIMEOUT(traffic(host).bytesReceived.value(), quint64(5), kHangMs);
        QCOMPARE(traffic(host).linksAccepted.value(), quint64(1));
        QCOMPARE(refused(host, RefusalReason::Address), quint64(1));
        QCOMPARE(host.linkCount(), qint64(1));
    }

    // AD-01, AD-05: one rate over all listeners; what is above it ends before a byte is read.
    void theRateIsTheHosts()
    {
        HostSetup setup = test::hostSetup(m_factory, 1);
        setup.endpoints.admission = {3, true};
        Host host(m_loop, std::move(setup));
        QVERIFY(host.start());
        QVERIFY(host.open(listener("a")));
        QVERIFY(host.open(listener("b")));
        const std::array<Peer, 5> peers;
        for (std::size_t i = 0; i < peers.size(); ++i) {
            peers[i].connect(portOf(host, i % 2));
            QTRY_COMPARE_WITH_TIMEOUT(refused(host, RefusalReason::Rate)
                                          + traffic(host).linksAccepted.value(),
                                      quint64(i + 1),
                                      kHangMs);
        }
        QTRY_COMPARE_WITH_TIMEOUT(traffic(host).bytesReceived.value(), quint64(15), kHangMs);
        QCOMPARE(refused(host, RefusalReason::Rate), quint64(2));
        QTRY_VERIFY_WITH_TIMEOUT(peers[4].isEnded(), kHangMs);
        // Forgotten once nobody connects any more.
        QTRY_COMPARE_WITH_TIMEOUT(host.endpoints().admission().peers(), std::size_t(0), kHangMs);
    }

    // AD-01, RG-09: a full listener tells its peer so, and lets nobody in above the bound.
    void aFullListenerIsHeard_data()
    {
        QTest::addColumn<bool>("isHosts");
        QTest::newRow("AD-01 RG-09 the listener's bound") << false;
        QTest::newRow("AD-01 RG-09 the host's bound") << true;
    }

    void aFullListenerIsHeard()
    {
        QFETCH(const bool, isHosts);
        HostSetup setup = test::hostSetup(m_factory, 1);
        setup.endpoints.maxLinks = isHosts ? 2 : 0;
        Host host(m_loop, std::move(setup));
        QVERIFY(host.start());
        EndpointSettings hub = listener("hub");
        hub.maxLinks = isHosts ? 0 : 1;
        QVERIFY(host.open(hub));
        const quint16 port = portOf(host);
        QVERIFY(host.open(dialler("one", QStringLiteral("127.0.0.1"), port)));
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(host, "one"), EndpointState::Running, kHangMs);
        EndpointSettings second = dialler("two", QStringLiteral("127.0.0.1"), port);
        QVERIFY(host.open(second));
        QTRY_VERIFY_WITH_TIMEOUT(host.distributor().links.stats().rejectedByLimit > 0, kHangMs);
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(host, "two"), EndpointState::Reconnecting, kHangMs);
        QCOMPARE(stateOf(host, "one"), EndpointState::Running);
        QCOMPARE(refused(host, RefusalReason::Capacity), quint64(0));
    }

    // AD-05: out of descriptors, links are refused, the control socket works, the host says that
    // it is degraded; after three good accepts it is not.
    void withoutDescriptorsOperatorsGetIn()
    {
        const QTemporaryDir folder;
        const QByteArray path = folder.filePath(QStringLiteral("c")).toLocal8Bit();
        Host host(m_loop, test::hostSetup(m_factory, 1));
        QVERIFY(host.start());
        QVERIFY(host.open(listener("hub")));
        ControlApi api;
        auto server = ControlServer::listen({m_loop.dispatcher(), m_loop.timers(), m_loop.clock()},
                                            api,
                                            QString::fromLocal8Bit(path),
                                            &host.descriptors());
        QVERIFY(server.has_value());
        const quint16 port = portOf(host);
        const int control = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.constData(), std::size_t(path.size()));
        const std::array<Peer, 5> peers;
        {
            const Exhaustion exhaustion;
            for (int i = 0; i < 2; ++i)
                peers[std::size_t(i)].connect(port);
            QTRY_COMPARE_WITH_TIMEOUT(refused(host, RefusalReason::Descriptors), 2U, kHangMs);
            QVERIFY(host.descriptors().isExhausted());
            QCOMPARE(
                ::connect(control, reinterpret_cast<const sockaddr *>(&address), sizeof address),
                0);
            QTRY_COMPARE_WITH_TIMEOUT((*server)->connectionCount(), 1, kHangMs);
        }
        for (std::size_t i = 2; i < 5; ++i) {
            QVERIFY(host.descriptors().isExhausted());
            peers[i].connect(port);
            QTRY_COMPARE_WITH_TIMEOUT(traffic(host).linksAccepted.value(), quint64(i + 1), kHangMs);
        }
        QVERIFY(!host.descriptors().isExhausted());
        QCOMPARE(host.descriptors().spare(), DescriptorReserve::kSize);
        QCOMPARE(refused(host, RefusalReason::Descriptors), quint64(2));
        ::close(control);
    }

    // BC-06, BC-07: an endpoint that nothing passes over is quiesced, once, and works again when it
    // is resumed; another whose setting is 0 never is.
    void anIdleEndpointIsQuiesced()
    {
        Host host(m_loop, test::hostSetup(m_factory, 1));
        int asked = 0;
        connect(&host.broadcaster(), &Broadcaster::started, this, [&](quint64, auto, int targets) {
            ++asked;
            QCOMPARE(targets, 1);
        });
        QVERIFY(host.start());
        EndpointSettings idle = listener("idle");
        idle.idleTimeout = 20 * kNsPerMs;
        QVERIFY(host.open(idle));
        QVERIFY(host.open(listener("busy")));
        const auto isDraining = [&](const char *name) {
            return host.broadcaster().quiesceState(QString::fromLatin1(name))->isDraining();
        };
        QTRY_VERIFY_WITH_TIMEOUT(isDraining("idle"), kHangMs);
        QVERIFY(!isDraining("busy"));
        QCOMPARE(asked, 1);
        QVERIFY(host.broadcaster().resume(QStringLiteral("idle")));
        QVERIFY(!isDraining("idle"));
        QTRY_VERIFY_WITH_TIMEOUT(isDraining("idle"), kHangMs);
        QCOMPARE(asked, 2);
        QVERIFY(host.endpoints().remove(QStringLiteral("idle")));
    }
};

int main(int argc, char **argv)
{
    auto *dispatcher = new EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    MainLoop loop(*dispatcher);
    tst_HostAdmission test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_hostadmission.moc"
