// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "../carrier/testcertificates.h"
#include "core/endpoint/endpointset.h"
#include "hostfixture.h"
#include "messagetransport.h"

#include <QCoreApplication>
#include <QTcpSocket>
#include <QTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

namespace {

constexpr int kHangMs = 30'000; ///< only detects a hang

} // namespace

class tst_HostCarriers : public QObject
{
    Q_OBJECT

public:
    explicit tst_HostCarriers(MainLoop &loop)
        : m_loop(loop)
    { }

private:
    static EndpointStatus status(Host &host, const char *name)
    {
        const SupervisedEndpoint *found = host.supervisor().find(QString::fromLatin1(name));
        return found ? found->status() : EndpointStatus();
    }

    static quint16 portOf(Host &host)
    {
        return quint16(QUrl(host.endpoints().listeners().front().url).port());
    }

    EndpointSettings hub(bool hasTls, bool hasWebSocket)
    {
        EndpointSettings settings = listener("hub");
        if (hasTls) {
            settings.layers.tls = TlsSettings();
            settings.layers.tls->certificate = m_certificate;
            settings.layers.tls->key = m_key;
        }
        if (hasWebSocket)
            settings.layers.webSocket = webSocket();
        return settings;
    }

    EndpointSettings bridge(Host &host, bool hasTls, bool hasWebSocket)
    {
        EndpointSettings settings = dialler("bridge", QStringLiteral("localhost"), portOf(host));
        if (hasTls) {
            settings.layers.tls = TlsSettings();
            settings.layers.tls->ca = m_ca;
            settings.layers.tls->serverName = QStringLiteral("localhost");
        }
        if (hasWebSocket)
            settings.layers.webSocket = webSocket();
        return settings;
    }

    static WebSocketSettings webSocket()
    {
        WebSocketSettings settings;
        settings.path = "/bus";
        settings.host = "localhost";
        settings.subProtocols = {"loopback"};
        return settings;
    }

    void writeServerPapers(const Issued &issued)
    {
        m_certificate = m_folder.write("server.pem", certificatePem(issued));
        m_key = m_folder.write("server.key", keyPem(issued));
    }

    Issued serverPapers() const { return issue({"hub", "DNS:localhost"}, m_root); }

    MainLoop &m_loop;
    LoopbackTransport m_factory;
    PemFolder m_folder;
    Issued m_root;
    QString m_ca;
    QString m_certificate;
    QString m_key;

private Q_SLOTS:

    void init()
    {
        m_root = issue({"root", nullptr, true});
        m_ca = m_folder.write("ca.pem", certificatePem(m_root));
        writeServerPapers(serverPapers());
    }

    void layersCarryAnyPlugin_data()
    {
        QTest::addColumn<bool>("hasTls");
        QTest::addColumn<bool>("hasWebSocket");
        QTest::newRow("TLS") << true << false;
        QTest::newRow("WebSocket") << false << true;
        QTest::newRow("both") << true << true;
    }

    // PL-04, SV-03: listening and dialling.
    void layersCarryAnyPlugin()
    {
        QFETCH(bool, hasTls);
        QFETCH(bool, hasWebSocket);
        Host host(m_loop, hostSetup(m_factory, 2));
        QVERIFY(host.start());
        QVERIFY(host.open(hub(hasTls, hasWebSocket)));
        QVERIFY(host.open(bridge(host, hasTls, hasWebSocket)));
        QTRY_COMPARE_WITH_TIMEOUT(status(host, "bridge").state, EndpointState::Running, kHangMs);
        QTRY_COMPARE_WITH_TIMEOUT(
            host.distributor().index.subscriptionCount(), quint64(1), kHangMs);
        QVERIFY(host.endpoints().remove(QStringLiteral("bridge")));
        QTRY_COMPARE_WITH_TIMEOUT(host.linkCount(), qint64(0), kHangMs);
    }

    void messagesKeepTheirLimits_data()
    {
        QTest::addColumn<bool>("hasTls");
        QTest::newRow("ws") << false;
        QTest::newRow("wss") << true;
    }

