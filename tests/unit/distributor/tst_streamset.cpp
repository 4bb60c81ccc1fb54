// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/filtercover.h"
#include "core/distributor/streamset.h"

#include <QTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

StreamSpec spec(const char *name,
                const char *filter,
                bool durable = false,
                const ReplayLimits &limits = {})
{
    return {name, *TopicFilter::parse(filter), durable, limits};
}

QByteArray answers(const StreamSet &streams, const char *filter)
{
    const int stream = streams.answering(*TopicFilter::parse(filter));
    return stream < 0 ? QByteArray() : streams.spec(stream).name;
}

Message made(quint64 sequence, const char *topic)
{
    MessageFields fields;
    fields.topic = topic;
    Message message(fields);
    message.setPosition({1, sequence});
    return message;
}

QByteArrayList allFilters()
{
    const QByteArrayList levels{"a", "b", "+", ""};
    QByteArrayList filters{"#", "$s", "$s/#", "$s/+", "$s/a"};
    for (const QByteArray &one : levels) {
        filters << one << one + "/#";
        for (const QByteArray &two : levels) {
            filters << one + '/' + two << one + '/' + two + "/#";
            for (const QByteArray &three : levels)
                filters << one + '/' + two + '/' + three;
        }
    }
    filters.removeAll("");
    return filters;
}

QByteArrayList allTopics()
{
    const QByteArrayList levels{"a", "b", "c", ""};
    QByteArrayList topics{"$s", "$s/a", "$s/a/a", "$s/"};
    for (const QByteArray &one : levels) {
        topics << one;
        for (const QByteArray &two : levels) {
            topics << one + '/' + two;
            for (const QByteArray &three : levels) {
                topics << one + '/' + two + '/' + three;
                for (const QByteArray &four : levels)
                    topics << one + '/' + two + '/' + three + '/' + four;
            }
        }
    }
    topics.removeAll("");
    return topics;
}

} // namespace

class tst_StreamSet : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void coveringIsWhatMatchingSays();
    void thereIsAlwaysTheDefaultStream();
    void theDefaultStreamTakesItsTermsFromTheConfiguration();
    void topicsWithDollarAreInNone();
    void topicsBelongToAllThatSelectThem();
    void aStreamThatIsOffKeepsNothingAndSaysSo();
    void whoAnswers_data();
    void whoAnswers();
    void aStreamThatKeepsSomethingGoesFirst();
    void aConfiguredStreamGoesBeforeTheDefault();
    void batchesReachTheirStreams();
    void theEarliestDeadlineCounts();
    void aDurableStreamBeginsWithItsLog();
    void loggedStreamsHaveSlots();
};

void tst_StreamSet::coveringIsWhatMatchingSays()
{
    const QByteArrayList filters = allFilters();
    const QByteArrayList topics = allTopics();
    int covers = 0;
    for (const QByteArray &wide : filters) {
        for (const QByteArray &narrow : filters) {
            const bool all
                = std::all_of(topics.begin(), topics.end(), [&](const QByteArray &topic) {
                      return !topicMatches(spanOf(narrow), spanOf(topic))
                          || topicMatches(spanOf(wide), spanOf(topic));
                  });
            // It need not know that the empty topic, the parent of "/#", does not exist.
            if (all && narrow == "/#")
                continue;
            QVERIFY2(filterCovers(spanOf(wide), spanOf(narrow)) == all,
                     (wide + "  " + narrow).constData());
            covers += all;
        }
    }
    QVERIFY(covers > 500);
    QVERIFY(!filterCovers("", "a"));
    QVERIFY(!filterCovers("#", ""));
}

