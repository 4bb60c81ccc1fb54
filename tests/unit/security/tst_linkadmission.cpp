// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "../broadcast/fakeloop.h"
#include "core/security/linkadmission.h"

#include <QTest>

#include <thread>

using namespace fairlead;
using namespace fairlead::core;
using test::FakeLoop;

namespace {

QHostAddress address(const char *text)
{
    return QHostAddress(QString::fromLatin1(text));
}

Principal principal(const char *name)
{
    return {name, false};
}

struct World
{
    explicit World(const AdmissionSettings &settings = {})
        : admission(loop, loop, loop.timers, settings)
    { }

    /// Of so many connects from there, those that are taken.
    int connect(int count, const char *from)
    {
        int taken = 0;
        for (int i = 0; i < count; ++i)
            taken += admission.judge(address(from), {}) ? 0 : 1;
        return taken;
    }

    /// Of so many that prove to be @p name after they connected from there.
    int prove(int count, const char *name, const char *from)
    {
        int taken = 0;
        for (int i = 0; i < count; ++i) {
            if (!admission.judge(address(from), {})
                && admission.admitPrincipal(principal(name), QByteArray(from) + ":1", loop.now())
                       .isNull()) {
                ++taken;
            }
        }
        return taken;
    }

    FakeLoop loop;
    LinkAdmission admission;
};

} // namespace

class tst_LinkAdmission : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // AD-05: over all listeners there is one rate, and nothing of it is a listener's.
    void aPeerHasItsRate()
    {
        World world;
        QCOMPARE(world.connect(300, "192.0.2.1"), 256);
        QCOMPARE(world.admission.refused(RefusalReason::Rate), quint64(44));
        QCOMPARE(world.connect(1, "192.0.2.2"), 1);
        QCOMPARE(world.connect(300, "2001:db8::1"), 256);
        QCOMPARE(world.connect(1, "2001:db8::2"), 0);
    }

    // AD-05
    void loopbackIsExemptUnlessAskedFor_data()
    {
        QTest::addColumn<bool>("limits");
        QTest::addColumn<int>("taken");
        QTest::newRow("AD-05 by default") << false << 300;
        QTest::newRow("AD-05 asked for") << true << 256;
    }

    void loopbackIsExemptUnlessAskedFor()
    {
        QFETCH(const bool, limits);
        QFETCH(const int, taken);
        for (const char *from : {"127.0.0.1", "::1", "127.3.2.1", "::ffff:127.0.0.1"}) {
            World world({256, limits});
            QCOMPARE(world.connect(300, from), taken);
        }
    }

    // AD-05: refused by its address, a peer uses up nothing.
    void anAddressIsJudgedFirst()
    {
        World world({1, false});
        const AddressRules rules({}, {*AddressRules::parseNetwork(QStringLiteral("192.0.2.0/24"))});
        for (int i = 0; i < 5; ++i)
            QCOMPARE(*world.admission.judge(address("192.0.2.1"), rules), RefusalReason::Address);
        QCOMPARE(world.connect(2, "192.0.2.1"), 1);
        QCOMPARE(world.admission.refused(RefusalReason::Address), quint64(5));
    }

    // AD-05: the table is empty once nobody connects, by the timer alone.
    void theTableEmptiesByItself()
    {
        World world;
        for (int i = 0; i < 200; ++i) {
            QCOMPARE(world.connect(1, qPrintable(QStringLiteral("198.51.100.%1").arg(i))), 1);
            world.loop.advance(10 * kNsPerMs);
        }
        QVERIFY(world.admission.peers() > 0);
        world.loop.advance(3 * kNsPerSecond);
        QCOMPARE(world.admission.peers(), std::size_t(0));
        QCOMPARE(world.loop.timers.nextDeadline(), qint64(-1));
        QCOMPARE(world.connect(1, "192.0.2.1"), 1);
        world.loop.advance(3 * kNsPerSecond);
        QCOMPARE(world.admission.peers(), std::size_t(0));
    }

    // AD-05: verified peers behind one address have each their own rate.
    void aVerifiedPeerIsCountedByItsName()
    {
        World world;
        QCOMPARE(world.prove(300, "alice", "192.0.2.1"), 256);
        QCOMPARE(world.admission.refused(RefusalReason::Rate), quint64(44));
        QCOMPARE(world.prove(200, "bob", "192.0.2.1"), 200);
        // Wherever it comes from.
        QCOMPARE(world.prove(100, "bob", "192.0.2.2"), 56);
        const Error error
            = world.admission.admitPrincipal(principal("bob"), "192.0.2.3:7", world.loop.now());
        QCOMPARE(error.code(), ErrorCode::RateExceeded);
        QVERIFY(error.isRetryable());
        QCOMPARE(error.details().value(QStringLiteral("retryAfterMs")).toInt(), 1000);
        world.loop.advance(3 * kNsPerSecond);
        QCOMPARE(world.admission.peers(), std::size_t(0));
    }

    void nobodyVerifiedIsNoName()
    {
        World world({1, false});
        for (int i = 0; i < 5; ++i)
            QVERIFY(world.admission.admitPrincipal({}, "192.0.2.1:1", world.loop.now()).isNull());
        for (int i = 0; i < 5; ++i)
            QVERIFY(world.admission.admitPrincipal(principal("a"), "[::1]:1", world.loop.now())
                        .isNull());
        QCOMPARE(world.admission.peers(), std::size_t(0));
    }

    // AD-05: reactors count at the same time.
    void manyThreadsCountTogether()
    {
        World world;
        std::atomic<int> taken = 0;
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int j = 0; j < 100; ++j) {
                    if (world.admission.admitPrincipal(principal("a"), "192.0.2.1:1", kNsPerSecond)
                            .isNull()) {
                        ++taken;
                    }
                }
            });
        }
        for (std::thread &thread : threads)
            thread.join();
        QCOMPARE(taken.load(), 256);
        QCOMPARE(world.admission.refused(RefusalReason::Rate), quint64(144));
    }
};

QTEST_APPLESS_MAIN(tst_LinkAdmission)
#include "tst_linkadmission.moc"
