// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "configtest.h"

using namespace fairlead;
using namespace fairlead::core;

namespace {

Result<TransportDescription> lookUp(const QString &)
{
    TransportDescription transport;
    transport.type = QStringLiteral("mqtt");
    transport.roles = QStringList{QStringLiteral("listen"), QStringLiteral("dial")};
    transport.schemes = QStringList{QStringLiteral("mqtt"),
                                    QStringLiteral("mqtts"),
                                    QStringLiteral("ws"),
                                    QStringLiteral("wss")};
    for (const QString &scheme : std::as_const(transport.schemes)) {
        transport.carriers.insert(scheme, Carrier::Tcp);
        transport.defaultPorts.insert(scheme, 1000);
    }
    transport.tlsSchemes = QStringList{QStringLiteral("mqtts"), QStringLiteral("wss")};
    transport.webSocketSchemes = QStringList{QStringLiteral("ws"), QStringLiteral("wss")};
    transport.webSocket.path = QStringLiteral("/mqtt");
    transport.webSocket.subProtocols = {"mqtt", "mqttv3.1"};
    transport.webSocket.maxMessage = 99;
    transport.webSocket.hasRoot = true;
    return transport;
}

struct Outcome
{
    QList<EndpointSettings> endpoints;
    ConfigErrors errors;
};

Result<TransportDescription> lookUpKeys(const QString &)
{
    TransportDescription transport;
    transport.type = QStringLiteral("device");
    transport.roles = QStringList{QStringLiteral("listen"), QStringLiteral("dial")};
    transport.schemes = QStringList{QStringLiteral("device")};
    transport.carriers.insert(QStringLiteral("device"), Carrier::Tcp);
    transport.tlsSchemes = transport.schemes;
    transport.tls.selfSigned = true;
    transport.tls.ciphers = "ECDHE-ECDSA-AES128-SHA256";
    transport.tls.maxRecord = 1024;
    return transport;
}

Outcome read(const QStringList &keys, const TransportLookup &transports = &lookUp)
{
    ConfigSources sources;
    for (const QString &key : keys)
        sources.settings.append(QStringLiteral("endpoint.one.") + key);
    ConfigReader reader(sources);
    Outcome outcome;
    outcome.endpoints = reader.endpoints(transports);
    // The host's own default endpoint is there too.
    outcome.endpoints.removeIf(
        [](const EndpointSettings &endpoint) { return endpoint.name != QLatin1String("one"); });
    outcome.errors = reader.errors();
    return outcome;
}

const QStringList kPapers{QStringLiteral("certificate=/c.pem"), QStringLiteral("key=/k.pem")};

} // namespace

class tst_ConfigCarriers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theSchemeSaysWhatLiesBetween_data();
    void theSchemeSaysWhatLiesBetween();
    void aWebSocketHasAPath_data();
    void aWebSocketHasAPath();
    void tlsHasItsPapers();
    void dialledTlsKnowsWhomToExpect();
    void wrongKeysAreNamed_data();
    void wrongKeysAreNamed();
    void whoRequiresCertificatesMayBeReached();
    void aChangeOfTheLayersReplacesTheEndpoint();
    void peersThatSignForThemselvesAreKnownByTheirKeys();
    void wrongKeysOfSuchPeersAreNamed_data();
    void wrongKeysOfSuchPeersAreNamed();
};

void tst_ConfigCarriers::theSchemeSaysWhatLiesBetween_data()
{
    QTest::addColumn<QString>("scheme");
    QTest::addColumn<bool>("hasTls");
    QTest::addColumn<bool>("hasWebSocket");
    QTest::newRow("mqtt") << QStringLiteral("mqtt") << false << false;
    QTest::newRow("mqtts") << QStringLiteral("mqtts") << true << false;
    QTest::newRow("ws") << QStringLiteral("ws") << false << true;
    QTest::newRow("wss") << QStringLiteral("wss") << true << true;
}

