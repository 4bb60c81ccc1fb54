// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/host.h"
#include "core/reactor/reactorthread.h"
#include "core/reactor/socketaddress.h"
#include "core/reactor/timerqueue.h"
#include "hostfixture.h"
#include "server/mqttlistener.h"

#include <QCoreApplication>
#include <QDir>
#include <QEventLoop>
#include <QTest>
#include <QThread>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string_view>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr int kCycles = 10'000;
constexpr int kWarmUp = 40;
constexpr int kHangMs = 200'000; ///< only detects a hang

/// MQTT over TCP, as the daemon has it.
class MqttTransport final : public TransportFactory
{
public:
    QStringList types() const override { return {QStringLiteral("mqtt")}; }

    Result<std::unique_ptr<Listener>> createListener(const EndpointConfig &,
                                                     HostServices &) override
    {
        return std::unique_ptr<Listener>(
            std::make_unique<mqtt::MqttListener>(mqtt::ListenerOptions()));
    }

    Result<std::unique_ptr<Dialler>> createDialler(const EndpointConfig &, HostServices &) override
    {
        return Error(ErrorCode::NotSupported, QStringLiteral("it listens only"));
    }
};

/// MQTT 3.1.1, clean session, client identifiers soak0 to soak9: they take each other over.
std::string connectPacket(int number)
{
    using namespace std::string_view_literals;
    std::string packet("\x10\x11\x00\x04MQTT\x04\x02\x00\x00\x00\x05soak"sv);
    packet += char('0' + number % 10);
    return packet;
}

/// How a client behaves, in turn.
enum class Manner {
    Orderly, ///< CONNECT, CONNACK, DISCONNECT
    Rude, ///< CONNECT, CONNACK, reset
    Hasty, ///< CONNECT, gone without waiting
    Silent ///< gone without a byte
};

/// One client from its connect to its end; false when the host did not serve it.
bool runClient(const SocketAddress &host, int number)
{
    const auto manner = Manner(number % 4);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool isServed = ::connect(fd, host.data(), host.size) == 0;
    const std::string packet = connectPacket(number);
    if (isServed && manner != Manner::Silent)
        isServed = ::send(fd, packet.data(), packet.size(), MSG_NOSIGNAL) == ssize_t(packet.size());
    if (isServed && (manner == Manner::Orderly || manner == Manner::Rude)) {
        std::array<char, 4> answer = {};
        isServed = ::recv(fd, answer.data(), answer.size(), MSG_WAITALL) == 4 && answer[3] == 0;
    }
    if (isServed && manner == Manner::Orderly)
        isServed = ::send(fd, "\xe0\x00", 2, MSG_NOSIGNAL) == 2;
    if (manner == Manner::Rude) {
        const linger reset = {1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    ::close(fd);
    return isServed;
}

qsizetype openDescriptors()
{
    return QDir(QStringLiteral("/proc/self/fd"))
        .entryList(QDir::NoDotAndDotDot | QDir::AllEntries | QDir::System)
        .size();
}

/// What a reactor holds; asked on its own thread.
struct Census
{
    std::atomic<int> answers = 0;
    std::atomic<std::size_t> links = 0;
    std::atomic<std::size_t> timers = 0;
};

} // namespace

/// TS-02: what comes and goes leaves nothing behind.
class tst_HostSoak : public QObject
{
    Q_OBJECT

public:
    explicit tst_HostSoak(MainLoop &loop)
        : m_loop(loop)
    { }

private:
    static std::shared_ptr<Census> count(Host &host)
    {
        auto census = std::make_shared<Census>();
        for (const auto &thread : host.reactors()) {
            Reactor &reactor = thread->reactor();
            reactor.post([&reactor, census] {
                census->links += reactor.linkCount();
                census->timers += static_cast<TimerQueue &>(reactor.timers()).size();
                ++census->answers;
            });
        }
        return census;
    }

    /// The links and timers of all reactors.
    static std::pair<std::size_t, std::size_t> census(Host &host)
    {
        const auto counted = count(host);
        const int all = int(host.reactors().size());
        (void)QTest::qWaitFor([&] { return counted->answers == all; }, kHangMs);
        return {counted->links, counted->timers};
    }

    MainLoop &m_loop;

private Q_SLOTS:

    void tenThousandClientsLeaveNothingBehind_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("three reactors") << 3;
    }

    void tenThousandClientsLeaveNothingBehind()
    {
        QFETCH(int, reactors);
        MqttTransport transport;
        HostSetup setup;
        setup.reactors = reactors;
        setup.endpoints.makeLogger = [](const QString &, const QString &) {
            return std::make_shared<test::SilentLogger>();
        };
        setup.endpoints.factory
            = [&transport](const QString &) -> TransportFactory * { return &transport; };
        Host host(m_loop, std::move(setup));
        QVERIFY(host.start());
        EndpointSettings settings = test::listener("mqtt");
        settings.url.setScheme(QStringLiteral("mqtt"));
        settings.transport = QStringLiteral("mqtt");
        QVERIFY(host.open(settings));
        const SocketAddress address(settings.address,
                                    quint16(QUrl(host.endpoints().listeners().at(0).url).port()));

        const auto run = [&](int from, int to) {
            std::atomic<int> refused = 0;
            const std::unique_ptr<QThread> clients(QThread::create([&] {
                for (int i = from; i < to; ++i)
                    refused += runClient(address, i) ? 0 : 1;
            }));
            QEventLoop serving;
            connect(clients.get(), &QThread::finished, &serving, &QEventLoop::quit);
            clients->start();
            serving.exec();
            clients->wait();
            return refused.load();
        };
        // The first ones fill caches and pools, which stay.
        QCOMPARE(run(0, kWarmUp), 0);
        QTRY_COMPARE_WITH_TIMEOUT(host.linkCount(), qint64(0), kHangMs);
        QTRY_COMPARE_WITH_TIMEOUT(census(host).first, std::size_t(0), kHangMs);
        const qsizetype descriptors = openDescriptors();
        const std::size_t timers = census(host).second;

        QCOMPARE(run(0, kCycles), 0);
        QTRY_COMPARE_WITH_TIMEOUT(host.linkCount(), qint64(0), kHangMs);
        QTRY_COMPARE_WITH_TIMEOUT(census(host), std::make_pair(std::size_t(0), timers), kHangMs);
        QTRY_COMPARE_WITH_TIMEOUT(openDescriptors(), descriptors, kHangMs);
        quint64 accepted = 0;
        for (const auto &thread : host.reactors())
            accepted += thread->reactor().traffic().linksAccepted.value();
        QVERIFY(accepted >= quint64(kCycles));
        QCOMPARE(host.distributor().links.size(), qsizetype(0));
        QCOMPARE(host.distributor().directory.count(), quint64(0));
        QCOMPARE(host.distributor().index.subscriptionCount(), quint64(0));
    }
};

int main(int argc, char **argv)
{
    auto *dispatcher = new EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    MainLoop loop(*dispatcher);
    tst_HostSoak test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_hostsoak.moc"