// RP-01, design: one in-memory stream by default
void tst_StreamSet::thereIsAlwaysTheDefaultStream()
{
    const StreamSet streams;
    QCOMPARE(streams.count(), 1);
    QCOMPARE(streams.spec(0).name, QByteArray("default"));
    QCOMPARE(streams.spec(0).filter.bytes(), ByteSpan("#"));
    QVERIFY(!streams.spec(0).durable);
    QCOMPARE(streams.spec(0).limits, ReplayLimits());
    QCOMPARE(streams.durableMask(), 0U);
    QCOMPARE(streams.named("default"), 0);
    QCOMPARE(streams.named("other"), -1);
}

void tst_StreamSet::theDefaultStreamTakesItsTermsFromTheConfiguration()
{
    StreamSet streams({spec("a", "a/#"), spec("default", "x", true, {7, 0, 0})});
    QCOMPARE(streams.count(), 2);
    QCOMPARE(streams.spec(0).filter.bytes(), ByteSpan("#"));
    QCOMPARE(streams.spec(0).limits.count, 7U);
    QCOMPARE(streams.ring(0).limits().count, 7U);
    QCOMPARE(streams.durableMask(), 1U);
    QCOMPARE(streams.named("a"), 1);
}

void tst_StreamSet::topicsWithDollarAreInNone()
{
    const StreamSet streams({spec("sys", "$SYS/#")});
    for (const char *topic : {"$SYS/x", "$notice/gap", "$replay/1/a", "$", ""})
        QCOMPARE(streams.maskOf(topic), 0U);
}

void tst_StreamSet::topicsBelongToAllThatSelectThem()
{
    const StreamSet streams({spec("a", "a/#"), spec("b", "+/b", true), spec("c", "c")});
    QCOMPARE(streams.maskOf("x"), 0b0001U);
    QCOMPARE(streams.maskOf("a"), 0b0011U);
    QCOMPARE(streams.maskOf("a/b"), 0b0111U);
    QCOMPARE(streams.maskOf("x/b"), 0b0101U);
    QCOMPARE(streams.maskOf("c"), 0b1001U);
    QCOMPARE(streams.durableMask(), 0b0100U);
}

// RP-04: resumed-ring-off
void tst_StreamSet::aStreamThatIsOffKeepsNothingAndSaysSo()
{
    StreamSet streams({spec("default", "#", true, {0, 1, 0})});
    QCOMPARE(streams.maskOf("a"), 0U);
    QCOMPARE(streams.durableMask(), 0U);
    QCOMPARE(answers(streams, "a"), QByteArray("default"));
    QCOMPARE(streams.extent(0, 0, 0), ReplayExtent());
    const ReplayExtent extent = streams.extent(0, 0, 50);
    QVERIFY(extent.hasLostAfter(49));
    QVERIFY(!extent.hasLostAfter(50));
}

void tst_StreamSet::whoAnswers_data()
{
    QTest::addColumn<QByteArray>("filter");
    QTest::addColumn<QByteArray>("name");
    const auto row = [](const char *filter, const char *name) {
        QTest::newRow(filter) << QByteArray(filter) << QByteArray(name);
    };
    row("#", "default");
    row("x/y", "default");
    row("plant/1", "plant");
    row("plant/#", "plant");
    row("plant/1/line", "line"); // the more special one
    row("plant/1/line/#", "line");
    row("plant/+/line", "plant");
    row("plant/1/meter", "meter"); // durable goes first
    row("plant/2/meter", "meter");
    row("plant/+/meter", "meter");
    row("plant/1/+", "plant");
    row("+/1/meter", "default");
    row("$SYS/#", "");
}

void tst_StreamSet::whoAnswers()
{
    QFETCH(QByteArray, filter);
    QFETCH(QByteArray, name);
    for (int turn = 0; turn < 2; ++turn) {
        std::vector<StreamSpec> specs{spec("plant", "plant/#"),
                                      spec("meter", "plant/+/meter", true),
                                      spec("line", "plant/1/line/#"),
                                      spec("one", "plant/1/meter")};
        if (turn == 1)
            std::reverse(specs.begin(), specs.end());
        const StreamSet streams(std::move(specs));
        QCOMPARE(answers(streams, filter.constData()), name);
    }
}