// PL-04
void tst_ConfigCarriers::theSchemeSaysWhatLiesBetween()
{
    QFETCH(QString, scheme);
    QFETCH(bool, hasTls);
    QFETCH(bool, hasWebSocket);
    QStringList keys{QStringLiteral("url=%1://127.0.0.1:5").arg(scheme)};
    if (hasTls)
        keys += kPapers;
    const Outcome outcome = read(keys);
    QVERIFY2(outcome.errors.isEmpty(), qPrintable(configtest::texts(outcome.errors).join(u'\n')));
    const EndpointSettings &one = outcome.endpoints.first();
    QCOMPARE(one.carrier, Carrier::Tcp);
    QCOMPARE(one.layers.tls.has_value(), hasTls);
    QCOMPARE(one.layers.webSocket.has_value(), hasWebSocket);
    QVERIFY(one.options.isEmpty());
}

void tst_ConfigCarriers::aWebSocketHasAPath_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<QString>("role");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("host");
    const auto listen = QStringLiteral("listen");
    const auto dial = QStringLiteral("dial");
    QTest::newRow("its own") << QStringLiteral("ws://127.0.0.1:5/a/b") << listen
                             << QByteArray("/a/b") << QByteArray();
    QTest::newRow("the plugin's") << QStringLiteral("ws://127.0.0.1:5") << listen
                                  << QByteArray("/mqtt") << QByteArray();
    QTest::newRow("the root") << QStringLiteral("ws://127.0.0.1:5/") << listen << QByteArray("/")
                              << QByteArray();
    QTest::newRow("encoded") << QStringLiteral("ws://127.0.0.1:5/a%20b") << listen
                             << QByteArray("/a%20b") << QByteArray();
    QTest::newRow("dialled") << QStringLiteral("ws://host.example/x?a=b") << dial
                             << QByteArray("/x?a=b") << QByteArray("host.example:1000");
    QTest::newRow("at the usual port") << QStringLiteral("ws://host.example:80") << dial
                                       << QByteArray("/mqtt") << QByteArray("host.example");
    QTest::newRow("IPv6") << QStringLiteral("ws://[::1]:81") << dial << QByteArray("/mqtt")
                          << QByteArray("[::1]:81");
}

void tst_ConfigCarriers::aWebSocketHasAPath()
{
    QFETCH(QString, url);
    QFETCH(QString, role);
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, host);
    const Outcome outcome = read({QStringLiteral("url=") + url, QStringLiteral("role=") + role});
    QVERIFY2(outcome.errors.isEmpty(), qPrintable(configtest::texts(outcome.errors).join(u'\n')));
    const WebSocketSettings &webSocket = *outcome.endpoints.first().layers.webSocket;
    QCOMPARE(webSocket.path, path);
    QCOMPARE(webSocket.host, host);
    QCOMPARE(webSocket.subProtocols, QByteArrayList({"mqtt", "mqttv3.1"}));
    QCOMPARE(webSocket.maxMessage, quint64(99));
    QVERIFY(webSocket.hasRoot);
}

void tst_ConfigCarriers::tlsHasItsPapers()
{
    const Outcome outcome = read(kPapers
                                 + QStringList{QStringLiteral("url=mqtts://127.0.0.1:5"),
                                               QStringLiteral("ca=/ca.pem"),
                                               QStringLiteral("require_certificate=true"),
                                               QStringLiteral("certificate_identity=subject"),
                                               QStringLiteral("tls_min_version=1.3"),
                                               QStringLiteral("tls_ciphers=HIGH")});
    QVERIFY2(outcome.errors.isEmpty(), qPrintable(configtest::texts(outcome.errors).join(u'\n')));
    const TlsSettings &tls = *outcome.endpoints.first().layers.tls;
    QCOMPARE(tls.certificate, QStringLiteral("/c.pem"));
    QCOMPARE(tls.key, QStringLiteral("/k.pem"));
    QCOMPARE(tls.ca, QStringLiteral("/ca.pem"));
    QVERIFY(tls.requireCertificate);
    QCOMPARE(tls.identity, CertificateIdentity::Subject);
    QCOMPARE(tls.minVersion, TlsVersion::Tls13);
    QCOMPARE(tls.ciphers, QByteArray("HIGH"));
}

