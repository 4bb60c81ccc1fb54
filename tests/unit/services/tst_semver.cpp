// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/registry/semver.h"
#include "core/registry/versiongate.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;

class tst_SemVer : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void orderIsTotal();
    void buildDoesNotCount();
    void goodTextsReadBack_data();
    void goodTextsReadBack();
    void badTextsAreRefused_data();
    void badTextsAreRefused();
    void gateLetsIn_data();
    void gateLetsIn();
    void gateNeedsVersions();
    void refusalSaysWhatIsAccepted();
};

// AD-03: each is below all that follow it.
void tst_SemVer::orderIsTotal()
{
    const QStringList ordered = QStringLiteral("0.0.0 0.0.1 0.9.9 1.0.0-0 1.0.0-2 1.0.0-11 "
                                               "1.0.0-99999999999999999999998 "
                                               "1.0.0-99999999999999999999999 1.0.0--- 1.0.0-A "
                                               "1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.1.0 "
                                               "1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 "
                                               "1.0.0-beta.11 1.0.0-rc 1.0.0-rc.1 1.0.0 "
                                               "1.0.1-rc 1.0.1 1.9.0 1.10.0 2.0.0-a 2.0.0 10.0.0")
                                    .split(QLatin1Char(' '));
    for (qsizetype i = 0; i < ordered.size(); ++i) {
        for (qsizetype j = 0; j < ordered.size(); ++j) {
            const std::optional<SemVer> left = SemVer::fromText(ordered[i]);
            const std::optional<SemVer> right = SemVer::fromText(ordered[j]);
            QVERIFY2(left && right, qPrintable(ordered[i]));
            QVERIFY2((*left < *right) == (i < j) && (*left == *right) == (i == j)
                         && (*left > *right) == (i > j),
                     qPrintable(ordered[i] + QLatin1Char(' ') + ordered[j]));
        }
    }
}

// AD-03
void tst_SemVer::buildDoesNotCount()
{
    const SemVer left = SemVer::fromText(QStringLiteral("1.0.0+a")).value();
    const SemVer right = SemVer::fromText(QStringLiteral("1.0.0+b.2")).value();
    QVERIFY(left == right);
    QCOMPARE(right.build(), QStringLiteral("b.2"));
}

void tst_SemVer::goodTextsReadBack_data()
{
    QTest::addColumn<bool>("preRelease");
    QTest::newRow("1.2.3") << false;
    QTest::newRow("18446744073709551615.0.0") << false;
    QTest::newRow("1.0.0-alpha") << true;
    QTest::newRow("1.0.0-0A.is.legal") << true;
    QTest::newRow("1.0.0-x-y-z.--") << true;
    QTest::newRow("1.0.0+001") << false;
    QTest::newRow("1.0.0-rc.1+exp-5114.f85") << true;
    QTest::newRow("1.0.0+a-b") << false;
}

// AD-03
void tst_SemVer::goodTextsReadBack()
{
    QFETCH(bool, preRelease);
    const QString text = QString::fromLatin1(QTest::currentDataTag());
    const std::optional<SemVer> version = SemVer::fromText(text);
    QVERIFY(version);
    QCOMPARE(version->toString(), text);
    QCOMPARE(version->isPreRelease(), preRelease);
}

void tst_SemVer::badTextsAreRefused_data()
{
    QTest::addColumn<QString>("text");
    for (const char *text : {"",          "abc",        "1",
                             "1.0",       "1.0.0.0",    "v1.0.0",
                             " 1.0.0",    "1.0.0 ",     "01.0.0",
                             "1.00.0",    "1..0",       "-1.0.0",
                             "1.0.-1",    "1.0.0-",     "1.0.0-a..b",
                             "1.0.0-01",  "1.0.0-a_b",  "1.0.0+",
                             "1.0.0+a+b", "1.0.0+a..b", "18446744073709551616.0.0"})
        QTest::newRow(text) << QString::fromLatin1(text);
    QTest::newRow("other digits") << QStringLiteral(u"1.0.\u0663");
    QTest::newRow("too long") << QStringLiteral("1.0.0-") + QString(300, QLatin1Char('a'));
}

// AD-03
void tst_SemVer::badTextsAreRefused()
{
    QFETCH(QString, text);
    QVERIFY(!SemVer::fromText(text));
    const VersionGate gate = VersionGate::create(QStringLiteral("0.0.0"), {}).value();
    QCOMPARE(gate.check(text).error().code(), ErrorCode::VersionRefused);
    QCOMPARE(VersionGate().check(text).has_value(), text.isEmpty());
}

void tst_SemVer::gateLetsIn_data()
{
    QTest::addColumn<QString>("floor");
    QTest::addColumn<QStringList>("allowed");
    QTest::addColumn<QString>("version");
    QTest::addColumn<bool>("in");
    const QString floor = QStringLiteral("1.0.0");
    const QString none;
    const auto row
        = [](const char *name, const QString &low, const char *list, const char *version, bool in) {
              QTest::newRow(name) << low
                                  << QString::fromLatin1(list).split(QLatin1Char(' '),
                                                                     Qt::SkipEmptyParts)
                                  << QString::fromLatin1(version) << in;
          };
    row("AD-03 candidate below the release", floor, "", "1.0.0-rc", false);
    row("AD-03 the floor itself", floor, "", "1.0.0", true);
    row("AD-03 the floor's other build", floor, "", "1.0.0+x", true);
    row("AD-03 above", floor, "", "1.0.1-rc", true);
    row("AD-03 no version", floor, "", "abc", false);
    row("AD-03 listed", none, "1.0.0 1.2.0", "1.2.0", true);
    row("AD-03 not listed", none, "1.0.0 1.2.0", "1.1.0", false);
    row("AD-03 listed but below the floor", floor, "0.9.0 1.2.0", "0.9.0", false);
    row("AD-03 listed build", none, "1.2.0+good", "1.2.0+good", true);
    row("AD-03 another build", none, "1.2.0+good", "1.2.0+bad", false);
    row("AD-03 any build", none, "1.2.0", "1.2.0+bad", true);
    row("AD-03 open gate, no version", none, "", "", true);
}

void tst_SemVer::gateLetsIn()
{
    QFETCH(QString, floor);
    QFETCH(QStringList, allowed);
    QFETCH(QString, version);
    const Result<VersionGate> gate = VersionGate::create(floor, allowed);
    QVERIFY(gate.has_value());
    QTEST(gate->check(version).has_value(), "in");
}

// AD-03
void tst_SemVer::gateNeedsVersions()
{
    const QString bad = QStringLiteral("1.0");
    QCOMPARE(VersionGate::create(bad, {}).error().code(), ErrorCode::InvalidArgument);
    QCOMPARE(VersionGate::create({}, {bad}).error().code(), ErrorCode::InvalidArgument);
}

// AD-03, AD-04
void tst_SemVer::refusalSaysWhatIsAccepted()
{
    const VersionGate gate
        = VersionGate::create(QStringLiteral("1.0.0"), {QStringLiteral("1.2.0")}).value();
    const Error error = gate.check(QStringLiteral("0.1.0")).error();
    QCOMPARE(error.details().value(QStringLiteral("floor")).toString(), QStringLiteral("1.0.0"));
    QCOMPARE(error.details().value(QStringLiteral("allowed")).toStringList(),
             QStringList({QStringLiteral("1.2.0")}));
    QVERIFY(!error.isRetryable());
}

QTEST_APPLESS_MAIN(tst_SemVer)
#include "tst_semver.moc"