void tst_StreamSet::aStreamThatKeepsSomethingGoesFirst()
{
    const StreamSet off({spec("a", "a/#", false, {0, 0, 0})});
    QCOMPARE(answers(off, "a/b"), QByteArray("default"));
    const StreamSet on({spec("default", "#", false, {0, 0, 0}), spec("a", "a/#")});
    QCOMPARE(answers(on, "a/b"), QByteArray("a"));
    QCOMPARE(answers(on, "b"), QByteArray("default"));
}

void tst_StreamSet::aConfiguredStreamGoesBeforeTheDefault()
{
    const StreamSet streams({spec("one", "+/#"), spec("two", "#")});
    QCOMPARE(answers(streams, "a"), QByteArray("one"));
}

// RP-01: into every ring of the topic
void tst_StreamSet::batchesReachTheirStreams()
{
    StreamSet streams({spec("a", "a"), spec("b", "b")});
    {
        StreamSet::Batch batch(streams, 0);
        quint64 sequence = 0;
        for (const char *topic : {"a", "b", "a", "c", "$x"})
            batch.append(streams.maskOf(topic), made(++sequence, topic));
    }
    QCOMPARE(streams.ring(0).count(), 4U);
    QCOMPARE(streams.ring(1).count(), 2U);
    QCOMPARE(streams.ring(2).count(), 1U);
    QCOMPARE(streams.extent(1, 0, 5), (ReplayExtent{1, 3, 0}));
    QCOMPARE(streams.extent(2, 0, 5), (ReplayExtent{2, 2, 0}));
}

// RP-01: age, also without traffic
void tst_StreamSet::theEarliestDeadlineCounts()
{
    StreamSet streams({spec("a", "a", false, {10, 50, 0}), spec("b", "b", false, {10, 0, 0})});
    QCOMPARE(streams.expire(0), -1);
    {
        StreamSet::Batch batch(streams, 10);
        batch.append(streams.maskOf("a"), made(1, "a"));
        batch.append(streams.maskOf("b"), made(2, "b"));
    }
    QCOMPARE(streams.expire(10), 60);
    QCOMPARE(streams.expire(60), 10 + 300 * kNsPerSecond);
    QCOMPARE(streams.ring(1).count(), 0U);
    QCOMPARE(streams.ring(0).count(), 2U);
    QCOMPARE(streams.expire(10 + 300 * kNsPerSecond), -1);
    QCOMPARE(streams.ring(2).count(), 1U);
}

void tst_StreamSet::aDurableStreamBeginsWithItsLog()
{
    StreamSet streams({spec("a", "a", true)}, 1000);
    QCOMPARE(streams.extent(1, 0, 1000).lostUpTo, 1000U);
    streams.restore(1, 300);
    streams.ring(1).append(made(400, "a"), -5);
    streams.ring(1).append(made(1001, "a"), 0);
    QCOMPARE(streams.extent(1, 0, 1001), (ReplayExtent{400, 1001, 300}));
    QCOMPARE(streams.extent(0, 0, 1001).lostUpTo, 1000U);
}

void tst_StreamSet::loggedStreamsHaveSlots()
{
    StreamSet streams({spec("a", "a/#", true), spec("b", "#", true), spec("c", "#")});
    QCOMPARE(streams.loggedMask(), 0U);
    QCOMPARE(streams.slotsOf(0xFFFFFFFF), 0U);
    streams.setSlot(1, 5);
    streams.setSlot(2, 0);
    QCOMPARE(streams.loggedMask(), 0b0110U);
    QCOMPARE(streams.slotsOf(streams.maskOf("a/b")), 0b100001U);
    QCOMPARE(streams.slotsOf(streams.maskOf("b")), 1U);
    QCOMPARE(streams.slotsOf(0b1001), 0U);
}

QTEST_APPLESS_MAIN(tst_StreamSet)
#include "tst_streamset.moc"
