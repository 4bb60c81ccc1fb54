// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/replayposition.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

constexpr quint64 kMax = std::numeric_limits<quint64>::max();

using Kind = ReplayFrom::Kind;

ReplayFrom sequence(quint64 number)
{
    return {Kind::Sequence, 0, number, 0};
}

ReplayFrom position(quint32 epoch, quint64 number)
{
    return {Kind::Position, epoch, number, 0};
}

ReplayFrom last(quint64 count)
{
    return {Kind::Last, 0, count, 0};
}

ReplayFrom age(qint64 seconds)
{
    return {Kind::Age, 0, 0, seconds * kNsPerSecond};
}

std::string text(ByteSpan span)
{
    return std::string(span);
}

} // namespace

Q_DECLARE_METATYPE(fairlead::core::ReplayFrom)
Q_DECLARE_METATYPE(fairlead::core::ReplayHistory)

class tst_ReplayPosition : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void startsAreRead_data();
    void startsAreRead();
    void otherStartsAreRefused_data();
    void otherStartsAreRefused();
    void filtersWithHistory_data();
    void filtersWithHistory();
    void filtersWithoutHistory();
    void refusedFilters_data();
    void refusedFilters();
    void theFiltersOwnStartCounts();
    void cursorsAndGaps_data();
    void cursorsAndGaps();
    void relativeStartsHaveNoGap();
    void aRingThatIsOff();
    void restartedNumbering();
};

void tst_ReplayPosition::startsAreRead_data()
{
    QTest::addColumn<QByteArray>("written");
    QTest::addColumn<ReplayFrom>("from");
    const auto row = [](const char *written, const ReplayFrom &from) {
        QTest::newRow(written) << QByteArray(written) << from;
    };
    row("0", sequence(0));
    row("1", sequence(1));
    row("007", sequence(7));
    row("18446744073709551615", sequence(kMax));
    row("3:500", position(3, 500));
    row("0:0", position(0, 0));
    row("4294967295:18446744073709551615", position(0xFFFFFFFF, kMax));
    row("-1", last(1));
    row("-0", last(0));
    row("-100", last(100));
    row("-18446744073709551615", last(kMax));
    row("-99999999999999999999999", last(kMax));
    row("30s", age(30));
    row("5m", age(300));
    row("5min", age(300));
    row("2h", age(7200));
    row("1d", age(86400));
    row("1w", age(7 * 86400));
    row("1h30m", age(5400));
    row("1.5h", age(5400));
    row("2H", age(7200));
    row("0s", age(0));
    QTest::newRow("250ms") << QByteArray("250ms") << ReplayFrom{Kind::Age, 0, 0, 250'000'000};
    for (const char *huge : {"999999999999999999999d", "106752d", "9999999999s999999999w"}) {
        QTest::newRow(huge) << QByteArray(huge)
                            << ReplayFrom{Kind::Age, 0, 0, std::numeric_limits<qint64>::max()};
    }
}

void tst_ReplayPosition::startsAreRead()
{
    QFETCH(QByteArray, written);
    QFETCH(ReplayFrom, from);
    const auto read = parseReplayFrom(written.toStdString());
    QVERIFY(read);
    QVERIFY(*read == from);
}

void tst_ReplayPosition::otherStartsAreRefused_data()
{
    QTest::addColumn<QByteArray>("written");
    for (const char *written : {"",
                                " ",
                                "18446744073709551616",
                                "4294967296:1",
                                "1:18446744073709551616",
                                ":",
                                "1:",
                                ":1",
                                "1:2:3",
                                "-1:2",
                                "-",
                                "--1",
                                "+1",
                                "1.5",
                                "1 ",
                                " 1",
                                "s",
                                "5x",
                                "5mm",
                                "5m3",
                                ".5h",
                                "5.h",
                                "-5m",
                                "1e3",
                                "0x10",
                                "5 m",
                                "now",
                                "\xC2\xB2h",
                                "+",
                                "#"}) {
        QTest::addRow("'%s'", written) << QByteArray(written);
    }
}

