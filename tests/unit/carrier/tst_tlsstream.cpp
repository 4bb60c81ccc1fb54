// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/websocketstream.h"
#include "tlspair.h"

#include <QTest>

#include <optional>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

namespace {

using Io = LinkStream::Io;

std::string pattern(std::size_t size)
{
    std::string out(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        out[i] = char((i * 2654435761U) >> 13);
    return out;
}

} // namespace

class tst_TlsStream : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void carriesBytesBothWays_data();
    void carriesBytesBothWays();
    void smallBuffersLoseNothing();
    void blockedCarriersHoldBack();
    void nothingIsReadableOnTheWire();
    void theServerIsChecked_data();
    void theServerIsChecked();
    void anybodyIsTakenWhereThatIsWanted();
    void certificatesAreRequired();
    void strangersCertificatesAreRefused();
    void theCertificateNamesThePeer_data();
    void theCertificateNamesThePeer();
    void withoutACertificateNobodyIsNamed();
    void oldVersionsAreRefused();
    void garbageEndsTheHandshake();
    void webSocketsRunAbove();
};

void tst_TlsStream::carriesBytesBothWays_data()
{
    QTest::addColumn<int>("piece");
    QTest::addColumn<int>("version");
    for (const int piece : {1, 5, 1000, 100000}) {
        QTest::addRow("TLS 1.2, %d", piece) << piece << int(TlsVersion::Tls12);
        QTest::addRow("TLS 1.3, %d", piece) << piece << int(TlsVersion::Tls13);
    }
}

// PL-03, RR7: also one byte at a time.
void tst_TlsStream::carriesBytesBothWays()
{
    QFETCH(int, piece);
    QFETCH(int, version);
    Papers papers;
    TlsSettings settings = papers.serverSettings();
    settings.minVersion = TlsVersion(version);
    Pair pair(settings, papers.clientSettings());
    const std::string up = pattern(piece == 1 ? 3000 : 400000);
    const std::string down = pattern(piece == 1 ? 2000 : 300000);
    pair.client.top.write(up);
    pair.server.top.write(down);
    pair.exchange(std::size_t(piece));
    QVERIFY(pair.server.stream.isOpen() && pair.client.stream.isOpen());
    QVERIFY(pair.server.top.received == up);
    QVERIFY(pair.client.top.received == down);
    QVERIFY(pair.server.stream.isOutputEmpty() && pair.client.stream.isOutputEmpty());
}

void tst_TlsStream::smallBuffersLoseNothing()
{
    Papers papers;
    Pair pair(papers.serverSettings(), papers.clientSettings());
    pair.server.top.readSize = 7;
    const std::string up = pattern(50000);
    pair.client.top.write(up);
    pair.exchange();
    QVERIFY(pair.server.top.received == up);
}

void tst_TlsStream::blockedCarriersHoldBack()
{
    Papers papers;
    Pair pair(papers.serverSettings(), papers.clientSettings());
    pair.exchange();
    const std::string down = pattern(3'000'000);
    pair.server.wire->setRoom(1000);
    pair.server.top.write(down);
    QVERIFY(pair.server.stream.isBlocked());
    QVERIFY(pair.server.stream.outputSize() > 2'000'000);
    QVERIFY(pair.server.wire->outputSize() < LinkStream::kTurnBytes + 20000);
    for (int i = 0; i < 10000 && pair.client.top.received.size() < down.size(); ++i) {
        pair.server.wire->setRoom(50000);
        pair.exchange();
    }
    QVERIFY(pair.client.top.received == down);
    QVERIFY(!pair.server.stream.isBlocked());
}

void tst_TlsStream::nothingIsReadableOnTheWire()
{
    Papers papers;
    Pair pair(papers.serverSettings(), papers.clientSettings());
    pair.exchange();
    pair.client.top.write("a message in the clear");
    const std::string wire = pair.client.wire->takeSent();
    QVERIFY(wire.size() > 22);
    QVERIFY(wire.find("message") == std::string::npos);
}

void tst_TlsStream::theServerIsChecked_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<bool>("isRightCa");
    QTest::addColumn<bool>("isAccepted");
    QTest::newRow("its name") << QStringLiteral("broker.example") << true << true;
    QTest::newRow("its address") << QStringLiteral("127.0.0.1") << true << true;
    QTest::newRow("another name") << QStringLiteral("other.example") << true << false;
    QTest::newRow("another address") << QStringLiteral("127.0.0.2") << true << false;
    QTest::newRow("another authority") << QStringLiteral("broker.example") << false << false;
}

