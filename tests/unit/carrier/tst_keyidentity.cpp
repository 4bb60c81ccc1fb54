// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/keyidentity.h"
#include "core/carrier/ownidentity.h"
#include "tlspair.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <openssl/ssl.h>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

namespace {

using Io = LinkStream::Io;

class Notes final : public Logger
{
public:
    bool isEnabled(LogLevel) const noexcept override { return true; }

    void log(LogLevel, const char *event, const QString &text) override
    {
        lines << QString::fromLatin1(event) + QLatin1Char(' ') + text;
    }

    QStringList lines;
};

struct KeyPapers
{
    TlsSettings settingsFor(const char *name, const Issued &issued)
    {
        TlsSettings settings;
        settings.selfSigned = true;
        settings.certificate
            = folder.write((QByteArray(name) + ".pem").constData(), certificatePem(issued));
        settings.key = folder.write((QByteArray(name) + ".key").constData(), keyPem(issued));
        settings.serverName = QStringLiteral("127.0.0.1");
        return settings;
    }

    PemFolder folder;
};

Issued device(const char *name, const char *keyId = "hash")
{
    CertificateWish wish;
    wish.commonName = name;
    wish.keyId = keyId;
    return issue(wish);
}

/// Shows whatever it has and takes anybody: what strangers may do.
std::shared_ptr<const TlsContext> careless(const TlsSettings &settings, TlsRole role)
{
    TlsSettings plain = settings;
    plain.selfSigned = false;
    plain.verifyPeer = false;
    return contextOf(plain, role);
}

/// Of whole records: the size of the largest.
std::size_t largestRecord(const std::string &bytes)
{
    std::size_t found = 0;
    for (std::size_t at = 0; at + 5 <= bytes.size();) {
        const std::size_t size = std::size_t(static_cast<unsigned char>(bytes[at + 3])) << 8
            | static_cast<unsigned char>(bytes[at + 4]);
        found = std::max(found, size);
        at += 5 + size;
    }
    return found;
}

QByteArray keyIdIn(const Issued &issued)
{
    return keyIdOf(issued.certificate.get()).value_or(QByteArray());
}

} // namespace

class tst_KeyIdentity : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void anIdentifierHasOneSpelling_data();
    void anIdentifierHasOneSpelling();
    void bothSidesProveTheirKeys_data();
    void bothSidesProveTheirKeys();
    void whatDoesNotFitIsRefused_data();
    void whatDoesNotFitIsRefused();
    void noCertificateIsNone();
    void theWantedPeerAloneIsDialled();
    void datesAreLoggedAndNothingMore_data();
    void datesAreLoggedAndNothingMore();
    void theMandatorySuiteIsThere();
    void noSessionGoesOn();
    void recordsAreAsSmallAsAsked();
    void theOwnIdentityIsMadeOnceAndKept();
    void aDamagedIdentityIsLeftAlone_data();
    void aDamagedIdentityIsLeftAlone();
    void aStartThatWasCutOffIsTakenUp();
    void anOwnCertificateThatPeersWouldRefuseIsAnError();
};

void tst_KeyIdentity::anIdentifierHasOneSpelling_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("normal");
    const QByteArray plain = "0123456789abcdef0123456789abcdef01234567";
    QTest::newRow("plain") << plain << plain;
    QTest::newRow("groups") << QByteArray("0123 4567 89AB CDEF 0123 4567 89ab cdef 0123 4567")
                            << plain;
    QTest::newRow("colons") << QByteArray(
        "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67")
                            << plain;
    QTest::newRow("dashes") << QByteArray("01234567-89abcdef-01234567-89abcdef-01234567") << plain;
    QTest::newRow("short") << plain.left(39) << QByteArray();
    QTest::newRow("long") << plain + "00" << QByteArray();
    QTest::newRow("letters") << plain.left(39) + "g" << QByteArray();
    QTest::newRow("nothing") << QByteArray() << QByteArray();
}

void tst_KeyIdentity::anIdentifierHasOneSpelling()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, normal);
    QCOMPARE(normalizedKeyId(text), normal);
}

void tst_KeyIdentity::bothSidesProveTheirKeys_data()
{
    QTest::addColumn<int>("version");
    QTest::newRow("TLS 1.2") << int(TLS1_2_VERSION);
    QTest::newRow("TLS 1.3") << int(TLS1_3_VERSION);
}