void tst_ReplayPosition::otherStartsAreRefused()
{
    QFETCH(QByteArray, written);
    const auto read = parseReplayFrom(written.toStdString());
    QVERIFY(!read);
    QCOMPARE(read.error().code(), ErrorCode::InvalidArgument);
    QVERIFY(!read.error().text().isEmpty());
}

void tst_ReplayPosition::filtersWithHistory_data()
{
    QTest::addColumn<QByteArray>("asked");
    QTest::addColumn<QByteArray>("beside");
    QTest::addColumn<QByteArray>("filter");
    QTest::addColumn<ReplayFrom>("from");
    QTest::newRow("sequence") << QByteArray("$replay/17/a/b") << QByteArray() << QByteArray("a/b")
                              << sequence(17);
    QTest::newRow("position") << QByteArray("$replay/3:17/#") << QByteArray() << QByteArray("#")
                              << position(3, 17);
    QTest::newRow("last") << QByteArray("$replay/-5/+/x") << QByteArray() << QByteArray("+/x")
                          << last(5);
    QTest::newRow("age") << QByteArray("$replay/5m/a/#") << QByteArray() << QByteArray("a/#")
                         << age(300);
    QTest::newRow("empty first level")
        << QByteArray("$replay/0//a") << QByteArray() << QByteArray("/a") << sequence(0);
    QTest::newRow("beside") << QByteArray("a/#") << QByteArray("2h") << QByteArray("a/#")
                            << age(7200);
}

void tst_ReplayPosition::filtersWithHistory()
{
    QFETCH(QByteArray, asked);
    QFETCH(QByteArray, beside);
    QFETCH(QByteArray, filter);
    QFETCH(ReplayFrom, from);
    const auto request = parseReplayRequest(asked.toStdString(), beside.toStdString());
    QVERIFY(request);
    QVERIFY(request->has_value());
    QCOMPARE(text((*request)->filter.bytes()), filter.toStdString());
    QVERIFY((*request)->from == from);
}

void tst_ReplayPosition::filtersWithoutHistory()
{
    for (const char *filter :
         {"a/b", "#", "$SYS/#", "$notice/gap", "$share/g/a", "$replay", "$replays/5m/a"}) {
        const auto request = parseReplayRequest(filter, {});
        QVERIFY2(request, filter);
        QVERIFY2(!request->has_value(), filter);
    }
}

void tst_ReplayPosition::refusedFilters_data()
{
    QTest::addColumn<QByteArray>("asked");
    QTest::addColumn<QByteArray>("beside");
    const auto row = [](const char *asked, const char *beside = "") {
        QTest::addRow("%s %s", asked, beside) << QByteArray(asked) << QByteArray(beside);
    };
    row("$share/g/$replay/5m/a");
    row("$share/g/$replay/0/#");
    row("$replay/5m/$share/g/a");
    row("$replay/5m/$replay/5m/a");
    row("$replay/5m/$SYS/#");
    row("$replay/5m");
    row("$replay/5m/");
    row("$replay/");
    row("$replay//a");
    row("$replay/#");
    row("$replay/+/a");
    row("$replay/soon/a");
    row("$replay/5m/a#");
    row("$replay/5m/a/#/b");
    row("$share/g/a", "5m");
    row("$SYS/#", "5m");
    row("a/b", "soon");
    row("", "5m");
    row("", "");
}

void tst_ReplayPosition::refusedFilters()
{
    QFETCH(QByteArray, asked);
    QFETCH(QByteArray, beside);
    const auto request = parseReplayRequest(asked.toStdString(), beside.toStdString());
    QVERIFY(!request);
    QCOMPARE(request.error().code(), ErrorCode::InvalidArgument);
}

void tst_ReplayPosition::theFiltersOwnStartCounts()
{
    const auto request = parseReplayRequest("$replay/-3/a", "5m");
    QVERIFY(request && request->has_value());
    QVERIFY((*request)->from == last(3));
}

