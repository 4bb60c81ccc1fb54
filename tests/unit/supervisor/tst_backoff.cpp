// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/backoff.h"
#include "scripted.h"

#include <QtTest/QTest>

#include <cmath>
#include <limits>
#include <set>

using namespace fairlead;
using namespace fairlead::core;
using fairlead::test::FixedRandom;
using fairlead::test::SimRandom;

namespace {

constexpr quint32 kMostAttempts = 0x7FFFFFFF;

BackOff make(const BackOffPolicy &policy = BackOffPolicy())
{
    return *BackOff::create(policy);
}

} // namespace

class tst_BackOff : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void delayLiesInTheUpperPartOfTheCeiling_data();
    void delayLiesInTheUpperPartOfTheCeiling();
    void ceilingDoublesUpToTheCap();
    void spreadIsEvenAndPersistsAtTheCap();
    void extremesOfTheGeneratorStayInside();
    void seedDecides();
    void badPolicyIsRefused_data();
    void badPolicyIsRefused();
    void borderPoliciesAreAccepted();
};

// SV-06
void tst_BackOff::delayLiesInTheUpperPartOfTheCeiling_data()
{
    QTest::addColumn<double>("multiplier");
    QTest::addColumn<double>("jitter");
    QTest::newRow("SV-06 default") << 2.0 << 0.5;
    QTest::newRow("SV-06 no growth") << 1.0 << 0.5;
    QTest::newRow("SV-06 slow growth") << 1.0000001 << 0.5;
    QTest::newRow("SV-06 no jitter") << 2.0 << 0.0;
    QTest::newRow("SV-06 all jitter") << 3.0 << 1.0;
    QTest::newRow("SV-06 steep") << 1e300 << 0.5;
}

void tst_BackOff::delayLiesInTheUpperPartOfTheCeiling()
{
    QFETCH(const double, multiplier);
    QFETCH(const double, jitter);
    BackOffPolicy policy;
    policy.multiplier = multiplier;
    policy.jitter = jitter;
    const BackOff backOff = make(policy);
    SimRandom random(7);
    std::vector<quint32> ns{
        1014, 1015, 1016, 1023, 1024, 65535, 65536, kMostAttempts - 1, kMostAttempts};
    for (quint32 n = 0; n < 200; ++n)
        ns.push_back(n);
    for (int i = 0; i < 20000; ++i)
        ns.push_back(quint32(random.below(quint64(kMostAttempts) + 1)));
    for (const quint32 n : ns) {
        const double c = std::min(double(policy.capNs),
                                  double(policy.baseNs) * std::pow(multiplier, double(n)));
        const qint64 delay = backOff.delay(n, random);
        QVERIFY2(delay >= kNsPerMs && delay <= policy.capNs, qPrintable(QString::number(n)));
        QVERIFY2(double(delay) <= c && double(delay) >= c * (1 - jitter) - 1,
                 qPrintable(QStringLiteral("n %1: %2 of %3").arg(n).arg(delay).arg(c)));
    }
}

// SV-06
void tst_BackOff::ceilingDoublesUpToTheCap()
{
    const BackOff backOff = make();
    const int seconds[] = {1, 2, 4, 8, 16, 30, 30};
    for (quint32 n = 0; n < 7; ++n)
        QCOMPARE(backOff.ceiling(n), seconds[n] * kNsPerSecond);
    QCOMPARE(backOff.ceiling(kMostAttempts), 30 * kNsPerSecond);
}

// SV-06
void tst_BackOff::spreadIsEvenAndPersistsAtTheCap()
{
    const BackOff backOff = make();
    for (const quint32 n : {0U, 3U, 1015U, kMostAttempts}) {
        SimRandom random(n + 1);
        const double c = double(backOff.ceiling(n));
        std::set<qint64> distinct;
        double sum = 0;
        for (int i = 0; i < 1000; ++i) {
            const qint64 delay = backOff.delay(n, random);
            distinct.insert(delay);
            sum += double(delay);
        }
        const double expected = c * 0.75;
        QVERIFY(std::abs(sum / 1000 - expected) < expected * 0.05);
        QVERIFY(distinct.size() > 100);
    }
}