// SV-14
void tst_TlsStream::theServerIsChecked()
{
    QFETCH(QString, name);
    QFETCH(bool, isRightCa);
    QFETCH(bool, isAccepted);
    Papers papers;
    TlsSettings settings = papers.clientSettings();
    settings.serverName = name;
    if (!isRightCa)
        settings.ca = papers.folder.write("other.pem", certificatePem(issue({"r", nullptr, true})));
    Pair pair(papers.serverSettings(), settings);
    pair.client.top.write("secret");
    pair.exchange();
    QCOMPARE(pair.client.stream.isOpen(), isAccepted);
    QCOMPARE(pair.server.top.received, std::string(isAccepted ? "secret" : ""));
    if (!isAccepted) {
        QCOMPARE(pair.client.top.status, Io::Failed);
        QCOMPARE(pair.client.stream.failure().code(), ErrorCode::IdentityMismatch);
        // The server hears of it.
        QCOMPARE(pair.server.top.status, Io::Failed);
        QCOMPARE(pair.server.stream.failure().code(), ErrorCode::ProtocolViolation);
    }
}

void tst_TlsStream::anybodyIsTakenWhereThatIsWanted()
{
    Papers papers;
    TlsSettings settings;
    settings.serverName = QStringLiteral("other.example");
    settings.verifyPeer = false;
    Pair pair(papers.serverSettings(), settings);
    pair.exchange();
    QVERIFY(pair.client.stream.isOpen() && pair.server.stream.isOpen());
}

void tst_TlsStream::certificatesAreRequired()
{
    Papers papers;
    TlsSettings settings = papers.serverSettings();
    settings.ca = papers.ca;
    settings.requireCertificate = true;
    Pair pair(settings, papers.clientSettings());
    pair.client.top.write("let me in");
    pair.exchange();
    QVERIFY(!pair.server.stream.isOpen());
    QVERIFY(pair.server.top.received.empty());
    QCOMPARE(pair.server.top.status, Io::Failed);
    QCOMPARE(pair.client.top.status, Io::Failed);
}

// AD-01: refused before any byte of the protocol is read.
void tst_TlsStream::strangersCertificatesAreRefused()
{
    Papers papers;
    TlsSettings settings = papers.serverSettings();
    settings.ca = papers.ca;
    const Issued stranger = issue({"root", nullptr, true});
    const Issued expired = issue({"device", nullptr, false, -7200, -3600}, papers.root);
    for (const Issued &papersOf : {issue({"device"}, stranger), issue({"device"}), expired}) {
        TlsSettings client = papers.clientSettings();
        papers.present(client, papersOf);
        Pair pair(settings, client);
        pair.client.top.write("let me in");
        pair.exchange();
        QVERIFY(pair.server.top.received.empty());
        QCOMPARE(pair.server.stream.failure().code(), ErrorCode::IdentityMismatch);
        QVERIFY(!pair.server.stream.peerIdentity());
    }
}

void tst_TlsStream::theCertificateNamesThePeer_data()
{
    QTest::addColumn<int>("identity");
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("common name") << int(CertificateIdentity::CommonName)
                                 << QByteArray("wärmepumpe-7");
    QTest::newRow("subject") << int(CertificateIdentity::Subject)
                             << QByteArray("CN=wärmepumpe-7,O=Test");
    QTest::newRow("fingerprint") << int(CertificateIdentity::Fingerprint) << QByteArray();
    QTest::newRow("none") << int(CertificateIdentity::None) << QByteArray("-");
}

// AD-01
void tst_TlsStream::theCertificateNamesThePeer()
{
    QFETCH(int, identity);
    QFETCH(QByteArray, name);
    Papers papers;
    const Issued device = issue({"wärmepumpe-7"}, papers.root);
    TlsSettings settings = papers.serverSettings();
    settings.ca = papers.ca;
    settings.requireCertificate = true;
    settings.identity = CertificateIdentity(identity);
    TlsSettings client = papers.clientSettings();
    papers.present(client, device);
    Pair pair(settings, client);
    QVERIFY(!pair.server.stream.peerIdentity());
    pair.exchange();
    const auto principal = pair.server.stream.peerIdentity();
    QVERIFY(pair.server.stream.isOpen());
    QVERIFY(!pair.client.stream.peerIdentity());
    if (name == "-") {
        QVERIFY(!principal);
        return;
    }
    QVERIFY(principal);
    QVERIFY(!principal->anonymous);
    if (name.isEmpty())
        QCOMPARE(principal->name.size(), 64);
    else
        QCOMPARE(principal->name, name);
}