// RR3: no authority, no name, both roles.
void tst_KeyIdentity::bothSidesProveTheirKeys()
{
    QFETCH(int, version);
    KeyPapers papers;
    const Issued server = device("heat pump");
    const Issued client = device("hems");
    TlsSettings dial = papers.settingsFor("client", client);
    dial.peerKeyId = keyIdIn(server);
    const auto context = contextOf(papers.settingsFor("server", server), TlsRole::Server);
    SSL_CTX_set_max_proto_version(context->handle(), version);
    Pair pair(context, contextOf(dial, TlsRole::Client));
    pair.client.top.write("hello");
    pair.server.top.write("welcome");
    pair.exchange();
    QCOMPARE(pair.server.top.received, std::string("hello"));
    QCOMPARE(pair.client.top.received, std::string("welcome"));
    QVERIFY(pair.server.stream.peerIdentity() && pair.client.stream.peerIdentity());
    QCOMPARE(pair.server.stream.peerIdentity()->name, keyIdIn(client));
    QCOMPARE(pair.client.stream.peerIdentity()->name, keyIdIn(server));
    QVERIFY(!pair.server.stream.peerIdentity()->anonymous);
    QCOMPARE(context->ownKeyId(), keyIdIn(server));
    QCOMPARE(keyIdIn(server).size(), 40);
}

void tst_KeyIdentity::whatDoesNotFitIsRefused_data()
{
    QTest::addColumn<QByteArray>("keyId");
    QTest::addColumn<bool>("isRsa");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << QByteArray() << false << QStringLiteral("has no key identifier");
    QTest::newRow("another's") << QByteArray("0102030405060708090A0B0C0D0E0F1011121314") << false
                               << QStringLiteral("0102030405060708090a0b0c0d0e0f1011121314 is not");
    QTest::newRow("short") << QByteArray("0102") << false << QStringLiteral("0102 is not");
    QTest::newRow("RSA") << QByteArray("hash") << true << QStringLiteral("elliptic");
}

// RR3, RR4, TC_SHIP_SEC_001: refused in the handshake, before a byte of the protocol.
void tst_KeyIdentity::whatDoesNotFitIsRefused()
{
    QFETCH(QByteArray, keyId);
    QFETCH(bool, isRsa);
    QFETCH(QString, text);
    KeyPapers papers;
    CertificateWish wish;
    wish.commonName = "stranger";
    wish.keyId = keyId.isEmpty() ? nullptr : keyId.constData();
    wish.isRsa = isRsa;
    const Issued odd = issue(wish);
    const TlsSettings shown = papers.settingsFor("odd", odd);
    const TlsSettings own = papers.settingsFor("own", device("own"));
    for (const TlsRole role : {TlsRole::Server, TlsRole::Client}) {
        const bool serves = role == TlsRole::Server;
        const auto notes = std::make_shared<Notes>();
        const auto strict = contextOf(own, role, {{}, notes});
        Pair pair(serves ? strict : careless(shown, TlsRole::Server),
                  serves ? careless(shown, TlsRole::Client) : strict);
        Side &judge = serves ? pair.server : pair.client;
        Side &stranger = serves ? pair.client : pair.server;
        stranger.top.write("let me in");
        pair.exchange();
        QVERIFY(!judge.stream.isOpen());
        QVERIFY(judge.top.received.empty());
        QCOMPARE(judge.top.status, Io::Failed);
        const Error failure = judge.stream.failure();
        if (!isRsa) {
            QCOMPARE(failure.code(), ErrorCode::IdentityMismatch);
            QVERIFY2(failure.text().contains(text), qPrintable(failure.text()));
            QCOMPARE(notes->lines.size(), 1);
            QVERIFY(notes->lines.first().startsWith(QStringLiteral("certificate-refused ")));
        }
        QVERIFY(!judge.stream.peerIdentity());
        QCOMPARE(stranger.top.status, Io::Failed);
    }
}

void tst_KeyIdentity::noCertificateIsNone()
{
    KeyPapers papers;
    TlsSettings nobody;
    nobody.serverName = QStringLiteral("127.0.0.1");
    nobody.verifyPeer = false;
    Pair pair(contextOf(papers.settingsFor("own", device("own")), TlsRole::Server),
              contextOf(nobody, TlsRole::Client));
    pair.client.top.write("let me in");
    pair.exchange();
    QVERIFY(!pair.server.stream.isOpen());
    QVERIFY(pair.server.top.received.empty());
}

