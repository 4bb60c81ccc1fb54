// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/tlscontext.h"
#include "testcertificates.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::core;
using namespace fairlead::test;

class tst_TlsContext : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void loadsAChain();
    void namesWhatIsWrong_data();
    void namesWhatIsWrong();
};

void tst_TlsContext::loadsAChain()
{
    PemFolder folder;
    const Issued root = issue({"root", nullptr, true});
    const Issued middle = issue({"middle", nullptr, true}, root);
    const Issued own = issue({"own"}, middle);
    TlsSettings settings;
    settings.certificate = folder.write("own.pem", certificatePem(own) + certificatePem(middle));
    settings.key = folder.write("key.pem", keyPem(own));
    settings.ca = folder.write("ca.pem", certificatePem(root));
    for (const TlsRole role : {TlsRole::Server, TlsRole::Client}) {
        const auto context = TlsContext::create(settings, role);
        QVERIFY2(context, qPrintable(context ? QString() : context.error().toString()));
    }
}

void tst_TlsContext::namesWhatIsWrong_data()
{
    QTest::addColumn<QByteArray>("certificate");
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("ca");
    QTest::addColumn<QByteArray>("ciphers");
    QTest::addColumn<QString>("text");
    const Issued own = issue({"own"});
    const QByteArray good = certificatePem(own);
    const QByteArray key = keyPem(own);
    QTest::newRow("no certificate") << QByteArray("nothing") << key << QByteArray() << QByteArray()
                                    << QStringLiteral("certificate = ");
    QTest::newRow("no key") << good << good << QByteArray() << QByteArray()
                            << QStringLiteral("there is no private key");
    QTest::newRow("a pass phrase") << good << keyPem(own, "secret") << QByteArray() << QByteArray()
                                   << QStringLiteral("has a pass phrase");
    QTest::newRow("another's key") << good << keyPem(issue({"other"})) << QByteArray()
                                   << QByteArray() << QStringLiteral("not the key of");
    QTest::newRow("an empty ca") << good << key << QByteArray("\n") << QByteArray()
                                 << QStringLiteral("ca = ");
    QTest::newRow("ciphers") << good << key << QByteArray() << QByteArray("ROT13")
                             << QStringLiteral("tls_ciphers");
}

void tst_TlsContext::namesWhatIsWrong()
{
    QFETCH(QByteArray, certificate);
    QFETCH(QByteArray, key);
    QFETCH(QByteArray, ca);
    QFETCH(QByteArray, ciphers);
    QFETCH(QString, text);
    PemFolder folder;
    TlsSettings settings;
    settings.certificate = folder.write("own.pem", certificate);
    settings.key = folder.write("key.pem", key);
    if (!ca.isEmpty())
        settings.ca = folder.write("ca.pem", ca);
    settings.ciphers = ciphers;
    const auto context = TlsContext::create(settings, TlsRole::Server);
    QVERIFY(!context);
    QCOMPARE(context.error().code(), ErrorCode::ConfigRange);
    QVERIFY2(context.error().text().contains(text), qPrintable(context.error().text()));
    QVERIFY(!context.error().text().contains(QStringLiteral("secret")));

    settings.key = QStringLiteral("/nowhere/at/all.pem");
    settings.certificate = folder.write("good.pem", certificatePem(issue({"own"})));
    settings.ciphers.clear();
    const auto missing = TlsContext::create(settings, TlsRole::Server);
    QVERIFY(!missing);
    QCOMPARE(missing.error().code(), ErrorCode::ConfigUnreadable);
    QVERIFY(missing.error().text().contains(settings.key));
}

QTEST_APPLESS_MAIN(tst_TlsContext)
#include "tst_tlscontext.moc"
