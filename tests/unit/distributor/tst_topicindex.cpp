// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/retainedstore.h"
#include "core/distributor/sequencer.h"
#include "core/distributor/topicindex.h"
#include "simrandom.h"

#include <QTest>

#include <algorithm>
#include <map>
#include <set>

using namespace fairlead;
using namespace fairlead::core;
using sim::SimRandom;

namespace {

/// An index with what it needs.
struct Bench
{
    RetainedStore retained{RetainedStore::Limits()};
    StreamSet streams;
    Sequencer sequencer{Position{1, 1}, retained, streams, nullptr};
    TopicIndex index{sequencer};

    bool subscribe(const SubscriberPtr &who, const std::string &filter, quint8 qos = 0)
    {
        SubscriptionOptions options;
        options.qos = qos;
        quint64 from = 0;
        return index.subscribe(who, *TopicFilter::parse(filter), options, &from);
    }

    bool unsubscribe(const SubscriberPtr &who, const std::string &filter)
    {
        return index.unsubscribe(*who, *TopicFilter::parse(filter));
    }

    /// Who gets @p topic, by number; groups by their filter.
    std::multiset<std::string> match(const std::string &topic) const
    {
        TopicIndex::Matches matches;
        index.match(topic, &matches);
        std::multiset<std::string> found;
        for (const IndexedSubscription &one : matches.direct)
            found.insert(std::to_string(one.subscriber->number));
        for (const auto &group : matches.groups)
            found.emplace(group->filter.bytes());
        return found;
    }
};

SubscriberPtr subscriber(quint64 number)
{
    auto made = std::make_shared<Subscriber>();
    made->number = number;
    return made;
}

// Few names and few levels, so that much of it matches; empty levels and `$` among them.
std::string randomText(SimRandom &random, bool filter)
{
    static const std::vector<std::string> names = {"a", "b", "", "$x", "long level"};
    std::string text;
    const quint64 levels = 1 + random.below(5);
    for (quint64 i = 0; i < levels; ++i) {
        if (i > 0)
            text += '/';
        if (filter && random.chance(25)) {
            text += '+';
        } else if (filter && i + 1 == levels && random.chance(40)) {
            text += '#';
        } else {
            text += names[random.below(names.size())];
        }
    }
    return text;
}

std::string randomTopic(SimRandom &random)
{
    for (;;) {
        const std::string topic = randomText(random, false);
        if (isValidTopicName(topic))
            return topic;
    }
}

std::string randomFilter(SimRandom &random)
{
    for (;;) {
        std::string filter = randomText(random, true);
        if (!isValidTopicFilter(filter))
            continue;
        if (random.chance(20))
            filter = (random.chance(50) ? "$share/g/" : "$share/h/") + filter;
        if (TopicFilter::parse(filter))
            return filter;
    }
}

std::string repeated(const std::string &part, std::size_t count)
{
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
        text += part;
    return text;
}

} // namespace

