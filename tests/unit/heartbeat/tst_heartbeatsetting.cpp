// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "heartbeatworld.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;

Q_DECLARE_METATYPE(HeartbeatWish)

class tst_HeartbeatSetting : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneValueIsResolved_data();
    void oneValueIsResolved();
    void checkPeriodIsAThird_data();
    void checkPeriodIsAThird();
    void badWishesAreRefused_data();
    void badWishesAreRefused();
};

void tst_HeartbeatSetting::oneValueIsResolved_data()
{
    QTest::addColumn<HeartbeatWish>("wish");
    QTest::addColumn<qint64>("timeoutNs");
    QTest::addColumn<qint64>("probeNs");
    QTest::addColumn<qint64>("suspensionNs");
    const qint64 standard = 75 * kSecond;
    QTest::newRow("HB-01 nobody asks") << HeartbeatWish() << qint64(0) << qint64(0) << standard;
    QTest::newRow("HB-01 protocol")
        << HeartbeatWish{.protocolMs = 60'000} << 60 * kSecond << 20 * kSecond << standard;
    QTest::newRow("HB-01 operator before protocol")
        << HeartbeatWish{.configuredMs = 90'000, .protocolMs = 60'000} << 90 * kSecond
        << 30 * kSecond << standard;
    QTest::newRow("HB-01 operator turns it off")
        << HeartbeatWish{.configuredMs = 0, .protocolMs = 60'000} << qint64(0) << qint64(0)
        << standard;
    QTest::newRow("HB-04 keep-alive before all")
        << HeartbeatWish{.configuredMs = 90'000, .protocolMs = 60'000, .keepAliveSeconds = 10}
        << 15 * kSecond << qint64(0) << qint64(0);
    QTest::newRow("HB-04 odd keep-alive")
        << HeartbeatWish{.keepAliveSeconds = 1} << 1500 * kMs << qint64(0) << qint64(0);
    QTest::newRow("HB-04 longest keep-alive")
        << HeartbeatWish{.keepAliveSeconds = 65'535} << 98'302'500 * kMs << qint64(0) << qint64(0);
    QTest::newRow("HB-04 no keep-alive agreed")
        << HeartbeatWish{.configuredMs = 900, .keepAliveSeconds = 0} << 900 * kMs << 300 * kMs
        << standard;
    QTest::newRow("HB-01 own probe and suspension")
        << HeartbeatWish{.configuredMs = 900, .probeMs = 100, .suspensionMs = 5000} << 900 * kMs
        << 100 * kMs << 5 * kSecond;
    QTest::newRow("HB-01 no probes")
        << HeartbeatWish{.configuredMs = 900, .probeMs = 0} << 900 * kMs << qint64(0) << standard;
}

void tst_HeartbeatSetting::oneValueIsResolved()
{
    QFETCH(HeartbeatWish, wish);
    const Result<HeartbeatSetting> setting = resolveHeartbeat(wish);
    QVERIFY(setting.has_value());
    QTEST(setting->timeoutNs, "timeoutNs");
    QTEST(setting->probeNs, "probeNs");
    QTEST(setting->suspensionNs, "suspensionNs");
    QCOMPARE(setting->isEnabled(), setting->timeoutNs > 0);
}

void tst_HeartbeatSetting::checkPeriodIsAThird_data()
{
    QTest::addColumn<qint64>("timeoutNs");
    QTest::addColumn<qint64>("periodNs");
    QTest::newRow("HB-01 1 ms") << kMs << kMs;
    QTest::newRow("HB-01 2 ms") << 2 * kMs << kMs;
    QTest::newRow("HB-01 3 ms") << 3 * kMs << kMs;
    QTest::newRow("HB-01 4 ms") << 4 * kMs << 4 * kMs / 3;
    QTest::newRow("HB-01 90 s") << 90 * kSecond << 30 * kSecond;
}

void tst_HeartbeatSetting::checkPeriodIsAThird()
{
    QFETCH(qint64, timeoutNs);
    HeartbeatSetting setting;
    setting.timeoutNs = timeoutNs;
    QTEST(setting.checkPeriodNs(), "periodNs");
}

void tst_HeartbeatSetting::badWishesAreRefused_data()
{
    QTest::addColumn<HeartbeatWish>("wish");
    QTest::newRow("HB-01 negative timeout") << HeartbeatWish{.configuredMs = -1};
    QTest::newRow("HB-01 endless timeout") << HeartbeatWish{.protocolMs = qint64(1) << 60};
    QTest::newRow("HB-01 negative probe") << HeartbeatWish{.configuredMs = 5, .probeMs = -1};
    QTest::newRow("HB-01 probe after the timeout")
        << HeartbeatWish{.configuredMs = 100, .probeMs = 100};
    QTest::newRow("HB-01 negative grace") << HeartbeatWish{.configuredMs = 5, .graceMs = -1};
    QTest::newRow("HB-01 negative suspension")
        << HeartbeatWish{.configuredMs = 5, .suspensionMs = -1};
    QTest::newRow("HB-01 endless keep-alive") << HeartbeatWish{.keepAliveSeconds = 4'000'000'000U};
}

void tst_HeartbeatSetting::badWishesAreRefused()
{
    QFETCH(HeartbeatWish, wish);
    QCOMPARE(resolveHeartbeat(wish).error().code(), ErrorCode::InvalidArgument);
}

QTEST_APPLESS_MAIN(tst_HeartbeatSetting)
#include "tst_heartbeatsetting.moc"
