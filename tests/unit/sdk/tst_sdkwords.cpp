// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <QtTest/QTest>

#include <fairlead/clock.h>
#include <fairlead/duration.h>
#include <fairlead/overflow.h>

using namespace fairlead;

/// Words that people write and plugins hand on.
class tst_SdkWords : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void durations_data();
    void durations();
    void noDurations_data();
    void noDurations();
    void overflowPolicies_data();
    void overflowPolicies();
    void noOverflowPolicies_data();
    void noOverflowPolicies();
};

void tst_SdkWords::durations_data()
{
    constexpr qint64 kMs = 1'000'000;
    constexpr qint64 kMost = std::numeric_limits<qint64>::max();
    QTest::addColumn<qint64>("ns");
    QTest::newRow("0ms") << qint64(0);
    QTest::newRow("1ms") << kMs;
    QTest::newRow("500MS") << 500 * kMs;
    QTest::newRow("30s") << 30 * kNsPerSecond;
    QTest::newRow("30sec") << 30 * kNsPerSecond;
    QTest::newRow("0.25s") << 250 * kMs;
    QTest::newRow("1.5m") << 90 * kNsPerSecond;
    QTest::newRow("5min") << 300 * kNsPerSecond;
    QTest::newRow("2h") << 7200 * kNsPerSecond;
    QTest::newRow("1h30m15s500ms") << 5415 * kNsPerSecond + 500 * kMs;
    QTest::newRow("1D") << 86400 * kNsPerSecond;
    QTest::newRow("2w") << 14 * 86400 * kNsPerSecond;
    QTest::newRow("9223372036s") << 9223372036 * kNsPerSecond;
    QTest::newRow("9223372037s") << kMost;
    QTest::newRow("9223372036854775807ms") << kMost;
    QTest::newRow("9223372036854775808ms") << kMost;
    QTest::newRow("99999999999999999999999999w") << kMost;
    QTest::newRow("9223372036s9223372036s") << kMost;
    QTest::newRow("1.99999999999999999999s") << 2 * kNsPerSecond - 1;
}

void tst_SdkWords::durations()
{
    QFETCH(qint64, ns);
    QCOMPARE(parseDuration(QTest::currentDataTag()), std::optional(ns));
}

void tst_SdkWords::noDurations_data()
{
    QTest::addColumn<int>("unused");
    for (const char *text : {"-1s",
                             "+1s",
                             "1",
                             "s",
                             "1 s",
                             "1s ",
                             " 1s",
                             "1x",
                             "1ss",
                             "1.s",
                             ".5s",
                             "1..5s",
                             "1.5",
                             "1,5s",
                             "1s5",
                             "1msec",
                             "\xEF\xBC\x91s"})
        QTest::newRow(text) << 0;
    QTest::newRow("") << 0;
}

void tst_SdkWords::noDurations()
{
    QVERIFY(!parseDuration(QTest::currentDataTag()));
}

// DS-04
void tst_SdkWords::overflowPolicies_data()
{
    QTest::addColumn<Overflow>("policy");
    QTest::addColumn<quint32>("patience");
    QTest::newRow("default") << Overflow::Default << 0U;
    QTest::newRow("disconnect") << Overflow::Disconnect << 0U;
    QTest::newRow("drop-oldest") << Overflow::DropOldest << 0U;
    QTest::newRow("drop-newest") << Overflow::DropNewest << 0U;
    QTest::newRow("latest-per-topic") << Overflow::LatestPerTopic << 0U;
    QTest::newRow("reject") << Overflow::Reject << 0U;
    QTest::newRow("block-up-to") << Overflow::BlockUpTo << 0U;
    QTest::newRow("block-up-to=500ms") << Overflow::BlockUpTo << 500U;
    QTest::newRow("block-up-to=2s") << Overflow::BlockUpTo << 2000U;
    QTest::newRow("block-up-to=0.0005s") << Overflow::BlockUpTo << 1U;
    QTest::newRow("block-up-to=99999999w") << Overflow::BlockUpTo << 4294967295U;
}

void tst_SdkWords::overflowPolicies()
{
    QFETCH(Overflow, policy);
    QFETCH(quint32, patience);
    const auto choice = parseOverflow(QTest::currentDataTag());
    QVERIFY(choice);
    QCOMPARE(choice->policy, policy);
    QCOMPARE(choice->patienceMs, patience);
    QVERIFY(ByteSpan(QTest::currentDataTag()).starts_with(overflowName(policy)));
}

void tst_SdkWords::noOverflowPolicies_data()
{
    QTest::addColumn<int>("unused");
    for (const char *text : {"drop",
                             "Drop-Oldest",
                             "drop_oldest",
                             "drop-oldest ",
                             "drop-oldest=",
                             "drop-oldest=5s",
                             "block-up-to=",
                             "block-up-to=500",
                             "block-up-to=0s",
                             "block-up-to=-1s",
                             "block-up-to 1s",
                             "=500ms",
                             "disconnect=1s",
                             "block-up-to==1s"})
        QTest::newRow(text) << 0;
    QTest::newRow("") << 0;
}

void tst_SdkWords::noOverflowPolicies()
{
    QVERIFY(!parseOverflow(QTest::currentDataTag()));
}

QTEST_APPLESS_MAIN(tst_SdkWords)
#include "tst_sdkwords.moc"
