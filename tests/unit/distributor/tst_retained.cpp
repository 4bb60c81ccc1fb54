// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "received.h"
#include "simhost.h"

#include <QTest>

#include <map>
#include <set>

using namespace fairlead;
using core::RetainedStore;
using sim::SimHost;
using sim::SimRandom;

namespace {

Message message(const std::string &topic,
                const std::string &payload,
                quint64 sequence = 1,
                qint64 expiryDeadline = -1)
{
    MessageFields fields;
    fields.topic = topic;
    fields.payload = payload;
    fields.expiryDeadline = expiryDeadline;
    fields.retain = true;
    Message made(fields);
    made.setPosition({1, sequence});
    return made;
}

RetainedStore::Cursor cursor(const std::string &filter, quint64 before = ~quint64(0))
{
    RetainedStore::Cursor made;
    made.filter = *TopicFilter::parse(filter);
    made.before = before;
    return made;
}

std::vector<std::string> walk(const RetainedStore &store,
                              const std::string &filter,
                              qint64 now = 0,
                              quint64 before = ~quint64(0))
{
    auto place = cursor(filter, before);
    std::vector<std::string> topics;
    bool more = true;
    while (more) {
        std::vector<Message> page;
        more = store.read(&place, now, &page);
        for (const Message &one : page)
            topics.emplace_back(one.topic());
    }
    return topics;
}

std::string padded(int number)
{
    std::string text = std::to_string(number);
    return std::string(5 - text.size(), '0') + text;
}

} // namespace

class tst_Retained : public QObject
{
    Q_OBJECT

private:
    static void reactors_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("three reactors") << 3;
    }