// RP-04, RP-05
void tst_ReplayPosition::cursorsAndGaps_data()
{
    QTest::addColumn<ReplayFrom>("from");
    QTest::addColumn<ReplayHistory>("history");
    QTest::addColumn<quint64>("after");
    QTest::addColumn<bool>("gap");
    QTest::addColumn<quint64>("first");
    QTest::addColumn<quint64>("last");

    const auto row = [](const char *name,
                        const ReplayFrom &from,
                        const ReplayHistory &history,
                        quint64 after,
                        bool gap = false,
                        quint64 first = 0,
                        quint64 last = 0) {
        QTest::newRow(name) << from << history << after << gap << first << last;
    };
    const ReplayHistory fresh{1, 0, {0, 0, 0}, false};
    const ReplayHistory whole{1, 0, {1, 40, 0}, false};
    const ReplayHistory cut{1, 0, {21, 40, 20}, false};
    // The second run goes on where the first one might have been.
    const ReplayHistory second{2, 1000, {1001, 1040, 1000}, false};
    // A stream in memory knows nothing of earlier runs, whatever it says.
    const ReplayHistory unaware{2, 1000, {1001, 1040, 0}, false};
    const ReplayHistory secondEmpty{2, 1000, {0, 1000, 1000}, false};
    const ReplayHistory durable{2, 1000, {301, 1040, 300}, true};
    const ReplayHistory durableWhole{2, 1000, {1, 1040, 0}, true};
    const ReplayHistory otherStore{2, 1000, {301, 1040, 300}, true, false};
    const ReplayHistory damaged{2, 1000, {301, 1040, 300}, true, true, 1000};

    row("fresh host, from the beginning", sequence(0), fresh, 0);
    row("fresh host, ahead", sequence(9), fresh, 0);
    row("from the beginning, all there", sequence(0), whole, 0);
    row("from the beginning, some gone", sequence(0), cut, 20, true, 1, 20);
    row("resumed", sequence(30), cut, 30);
    row("resumed at the last lost one", sequence(20), cut, 20);
    row("resumed with one missing", sequence(19), cut, 20, true, 20, 20);
    row("caught up", sequence(40), cut, 40);
    row("ahead", sequence(41), cut, 40);
    row("maximum", sequence(kMax), cut, 40);
    row("this epoch, resumed", position(1, 30), cut, 30);
    row("this epoch, gap", position(1, 5), cut, 20, true, 6, 20);
    row("this epoch, caught up", position(1, 40), cut, 40);
    row("this epoch, ahead", position(1, 99), cut, 40);
    row("this epoch, maximum", position(1, kMax), cut, 40);
    row("later epoch", position(7, 30), cut, 20, true);
    row("later epoch, maximum", position(0xFFFFFFFF, kMax), cut, 20, true);
    row("epoch 0", position(0, 5), cut, 20, true, 6, 20);
    row("second run, from the beginning", sequence(0), second, 1000, true, 1, 1000);
    row("second run, plain number of the first", sequence(500), second, 1000, true, 501, 1000);
    row("second run, plain number", sequence(1001), second, 1001);
    row("second run, its own", position(2, 1001), second, 1001);
    row("second run, unaware of the first", sequence(500), unaware, 1000, true, 501, 1000);
    row("old epoch", position(1, 500), second, 1000, true, 501, 1000);
    row("old epoch, at its very end", position(1, 1000), second, 1000, true);
    row("old epoch, a number of this one", position(1, 1020), second, 1000, true);
    row("old epoch, maximum", position(1, kMax), second, 1000, true);
    row("old epoch, nothing seen since", position(1, 1000), secondEmpty, 1000, true);
    row("durable, not of this store", position(1, 500), otherStore, 300, true);
    row("durable, not of this store, ended before", position(1, 9), otherStore, 300, true, 10, 300);
    row("durable, not of this store, but this epoch", position(2, 1001), otherStore, 1001);
    row("damaged, old epoch", position(1, 500), damaged, 500, true, 501, 1000);
    row("damaged, plain number", sequence(500), damaged, 500, true, 501, 1000);
    row("damaged, old epoch, gone too", position(1, 200), damaged, 300, true, 201, 1000);
    row("damaged, old epoch, at its end", position(1, 1000), damaged, 1000);
    row("damaged, its own", position(2, 1001), damaged, 1001);
    row("durable, old epoch", position(1, 500), durable, 500);
    row("durable, old epoch, at the last lost one", position(1, 300), durable, 300);
    row("durable, old epoch, gap", position(1, 299), durable, 300, true, 300, 300);
    row("durable, old epoch, at its end", position(1, 1000), durable, 1000);
    row("durable, old epoch, a number of this one", position(1, 1001), durable, 300, true);
    row("durable, later epoch", position(3, 500), durable, 300, true);
    row("durable, from the beginning", sequence(0), durable, 300, true, 1, 300);
    row("durable, whole", sequence(0), durableWhole, 0);
    row("durable, whole, old epoch", position(1, 0), durableWhole, 0);
    row("durable, plain number of the first run", sequence(500), durable, 500);
    row("durable, this epoch", position(2, 1030), durable, 1030);
}

