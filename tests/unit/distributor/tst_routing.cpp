// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "received.h"
#include "simhost.h"

#include <QTest>

#include <set>

using namespace fairlead;
using sim::SimHost;

namespace { } // namespace

class tst_Routing : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void reactors_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("three reactors") << 3;
    }

    // DS-01, [MQTT-4.6.0-6]
    void everySubscriberGetsEveryMessageInOrder_data() { reactors_data(); }

    void everySubscriberGetsEveryMessageInOrder()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        std::vector<std::unique_ptr<sim::SimLink>> subscribers;
        for (int i = 0; i < 4; ++i) {
            subscribers.push_back(host.connect(i % reactors, "s" + std::to_string(i)));
            (*subscribers.back())->subscribe(i % 2 == 0 ? "a/#" : "a/+", 1);
        }
        auto publisher = host.connect(0, "p");
        host.settle();
        std::vector<std::string> sent;
        for (int i = 0; i < 3000; ++i) {
            sent.push_back(std::to_string(i));
            (*publisher)->publish("a/b", sent.back(), quint8(i % 3 == 0 ? 0 : 1), false, 1);
            if (i % 100 == 0)
                host.settle();
        }
        QVERIFY(host.settle());
        for (const auto &subscriber : subscribers) {
            QCOMPARE(payloads(*subscriber).size(), sent.size());
            QVERIFY(payloads(*subscriber) == sent);
            quint64 last = 0;
            for (const auto &got : subscriber->record->got) {
                QVERIFY(got.position.sequence > last);
                last = got.position.sequence;
            }
        }
        QCOMPARE(publisher->record->completions.size(), std::size_t(2000));
    }

    // DS-02: what was published before a subscription is not for it, what follows is.
    void aSubscriptionSeesExactlyWhatFollowsIt_data() { reactors_data(); }

    void aSubscriptionSeesExactlyWhatFollowsIt()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        auto other = host.connect(0, "o");
        (*other)->subscribe("t");
        auto link = host.connect(reactors - 1, "x");
        host.settle();
        (*link)->publish("t", "before");
        (*link)->subscribe("t");
        (*link)->publish("t", "after");
        QVERIFY(host.settle());
        QVERIFY(payloads(*link) == std::vector<std::string>{"after"});
        QVERIFY((payloads(*other) == std::vector<std::string>{"before", "after"}));
    }

    // [MQTT-3.10.4-2]: nothing follows an UNSUBSCRIBE but what came before it.
    void unsubscribingStopsWhatFollows_data() { reactors_data(); }

    void unsubscribingStopsWhatFollows()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        auto link = host.connect(reactors - 1, "x");
        (*link)->subscribe("t", 1);
        host.settle();
        (*link)->publish("t", "before", 1, false, 1);
        (*link)->unsubscribe("t");
        (*link)->unsubscribe("t");
        (*link)->publish("t", "after", 1, false, 2);
        QVERIFY(host.settle());
        QVERIFY(payloads(*link) == std::vector<std::string>{"before"});
        QCOMPARE(link->record->unsubscribed.at(0), Outcome::Done);
        QCOMPARE(link->record->unsubscribed.at(1), Outcome::NoReceiver);
        QCOMPARE(link->record->completions.at(0).outcome, Outcome::Done);
        QCOMPARE(link->record->completions.at(1).outcome, Outcome::NoReceiver);
    }

    // [MQTT-3.3.4-2], [MQTT-3.3.4-4]: one copy, the highest QoS, all identifiers.
    void overlappingSubscriptionsYieldOneCopy()
    {
        SimHost host(1);
        auto link = host.connect(0, "x");
        (*link)->subscribe("a/#", 0, 7);
        (*link)->subscribe("a/b", 2, 9);
        (*link)->subscribe("+/b", 1);
        host.settle();
        (*link)->publish("a/b", "m", 2, false, 1, 5);
        QVERIFY(host.settle());
        QCOMPARE(link->record->got.size(), std::size_t(1));
        QCOMPARE(link->record->got[0].qos, quint8(2));
        auto ids = link->record->got[0].ids;
        std::sort(ids.begin(), ids.end());
        QVERIFY((ids == std::vector<quint32>{7, 9}));
    }

    // [MQTT-3.8.3-3]
    void noLocalExcludesWhatOneSentOneself()
    {
        SimHost host(1);
        auto a = host.connect(0, "a");
        auto b = host.connect(0, "b");
        (*a)->subscribe("t", 0, 0, true);
        (*b)->subscribe("t", 0, 0, true);
        host.settle();
        (*a)->publish("t", "from a");
        host.settle();
        QCOMPARE(a->record->got.size(), std::size_t(0));
        QVERIFY(payloads(*b) == std::vector<std::string>{"from a"});
        // Another subscription without it brings the message back.
        (*a)->subscribe("#");
        host.settle();
        (*a)->publish("t", "again");
        host.settle();
        QVERIFY(payloads(*a) == std::vector<std::string>{"again"});
    }

    // [MQTT-4.8.2-1] and following: each message to one member.
    void aSharedGroupGetsEachMessageOnce_data() { reactors_data(); }

    void aSharedGroupGetsEachMessageOnce()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        std::vector<std::unique_ptr<sim::SimLink>> members;
        for (int i = 0; i < 3; ++i) {
            members.push_back(host.connect(i % reactors, "m" + std::to_string(i)));
            (*members.back())->subscribe("$share/g/a/#", 1);
        }
        auto single = host.connect(0, "single");
        (*single)->subscribe("a/#", 1);
        host.settle();
        for (int i = 0; i < 300; ++i)
            (*single)->publish("a/x", std::to_string(i), 1, false, 1);
        QVERIFY(host.settle());
        QCOMPARE(single->record->got.size(), std::size_t(300));
        std::set<std::string> all;
        for (const auto &member : members) {
            QCOMPARE(member->record->got.size(), std::size_t(100));
            for (const auto &got : member->record->got)
                all.insert(got.payload);
        }
        QCOMPARE(all.size(), std::size_t(300));
    }

    // A member that left before its message arrived: another one gets it.
    void aMessageForAMemberThatLeftGoesToAnother()
    {
        SimHost host(2);
        auto leaving = host.connect(1, "leaving");
        (*leaving)->subscribe("$share/g/t", 1);
        host.settle();
        auto staying = host.connect(0, "staying");
        (*staying)->subscribe("$share/g/t", 1);
        host.settle();
        for (int i = 0; i < 10; ++i)
            (*staying)->publish("t", std::to_string(i), 1, false, 1);
        host.reactor(0).turn(); // committed, not consumed by reactor 1
        leaving->record->driver->link().close(
            Error(ErrorCode::ConnectionClosed, QString()), CloseMode::Abort, false);
        QVERIFY(host.settle());
        QCOMPARE(staying->record->got.size(), std::size_t(10));
        QCOMPARE(host.drops(core::DropReason::NoMember), quint64(0));
    }

    // [MQTT-4.7.2-1]
    void leadingWildcardsDoNotSelectDollarTopics()
    {
        SimHost host(1);
        auto link = host.connect(0, "x");
        (*link)->subscribe("#");
        (*link)->subscribe("+/x");
        (*link)->subscribe("$own/#");
        host.settle();
        (*link)->publish("$own/x", "m");
        host.settle();
        QCOMPARE(link->record->got.size(), std::size_t(1));
    }

    void reservedTopicsAreTheHostsOwn()
    {
        SimHost host(1);
        auto link = host.connect(0, "x");
        (*link)->subscribe("$SYS/#");
        host.settle();
        (*link)->publish("$SYS/broker/uptime", "lie", 1, false, 3);
        host.settle();
        QCOMPARE(link->record->got.size(), std::size_t(0));
        QCOMPARE(link->record->completions.at(0).outcome, Outcome::NotAuthorized);
    }

    // Outcomes come in the order of the calls, per link ([MQTT-4.6.0-2]).
    void outcomesKeepTheOrderOfTheCalls()
    {
        SimHost host(1);
        auto link = host.connect(0, "x");
        (*link)->subscribe("t", 2);
        host.settle();
        (*link)->publish("t", "1", 2, false, 1, 10);
        (*link)->publish("t", "1", 2, false, 2, 10);
        (*link)->publish("nobody", "2", 1, false, 3);
        (*link)->lease()->forgetKey(10, 4);
        (*link)->lease()->forgetKey(11, 5);
        host.settle();
        std::vector<std::pair<quint32, Outcome>> seen;
        for (const Completion &completion : link->record->completions)
            seen.emplace_back(completion.tag, completion.outcome);
        const std::vector<std::pair<quint32, Outcome>> expected = {{1, Outcome::Done},
                                                                   {2, Outcome::Duplicate},
                                                                   {3, Outcome::NoReceiver},
                                                                   {4, Outcome::Done},
                                                                   {5, Outcome::NoReceiver}};
        QVERIFY(seen == expected);
        QCOMPARE(link->record->got.size(), std::size_t(1));
    }

    // [MQTT-3.3.2-5], [MQTT-3.3.2-6]
    void whatExpiredIsNotDelivered()
    {
        SimHost host(1);
        {
            auto away = host.connect(0, "away", 3600);
            (*away)->subscribe("t", 1);
            host.settle();
            (*away)->link().close(
                Error(ErrorCode::ConnectionClosed, QString()), CloseMode::Abort, false);
            host.settle();
        }
        auto publisher = host.connect(0, "p");
        (*publisher)->publish("t", "short", 1, false, 1, 0, 5);
        (*publisher)->publish("t", "long", 1, false, 2, 0, 60);
        host.settle();
        host.advance(20 * kNsPerSecond);
        auto back = host.connect(0, "away", 3600);
        QVERIFY(payloads(*back) == std::vector<std::string>{"long"});
        QCOMPARE(back->record->got[0].expirySeconds, quint32(40));
        QCOMPARE(host.drops(core::DropReason::Expired), quint64(1));
    }

    // Changes between a match and its commit are seen: no gap, no stale receiver.
    void subscriptionsRaceWithPublishing()
    {
        SimHost host(3, 7);
        auto publisher = host.connect(0, "p");
        std::vector<std::unique_ptr<sim::SimLink>> links;
        for (int i = 0; i < 6; ++i)
            links.push_back(host.connect(i % 3, "s" + std::to_string(i)));
        host.settle();
        for (int round = 0; round < 400; ++round) {
            (*publisher)
                ->publish("t/" + std::to_string(round % 4), std::to_string(round), 1, false, 1);
            auto &link = *links[host.random().below(links.size())];
            if (host.random().chance(50))
                link->subscribe("t/#", 1);
            else
                link->unsubscribe("t/#");
            if (host.random().chance(60))
                host.step();
        }
        QVERIFY(host.settle());
        for (const auto &link : links) {
            for (std::size_t i = 1; i < link->record->got.size(); ++i) {
                QVERIFY(link->record->got[i].position.sequence
                        > link->record->got[i - 1].position.sequence);
            }
        }
        QCOMPARE(publisher->record->completions.size(), std::size_t(400));
    }
};

QTEST_GUILESS_MAIN(tst_Routing)
#include "tst_routing.moc"
