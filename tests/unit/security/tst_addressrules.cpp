// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/security/addressrules.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

QList<AddressRules::Network> networks(const QStringList &texts)
{
    QList<AddressRules::Network> list;
    for (const QString &text : texts) {
        const auto network = AddressRules::parseNetwork(text);
        if (!network)
            qFatal("%s", qPrintable(network.error().toString()));
        list.append(*network);
    }
    return list;
}

QStringList words(const char *text)
{
    return QString::fromLatin1(text).split(QLatin1Char(' '), Qt::SkipEmptyParts);
}

} // namespace

class tst_AddressRules : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // AD-01: refusals by address.
    void whoIsLetInFollowsFromTheLists_data()
    {
        QTest::addColumn<QString>("peer");
        QTest::addColumn<QStringList>("allowed");
        QTest::addColumn<QStringList>("denied");
        QTest::addColumn<bool>("admitted");
        const auto row = [](const char *name,
                            const char *peer,
                            const char *allowed,
                            const char *denied,
                            bool admitted) {
            QTest::newRow(name) << QString::fromLatin1(peer) << words(allowed) << words(denied)
                                << admitted;
        };
        row("AD-01 no rules", "192.0.2.1", "", "", true);
        row("AD-01 inside", "10.255.0.1", "10.0.0.0/8", "", true);
        row("AD-01 outside", "11.0.0.1", "10.0.0.0/8", "", false);
        row("AD-01 one address", "192.0.2.7", "192.0.2.7", "", true);
        row("AD-01 its neighbour", "192.0.2.6", "192.0.2.7", "", false);
        row("AD-01 denied of allowed", "10.1.0.1", "10.0.0.0/8", "10.1.0.0/16", false);
        row("AD-01 only denied", "10.2.0.1", "", "10.1.0.0/16", true);
        row("AD-01 denied", "10.1.2.3", "", "10.1.0.0/16", false);
        row("AD-01 everybody denied", "192.0.2.1", "", "0.0.0.0/0", false);
        row("AD-01 second of two", "fd00::1", "10.0.0.0/8 fd00::/8", "", true);
        row("AD-01 other family", "fd00::1", "10.0.0.0/8", "", false);
        row("AD-01 other family, all of it", "fd00::1", "", "0.0.0.0/0", true);
        row("AD-01 IPv4 in IPv6 form", "::ffff:10.0.0.1", "10.0.0.0/8", "", true);
        row("AD-01 IPv4 in IPv6 form, denied", "::ffff:10.0.0.1", "", "10.0.0.1", false);
        row("AD-01 IPv6 loopback is not IPv4's", "::1", "127.0.0.0/8", "", false);
    }

    void whoIsLetInFollowsFromTheLists()
    {
        QFETCH(const QString, peer);
        QFETCH(const QStringList, allowed);
        QFETCH(const QStringList, denied);
        const AddressRules rules(networks(allowed), networks(denied));
        QTEST(rules.admits(QHostAddress(peer)), "admitted");
    }

    void whatIsNoNetworkIsRefused_data()
    {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("hint");
        const auto row = [](const char *text, const char *hint) {
            QTest::newRow(text) << QString::fromLatin1(text) << QString::fromLatin1(hint);
        };
        row("", "found \"\"");
        row("everybody", "found \"everybody\"");
        row("10.0.0.0/33", "found \"10.0.0.0/33\"");
        row("fd00::/129", "found \"fd00::/129\"");
        row("10.0.0.0/", "found \"10.0.0.0/\"");
        row("10.0.0.0/8/8", "found");
        row("10.0.0.0/-1", "found");
        row("fe80::1%lo/64", "found");
        row("10.0.0.5/8", "write 10.0.0.0/8");
        row("fd00::1/8", "write fd00::/8");
        row("10.0.0.5/0", "write 0.0.0.0/0");
    }

    void whatIsNoNetworkIsRefused()
    {
        QFETCH(const QString, text);
        QFETCH(const QString, hint);
        const auto network = AddressRules::parseNetwork(text);
        QVERIFY(!network);
        QCOMPARE(network.error().code(), ErrorCode::ConfigRange);
        QVERIFY2(network.error().text().contains(hint), qPrintable(network.error().text()));
    }
};

QTEST_APPLESS_MAIN(tst_AddressRules)
#include "tst_addressrules.moc"
