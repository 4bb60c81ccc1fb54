// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "protocol/ski.h"

#include <QTest>

using namespace fairlead::ship;

class tst_ShipSki : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsWhatPeopleType_data();
    void readsWhatPeopleType();
    void refusesWhatIsNone_data();
    void refusesWhatIsNone();
    void comparesAsBytes();
    void takesTwentyBytes();
    void showsGroups();
};

void tst_ShipSki::readsWhatPeopleType_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("hex") << QByteArray("f0ea7a94938fd0c546892258d4a68e9126731bc8");
    QTest::newRow("upper") << QByteArray("F0EA7A94938FD0C546892258D4A68E9126731BC8");
    QTest::newRow("groups") << QByteArray("f0ea 7a94 938f d0c5 4689 2258 d4a6 8e91 2673 1bc8 ");
    QTest::newRow("dashes") << QByteArray("F0EA-7A94-938F-D0C5-4689-2258-D4A6-8E91-2673-1BC8");
    QTest::newRow("certificate") << QByteArray(
        "F0:EA:7A:94:93:8F:D0:C5:46:89:22:58:D4:A6:8E:91:26:73:1B:C8");
}

void tst_ShipSki::readsWhatPeopleType()
{
    QFETCH(QByteArray, text);
    const auto ski = Ski::fromText(viewOf(text));
    QVERIFY(ski);
    QCOMPARE(ski->toHex(), QByteArray("f0ea7a94938fd0c546892258d4a68e9126731bc8"));
}

void tst_ShipSki::refusesWhatIsNone_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("39 digits") << QByteArray(39, 'a');
    QTest::newRow("41 digits") << QByteArray(41, 'a');
    QTest::newRow("other letter") << QByteArray(39, 'a') + 'g';
    QTest::newRow("prefix") << "0x" + QByteArray(38, 'a');
    QTest::newRow("point") << QByteArray(20, 'a') + '.' + QByteArray(20, 'a');
    QTest::newRow("zero byte") << QByteArray(40, 'a') + QByteArray(1, '\0');
}

void tst_ShipSki::refusesWhatIsNone()
{
    QFETCH(QByteArray, text);
    QVERIFY(!Ski::fromText(viewOf(text)));
}

void tst_ShipSki::comparesAsBytes()
{
    const auto ski
        = [](char first) { return *Ski::fromText(std::string(1, first) + std::string(39, '0')); };
    QVERIFY(ski('a') == ski('A'));
    QVERIFY(ski('9') < ski('A'));
    QVERIFY(ski('B') > ski('a'));
    QVERIFY(ski('7') < ski('8')); // the first byte has no sign
    QCOMPARE(ski('8').bytes() > ski('7').bytes(), true);
}

void tst_ShipSki::takesTwentyBytes()
{
    const QByteArray bytes(20, char(0x9C));
    QCOMPARE(Ski::fromBytes(viewOf(bytes))->toHex(), QByteArray(40, '9').replace("99", "9c"));
    QVERIFY(!Ski::fromBytes(viewOf(bytes).substr(1)));
    QVERIFY(!Ski::fromBytes({}));
}

void tst_ShipSki::showsGroups()
{
    QCOMPARE(Ski::fromText("f0ea7a94938fd0c546892258d4a68e9126731bc8")->toGroups(),
             QByteArray("f0ea 7a94 938f d0c5 4689 2258 d4a6 8e91 2673 1bc8"));
}

QTEST_APPLESS_MAIN(tst_ShipSki)

#include "tst_shipski.moc"
