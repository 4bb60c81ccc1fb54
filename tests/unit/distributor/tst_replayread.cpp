// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "replayringtest.h"

#include <QTest>

#include <atomic>
#include <limits>
#include <random>
#include <thread>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr quint64 kMax = std::numeric_limits<quint64>::max();

} // namespace

/// What is read of a ring.
class tst_ReplayRead : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void queryTellsTheTruth_data();
    void queryTellsTheTruth();
    void filteredNumberingHasHolesThatAreNoGaps();
    void pagesAreBoundedAndInOrder();
    void overtakenReaderLearnsWhatItMissed();
    void expiredMessagesAreLeftOut();
    void lastMessagesOfAFilter_data();
    void lastMessagesOfAFilter();
    void lastMessagesAcrossPages();
    void startByTime();
    void readersAndWriterAgree();
};

// RP-02
void tst_ReplayRead::queryTellsTheTruth_data()
{
    QTest::addColumn<int>("capacity"); // 0: off
    QTest::addColumn<quint64>("before"); // where the history of this ring begins
    QTest::addColumn<QList<quint64>>("arrived");
    QTest::addColumn<quint64>("after");
    QTest::addColumn<QList<quint64>>("newer");
    QTest::addColumn<bool>("gap");
    QTest::addColumn<quint64>("oldest");
    QTest::addColumn<bool>("caughtUp");

    using List = QList<quint64>;
    const List none;
    const List dense{1, 2, 3, 4, 5, 6};
    const List sparse{10, 20, 30, 40, 50};
    const auto row = [](const char *name,
                        int capacity,
                        quint64 before,
                        const List &arrived,
                        quint64 after,
                        const List &newer,
                        bool gap,
                        quint64 oldest,
                        bool caughtUp) {
        QTest::newRow(name) << capacity << before << arrived << after << newer << gap << oldest
                            << caughtUp;
    };
    row("nothing seen, from the beginning", 4, 0, none, 0, none, false, 0, true);
    row("nothing seen, ahead", 4, 0, none, 7, none, false, 0, true);
    row("nothing seen, maximum", 4, 0, none, kMax, none, false, 0, true);
    row("later epoch, nothing seen, from the beginning", 4, 100, none, 0, none, true, 0, false);
    row("later epoch, nothing seen, inside the earlier", 4, 100, none, 99, none, true, 0, false);
    row("later epoch, nothing seen, at its start", 4, 100, none, 100, none, false, 0, true);
    row("nothing evicted, from the beginning", 8, 0, dense, 0, dense, false, 1, false);
    row("nothing evicted, in the middle", 8, 0, dense, 3, {4, 5, 6}, false, 1, false);
    row("caught up", 8, 0, dense, 6, none, false, 1, true);
    row("ahead", 8, 0, dense, 7, none, false, 1, true);
    row("maximum", 8, 0, dense, kMax, none, false, 1, true);
    row("evicted, from the beginning", 4, 0, dense, 0, {3, 4, 5, 6}, true, 3, false);
    row("evicted, one missing", 4, 0, dense, 1, {3, 4, 5, 6}, true, 3, false);
    row("evicted, just not missing", 4, 0, dense, 2, {3, 4, 5, 6}, false, 3, false);
    row("evicted, at the oldest", 4, 0, dense, 3, {4, 5, 6}, false, 3, false);
    row("evicted, caught up", 4, 0, dense, 6, none, false, 3, true);
    row("evicted, maximum", 4, 0, dense, kMax, none, false, 3, true);
    row("one slot", 1, 0, dense, 5, {6}, false, 6, false);
    row("one slot, gap", 1, 0, dense, 4, {6}, true, 6, false);
    row("capacity 0, nothing seen", 0, 0, none, 0, none, false, 0, true);
    row("capacity 0, from the beginning", 0, 0, dense, 0, none, true, 0, false);
    row("capacity 0, behind", 0, 0, dense, 5, none, true, 0, false);
    row("capacity 0, caught up", 0, 0, dense, 6, none, false, 0, true);
    row("capacity 0, ahead", 0, 0, dense, 9, none, false, 0, true);
    row("holes, before the first", 8, 0, sparse, 5, sparse, false, 10, false);
    row("holes, between", 8, 0, sparse, 25, {30, 40, 50}, false, 10, false);
    row("holes, evicted, at the last lost", 2, 0, sparse, 30, {40, 50}, false, 40, false);
    row("holes, evicted, in the hole after it", 2, 0, sparse, 35, {40, 50}, false, 40, false);
    row("holes, evicted, in the hole before it", 2, 0, sparse, 29, {40, 50}, true, 40, false);
    row("holes, evicted, long before", 2, 0, sparse, 1, {40, 50}, true, 40, false);
}

