// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "linkharness.h"

#include <QJsonArray>
#include <QTest>

using namespace fairlead;
using namespace fairlead::test;
using fairlead::ship::Role;

class tst_ShipOptions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void optionsAreRead();
    void wrongOptionsAreNamed_data();
    void wrongOptionsAreNamed();
};

void tst_ShipOptions::optionsAreRead()
{
    const ship::ShipOptions defaults = optionsOf({}, Role::Server);
    QCOMPARE(defaults.shipId, "Fairlead-" + kOwnSki);
    QCOMPARE(defaults.root, QByteArray("ship"));
    QCOMPARE(defaults.sessionExpiry, 60U);
    QCOMPARE(int(defaults.qos), 1);
    QVERIFY(defaults.asksPeople);
    const QString grouped = QStringLiteral("AAAA aaaa-aaaa:aaaa aaaa aaaa aaaa aaaa aaaa aaaa");
    const ship::ShipOptions options
        = optionsOf({{QStringLiteral("trusted"),
                      QJsonArray{grouped, grouped + QStringLiteral(" a cellar's pump")}},
                     {QStringLiteral("strangers"), QStringLiteral("refused")},
                     {QStringLiteral("ship_id"), QStringLiteral("Maker-1")},
                     {QStringLiteral("topic_root"), QStringLiteral("a/b")},
                     {QStringLiteral("json"), QStringLiteral("eebus")},
                     {QStringLiteral("pin"), QStringLiteral("0123ABCD")},
                     {QStringLiteral("qos"), 0}},
                    Role::Server);
    QCOMPARE(options.trusted.size(), std::size_t(2));
    QCOMPARE(options.trusted[0].ski.toHex(), kPeerSki);
    QCOMPARE(options.trusted[0].label, QByteArray());
    QCOMPARE(options.trusted[1].label, QByteArray("a cellar's pump"));
    QCOMPARE(options.shipId, QByteArray("Maker-1"));
    QCOMPARE(options.root, QByteArray("a/b"));
    QCOMPARE(options.form, ship::JsonForm::Eebus);
    QVERIFY(!options.asksPeople);
    QCOMPARE(int(options.qos), 0);
}

void tst_ShipOptions::wrongOptionsAreNamed_data()
{
    QTest::addColumn<QJsonObject>("options");
    QTest::addColumn<bool>("isDialled");
    QTest::addColumn<QString>("key");
    const auto row = [](const char *name, const char *key, const QJsonValue &value, bool dials) {
        QTest::newRow(name) << QJsonObject{{QLatin1String(key), value}} << dials
                            << QString::fromLatin1(key);
    };
    row("no SKI", "trusted", QJsonArray{QStringLiteral("Heat pump")}, false);
    row("a short SKI", "trusted", QJsonArray{QString(39, QLatin1Char('a'))}, false);
    row("a long SKI", "trusted", QJsonArray{QString(41, QLatin1Char('a'))}, false);
    row("ourselves", "trusted", QJsonArray{QString::fromLatin1(kOwnSki)}, false);
    row("trusted when dialling", "trusted", QJsonArray{QString::fromLatin1(kPeerSki)}, true);
    row("strangers", "strangers", QStringLiteral("welcome"), false);
    row("a blank in the id", "ship_id", QStringLiteral("a b"), false);
    row("a long id", "ship_id", QString(64, QLatin1Char('a')), false);
    row("a wildcard", "topic_root", QStringLiteral("a/#"), false);
    row("a system topic", "topic_root", QStringLiteral("$SYS"), false);
    row("a slash at the end", "topic_root", QStringLiteral("ship/"), false);
    row("the form", "json", QStringLiteral("xml"), false);
    row("the pin", "pin", QStringLiteral("1234"), false);
    row("the peer's pin", "peer_pin", QStringLiteral("secret!!"), true);
}

void tst_ShipOptions::wrongOptionsAreNamed()
{
    QFETCH(QJsonObject, options);
    QFETCH(bool, isDialled);
    QFETCH(QString, key);
    const Role role = isDialled ? Role::Client : Role::Server;
    const auto parsed = ship::parseShipOptions(configOf(options), role);
    QVERIFY(!parsed);
    QCOMPARE(parsed.error().code(), ErrorCode::ConfigRange);
    QCOMPARE(parsed.error().details().value(QStringLiteral("key")).toString(), key);
}

QTEST_APPLESS_MAIN(tst_ShipOptions)
#include "tst_shipoptions.moc"