// SV-14, TC_SHIP_SEC_002: a proper certificate of somebody else.
void tst_KeyIdentity::theWantedPeerAloneIsDialled()
{
    KeyPapers papers;
    TlsSettings dial = papers.settingsFor("client", device("hems"));
    const Issued wanted = device("the one");
    const Issued other = device("another one");
    dial.peerKeyId = keyIdIn(wanted);
    Pair pair(contextOf(papers.settingsFor("server", other), TlsRole::Server),
              contextOf(dial, TlsRole::Client));
    pair.client.top.write("secret");
    pair.exchange();
    QVERIFY(!pair.client.stream.isOpen());
    QVERIFY(pair.server.top.received.empty());
    const Error failure = pair.client.stream.failure();
    QCOMPARE(failure.code(), ErrorCode::IdentityMismatch);
    QVERIFY(failure.text().contains(QString::fromLatin1(keyIdIn(wanted))));
    QVERIFY(failure.text().contains(QString::fromLatin1(keyIdIn(other))));
}

void tst_KeyIdentity::datesAreLoggedAndNothingMore_data()
{
    QTest::addColumn<int>("from");
    QTest::addColumn<int>("to");
    QTest::addColumn<QString>("text");
    QTest::newRow("valid") << -3600 << 3600 << QString();
    QTest::newRow("expired") << -7200 << -3600 << QStringLiteral("it has expired");
    QTest::newRow("not yet valid") << 3600 << 7200 << QStringLiteral("not valid yet");
}

// RR2
void tst_KeyIdentity::datesAreLoggedAndNothingMore()
{
    QFETCH(int, from);
    QFETCH(int, to);
    QFETCH(QString, text);
    KeyPapers papers;
    CertificateWish wish;
    wish.commonName = "old";
    wish.keyId = "hash";
    wish.validFrom = from;
    wish.validTo = to;
    const auto notes = std::make_shared<Notes>();
    Pair pair(contextOf(papers.settingsFor("own", device("own")), TlsRole::Server, {{}, notes}),
              contextOf(papers.settingsFor("old", issue(wish)), TlsRole::Client));
    pair.exchange();
    QVERIFY(pair.server.stream.isOpen() && pair.client.stream.isOpen());
    QCOMPARE(notes->lines.size(), text.isEmpty() ? 0 : 1);
    if (!text.isEmpty()) {
        QVERIFY(notes->lines.first().startsWith(QStringLiteral("certificate-odd peer=")));
        QVERIFY(notes->lines.first().contains(text));
    }
}

// RR1: peers that know nothing but what the specification demands.
void tst_KeyIdentity::theMandatorySuiteIsThere()
{
    KeyPapers papers;
    TlsSettings settings = papers.settingsFor("own", device("own"));
    settings.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256";
    TlsSettings old = papers.settingsFor("old", device("old"));
    old.ciphers = "ECDHE-ECDSA-AES128-SHA256";
    const auto client = contextOf(old, TlsRole::Client);
    SSL_CTX_set_max_proto_version(client->handle(), TLS1_2_VERSION);
    SSL_CTX_set1_groups_list(client->handle(), "P-256");
    Pair pair(contextOf(settings, TlsRole::Server), client);
    pair.client.top.write("hello");
    pair.exchange();
    QCOMPARE(pair.server.top.received, std::string("hello"));
}

// A session that goes on would not be asked for its key.
void tst_KeyIdentity::noSessionGoesOn()
{
    KeyPapers papers;
    const auto server = contextOf(papers.settingsFor("own", device("own")), TlsRole::Server);
    QVERIFY(SSL_CTX_get_options(server->handle()) & SSL_OP_NO_TICKET);
    QCOMPARE(SSL_CTX_get_num_tickets(server->handle()), std::size_t(0));
    QCOMPARE(SSL_CTX_get_session_cache_mode(server->handle()), long(SSL_SESS_CACHE_OFF));
}