    // RR7: also those that are larger than a read.
    void messagesKeepTheirLimits()
    {
        QFETCH(bool, hasTls);
        MessageTransport transport;
        transport.first = {"one", "two", std::string(900'000, 'x'), "three"};
        for (int i = 0; i < 300; ++i)
            transport.first.push_back(std::to_string(i));
        std::vector<std::string> wanted = transport.first;
        transport.first.push_back("bye");
        HostSetup setup = hostSetup(m_factory, 2);
        setup.endpoints.factory = [&](const QString &) -> TransportFactory * { return &transport; };
        Host host(m_loop, std::move(setup));
        QVERIFY(host.start());
        EndpointSettings listening = hub(hasTls, true);
        listening.layers.webSocket->messages = true;
        listening.layers.webSocket->maxMessage = 1'000'000;
        QVERIFY(host.open(listening));
        EndpointSettings dialling = bridge(host, hasTls, true);
        dialling.layers.webSocket->messages = true;
        dialling.layers.webSocket->maxMessage = 1'000'000;
        dialling.policy.reconnect = false;
        (void)host.open(dialling);
        QTRY_COMPARE_WITH_TIMEOUT(transport.log.closeCode.load(), 4001, kHangMs);
        QVERIFY(transport.log.list() == wanted);
        QTRY_COMPARE_WITH_TIMEOUT(host.linkCount(), qint64(0), kHangMs);
    }

    // SV-14: who is not whom we wanted is never registered.
    void aStrangerIsNotConnected()
    {
        Host host(m_loop, hostSetup(m_factory, 1));
        QVERIFY(host.start());
        QVERIFY(host.open(hub(true, false)));
        EndpointSettings settings = bridge(host, true, false);
        settings.layers.tls->serverName = QStringLiteral("another.example");
        (void)host.open(settings);
        QTRY_COMPARE_WITH_TIMEOUT(
            status(host, "bridge").lastReason.code(), ErrorCode::IdentityMismatch, kHangMs);
        QVERIFY(status(host, "bridge").state != EndpointState::Running);
        QCOMPARE(host.distributor().index.subscriptionCount(), quint64(0));
    }

    // PL-04
    void anotherPathIsNotFound()
    {
        Host host(m_loop, hostSetup(m_factory, 1));
        QVERIFY(host.start());
        QVERIFY(host.open(hub(false, true)));
        EndpointSettings settings = bridge(host, false, true);
        settings.layers.webSocket->path = "/elsewhere";
        (void)host.open(settings);
        QTRY_COMPARE_WITH_TIMEOUT(
            status(host, "bridge").lastReason.code(), ErrorCode::NotFound, kHangMs);
        QVERIFY(host.endpoints().remove(QStringLiteral("bridge")));
        QTRY_COMPARE_WITH_TIMEOUT(host.linkCount(), qint64(0), kHangMs);
    }

    void badPapersAreTold()
    {
        Host host(m_loop, hostSetup(m_factory, 1));
        QVERIFY(host.start());
        m_folder.write("server.key", keyPem(issue({"other"})));
        const Result<> opened = host.open(hub(true, false));
        QVERIFY(!opened);
        QCOMPARE(opened.error().code(), ErrorCode::ConfigRange);
        writeServerPapers(serverPapers());
        QVERIFY(host.open(hub(true, false)));
    }

    void certificatesAreRenewedUnderLiveLinks()
    {
        Host host(m_loop, hostSetup(m_factory, 1));
        QVERIFY(host.start());
        QVERIFY(host.open(hub(true, false)));
        QVERIFY(host.open(bridge(host, true, false)));
        QTRY_COMPARE_WITH_TIMEOUT(status(host, "bridge").state, EndpointState::Running, kHangMs);

        // What cannot be used leaves all as it is.
        m_folder.write("server.pem", "nothing");
        const auto failed = host.endpoints().renewCertificates();
        QCOMPARE(failed.size(), std::size_t(1));
        QCOMPARE(failed.front().first, QStringLiteral("hub"));
        QCOMPARE(failed.front().second.code(), ErrorCode::ConfigRange);

        // Another authority, on both sides: who was connected stays, who comes is checked by it.
        m_root = issue({"other root", nullptr, true});
        m_ca = m_folder.write("ca.pem", certificatePem(m_root));
        writeServerPapers(serverPapers());
        QVERIFY(host.endpoints().renewCertificates().empty());
        QCOMPARE(status(host, "bridge").state, EndpointState::Running);
        QCOMPARE(status(host, "hub").links, qint64(1));
        QVERIFY(host.endpoints().remove(QStringLiteral("bridge")));
        EndpointSettings second = bridge(host, true, false);
        second.name = QStringLiteral("second");
        QVERIFY(host.open(second));
        QTRY_COMPARE_WITH_TIMEOUT(status(host, "second").state, EndpointState::Running, kHangMs);
    }

    // LC-08: one deadline from the first byte on; the layers do not begin it anew.
    void whoStallsInAHandshakeIsClosed_data() { layersCarryAnyPlugin_data(); }

    void whoStallsInAHandshakeIsClosed()
    {
        QFETCH(bool, hasTls);
        QFETCH(bool, hasWebSocket);
        Host host(m_loop, hostSetup(m_factory, 1));
        QVERIFY(host.start());
        EndpointSettings settings = hub(hasTls, hasWebSocket);
        settings.handshakeTimeout = 50 * kNsPerMs;
        QVERIFY(host.open(settings));
        QTcpSocket silent;
        silent.connectToHost(QHostAddress(QHostAddress::LocalHost), portOf(host));
        QTRY_COMPARE_WITH_TIMEOUT(silent.state(), QAbstractSocket::ConnectedState, kHangMs);
        silent.write(hasTls ? QByteArray("\x16\x03\x01") : QByteArray("GET /bus"));
        QTRY_COMPARE_WITH_TIMEOUT(silent.state(), QAbstractSocket::UnconnectedState, kHangMs);
        QTRY_COMPARE_WITH_TIMEOUT(host.linkCount(), qint64(0), kHangMs);
    }
};

int main(int argc, char **argv)
{
    auto *dispatcher = new EpollDispatcher;
    QCoreApplication::setEventDispatcher(dispatcher);
    QCoreApplication app(argc, argv);
    MainLoop loop(*dispatcher);
    tst_HostCarriers test(loop);
    return QTest::qExec(&test, argc, argv);
}

#include "tst_hostcarriers.moc"
