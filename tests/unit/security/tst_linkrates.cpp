// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/security/linkrates.h"

#include <QTest>

#include <deque>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr qint64 kStart = 12345 * kNsPerSecond + 678;
constexpr qint64 kForgotten = 2 * LinkRates::kWindowNs;

QByteArray keyOf(const char *address)
{
    return rateKey(QHostAddress(QString::fromLatin1(address)));
}

} // namespace

class tst_LinkRates : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // AD-05: 300 connects within a second from one peer.
    void of300InASecond256AreTaken()
    {
        LinkRates rates(256);
        int taken = 0;
        for (int i = 0; i < 300; ++i)
            taken += rates.take("a", kStart + i * (kNsPerSecond / 300)) ? 1 : 0;
        QCOMPARE(taken, 256);
        QVERIFY(rates.take("b", kStart + kNsPerSecond - 1));
    }

    // AD-05: wherever a second begins, it has no more than that.
    void noSecondHasMore()
    {
        LinkRates rates(256);
        std::deque<qint64> taken;
        qint64 now = kStart;
        for (int i = 0; i < 20'000; ++i) {
            now += (i % 7) * kNsPerMs / 2;
            if (!rates.take("a", now))
                continue;
            taken.push_back(now);
            while (taken.front() <= now - kNsPerSecond)
                taken.pop_front();
            QVERIFY(taken.size() <= 256);
        }
        while (!taken.empty() && taken.front() <= now - kNsPerSecond)
            taken.pop_front();
        // Who asks all the time gets its rate all the same.
        QVERIFY(taken.size() > 200);
    }

    void anotherSecondIsAnotherChance()
    {
        LinkRates rates(2);
        QVERIFY(rates.take("a", kStart));
        QVERIFY(rates.take("a", kStart));
        QVERIFY(!rates.take("a", kStart + kNsPerSecond / 2));
        QVERIFY(rates.take("a", kStart + kNsPerSecond + kNsPerSecond / 8));
    }

    void noRateIsNoBoundAndNoTable()
    {
        LinkRates rates(0);
        for (int i = 0; i < 1000; ++i)
            QVERIFY(rates.take("a", kStart));
        QCOMPARE(rates.size(), std::size_t(0));
    }

    // AD-05: the table is empty after a while of silence.
    void idlePeersAreForgotten()
    {
        LinkRates rates(1);
        for (int i = 0; i < 1000; ++i)
            QVERIFY(rates.take(QByteArray::number(i), kStart + i));
        QVERIFY(rates.take("late", kStart + kNsPerSecond));
        rates.forgetIdle(kStart + kNsPerSecond / 2);
        QCOMPARE(rates.size(), std::size_t(1001));
        rates.forgetIdle(kStart + kNsPerSecond + kNsPerSecond / 4);
        QCOMPARE(rates.size(), std::size_t(1));
        rates.forgetIdle(kStart + kNsPerSecond + kForgotten);
        QCOMPARE(rates.size(), std::size_t(0));
    }

    // AD-05: refused attempts do not keep a peer in the table.
    void whoIsOnlyRefusedIsForgotten()
    {
        LinkRates rates(1);
        QVERIFY(rates.take("a", kStart));
        QVERIFY(!rates.take("a", kStart + kNsPerSecond / 2));
        rates.forgetIdle(kStart + kNsPerSecond + kNsPerSecond / 8);
        QCOMPARE(rates.size(), std::size_t(0));
    }

    // AD-05: the table is bounded; who came last stays.
    void theTableIsBounded()
    {
        LinkRates rates(1, 4);
        for (int i = 0; i < 6; ++i)
            QVERIFY(rates.take(QByteArray::number(i), kStart));
        QCOMPARE(rates.size(), std::size_t(4));
        QCOMPARE(rates.evicted(), quint64(2));
        QVERIFY(!rates.take("5", kStart));
        QVERIFY(rates.take("0", kStart));
    }

    // AD-05: what turns out to be a verified peer's link is not its address'.
    void whatIsGivenBackIsFree()
    {
        LinkRates rates(2);
        QVERIFY(rates.take("a", kStart));
        QVERIFY(rates.take("a", kStart + kNsPerSecond / 4));
        rates.giveBack("a", kStart + kNsPerSecond / 2);
        QVERIFY(rates.take("a", kStart + kNsPerSecond / 2));
        QVERIFY(!rates.take("a", kStart + kNsPerSecond / 2));
        rates.giveBack("nobody", kStart);
        rates.giveBack("a", kStart + 5 * kNsPerSecond);
        QVERIFY(rates.take("a", kStart + 5 * kNsPerSecond));
        QVERIFY(rates.take("a", kStart + 5 * kNsPerSecond));
        QVERIFY(!rates.take("a", kStart + 5 * kNsPerSecond));
    }

    // AD-05: an IPv6 host chooses among 2^64 addresses.
    void anAddressStandsForItsPeer()
    {
        QCOMPARE(keyOf("2001:db8::1"), keyOf("2001:db8::ffff:2"));
        QVERIFY(keyOf("2001:db8::1") != keyOf("2001:db8:0:1::1"));
        QVERIFY(keyOf("192.0.2.1") != keyOf("192.0.2.2"));
        QCOMPARE(keyOf("::ffff:192.0.2.1"), keyOf("192.0.2.1"));
        QVERIFY(rateKey(QByteArrayLiteral("4c0000201")) != keyOf("192.0.2.1"));
    }
};

QTEST_APPLESS_MAIN(tst_LinkRates)
#include "tst_linkrates.moc"
