// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "store/storeoptions.h"

#include <QDir>
#include <QtTest>

using namespace fairlead::cli;

/// What "fairlead store" makes of its arguments.
class tst_CliStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void takesWhatItDescribes();
    void namesItsFile();
    void refusesTheRest_data();
    void refusesTheRest();
};

void tst_CliStore::takesWhatItDescribes()
{
    StoreWish wish;
    QVERIFY(!parseStoreWish({"stats", "--json"}, &wish));
    QCOMPARE(wish.action, StoreAction::Stats);
    QVERIFY(wish.json);
    QVERIFY(!wish.help);
    QVERIFY(wish.path.isEmpty());
    StoreWish help;
    QVERIFY(!parseStoreWish({"--help"}, &help));
    QVERIFY(help.help);
    StoreWish helpOfOne;
    QVERIFY(!parseStoreWish({"export", "--help"}, &helpOfOne));
    QVERIFY(helpOfOne.help);
}

void tst_CliStore::namesItsFile()
{
    StoreWish wish;
    QVERIFY(!parseStoreWish({"check", "--state-dir", "/var/lib/x"}, &wish));
    QCOMPARE(wish.path, QStringLiteral("/var/lib/x/store.db"));
    QVERIFY(!parseStoreWish({"export", "--file=/a/b.db"}, &wish));
    QCOMPARE(wish.action, StoreAction::Export);
    QCOMPARE(wish.path, QStringLiteral("/a/b.db"));
    QVERIFY(!parseStoreWish({"check", "--file", "b.db"}, &wish));
    QCOMPARE(wish.path, QDir::currentPath() + QStringLiteral("/b.db"));
    StoreWish ofHost;
    QVERIFY(!parseStoreWish({"export", "--control", "/run/x.sock"}, &ofHost));
    QCOMPARE(ofHost.control, QStringLiteral("/run/x.sock"));
    QVERIFY(ofHost.path.isEmpty());
}

void tst_CliStore::refusesTheRest_data()
{
    using Arguments = QList<QByteArray>;
    QTest::addColumn<Arguments>("arguments");
    QTest::addColumn<QByteArray>("name");
    QTest::newRow("nothing") << Arguments{} << QByteArray("unknown-command");
    QTest::newRow("another verb") << Arguments{"drop"} << QByteArray("unknown-command");
    QTest::newRow("another option") << Arguments{"check", "--fix"} << QByteArray("unknown-option");
    QTest::newRow("export is JSON anyway")
        << Arguments{"export", "--json"} << QByteArray("unknown-option");
    QTest::newRow("a word") << Arguments{"check", "x.db"} << QByteArray("unexpected-argument");
    QTest::newRow("a value") << Arguments{"check", "--json=1"} << QByteArray("unexpected-argument");
    QTest::newRow("no value") << Arguments{"check", "--file"} << QByteArray("missing-argument");
    QTest::newRow("a host and a file")
        << Arguments{"check", "--control", "/a", "--file", "/b"} << QByteArray("invalid-argument");
    QTest::newRow("an empty value")
        << Arguments{"check", "--file="} << QByteArray("missing-argument");
}

void tst_CliStore::refusesTheRest()
{
    QFETCH(QList<QByteArray>, arguments);
    QFETCH(QByteArray, name);
    StoreWish wish;
    const Failure failure = parseStoreWish(arguments, &wish);
    QCOMPARE(failure.exitCode, exitcode::kUsage);
    QCOMPARE(failure.name, name);
}

QTEST_GUILESS_MAIN(tst_CliStore)
#include "tst_clistore.moc"