private Q_SLOTS:

    // [MQTT-3.3.1-5], [MQTT-3.3.1-6], [MQTT-3.3.1-7]
    void theLatestStaysAndAnEmptyOneClears()
    {
        RetainedStore store({});
        store.store(message("a", "1", 1));
        store.store(message("a", "22", 2));
        store.store(message("b", "3", 3));
        QCOMPARE(store.count(), quint64(2));
        QCOMPARE(store.bytes(), quint64(3 + 2));
        store.store(message("a", "", 4));
        QVERIFY(walk(store, "#") == std::vector<std::string>{"b"});
        store.store(message("nothing", "", 5));
        store.store(message("b", "", 6));
        QCOMPARE(store.count(), quint64(0));
        QCOMPARE(store.bytes(), quint64(0));
    }

    void aPageIsBounded()
    {
        RetainedStore store({});
        for (int i = 0; i < 1000; ++i)
            store.store(message("t/" + padded(i), "x"));
        auto place = cursor("t/#");
        std::set<std::string> seen;
        int pages = 0;
        bool more = true;
        while (more) {
            std::vector<Message> page;
            more = store.read(&place, 0, &page);
            QVERIFY(page.size() <= std::size_t(RetainedStore::kPage));
            for (const Message &one : page)
                QVERIFY(seen.emplace(one.topic()).second);
            ++pages;
        }
        QCOMPARE(seen.size(), std::size_t(1000));
        QVERIFY(pages >= 4);
        // Also where a page looks at much and finds little.
        place = cursor("t/00999");
        std::vector<Message> page;
        QVERIFY(!store.read(&place, 0, &page));
        QCOMPARE(page.size(), std::size_t(1));
        QCOMPARE(walk(store, "t/+/x").size(), std::size_t(0));
    }

    // Entries come and go between two pages; the rest is seen once each.
    void aWalkSurvivesChanges()
    {
        RetainedStore store({});
        for (int i = 0; i < 1000; ++i)
            store.store(message("t/" + padded(i), "x", 1));
        auto place = cursor("+/#", 10);
        std::vector<Message> page;
        QVERIFY(store.read(&place, 0, &page));
        store.store(message(std::string(page.back().topic()), "")); // where the walk stands
        store.store(message("t/00001", "")); // behind it
        store.store(message("t/00900", "")); // before it
        store.store(message("t/00500x", "y", 5)); // as old as its filter
        store.store(message("t/00600x", "y", 10)); // younger: comes live
        store.store(message("t/00700", "z", 11)); // replaced: comes live
        std::set<std::string> seen;
        for (const Message &one : page)
            seen.emplace(one.topic());
        bool more = true;
        while (more) {
            page.clear();
            more = store.read(&place, 0, &page);
            for (const Message &one : page)
                QVERIFY(seen.emplace(one.topic()).second);
        }
        QCOMPARE(seen.size(), std::size_t(1000 - 1 - 1 + 1));
        QVERIFY(seen.count("t/00500x") == 1);
        QVERIFY(!seen.contains("t/00600x"));
        QVERIFY(!seen.contains("t/00700"));
        QVERIFY(!seen.contains("t/00900"));
    }

    void walksFindWhatBruteForceFinds_data()
    {
        QTest::addColumn<int>("seed");
        for (int seed = 1; seed <= 10; ++seed)
            QTest::addRow("seed %d", seed) << seed;
    }

    void walksFindWhatBruteForceFinds()
    {
        QFETCH(int, seed);
        SimRandom random{quint64(seed)};
        static const std::vector<std::string> names = {"a", "aa", "b", "", "$x", "+", "#"};
        const auto text = [&](std::size_t choices) {
            std::string made = names[random.below(choices)];
            for (quint64 left = random.below(4); left > 0; --left)
                made += '/' + names[random.below(choices)];
            return made;
        };
        RetainedStore store({});
        std::map<std::string, quint64> model;
        for (quint64 step = 1; step <= 600; ++step) {
            const std::string topic = text(5);
            if (!isValidTopicName(topic))
                continue;
            const bool clear = random.chance(30);
            store.store(message(topic, clear ? "" : "x", step));
            if (clear)
                model.erase(topic);
            else
                model[topic] = step;
            const std::string filter = text(7);
            if (!isValidTopicFilter(filter))
                continue;
            const quint64 before = random.chance(50) ? ~quint64(0) : random.below(step + 2);
            std::vector<std::string> expected;
            for (const auto &[name, sequence] : model) {
                if (sequence < before && topicMatches(filter, name))
                    expected.push_back(name);
            }
            QVERIFY2(walk(store, filter, 0, before) == expected, filter.c_str());
            QCOMPARE(store.count(), quint64(model.size()));
        }
    }

    // [MQTT-3.3.2-5]: it is not shown once it expired, and its memory comes back.
    void whatExpiredGoes_data()
    {
        QTest::addColumn<int>("budget");
        for (const int budget : {1, 2, 7, 1000})
            QTest::addRow("budget %d", budget) << budget;
    }

    void whatExpiredGoes()
    {
        QFETCH(int, budget);
        RetainedStore store({});
        std::vector<Message> gone;
        for (int i = 0; i < 100; ++i)
            store.store(message("t/" + padded(i), "x", 1, i % 4 == 0 ? -1 : 10));
        QVERIFY(store.isExpiring());
        QCOMPARE(walk(store, "#", 9).size(), std::size_t(100));
        QCOMPARE(walk(store, "#", 10).size(), std::size_t(25));
        QCOMPARE(walk(store, "t/00001", 10).size(), std::size_t(0));
        for (int looked = 0; looked < 200; looked += budget)
            store.expire(10, budget, &gone);
        QCOMPARE(gone.size(), std::size_t(75));
        QCOMPARE(store.count(), quint64(25));
        QVERIFY(!store.isExpiring());
        store.expire(1'000'000, 1000, &gone);
        QCOMPARE(store.count(), quint64(25));
    }

    void theHostGivesExpiredOnesBack()
    {
        // History, which has a timer too, is off.
        core::StreamSpec history;
        history.name = core::kDefaultStream;
        history.limits = {0, 0, 0};
        core::DistributorLimits limits;
        limits.streams.push_back(history);
        SimHost host(2, 1, limits);
        auto publisher = host.connect(1, "p");
        for (int i = 0; i < 3000; ++i)
            (*publisher)->publish("t/" + std::to_string(i), "x", 0, true, 0, 0, 5);
        (*publisher)->publish("kept", "x", 0, true);
        host.settle();
        QCOMPARE(host.distributor().retained.count(), quint64(3001));
        host.advance(20 * kNsPerSecond);
        QCOMPARE(host.distributor().retained.count(), quint64(1));
        QCOMPARE(host.reactor(1).nextDeadline(), qint64(-1));
    }

    void theLimitsHold()
    {
        RetainedStore store({2, 100});
        QVERIFY(store.admits("a", 50));
        store.store(message("a", std::string(49, 'x')));
        QVERIFY(!store.admits("b", 51));
        store.store(message("b", "x"));
        QVERIFY(!store.admits("c", 1));
        // A topic that is there needs no further place, but room for what it grows by.
        QVERIFY(store.admits("a", 98));
        QVERIFY(!store.admits("a", 99));
    }

    // Beyond the limit a message still reaches who is there; at QoS 1 its sender is told.
    void whatCannotBeKeptIsStillDelivered()
    {
        core::DistributorLimits limits;
        limits.retained.messages = 1;
        SimHost host(1, 1, limits);
        auto link = host.connect(0, "x");
        (*link)->subscribe("#", 1);
        host.settle();
        (*link)->publish("a", "1", 1, true, 1);
        host.settle(); // counted once it is in the history
        (*link)->publish("b", "2", 1, true, 2);
        (*link)->publish("c", "3", 0, true);
        (*link)->publish("a", "4", 1, true, 3);
        (*link)->publish("a", "", 1, true, 4);
        host.settle();
        QVERIFY((payloads(*link) == std::vector<std::string>{"1", "3", "4", ""}));
        std::vector<Outcome> outcomes;
        for (const Completion &one : link->record->completions)
            outcomes.push_back(one.outcome);
        QVERIFY(
            (outcomes
             == std::vector<Outcome>{Outcome::Done, Outcome::Quota, Outcome::Done, Outcome::Done}));
        QCOMPARE(host.drops(core::DropReason::RetainedFull), quint64(2));
        QCOMPARE(host.distributor().retained.count(), quint64(0));
    }

    // [MQTT-3.3.1-9], [MQTT-3.3.1-10], [MQTT-3.3.1-11]
    void theReplayRulesHold_data() { reactors_data(); }

    void theReplayRulesHold()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        auto publisher = host.connect(0, "p");
        (*publisher)->publish("t", "kept", 1, true, 1);
        host.settle();
        auto link = host.connect(reactors - 1, "x");
        const auto asked = [&](RetainedReplay replay) {
            link->record->got.clear();
            (*link)->subscribe("t", 1, 7, false, false, replay);
            host.settle();
            return link->record->got.size();
        };
        QCOMPARE(asked(RetainedReplay::Never), std::size_t(0));
        QCOMPARE(asked(RetainedReplay::IfNew), std::size_t(0)); // it is not new any more
        QCOMPARE(asked(RetainedReplay::Always), std::size_t(1));
        const auto &got = link->record->got[0];
        QVERIFY(got.retain);
        QVERIFY(got.ids == std::vector<quint32>{7});
        QCOMPARE(got.qos, quint8(1));
        (*link)->unsubscribe("t");
        QCOMPARE(asked(RetainedReplay::IfNew), std::size_t(1));
    }

    // [MQTT-3.3.1-8], [MQTT-3.3.1-12], [MQTT-3.3.1-13]
    void liveMessagesShowRetainOnlyWhereAsked()
    {
        SimHost host(1);
        auto plain = host.connect(0, "plain");
        auto asPublished = host.connect(0, "as published");
        (*plain)->subscribe("t");
        (*asPublished)->subscribe("t", 0, 0, false, true);
        host.settle();
        (*plain)->publish("t", "1", 0, true);
        (*plain)->publish("t", "2", 0, false);
        host.settle();
        QVERIFY(!plain->record->got[0].retain && !plain->record->got[1].retain);
        QVERIFY(asPublished->record->got[0].retain && !asPublished->record->got[1].retain);
    }

    // Shared subscriptions get no retained messages.
    void sharedSubscriptionsGetNoReplay()
    {
        SimHost host(1);
        auto link = host.connect(0, "x");
        (*link)->publish("t", "kept", 0, true);
        host.settle();
        (*link)->subscribe("$share/g/t");
        host.settle();
        QCOMPARE(link->record->got.size(), std::size_t(0));
    }

    // DS-03: a cursor reads them as the window opens; they are not queued.
    void moreThanAQueueHoldsIsReplayed_data() { reactors_data(); }

    void moreThanAQueueHoldsIsReplayed()
    {
        QFETCH(int, reactors);
        core::DistributorLimits limits;
        limits.session.queueMessages = 100;
        SimHost host(reactors, 1, limits);
        auto publisher = host.connect(0, "p");
        for (int i = 0; i < 5000; ++i)
            (*publisher)->publish("t/" + padded(i), padded(i), 1, true, 1);
        host.settle();
        auto link = host.connect(reactors - 1, "x", 60);
        link->record->autoSettle = false;
        link->record->window = 10;
        (*link)->subscribe("t/#", 1);
        host.settle();
        QCOMPARE(link->record->got.size(), std::size_t(10));
        for (std::size_t i = 0; i < link->record->got.size(); ++i) {
            (*link)->settle(link->record->got[i].handle);
            host.settle();
        }
        QCOMPARE(link->record->got.size(), std::size_t(5000));
        for (int i = 0; i < 5000; ++i)
            QCOMPARE(link->record->got[std::size_t(i)].payload, padded(i));
        QCOMPARE(host.drops(core::DropReason::QueueFull), quint64(0));
    }

    // What a window did not take yet goes with its subscription, and comes with its session.
    void aReplayEndsWithItsSubscription()
    {
        SimHost host(2);
        auto publisher = host.connect(0, "p");
        for (int i = 0; i < 50; ++i)
            (*publisher)->publish("t/" + padded(i), padded(i), 1, true, 1);
        host.settle();
        auto link = host.connect(0, "x", 60);
        link->record->autoSettle = false;
        link->record->window = 5;
        (*link)->subscribe("t/#", 1);
        host.settle();
        link->stream->breakOff();
        host.settle();
        auto back = host.connect(1, "x", 60);
        QCOMPARE(back->record->got.size(), std::size_t(50));
        for (int i = 0; i < 50; ++i)
            QCOMPARE(back->record->got[std::size_t(i)].payload, padded(i));
        QVERIFY(back->record->got[4].resent && !back->record->got[5].resent);
        back->record->window = 0;
        (*back)->subscribe("t/#", 1);
        (*back)->unsubscribe("t/#");
        back->record->window = 100;
        host.settle();
        (*back)->publish("t/x", "live", 1, false, 1);
        host.settle();
        QCOMPARE(back->record->got.size(), std::size_t(50));
    }

    void updatesMeetSubscriptions_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::addColumn<int>("seed");
        for (const int reactors : {1, 3}) {
            for (int seed = 1; seed <= 15; ++seed)
                QTest::addRow("%d reactors, seed %d", reactors, seed) << reactors << seed;
        }
    }

    // RP-03 for retained messages: between the state that a subscriber is shown and what follows
    // live there is neither a gap nor a duplicate.
    void updatesMeetSubscriptions()
    {
        QFETCH(int, reactors);
        QFETCH(int, seed);
        constexpr int kTopics = 6;
        SimHost host(reactors, quint64(seed));
        SimRandom &random = host.random();
        std::vector<std::unique_ptr<sim::SimLink>> publishers;
        for (int i = 0; i < kTopics; ++i)
            publishers.push_back(host.connect(i % reactors, "p" + std::to_string(i)));
        auto observer = host.connect(0, "observer");
        (*observer)->subscribe("#", 1);
        host.settle();

        struct Reader
        {
            std::unique_ptr<sim::SimLink> link;
            quint64 since;
        };

        std::vector<Reader> readers;
        int published = 0;
        for (int round = 0; round < 300; ++round) {
            const auto topic = random.below(kTopics);
            (*publishers[topic])
                ->publish("t/" + std::to_string(topic), std::to_string(++published), 1, true, 1);
            if (random.chance(10)) {
                Reader reader;
                reader.link = host.connect(int(random.below(quint64(reactors))),
                                           "r" + std::to_string(readers.size()));
                reader.link->record->window = 1 + int(random.below(4));
                (*reader.link)->subscribe(random.chance(50) ? "t/#" : "t/+", 1);
                const auto locked = host.distributor().sequencer.lock();
                reader.since = host.distributor().sequencer.nextSequenceLocked();
                readers.push_back(std::move(reader));
            }
            for (auto steps = random.below(4); steps > 0; --steps)
                host.step();
        }
        QVERIFY(host.settle());
        QCOMPARE(observer->record->got.size(), std::size_t(published));
        for (const Reader &reader : readers) {
            std::map<std::string, quint64> state; // of each topic where the subscription began
            std::vector<quint64> expected;
            std::set<std::string> topics;
            for (const auto &got : observer->record->got) {
                topics.insert(got.topic);
                if (got.position.sequence >= reader.since)
                    expected.push_back(got.position.sequence);
                else
                    state[got.topic] = got.position.sequence;
            }
            std::vector<quint64> live;
            std::set<std::string> shown;
            for (const auto &got : reader.link->record->got) {
                if (got.retain) {
                    QVERIFY(shown.insert(got.topic).second);
                    QCOMPARE(got.position.sequence, state[got.topic]);
                } else {
                    shown.insert(got.topic);
                    live.push_back(got.position.sequence);
                }
            }
            QVERIFY(live == expected);
            QVERIFY(shown == topics);
        }
    }
};

QTEST_GUILESS_MAIN(tst_Retained)
#include "tst_retained.moc"