void tst_ConfigCarriers::dialledTlsKnowsWhomToExpect()
{
    const Outcome outcome
        = read({QStringLiteral("url=mqtts://broker.example"), QStringLiteral("role=dial")});
    QVERIFY2(outcome.errors.isEmpty(), qPrintable(configtest::texts(outcome.errors).join(u'\n')));
    const TlsSettings &tls = *outcome.endpoints.first().layers.tls;
    QCOMPARE(tls.serverName, QStringLiteral("broker.example"));
    QVERIFY(tls.verifyPeer);
    const Outcome lax = read({QStringLiteral("url=mqtts://[::1]"),
                              QStringLiteral("role=dial"),
                              QStringLiteral("verify_peer=false")});
    QCOMPARE(lax.endpoints.first().layers.tls->serverName, QStringLiteral("::1"));
    QVERIFY(!lax.endpoints.first().layers.tls->verifyPeer);
}

void tst_ConfigCarriers::wrongKeysAreNamed_data()
{
    QTest::addColumn<QStringList>("keys");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("key");
    const auto row =
        [](const char *name, const QStringList &keys, ErrorCode code, const char *key) {
            QTest::newRow(name) << keys << int(code) << QStringLiteral("one.") + QLatin1String(key);
        };
    const QString tls = QStringLiteral("url=mqtts://127.0.0.1:5");
    const QString plain = QStringLiteral("url=mqtt://127.0.0.1:5");
    const QString dial = QStringLiteral("role=dial");
    row("nothing", {tls}, ErrorCode::ConfigMissing, "url");
    row("no key", {tls, kPapers[0]}, ErrorCode::ConfigMissing, "url");
    row("no certificate", {tls, kPapers[1]}, ErrorCode::ConfigMissing, "url");
    row("half, dialled", {tls, dial, kPapers[0]}, ErrorCode::ConfigMissing, "url");
    row("a relative path",
        {tls, QStringLiteral("certificate=c.pem"), kPapers[1]},
        ErrorCode::ConfigRange,
        "certificate");
    row("required of nobody",
        kPapers + QStringList{tls, QStringLiteral("require_certificate=true")},
        ErrorCode::ConfigMissing,
        "url");
    row("required of a server",
        {tls, dial, QStringLiteral("require_certificate=true")},
        ErrorCode::ConfigRange,
        "require_certificate");
    row("without TLS", {plain, QStringLiteral("ca=/ca.pem")}, ErrorCode::ConfigRange, "ca");
    row("required without TLS",
        {plain, QStringLiteral("require_certificate=true")},
        ErrorCode::ConfigRange,
        "require_certificate");
    row("an old version",
        kPapers + QStringList{tls, QStringLiteral("tls_min_version=1.1")},
        ErrorCode::ConfigRange,
        "tls_min_version");
    row("a query", {QStringLiteral("url=ws://127.0.0.1:5/x?y")}, ErrorCode::ConfigRange, "url");
}

void tst_ConfigCarriers::wrongKeysAreNamed()
{
    QFETCH(QStringList, keys);
    QFETCH(int, code);
    QFETCH(QString, key);
    const Outcome outcome = read(keys);
    QVERIFY(!outcome.errors.isEmpty());
    QCOMPARE(int(outcome.errors.first().code()), code);
    QVERIFY(outcome.endpoints.isEmpty());
}

void tst_ConfigCarriers::whoRequiresCertificatesMayBeReached()
{
    const QStringList open = kPapers + QStringList{QStringLiteral("url=mqtts://0.0.0.0:5")};
    QCOMPARE(read(open).errors.first().code(), ErrorCode::ConfigInsecure);
    const Outcome outcome = read(
        open
        + QStringList{QStringLiteral("ca=/ca.pem"), QStringLiteral("require_certificate=true")});
    QVERIFY2(outcome.errors.isEmpty(), qPrintable(configtest::texts(outcome.errors).join(u'\n')));
    QVERIFY(outcome.endpoints.first().allowAnonymous);
}

void tst_ConfigCarriers::aChangeOfTheLayersReplacesTheEndpoint()
{
    const auto one = [](const QStringList &more) {
        return read(kPapers + QStringList{QStringLiteral("url=wss://127.0.0.1:5")} + more)
            .endpoints.first();
    };
    QVERIFY(one({}).isSameAs(one({})));
    QVERIFY(!one({}).isSameAs(one({QStringLiteral("ca=/ca.pem")})));
    QVERIFY(!one({}).isSameAs(one({QStringLiteral("tls_min_version=1.3")})));
}

