// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/broadcast/pathprefix.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;

class tst_PathPrefix : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pathIsNormalised_data();
    void pathIsNormalised();
    void badPathIsRefused_data();
    void badPathIsRefused();
    void prefixCoversWholeComponents_data();
    void prefixCoversWholeComponents();
};

void tst_PathPrefix::pathIsNormalised_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<QString>("normalised");
    QTest::newRow("BC-08 as it is") << "/a/b"
                                    << "/a/b";
    QTest::newRow("BC-08 root") << "/"
                                << "/";
    QTest::newRow("BC-08 slashes") << "//a///b/"
                                   << "/a/b";
    QTest::newRow("BC-08 dot") << "/./a/./b/."
                               << "/a/b";
    QTest::newRow("BC-08 dot dot") << "/a/x/../b"
                                   << "/a/b";
    QTest::newRow("BC-08 above the root") << "/../../a"
                                          << "/a";
    QTest::newRow("BC-08 back to the root") << "/a/.."
                                            << "/";
    QTest::newRow("BC-08 names that begin with dots") << "/.a/..b/..."
                                                      << "/.a/..b/...";
}

void tst_PathPrefix::pathIsNormalised()
{
    QFETCH(QString, path);
    QFETCH(QString, normalised);
    const Result<QString> result = normalisedPath(path);
    QVERIFY(result);
    QCOMPARE(*result, normalised);
}

void tst_PathPrefix::badPathIsRefused_data()
{
    QTest::addColumn<QString>("path");
    QTest::newRow("empty") << QString();
    QTest::newRow("relative") << "a/b";
    QTest::newRow("dot") << "./a";
    QTest::newRow("null") << QStringLiteral("/a") + QChar(QChar::Null) + QStringLiteral("b");
}

void tst_PathPrefix::badPathIsRefused()
{
    QFETCH(QString, path);
    QCOMPARE(normalisedPath(path).error().code(), ErrorCode::InvalidArgument);
    QVERIFY(!coversPath(QStringLiteral("/"), path));
}

void tst_PathPrefix::prefixCoversWholeComponents_data()
{
    QTest::addColumn<QString>("prefix");
    QTest::addColumn<QString>("path");
    QTest::addColumn<bool>("covered");
    QTest::newRow("BC-08 itself") << "/a/b"
                                  << "/a/b" << true;
    QTest::newRow("BC-08 below") << "/a/b"
                                 << "/a/b/c/d" << true;
    QTest::newRow("BC-08 longer name") << "/a/b"
                                       << "/a/bc" << false;
    QTest::newRow("BC-08 above") << "/a/b"
                                 << "/a" << false;
    QTest::newRow("BC-08 elsewhere") << "/a/b"
                                     << "/b/a/b" << false;
    QTest::newRow("BC-08 root covers all") << "/"
                                           << "/a" << true;
    QTest::newRow("BC-08 root covers itself") << "/"
                                              << "/" << true;
    QTest::newRow("BC-08 dot segments lead in") << "/a/b"
                                                << "/x/../a/./b/c" << true;
    QTest::newRow("BC-08 dot segments lead out") << "/a/b"
                                                 << "/a/b/../c" << false;
    QTest::newRow("BC-08 case counts") << "/a/b"
                                       << "/A/b" << false;
}

void tst_PathPrefix::prefixCoversWholeComponents()
{
    QFETCH(QString, prefix);
    QFETCH(QString, path);
    QFETCH(bool, covered);
    QCOMPARE(coversPath(prefix, path), covered);
}

QTEST_APPLESS_MAIN(tst_PathPrefix)

#include "tst_pathprefix.moc"
