// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "carriertest.h"
#include "core/carrier/keyidentity.h"
#include "core/carrier/tlsstream.h"
#include "testcertificates.h"

#include <QTemporaryDir>
#include <QTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

namespace {

using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

/// As a peer sends it: with the extension @p nid of these bytes, whatever they are.
X509Ptr withExtension(int nid, const QByteArray &der, bool critical)
{
    CertificateWish wish;
    wish.commonName = "wall box";
    wish.keyId = "hash";
    const Issued issued = issue(wish);
    X509 *certificate = issued.certificate.get();
    if (const int at = X509_get_ext_by_NID(certificate, nid, -1); at >= 0)
        X509_EXTENSION_free(X509_delete_ext(certificate, at));
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(
        value, reinterpret_cast<const unsigned char *>(der.constData()), int(der.size()));
    X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(nullptr, nid, critical ? 1 : 0, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    X509_sign(certificate, issued.key.get(), EVP_sha256());
    unsigned char *bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    const unsigned char *at = bytes;
    X509Ptr read(d2i_X509(nullptr, &at, size), X509_free);
    OPENSSL_free(bytes);
    return read;
}

QByteArray keyOf(X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    X509_pubkey_digest(certificate, EVP_sha1(), digest, &size);
    return QByteArray(reinterpret_cast<const char *>(digest), qsizetype(size)).toHex();
}

/// The body of the extension @p type in a ClientHello.
QByteArray extensionOf(const QByteArray &hello, quint16 type)
{
    const auto number = [&hello](qsizetype at, int bytes) {
        qsizetype value = 0;
        for (int i = 0; i < bytes; ++i)
            value = value << 8 | static_cast<unsigned char>(hello.at(at + i));
        return value;
    };
    qsizetype at = 5 + 4 + 2 + 32; // record, handshake, version, random
    at += 1 + number(at, 1); // session
    at += 2 + number(at, 2); // suites
    at += 1 + number(at, 1); // compression
    at += 2;
    while (at + 4 <= hello.size()) {
        const qsizetype size = number(at + 2, 2);
        if (number(at, 2) == type)
            return hello.mid(at + 4, size);
        at += 4 + size;
    }
    return {};
}

} // namespace

/// What devices in the field have for papers, and what they are told about ours.
class tst_OddCertificates : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oddOnesHaveTheirKeyAllTheSame_data();
    void oddOnesHaveTheirKeyAllTheSame();
    void anOddIdentifierIsNone_data();
    void anOddIdentifierIsNone();
    void sha1IsNotOffered();
};

void tst_OddCertificates::oddOnesHaveTheirKeyAllTheSame_data()
{
    QTest::addColumn<int>("nid");
    QTest::addColumn<QByteArray>("der");
    QTest::addColumn<bool>("critical");
    // Some wall boxes write the truth so.
    QTest::newRow("a boolean of one")
        << NID_basic_constraints << QByteArray::fromHex("3003010101") << true;
    QTest::newRow("broken constraints")
        << NID_basic_constraints << QByteArray::fromHex("300302") << true;
    QTest::newRow("no use at all") << NID_key_usage << QByteArray::fromHex("030100") << true;
    QTest::newRow("broken use") << NID_key_usage << QByteArray::fromHex("ff") << false;
    QTest::newRow("an unknown one") << NID_netscape_comment << QByteArray::fromHex("00") << true;
    QTest::newRow("broken names") << NID_subject_alt_name << QByteArray::fromHex("3001") << false;
}

// RR2
void tst_OddCertificates::oddOnesHaveTheirKeyAllTheSame()
{
    QFETCH(int, nid);
    QFETCH(QByteArray, der);
    QFETCH(bool, critical);
    const X509Ptr certificate = withExtension(nid, der, critical);
    QVERIFY(certificate);
    const Result<QByteArray> keyId = keyIdOf(certificate.get());
    QVERIFY2(keyId, qPrintable(keyId ? QString() : keyId.error().text()));
    QCOMPARE(*keyId, keyOf(certificate.get()));
}

void tst_OddCertificates::anOddIdentifierIsNone_data()
{
    QTest::addColumn<QByteArray>("der");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("no octets") << QByteArray::fromHex("0101ff");
    QTest::newRow("cut") << QByteArray::fromHex("0414f0ea");
    QTest::newRow("empty") << QByteArray::fromHex("0400");
}

// RR3
void tst_OddCertificates::anOddIdentifierIsNone()
{
    QFETCH(QByteArray, der);
    const X509Ptr certificate = withExtension(NID_subject_key_identifier, der, false);
    QVERIFY(certificate);
    QVERIFY(!keyIdOf(certificate.get()));
}

// RR1
void tst_OddCertificates::sha1IsNotOffered()
{
    QTemporaryDir folder;
    TlsSettings settings;
    settings.selfSigned = true;
    settings.ownName = QStringLiteral("device");
    settings.serverName = QStringLiteral("127.0.0.1");
    settings.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-SHA256";
    const auto context = TlsContext::create(settings, TlsRole::Client, {folder.path(), nullptr});
    QVERIFY(context);
    ChunkPool pool;
    auto *wire = new WireStream(pool);
    TlsStream client(pool, std::unique_ptr<LinkStream>(wire), *context);
    TopReader top(client);
    top.read();
    const QByteArray hello = QByteArray::fromStdString(wire->takeSent());
    const QByteArray algorithms = extensionOf(hello, 13).mid(2);
    QVERIFY(!algorithms.isEmpty());
    for (qsizetype i = 0; i + 1 < algorithms.size(); i += 2) {
        constexpr char kSha1 = 2;
        QVERIFY2(algorithms.at(i) != kSha1, algorithms.toHex().constData());
    }
    QVERIFY(algorithms.contains(QByteArray::fromHex("0403"))); // ECDSA on P-256 with SHA-256
}

QTEST_APPLESS_MAIN(tst_OddCertificates)

#include "tst_oddcertificates.moc"