void tst_ReplayRead::queryTellsTheTruth()
{
    QFETCH(int, capacity);
    QFETCH(quint64, before);
    QFETCH(QList<quint64>, arrived);
    QFETCH(quint64, after);
    QFETCH(QList<quint64>, newer);
    QFETCH(bool, gap);
    QFETCH(quint64, oldest);
    QFETCH(bool, caughtUp);

    ReplayRing ring(limits(quint64(capacity)), before);
    for (const quint64 sequence : arrived)
        ring.append(made(sequence), 0);
    const ReplayExtent extent = ring.extent(0);
    QCOMPARE(extent.hasLostAfter(after), gap);
    QCOMPARE(extent.oldest, oldest);
    QCOMPARE(extent.newest, arrived.isEmpty() ? before : arrived.last());
    QCOMPARE(ring.isCaughtUp(after), caughtUp);

    ReplayCursor cursor = cursorAt(after);
    std::vector<Message> page;
    const ReplayPage looked = ring.read(&cursor, 0, &page);
    QVERIFY(!looked.more);
    QList<quint64> sequences;
    for (const Message &message : page)
        sequences << message.sequence();
    QCOMPARE(sequences, newer);
    QCOMPARE(looked.lostFirst, gap ? after + 1 : 0);
    QCOMPARE(looked.lostLast, gap ? extent.lostUpTo : 0);
    QVERIFY(ring.isCaughtUp(cursor.after));
    QCOMPARE(cursor.after, std::max(after, extent.newest));
}

// RP-02: non-contiguous numbering
void tst_ReplayRead::filteredNumberingHasHolesThatAreNoGaps()
{
    ReplayRing ring(limits(100));
    for (quint64 sequence = 1; sequence <= 50; ++sequence)
        ring.append(made(sequence, sequence % 5 == 0 ? "a/b" : "c"), 0);
    QCOMPARE(readAll(ring, cursorAt(20, "a/+")), (QList<quint64>{25, 30, 35, 40, 45, 50}));
    std::vector<Message> page;
    ReplayCursor cursor = cursorAt(3, "a/+");
    QCOMPARE(ring.read(&cursor, 0, &page).lostFirst, 0U);
}

// RP-03: a page is all that one look costs
void tst_ReplayRead::pagesAreBoundedAndInOrder()
{
    ReplayRing ring(limits(2000));
    for (quint64 sequence = 1; sequence <= 1000; ++sequence)
        ring.append(made(sequence, sequence % 2 ? "odd" : "even"), 0);
    ReplayCursor cursor = cursorAt(100, "odd");
    std::vector<Message> page;
    QVERIFY(ring.read(&cursor, 0, &page).more);
    QCOMPARE(page.size(), std::size_t(ReplayRing::kPage / 2));
    QCOMPARE(page.front().sequence(), 101U);
    QCOMPARE(cursor.after, 100U + ReplayRing::kPage);
    QVERIFY(ring.read(&cursor, 0, &page).more);
    QCOMPARE(page.size(), std::size_t(ReplayRing::kPage)); // appended
    for (std::size_t i = 1; i < page.size(); ++i)
        QCOMPARE(page[i].sequence(), page[i - 1].sequence() + 2);
    QVERIFY(ring.read(&cursor, 0, &page).more);
    QVERIFY(!ring.read(&cursor, 0, &page).more);
    QCOMPARE(page.size(), 450U);
}

// RP-04: what goes while somebody reads is told as well
void tst_ReplayRead::overtakenReaderLearnsWhatItMissed()
{
    ReplayRing ring(limits(300));
    for (quint64 sequence = 1; sequence <= 300; ++sequence)
        ring.append(made(sequence), 0);
    ReplayCursor cursor = cursorAt(0);
    std::vector<Message> page;
    QCOMPARE(ring.read(&cursor, 0, &page).lostFirst, 0U);
    for (quint64 sequence = 301; sequence <= 600; ++sequence)
        ring.append(made(sequence), 0);
    page.clear();
    const ReplayPage looked = ring.read(&cursor, 0, &page);
    QCOMPARE(looked.lostFirst, 257U);
    QCOMPARE(looked.lostLast, 300U);
    QCOMPARE(page.front().sequence(), 301U);
    page.clear();
    QCOMPARE(ring.read(&cursor, 0, &page).lostFirst, 0U);
}

void tst_ReplayRead::expiredMessagesAreLeftOut()
{
    ReplayRing ring(limits(8));
    ring.append(expiring(1, 100), 0);
    ring.append(expiring(2, 200), 0);
    ring.append(made(3), 0);
    ReplayCursor cursor = cursorAt(0);
    std::vector<Message> page;
    const ReplayPage looked = ring.read(&cursor, 100, &page);
    QCOMPARE(looked.expired, 1);
    QCOMPARE(looked.lostFirst, 0U);
    QCOMPARE(page.size(), 2U);
    QCOMPARE(lastOf(ring, 2, "#", 100), 1U);
    QCOMPARE(lastOf(ring, 2, "#", 200), 0U);
}