class tst_TopicIndex : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void findsWhatBruteForceFinds_data()
    {
        QTest::addColumn<int>("seed");
        for (int seed = 1; seed <= 20; ++seed)
            QTest::addRow("seed %d", seed) << seed;
    }

    // [MQTT-4.7.0-1] and all of 4.7: the index selects as topicMatches() does.
    void findsWhatBruteForceFinds()
    {
        QFETCH(int, seed);
        SimRandom random{quint64(seed)};
        Bench bench;
        std::vector<SubscriberPtr> people;
        for (quint64 i = 1; i <= 10; ++i)
            people.push_back(subscriber(i));
        std::set<std::pair<quint64, std::string>> model;
        for (int step = 0; step < 1500; ++step) {
            const SubscriberPtr &who = people[random.below(people.size())];
            if (random.chance(60) || model.empty()) {
                const std::string filter = randomFilter(random);
                const bool known = !model.emplace(who->number, filter).second;
                QCOMPARE(bench.subscribe(who, filter), known);
            } else if (random.chance(80)) {
                auto gone = model.begin();
                std::advance(gone, qint64(random.below(model.size())));
                QVERIFY(bench.unsubscribe(people[gone->first - 1], gone->second));
                model.erase(gone);
            } else {
                const std::string filter = randomFilter(random);
                QCOMPARE(bench.unsubscribe(who, filter), model.erase({who->number, filter}) > 0);
            }
            QCOMPARE(bench.index.subscriptionCount(), quint64(model.size()));
            if (step % 5 != 0)
                continue;
            const std::string topic = randomTopic(random);
            std::multiset<std::string> expected;
            std::set<std::string> groups;
            for (const auto &[number, text] : model) {
                const TopicFilter filter = *TopicFilter::parse(text);
                if (!topicMatches(filter.pattern(), topic))
                    continue;
                if (!filter.isShared())
                    expected.insert(std::to_string(number));
                else if (groups.insert(text).second)
                    expected.insert(text);
            }
            QVERIFY2(bench.match(topic) == expected, topic.c_str());
        }
        for (const auto &[number, filter] : model)
            QVERIFY(bench.unsubscribe(people[number - 1], filter));
        QCOMPARE(bench.index.subscriptionCount(), quint64(0));
        QCOMPARE(bench.index.sharedCount(), quint64(0));
        QCOMPARE(bench.index.levelCount(), quint64(0));
    }

    // The last subscription takes its levels along, and no others.
    void pruningLeavesWhatOthersNeed()
    {
        Bench bench;
        const SubscriberPtr a = subscriber(1);
        const SubscriberPtr b = subscriber(2);
        bench.subscribe(a, "x/y/z");
        bench.subscribe(b, "x/y");
        bench.subscribe(b, "x/+/#");
        bench.subscribe(b, "$share/g/x/y/z");
        QCOMPARE(bench.index.levelCount(), quint64(5));
        QVERIFY(bench.unsubscribe(a, "x/y/z"));
        QCOMPARE(bench.index.levelCount(), quint64(5));
        QVERIFY(bench.unsubscribe(b, "$share/g/x/y/z"));
        QCOMPARE(bench.index.levelCount(), quint64(4));
        QVERIFY(bench.unsubscribe(b, "x/y"));
        QCOMPARE(bench.index.levelCount(), quint64(3));
        QVERIFY((bench.match("x/q") == std::multiset<std::string>{"2"}));
        QVERIFY(bench.unsubscribe(b, "x/+/#"));
        QCOMPARE(bench.index.levelCount(), quint64(0));
    }

    // A failed unsubscribe changes nothing, not even what cached matches depend on.
    void unsubscribingWhatIsNotThereChangesNothing()
    {
        Bench bench;
        const SubscriberPtr a = subscriber(1);
        bench.subscribe(a, "x/y");
        const quint64 changes = bench.index.changes();
        for (const char *filter : {"x", "x/y/z", "y", "#", "x/+", "$share/g/x/y"})
            QVERIFY(!bench.unsubscribe(a, filter));
        QVERIFY(!bench.unsubscribe(subscriber(2), "x/y"));
        QCOMPARE(bench.index.changes(), changes);
        QCOMPARE(bench.index.levelCount(), quint64(2));
    }

    void deepFilters_data()
    {
        QTest::addColumn<QByteArray>("filter");
        QTest::addColumn<QByteArray>("topic");
        QTest::addColumn<bool>("selects");
        const auto row = [](const char *name,
                            const std::string &filter,
                            const std::string &topic,
                            bool selects) {
            QTest::newRow(name) << QByteArray(filter.data(), qsizetype(filter.size()))
                                << QByteArray(topic.data(), qsizetype(topic.size())) << selects;
        };
        // 65 535 bytes are 65 535 levels at most: one separator each but for the last byte.
        row("empty levels", repeated("/", 65535), repeated("/", 65535), true);
        row("empty levels and a rest", repeated("/", 65534) + "#", repeated("/", 65535), true);
        row("wildcards", repeated("+/", 32767) + "+", repeated("/", 32767), true);
        row("one level too few", repeated("+/", 32767) + "+", repeated("/", 32766), false);
        row("wildcards and a rest", repeated("+/", 32767) + "#", repeated("a/", 32767) + "a", true);
        row("names", repeated("a/", 32767) + "a", repeated("a/", 32767) + "a", true);
        row("other names", repeated("a/", 32767) + "b", repeated("a/", 32767) + "a", false);
    }

    // No recursion: neither to match, nor to prune, nor at the end of the index.
    void deepFilters()
    {
        QFETCH(QByteArray, filter);
        QFETCH(QByteArray, topic);
        QFETCH(bool, selects);
        Bench bench;
        const SubscriberPtr a = subscriber(1);
        const SubscriberPtr b = subscriber(2);
        bench.subscribe(a, filter.toStdString());
        bench.subscribe(b, filter.toStdString());
        QCOMPARE(bench.match(topic.toStdString()).size(), std::size_t(selects ? 2 : 0));
        QVERIFY(bench.unsubscribe(a, filter.toStdString()));
        QCOMPARE(bench.match(topic.toStdString()).size(), std::size_t(selects ? 1 : 0));
        QVERIFY(bench.unsubscribe(b, filter.toStdString()));
        QCOMPARE(bench.index.levelCount(), quint64(0));
        bench.subscribe(a, filter.toStdString());
    }

    // Filters that share every level with each other do not multiply the work.
    void mixedDeepFiltersStayCheap()
    {
        Bench bench;
        SimRandom random(3);
        std::string topic = "a";
        for (int level = 1; level < 200; ++level)
            topic += "/a";
        for (quint64 i = 1; i <= 500; ++i) {
            std::string filter;
            for (int level = 0; level < 200; ++level)
                filter += std::string(level > 0 ? "/" : "") + (random.chance(50) ? "+" : "a");
            bench.subscribe(subscriber(i), filter);
        }
        QCOMPARE(bench.match(topic).size(), std::size_t(500));
        QVERIFY(bench.match(topic + "/a").empty());
    }

    // [MQTT-3.8.4-3]: the same filter again replaces; its place in the history stays.
    void aReplacedSubscriptionKeepsItsPlace()
    {
        Bench bench;
        const SubscriberPtr a = subscriber(1);
        QVERIFY(!bench.subscribe(a, "t", 0));
        QVERIFY(bench.subscribe(a, "t", 2));
        TopicIndex::Matches matches;
        bench.index.match("t", &matches);
        QCOMPARE(matches.direct.size(), std::size_t(1));
        QCOMPARE(matches.direct[0].options.qos, quint8(2));
        QCOMPARE(bench.index.subscriptionCount(), quint64(1));
    }

    // A change makes the cached matches stale that it concerns; others stay good.
    void aChangeConcernsItsFirstLevelOrAll()
    {
        Bench bench;
        const quint32 here = TopicIndex::levelSlot("here/x");
        const quint32 there = TopicIndex::levelSlot("elsewhere/x");
        QVERIFY(here != there);
        const SubscriberPtr a = subscriber(1);
        const auto before = bench.index.stamp(here);
        const auto beforeThere = bench.index.stamp(there);
        bench.subscribe(a, "here/+");
        QVERIFY(!(bench.index.stamp(here) == before));
        QVERIFY(bench.index.stamp(there) == beforeThere);
        bench.subscribe(a, "+/x");
        QVERIFY(!(bench.index.stamp(there) == beforeThere));
    }
};

QTEST_APPLESS_MAIN(tst_TopicIndex)
#include "tst_topicindex.moc"