// SV-06
void tst_BackOff::extremesOfTheGeneratorStayInside()
{
    BackOffPolicy policy;
    policy.baseNs = kNsPerMs;
    policy.capNs = kNsPerMs;
    policy.jitter = 1.0;
    const BackOff shortest = make(policy);
    policy.capNs = BackOff::kLongestNs;
    const BackOff longest = make(policy);
    for (const quint64 value : {quint64(0), quint64(1), std::numeric_limits<quint64>::max()}) {
        FixedRandom random(value);
        QCOMPARE(shortest.delay(5, random), kNsPerMs);
        const qint64 delay = longest.delay(kMostAttempts, random);
        QVERIFY(delay >= kNsPerMs && delay <= BackOff::kLongestNs);
    }
}

// SV-07
void tst_BackOff::seedDecides()
{
    const BackOff backOff = make();
    const auto draw = [&backOff](quint64 seed) {
        SimRandom random(seed);
        std::vector<qint64> delays;
        for (quint32 n = 0; n < 20; ++n)
            delays.push_back(backOff.delay(n, random));
        return delays;
    };
    QCOMPARE(draw(1), draw(1));
    QVERIFY(draw(1) != draw(2));
    // Two endpoints share the generator and still differ.
    SimRandom shared(3);
    std::vector<qint64> first;
    std::vector<qint64> second;
    for (quint32 n = 0; n < 20; ++n) {
        first.push_back(backOff.delay(n, shared));
        second.push_back(backOff.delay(n, shared));
    }
    QVERIFY(first != second);
}

// SV-07
void tst_BackOff::badPolicyIsRefused_data()
{
    QTest::addColumn<qint64>("base");
    QTest::addColumn<double>("multiplier");
    QTest::addColumn<qint64>("cap");
    QTest::addColumn<double>("jitter");
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double infinity = std::numeric_limits<double>::infinity();
    const qint64 s = kNsPerSecond;
    QTest::newRow("SV-07 base 0") << qint64(0) << 2.0 << 30 * s << 0.5;
    QTest::newRow("SV-07 base negative") << -s << 2.0 << 30 * s << 0.5;
    QTest::newRow("SV-07 base under 1 ms") << kNsPerMs - 1 << 2.0 << 30 * s << 0.5;
    QTest::newRow("SV-07 cap under base") << s << 2.0 << s - 1 << 0.5;
    QTest::newRow("SV-07 cap negative") << s << 2.0 << -s << 0.5;
    QTest::newRow("SV-07 cap too long") << s << 2.0 << BackOff::kLongestNs + 1 << 0.5;
    QTest::newRow("SV-07 multiplier under 1") << s << 0.999 << 30 * s << 0.5;
    QTest::newRow("SV-07 multiplier 0") << s << 0.0 << 30 * s << 0.5;
    QTest::newRow("SV-07 multiplier negative") << s << -2.0 << 30 * s << 0.5;
    QTest::newRow("SV-07 multiplier NaN") << s << nan << 30 * s << 0.5;
    QTest::newRow("SV-07 multiplier infinite") << s << infinity << 30 * s << 0.5;
    QTest::newRow("SV-07 jitter negative") << s << 2.0 << 30 * s << -0.1;
    QTest::newRow("SV-07 jitter over 1") << s << 2.0 << 30 * s << 1.1;
    QTest::newRow("SV-07 jitter NaN") << s << 2.0 << 30 * s << nan;
}

void tst_BackOff::badPolicyIsRefused()
{
    QFETCH(const qint64, base);
    QFETCH(const double, multiplier);
    QFETCH(const qint64, cap);
    QFETCH(const double, jitter);
    const auto made = BackOff::create({base, multiplier, cap, jitter});
    QVERIFY(!made);
    QCOMPARE(made.error().code(), ErrorCode::ConfigRange);
    QVERIFY(!made.error().text().isEmpty());

    // Also where an endpoint is made of it.
    EndpointPlan plan = test::World::plan(QStringLiteral("a"));
    plan.policy.backOff = {base, multiplier, cap, jitter};
    QCOMPARE(plan.validate().error().code(), ErrorCode::ConfigRange);
}

// SV-07
void tst_BackOff::borderPoliciesAreAccepted()
{
    QVERIFY(BackOff::create({kNsPerMs, 1.0, kNsPerMs, 0.0}));
    QVERIFY(BackOff::create({kNsPerMs, 1.0, BackOff::kLongestNs, 1.0}));
}

QTEST_APPLESS_MAIN(tst_BackOff)
#include "tst_backoff.moc"