void tst_ReplayRead::lastMessagesOfAFilter_data()
{
    QTest::addColumn<quint64>("count");
    QTest::addColumn<QString>("filter");
    QTest::addColumn<quint64>("after");
    QTest::newRow("none") << quint64(0) << "#" << quint64(10);
    QTest::newRow("one") << quint64(1) << "#" << quint64(9);
    QTest::newRow("some") << quint64(3) << "#" << quint64(7);
    QTest::newRow("all") << quint64(6) << "#" << quint64(4);
    QTest::newRow("more than there are") << quint64(7) << "#" << quint64(4);
    QTest::newRow("far more") << kMax << "#" << quint64(4);
    QTest::newRow("of the even ones") << quint64(2) << "even" << quint64(7);
    QTest::newRow("of the odd ones") << quint64(2) << "odd" << quint64(6);
    QTest::newRow("of nothing") << quint64(2) << "other" << quint64(4);
}

void tst_ReplayRead::lastMessagesOfAFilter()
{
    QFETCH(quint64, count);
    QFETCH(QString, filter);
    QFETCH(quint64, after);
    ReplayRing ring(limits(6));
    for (quint64 sequence = 1; sequence <= 10; ++sequence)
        ring.append(made(sequence, sequence % 2 ? "odd" : "even"), 0);
    QCOMPARE(lastOf(ring, count, filter.toUtf8().constData()), after);
    ReplayRing empty(limits(6), 5);
    QCOMPARE(lastOf(empty, count, filter.toUtf8().constData()), 5U);
}

void tst_ReplayRead::lastMessagesAcrossPages()
{
    ReplayRing ring(limits(2000));
    for (quint64 sequence = 1; sequence <= 2000; ++sequence)
        ring.append(made(sequence, sequence % 100 ? "often" : "seldom"), 0);
    QCOMPARE(lastOf(ring, 5, "seldom"), 1599U);
    QCOMPARE(readAll(ring, cursorAt(1599, "seldom")),
             (QList<quint64>{1600, 1700, 1800, 1900, 2000}));
    QCOMPARE(lastOf(ring, 20, "seldom"), 99U);
    QCOMPARE(lastOf(ring, 21, "seldom"), 0U);
    ReplaySeek seek;
    seek.filter = *TopicFilter::parse("seldom");
    seek.left = 5;
    QVERIFY(!ring.seekLast(&seek, 0)); // one page at a time
}

void tst_ReplayRead::startByTime()
{
    ReplayRing ring(limits(4));
    QCOMPARE(ring.seekTime(0), 0U);
    for (quint64 sequence = 1; sequence <= 6; ++sequence)
        ring.append(made(sequence * 10), qint64(sequence) * 100);
    QCOMPARE(ring.seekTime(std::numeric_limits<qint64>::min()), 29U);
    QCOMPARE(ring.seekTime(300), 29U);
    QCOMPARE(ring.seekTime(301), 39U);
    QCOMPARE(ring.seekTime(600), 59U);
    QCOMPARE(ring.seekTime(601), 60U);
    QVERIFY(!ring.extent(0).hasLostAfter(ring.seekTime(0)));
}

// RP-03: at random places of a stream that goes on, each reader has it whole or knows what not
void tst_ReplayRead::readersAndWriterAgree()
{
    constexpr quint64 kMessages = 60'000;
    ReplayRing ring(limits(4096));
    std::atomic<quint64> head = 0;
    std::thread writer([&] {
        for (quint64 sequence = 1; sequence <= kMessages; ++sequence) {
            ring.append(made(sequence), 0);
            head.store(sequence, std::memory_order_release);
        }
    });
    std::mt19937 random(7);
    bool good = true;
    int resumed = 0;
    while (head.load(std::memory_order_acquire) < kMessages || resumed < 200) {
        const quint64 now = head.load(std::memory_order_acquire);
        ReplayCursor cursor = cursorAt(now - std::min<quint64>(now, random() % 5000));
        quint64 expected = cursor.after + 1;
        std::vector<Message> page;
        for (int round = 0; round < 30; ++round) {
            page.clear();
            const ReplayPage looked = ring.read(&cursor, 0, &page);
            if (looked.lostFirst != 0) {
                good = good && looked.lostFirst == expected && looked.lostLast >= expected;
                expected = looked.lostLast + 1;
            }
            for (const Message &message : page)
                good = good && message.sequence() == expected++;
            if (!looked.more)
                break;
        }
        good = good && cursor.after == expected - 1;
        ++resumed;
    }
    writer.join();
    QVERIFY(good);
    QVERIFY(resumed >= 200);
}

QTEST_APPLESS_MAIN(tst_ReplayRead)
#include "tst_replayread.moc"