void tst_ReplayPosition::cursorsAndGaps()
{
    QFETCH(ReplayFrom, from);
    QFETCH(ReplayHistory, history);
    QFETCH(quint64, after);
    QFETCH(bool, gap);
    QFETCH(quint64, first);
    QFETCH(quint64, last);
    const ReplayStart start = resolveReplay(from, history);
    QCOMPARE(start.how, ReplayStart::How::After);
    QCOMPARE(start.number, after);
    QCOMPARE(start.gap.has_value(), gap);
    if (!gap)
        return;
    QCOMPARE(start.gap->requested.sequence, from.number);
    QCOMPARE(start.gap->requested.epoch, from.kind == Kind::Position ? from.epoch : history.epoch);
    QCOMPARE(start.gap->oldest, history.extent.oldest);
    QCOMPARE(start.gap->first, first);
    QCOMPARE(start.gap->last, last);
}

// RP-04: a fresh subscription never gets one
void tst_ReplayPosition::relativeStartsHaveNoGap()
{
    for (const bool spans : {false, true}) {
        const ReplayHistory history{2, 1000, {1010, 1040, 1009}, spans};
        ReplayStart start = resolveReplay(last(500), history);
        QCOMPARE(start.how, ReplayStart::How::Last);
        QCOMPARE(start.number, 500U);
        QVERIFY(!start.gap);
        start = resolveReplay(age(3600), history);
        QCOMPARE(start.how, ReplayStart::How::Age);
        QCOMPARE(start.ageNs, 3600 * kNsPerSecond);
        QVERIFY(!start.gap);
    }
}

// RP-04: resumed-ring-off
void tst_ReplayPosition::aRingThatIsOff()
{
    ReplayRing ring({0, 0, 0});
    MessageFields fields;
    fields.topic = "t";
    Message message(fields);
    message.setPosition({1, 10});
    ring.append(message, 0);
    const ReplayHistory history{1, 0, ring.extent(0), false};
    const ReplayStart behind = resolveReplay(position(1, 9), history);
    QVERIFY(behind.gap);
    QCOMPARE(*behind.gap, (ReplayGap{{1, 9}, 0, 10, 10}));
    QVERIFY(!resolveReplay(position(1, 10), history).gap);
}

// RP-05: numbering that began again at 1, and a cursor from before
void tst_ReplayPosition::restartedNumbering()
{
    for (const bool spans : {false, true}) {
        const ReplayHistory history{2, 0, {1, 700, 0}, spans};
        const ReplayStart start = resolveReplay(position(1, 500), history);
        QCOMPARE(start.number, 0U);
        QVERIFY(start.gap);
        QCOMPARE(*start.gap, (ReplayGap{{1, 500}, 1, 0, 0}));
    }
}

QTEST_APPLESS_MAIN(tst_ReplayPosition)
#include "tst_replayposition.moc"