void tst_ConfigCarriers::peersThatSignForThemselvesAreKnownByTheirKeys()
{
    // Everyone shows a certificate, so it may be reached.
    const Outcome listener = read({QStringLiteral("url=device://0.0.0.0:5")}, &lookUpKeys);
    QVERIFY2(listener.errors.isEmpty(), qPrintable(configtest::texts(listener.errors).join(u'\n')));
    const TlsSettings &tls = *listener.endpoints.first().layers.tls;
    QVERIFY(tls.selfSigned && tls.requireCertificate);
    QCOMPARE(tls.ownName, QStringLiteral("device"));
    QCOMPARE(tls.ciphers, QByteArray("ECDHE-ECDSA-AES128-SHA256"));
    QCOMPARE(tls.maxRecord, 1024);
    QVERIFY(listener.endpoints.first().allowAnonymous);

    const QString dial = QStringLiteral("role=dial");
    const QString url = QStringLiteral("url=device://192.0.2.1:5");
    const Outcome dialler
        = read({url,
                dial,
                QStringLiteral("tls_ciphers=OTHER"),
                QStringLiteral("peer_key_id=0123 4567 89AB CDEF 0123-4567 89ab:cdef 0123 4567")},
               &lookUpKeys);
    QVERIFY2(dialler.errors.isEmpty(), qPrintable(configtest::texts(dialler.errors).join(u'\n')));
    QCOMPARE(dialler.endpoints.first().layers.tls->peerKeyId,
             QByteArray("0123456789abcdef0123456789abcdef01234567"));
    QCOMPARE(dialler.endpoints.first().layers.tls->ciphers, QByteArray("OTHER"));
    QCOMPARE(dialler.endpoints.first().layers.tls->serverName, QStringLiteral("192.0.2.1"));
}

void tst_ConfigCarriers::wrongKeysOfSuchPeersAreNamed_data()
{
    QTest::addColumn<QStringList>("keys");
    QTest::addColumn<int>("code");
    const auto row = [](const char *name, const QStringList &keys, ErrorCode code) {
        QTest::newRow(name) << (QStringList{QStringLiteral("url=device://127.0.0.1:5")} + keys)
                            << int(code);
    };
    const QString dial = QStringLiteral("role=dial");
    row("nobody to dial", {dial}, ErrorCode::ConfigMissing);
    row("half a key", {dial, QStringLiteral("peer_key_id=0123")}, ErrorCode::ConfigRange);
    row("a listener's peer",
        {QStringLiteral("peer_key_id=0123456789abcdef0123456789abcdef01234567")},
        ErrorCode::ConfigRange);
    row("an authority", {QStringLiteral("ca=/ca.pem")}, ErrorCode::ConfigRange);
    row("required anyway", {QStringLiteral("require_certificate=true")}, ErrorCode::ConfigRange);
    row("a name", {QStringLiteral("certificate_identity=subject")}, ErrorCode::ConfigRange);
    row("anybody", {QStringLiteral("verify_peer=false")}, ErrorCode::ConfigRange);
    row("half of the papers", {QStringLiteral("key=/k.pem")}, ErrorCode::ConfigMissing);
}

void tst_ConfigCarriers::wrongKeysOfSuchPeersAreNamed()
{
    QFETCH(QStringList, keys);
    QFETCH(int, code);
    const Outcome outcome = read(keys, &lookUpKeys);
    QVERIFY(!outcome.errors.isEmpty());
    QCOMPARE(int(outcome.errors.first().code()), code);
    QVERIFY(outcome.endpoints.isEmpty());
    // Others do not know the key.
    const Outcome other = read(
        kPapers
        + QStringList{QStringLiteral("url=mqtts://127.0.0.1:5"), QStringLiteral("peer_key_id=00")});
    QCOMPARE(other.errors.first().code(), ErrorCode::ConfigRange);
}

QTEST_APPLESS_MAIN(tst_ConfigCarriers)
#include "tst_configcarriers.moc"