void tst_KeyIdentity::recordsAreAsSmallAsAsked()
{
    KeyPapers papers;
    TlsSettings settings = papers.settingsFor("own", device("own"));
    settings.maxRecord = 1024;
    Pair pair(contextOf(settings, TlsRole::Server),
              contextOf(papers.settingsFor("peer", device("peer")), TlsRole::Client));
    pair.exchange();
    std::size_t largest = 0;
    pair.watch
        = [&largest](const std::string &sent) { largest = std::max(largest, largestRecord(sent)); };
    const std::string large(100'000, 'x');
    pair.server.top.write(large);
    pair.exchange();
    QCOMPARE(pair.client.top.received.size(), large.size());
    QVERIFY(pair.client.top.received == large);
    QVERIFY(largest > 1024);
    QVERIFY(largest < 1024 + 256);
}

void tst_KeyIdentity::theOwnIdentityIsMadeOnceAndKept()
{
    QTemporaryDir folder;
    KeyPapers papers;
    TlsSettings settings;
    settings.selfSigned = true;
    settings.ownName = QStringLiteral("device");
    const TlsSurroundings surroundings{folder.path(), nullptr};
    const auto first = contextOf(settings, TlsRole::Server, surroundings);
    const QString path = ownIdentityPath(folder.path(), settings.ownName);
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QByteArray content = file.readAll();
    // RG: the key is for the host's user alone.
    QCOMPARE(file.permissions()
                 & (QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther),
             QFile::Permissions());
    QVERIFY(!QFile::exists(path + QStringLiteral(".new")));
    const auto second = contextOf(settings, TlsRole::Client, surroundings);
    QCOMPARE(second->ownKeyId(), first->ownKeyId());
    QCOMPARE(first->ownKeyId().size(), 40);
    file.seek(0);
    QCOMPARE(file.readAll(), content);

    // It is one that peers take: EC, with the identifier of its key, and in force.
    const auto notes = std::make_shared<Notes>();
    Pair pair(first,
              contextOf(papers.settingsFor("peer", device("peer")), TlsRole::Client, {{}, notes}));
    pair.exchange();
    QVERIFY(pair.server.stream.isOpen() && pair.client.stream.isOpen());
    QCOMPARE(pair.client.stream.peerIdentity()->name, first->ownKeyId());
    QVERIFY(notes->lines.isEmpty());

    // Another name is another identity.
    settings.ownName = QStringLiteral("other");
    QVERIFY(contextOf(settings, TlsRole::Server, surroundings)->ownKeyId() != first->ownKeyId());
}

void tst_KeyIdentity::aDamagedIdentityIsLeftAlone_data()
{
    QTest::addColumn<QByteArray>("content");
    const QByteArray good = *makeIdentity();
    const QByteArray other = *makeIdentity();
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("garbage") << QByteArray("not PEM at all");
    QTest::newRow("cut off") << good.left(good.size() - 100);
    QTest::newRow("without its key") << good.left(good.indexOf("-----BEGIN PRIVATE"));
    QTest::newRow("another's key") << good.left(good.indexOf("-----BEGIN PRIVATE"))
            + other.mid(other.indexOf("-----BEGIN PRIVATE"));
}

void tst_KeyIdentity::aDamagedIdentityIsLeftAlone()
{
    QFETCH(QByteArray, content);
    QTemporaryDir folder;
    TlsSettings settings;
    settings.selfSigned = true;
    settings.ownName = QStringLiteral("device");
    QVERIFY(ownIdentity(folder.path(), settings.ownName));
    QFile file(ownIdentityPath(folder.path(), settings.ownName));
    QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
    file.write(content);
    file.close();
    const auto context = TlsContext::create(settings, TlsRole::Server, {folder.path(), nullptr});
    QVERIFY(!context);
    QCOMPARE(context.error().code(), ErrorCode::ConfigRange);
    QVERIFY(context.error().text().contains(file.fileName()));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), content);
}

void tst_KeyIdentity::aStartThatWasCutOffIsTakenUp()
{
    QTemporaryDir folder;
    QVERIFY(QDir(folder.path()).mkpath(QStringLiteral("identity")));
    QFile left(folder.filePath(QStringLiteral("identity/device.pem.new")));
    QVERIFY(left.open(QIODevice::WriteOnly));
    left.write("half a cert");
    left.close();
    QVERIFY(left.setPermissions(QFile::ReadOwner | QFile::WriteOwner));
    QVERIFY(ownIdentity(folder.path(), QStringLiteral("device")));
    TlsSettings settings;
    settings.selfSigned = true;
    settings.ownName = QStringLiteral("device");
    QVERIFY(TlsContext::create(settings, TlsRole::Server, {folder.path(), nullptr}));
    QVERIFY(!left.exists());
    const auto nowhere = TlsContext::create(settings, TlsRole::Server);
    QCOMPARE(nowhere.error().code(), ErrorCode::ConfigMissing);
}

void tst_KeyIdentity::anOwnCertificateThatPeersWouldRefuseIsAnError()
{
    KeyPapers papers;
    const auto context = TlsContext::create(
        papers.settingsFor("own", device("own", "0102030405060708090A0B0C0D0E0F1011121314")),
        TlsRole::Server);
    QVERIFY(!context);
    QCOMPARE(context.error().code(), ErrorCode::ConfigRange);
    QVERIFY(context.error().text().contains(QStringLiteral("peers would refuse it")));
}

QTEST_APPLESS_MAIN(tst_KeyIdentity)
#include "tst_keyidentity.moc"
