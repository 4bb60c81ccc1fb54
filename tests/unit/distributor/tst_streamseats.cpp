// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/filtercover.h"
#include "core/distributor/streamseats.h"
#include "core/distributor/streamset.h"

#include <QTest>

#include <atomic>
#include <thread>

using namespace fairlead;
using namespace fairlead::core;

namespace {

StreamSpec stream(const char *name, const char *filter, quint32 seats)
{
    StreamSpec spec;
    spec.name = name;
    spec.filter = *TopicFilter::parse(filter);
    spec.maxSubscribers = seats;
    return spec;
}

TopicFilter filter(const char *text)
{
    return *TopicFilter::parse(text);
}

StreamSeats::Sitter peer(quint64 number)
{
    return {number, QByteArray::number(number)};
}

std::vector<quint32> taken(const StreamSeats &seats)
{
    std::vector<quint32> list;
    for (const StreamSeats::Taken &one : seats.list())
        list.push_back(one.taken);
    return list;
}

} // namespace

class tst_StreamSeats : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void filtersThatShareATopic_data()
    {
        QTest::addColumn<QByteArray>("one");
        QTest::addColumn<QByteArray>("other");
        QTest::addColumn<bool>("overlap");
        const auto row = [](const char *one, const char *other, bool overlap) {
            QTest::addRow("%s with %s", one, other)
                << QByteArray(one) << QByteArray(other) << overlap;
        };
        row("a", "a", true);
        row("a", "b", false);
        row("a", "a/b", false);
        row("a/", "a", false);
        row("a/", "a/+", true);
        row("a/#", "a", true);
        row("a/#", "a/b/c", true);
        row("a/#", "b/#", false);
        row("#", "a", true);
        row("+", "a", true);
        row("+", "a/b", false);
        row("+/b", "a/+", true);
        row("+/b", "a/c", false);
        row("+/+/c", "a/#", true);
        row("a/+/c", "a/b", false);
        row("a/+/#", "a", false);
        row("a/+/#", "a/b", true);
        row("a/b/#", "a/+", true);
        row("a/b/#", "+", false);
        row("+/#", "a", true);
        row("$SYS/#", "#", false);
        row("$SYS/a", "+/a", false);
        row("$SYS/#", "$SYS/+/b", true);
    }

    void filtersThatShareATopic()
    {
        QFETCH(QByteArray, one);
        QFETCH(QByteArray, other);
        QFETCH(bool, overlap);
        QCOMPARE(filtersOverlap(one.constData(), other.constData()), overlap);
        QCOMPARE(filtersOverlap(other.constData(), one.constData()), overlap);
    }

    // DS-08: one value says how many; 0 is any number.
    void aSeatForEachSession()
    {
        const StreamSet streams({stream("few", "few/#", 8), stream("any", "any/#", 0)});
        StreamSeats seats(streams);
        for (quint64 session = 1; session <= 8; ++session) {
            QVERIFY(!seats.claim(peer(session), filter("few/a")));
            QVERIFY(!seats.claim(peer(session), filter("few/b"))); // still one
        }
        const auto full = seats.claim(peer(9), filter("#"));
        QVERIFY(full);
        QCOMPARE(full->stream, QByteArray("few"));
        QCOMPARE(full->seats, 8U);
        QVERIFY(!seats.claim(peer(9), filter("any/#")));
        QVERIFY(!seats.claim(peer(9), filter("$SYS/#")));
        QCOMPARE(taken(seats), std::vector<quint32>{8});
        seats.release(peer(3), filter("few/a"));
        QVERIFY(seats.claim(peer(9), filter("few/a")));
        seats.release(peer(3), filter("few/b"));
        QVERIFY(!seats.claim(peer(9), filter("few/a")));
        QCOMPARE(seats.subscribersOf("few/x"), 8U);
        QCOMPARE(seats.subscribersOf("any/x"), 0U);
        QCOMPARE(seats.subscribersOf("$SYS/x"), 0U);
    }

    // DS-08: a refusal changes nothing.
    void allSeatsOrNone()
    {
        const StreamSet streams({stream("one", "x/one", 1), stream("two", "x/two", 1)});
        StreamSeats seats(streams);
        QVERIFY(!seats.claim(peer(1), filter("x/two")));
        QVERIFY(seats.claim(peer(2), filter("x/#")));
        QCOMPARE(taken(seats), (std::vector<quint32>{0, 1}));
        QVERIFY(!seats.claim(peer(2), filter("x/one")));
    }

    // DS-08: members of a shared group sit too.
    void sharedFiltersCountByTheirPattern()
    {
        const StreamSet streams({stream("one", "a/#", 1)});
        StreamSeats seats(streams);
        QVERIFY(!seats.claim(peer(1), filter("$share/g/a/b")));
        QVERIFY(!seats.claim(peer(1), filter("a/b")));
        QVERIFY(seats.claim(peer(2), filter("$share/g/a/b")));
        seats.release(peer(1), filter("$share/g/a/b"));
        QVERIFY(seats.claim(peer(2), filter("a/b")));
        seats.release(peer(1), filter("a/b"));
        QVERIFY(!seats.claim(peer(2), filter("a/b")));
    }

    // DS-09
    void aSeatIsGivenBackOnce()
    {
        const StreamSet streams({stream("two", "a/#", 2)});
        StreamSeats seats(streams);
        seats.release(peer(1), filter("a/b"));
        seats.leave(peer(1));
        QCOMPARE(taken(seats), std::vector<quint32>{0});
        QVERIFY(!seats.claim(peer(1), filter("a/b")));
        QVERIFY(!seats.claim(peer(1), filter("a/c")));
        QVERIFY(!seats.claim(peer(2), filter("a/b")));
        for (int i = 0; i < 3; ++i)
            seats.release(peer(1), filter("a/b"));
        QCOMPARE(taken(seats), std::vector<quint32>{2});
        for (int i = 0; i < 3; ++i)
            seats.leave(peer(1));
        QCOMPARE(taken(seats), std::vector<quint32>{1});
    }

    // DS-08: who was there before the bound became lower is not thrown out, and nobody comes in.
    void whoComesBackHasAPlace()
    {
        const StreamSet streams({stream("one", "a/#", 1)});
        StreamSeats seats(streams);
        seats.restore(peer(1), filter("a/b"));
        seats.restore(peer(2), filter("a/b"));
        QCOMPARE(taken(seats), std::vector<quint32>{2});
        QVERIFY(seats.claim(peer(3), filter("a/b")));
        QVERIFY(!seats.claim(peer(2), filter("a/c")));
        seats.leave(peer(1));
        QVERIFY(seats.claim(peer(3), filter("a/b")));
        seats.leave(peer(2));
        QVERIFY(!seats.claim(peer(3), filter("a/b")));
    }

    // DS-08: the session of a peer that comes back may be there before its former one is cleared away.
    void aPeerIsNotInItsOwnWay()
    {
        const StreamSet streams({stream("one", "a/#", 1)});
        StreamSeats seats(streams);
        QVERIFY(!seats.claim({1, "c"}, filter("a/b")));
        QVERIFY(!seats.claim({2, "c"}, filter("a/b")));
        QVERIFY(seats.claim({3, "d"}, filter("a/b")));
        seats.leave({1, "c"});
        QCOMPARE(taken(seats), std::vector<quint32>{1});
        QVERIFY(seats.claim({3, "d"}, filter("a/b")));
        seats.release({2, "c"}, filter("a/b"));
        QVERIFY(!seats.claim({3, "d"}, filter("a/b")));
    }

    // DS-08, DS-09: from many threads at once there are never more than seats, nor less than none.
    void theLastSeatGoesToOne()
    {
        constexpr int kThreads = 4;
        constexpr int kRounds = 5000;
        const StreamSet streams({stream("two", "a/#", 2)});
        StreamSeats seats(streams);
        std::atomic<int> sitting = 0;
        std::atomic<int> wrong = 0;
        std::vector<std::thread> threads;
        for (int number = 1; number <= kThreads; ++number) {
            threads.emplace_back([&, number] {
                for (int round = 0; round < kRounds; ++round) {
                    if (seats.claim(peer(quint64(number)), filter("a/b")))
                        continue;
                    if (sitting.fetch_add(1) >= 2)
                        wrong.fetch_add(1);
                    sitting.fetch_sub(1);
                    if (round % 2 == 0)
                        seats.release(peer(quint64(number)), filter("a/b"));
                    seats.leave(peer(quint64(number)));
                }
            });
        }
        for (std::thread &thread : threads)
            thread.join();
        QCOMPARE(wrong.load(), 0);
        QCOMPARE(taken(seats), std::vector<quint32>{0});
    }
};

QTEST_APPLESS_MAIN(tst_StreamSeats)
#include "tst_streamseats.moc"