void tst_TlsStream::withoutACertificateNobodyIsNamed()
{
    Papers papers;
    TlsSettings settings = papers.serverSettings();
    settings.ca = papers.ca;
    Pair pair(settings, papers.clientSettings());
    pair.exchange();
    QVERIFY(pair.server.stream.isOpen());
    QVERIFY(!pair.server.stream.peerIdentity());

    // One without the name that counts makes nobody of its holder, but not an anonymous one.
    TlsSettings client = papers.clientSettings();
    papers.present(client, issue({""}, papers.root));
    Pair nameless(settings, client);
    nameless.exchange();
    QVERIFY(nameless.server.stream.peerIdentity());
    QVERIFY(nameless.server.stream.peerIdentity()->name.isEmpty());
    QVERIFY(!nameless.server.stream.peerIdentity()->anonymous);
}

void tst_TlsStream::oldVersionsAreRefused()
{
    Papers papers;
    Side server(contextOf(papers.serverSettings(), TlsRole::Server));
    // The beginning of a client's hello that knows TLS 1.1 at most.
    const std::string hello("\x16\x03\x01\x00\x2F\x01\x00\x00\x2B\x03\x02"
                            "0123456789abcdef0123456789abcdef"
                            "\x00\x00\x04\xC0\x13\x00\x2F\x01\x00",
                            52);
    server.wire->arrive(hello);
    QCOMPARE(server.top.status, Io::Failed);
    QCOMPARE(server.stream.failure().code(), ErrorCode::ProtocolViolation);
    // A fatal alert: protocol version.
    const std::string sent = server.wire->takeSent();
    QCOMPARE(sent.size(), std::size_t(7));
    QCOMPARE(sent.substr(5), std::string("\x02\x46"));
}

void tst_TlsStream::garbageEndsTheHandshake()
{
    Papers papers;
    Side server(contextOf(papers.serverSettings(), TlsRole::Server));
    server.wire->arrive("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    QCOMPARE(server.top.status, Io::Failed);
    QVERIFY(server.stream.failure().text().startsWith(QStringLiteral("TLS: ")));
    server.stream.close(CloseMode::Drain);
    server.stream.finishOutput();
    QVERIFY(server.wire->isFinished());
}

// PL-04
void tst_TlsStream::webSocketsRunAbove()
{
    Papers papers;
    CountingRandom random;
    WebSocketSettings settings;
    settings.host = "broker.example";
    settings.subProtocols = {"mqtt"};
    const auto shared = std::make_shared<const WebSocketSettings>(settings);
    ChunkPool pool;
    const auto stack = [&](WebSocketRole role, const TlsSettings &tls, WireStream **wire) {
        *wire = new WireStream(pool);
        const TlsRole tlsRole = role == WebSocketRole::Server ? TlsRole::Server : TlsRole::Client;
        auto secure = std::make_unique<TlsStream>(
            pool, std::unique_ptr<LinkStream>(*wire), contextOf(tls, tlsRole));
        return std::make_unique<WebSocketStream>(pool, std::move(secure), role, shared, random);
    };
    WireStream *serverWire = nullptr;
    WireStream *clientWire = nullptr;
    const auto server = stack(WebSocketRole::Server, papers.serverSettings(), &serverWire);
    const auto client = stack(WebSocketRole::Client, papers.clientSettings(), &clientWire);
    TopReader serverTop(*server);
    TopReader clientTop(*client);
    const std::string up = pattern(700000);
    const std::string down = pattern(900000);
    clientTop.write(up);
    serverTop.write(down);
    for (int i = 0; i < 100000; ++i) {
        serverWire->setRoom(20000);
        const std::string sent = clientWire->takeSent();
        const std::string back = serverWire->takeSent();
        if (sent.empty() && back.empty())
            break;
        serverWire->arrive(sent);
        clientWire->arrive(back);
    }
    QVERIFY(serverTop.received == up);
    QVERIFY(clientTop.received == down);
    server->close(CloseMode::Drain);
    server->finishOutput();
    clientWire->arrive(serverWire->takeSent());
    QCOMPARE(clientTop.status, Io::Ended);
    QVERIFY(!serverWire->isFinished());
    serverWire->arrive(clientWire->takeSent());
    QCOMPARE(serverTop.status, Io::Ended);
    QVERIFY(serverWire->isFinished());
    QVERIFY(server->isFlushed());
}

QTEST_APPLESS_MAIN(tst_TlsStream)
#include "tst_tlsstream.moc"
