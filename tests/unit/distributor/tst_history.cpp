// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/store/memoryengine.h"
#include "core/store/store.h"
#include "historytest.h"

#include <QTest>

#include <deque>

using namespace fairlead;
using namespace fairlead::history;
using sim::SimHost;

/// What is read of the history, and what follows it.
class tst_History : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void reactors_data()
    {
        QTest::addColumn<int>("reactors");
        QTest::newRow("one reactor") << 1;
        QTest::newRow("three reactors") << 3;
    }

    // RP-01: who resumes inside a delivery finds the message it is called for.
    void whoResumesInsideADeliveryFindsIt()
    {
        SimHost host(1);
        const Peer source = host.connect(0, "p");
        const Peer link = host.connect(0, "x");
        (*link)->subscribe("t");
        host.settle();
        (*source)->publish("t", "m");
        while (link->record->got.empty())
            QVERIFY(host.step());
        const Peer other = host.connect(0, "y");
        subscribe(other,
                  "$replay/" + std::to_string(link->record->got.at(0).position.sequence - 1)
                      + "/t");
        host.settle();
        QVERIFY(payloads(*other) == std::vector<std::string>{"m"});
    }

    void historyComesBeforeWhatIsLive_data() { reactors_data(); }

    // RP-03
    void historyComesBeforeWhatIsLive()
    {
        QFETCH(int, reactors);
        SimHost host(reactors);
        const Peer source = host.connect(0, "p");
        publish(host, source, "a/b", 0, 700);
        publish(host, source, "c", 0, 10);
        const Peer link = host.connect(reactors - 1, "x");
        subscribe(link, "$replay/0/a/#", {}, 1);
        for (int i = 700; i < 900; ++i) {
            (*source)->publish("a/b", std::to_string(i), 1, false, 1);
            host.step();
        }
        QVERIFY(host.settle());
        QCOMPARE(link->record->subscribed.at(0).outcome, Outcome::Done);
        QCOMPARE(link->record->subscribed.at(0).qos, quint8(1));
        QVERIFY(payloads(*link) == numbers(0, 900));
        QCOMPARE(link->record->got.at(0).topic, std::string("a/b"));
        QCOMPARE(link->record->got.at(0).qos, quint8(0));
        QCOMPARE(link->record->got.at(899).qos, quint8(1));
        QVERIFY(link->record->notices.empty());
    }

    void whereItStarts_data()
    {
        QTest::addColumn<QByteArray>("filter");
        QTest::addColumn<QByteArray>("from");
        QTest::addColumn<int>("first"); // of 0 to 99, at sequences 1, 3, 5 ...
        QTest::newRow("the beginning") << QByteArray("$replay/0/t") << QByteArray() << 0;
        QTest::newRow("a sequence") << QByteArray("$replay/100/t") << QByteArray() << 50;
        QTest::newRow("a position") << QByteArray("$replay/1:101/t") << QByteArray() << 51;
        QTest::newRow("the last ten") << QByteArray("$replay/-10/t") << QByteArray() << 90;
        QTest::newRow("the last of all") << QByteArray("$replay/-1000/t") << QByteArray() << 0;
        QTest::newRow("none of the last") << QByteArray("$replay/-0/t") << QByteArray() << 100;
        QTest::newRow("ten seconds") << QByteArray("$replay/10s/t") << QByteArray() << 90;
        QTest::newRow("an hour") << QByteArray("$replay/1h/t") << QByteArray() << 0;
        QTest::newRow("property") << QByteArray("t") << QByteArray("-3") << 97;
        QTest::newRow("the filter's own goes before")
            << QByteArray("$replay/-2/t") << QByteArray("0") << 98;
        QTest::newRow("ahead of all") << QByteArray("$replay/9999/t") << QByteArray() << 100;
    }

    void whereItStarts()
    {
        QFETCH(QByteArray, filter);
        QFETCH(QByteArray, from);
        QFETCH(int, first);
        SimHost host(1);
        const Peer source = host.connect(0, "p");
        for (int i = 0; i < 100; ++i) {
            (*source)->publish("t", std::to_string(i));
            (*source)->publish("u", "other");
            host.advance(kNsPerSecond);
        }
        const Peer link = host.connect(0, "x");
        subscribe(link, filter.toStdString(), from.toStdString());
        (*source)->publish("t", "100");
        host.settle();
        QVERIFY(payloads(*link) == numbers(first, 101));
        QVERIFY(link->record->notices.empty());
    }

    void aThousandResumesAreContiguous_data() { reactors_data(); }

    // RP-03
    void aThousandResumesAreContiguous()
    {
        QFETCH(int, reactors);
        SimHost host(reactors, 7, keeping(100'000));
        const Peer source = host.connect(0, "p");
        const Peer witness = host.connect(0, "w");
        (*witness)->subscribe("s/#");
        host.settle();

        struct Resumed
        {
            Peer link;
            quint64 after = 0;
        };

        std::deque<Resumed> open;
        int sent = 0;
        const auto flood = [&](quint64 most) {
            for (quint64 i = host.random().below(most); i > 0; --i) {
                (*source)->publish(host.random().below(3) == 0 ? "o" : "s/" + std::to_string(i % 3),
                                   std::to_string(sent++));
                if (host.random().below(2) == 0)
                    host.step();
            }
        };
        const auto check = [&](const Resumed &resumed) {
            host.settle();
            const auto &all = witness->record->got;
            const auto first = std::partition_point(all.begin(), all.end(), [&](const auto &got) {
                return got.position.sequence <= resumed.after;
            });
            const auto &mine = resumed.link->record->got;
            return resumed.link->record->notices.empty()
                && std::equal(first,
                              all.end(),
                              mine.begin(),
                              mine.end(),
                              [](const auto &a, const auto &b) {
                                  return a.position == b.position && a.payload == b.payload;
                              });
        };
        flood(1000);
        for (int i = 0; i < 1000; ++i) {
            flood(12);
            Resumed resumed;
            resumed.link = host.connect(int(host.random().below(quint64(reactors))),
                                        "r" + std::to_string(i));
            flood(12);
            const quint64 head = host.distributor().sequencer.lastSequence();
            resumed.after = head - std::min(head, host.random().below(600));
            subscribe(resumed.link,
                      "$replay/1:" + std::to_string(resumed.after) + "/s/#",
                      {},
                      int(host.random().below(3)));
            open.push_back(std::move(resumed));
            flood(12);
            if (open.size() == 4) {
                QVERIFY(check(open.front()));
                open.front().link->stream->breakOff();
                open.pop_front();
                host.settle();
            }
        }
        for (const Resumed &resumed : open)
            QVERIFY(check(resumed));
        QVERIFY(sent > 10'000);
    }

    // A long history delays nothing live of other subscriptions for long.
    void liveMessagesPassALongHistory()
    {
        core::DistributorLimits limits = keeping(100'000);
        limits.session.queueMessages = 100;
        SimHost host(1, 1, limits);
        const Peer source = host.connect(0, "p");
        publish(host, source, "old", 0, 20'000);
        const Peer link = host.connect(0, "x");
        link->record->bytesPerMessage = kBytesPerMessage;
        (*link)->subscribe("live");
        subscribe(link, "$replay/0/old");
        link->stream->setRoom(0);
        host.settle();
        for (int i = 0; i < 60; ++i) {
            (*source)->publish("live", "x");
            host.settle();
        }
        link->stream->setRoom(60 * kBytesPerMessage);
        host.settle();
        const auto list = payloads(*link);
        QVERIFY(std::count(list.begin(), list.end(), "x") > 30);
        link->stream->setRoom(-1);
        QVERIFY(host.settle(1'000'000));
        QCOMPARE(link->record->got.size(), std::size_t(20'060));
    }

    void twoHistoriesAreReadSideBySide()
    {
        SimHost host(1, 1, keeping(100'000));
        const Peer source = host.connect(0, "p");
        publish(host, source, "a", 0, 3000);
        publish(host, source, "b", 0, 3000);
        const Peer link = host.connect(0, "x");
        link->record->bytesPerMessage = kBytesPerMessage;
        link->stream->setRoom(0);
        subscribe(link, "$replay/0/a");
        subscribe(link, "$replay/-500/b");
        host.settle();
        link->stream->setRoom(-1);
        QVERIFY(host.settle(1'000'000));
        QCOMPARE(link->record->got.size(), std::size_t(3500));
    }

    // A session that outlives its link is owed what follows, and the rest of its history.
    void alsoWhoIsAwayGetsWhatFollows()
    {
        SimHost host(2, 1, keeping(10'000));
        const Peer source = host.connect(0, "p");
        for (int i = 0; i < 1000; ++i)
            (*source)->publish("t", std::to_string(i), 1, false, 1);
        host.settle();
        std::vector<std::string> seen;
        {
            const Peer link = host.connect(1, "x", 1000);
            link->record->bytesPerMessage = kBytesPerMessage;
            link->stream->setRoom(0);
            subscribe(link, "$replay/0/t", {}, 1);
            host.settle();
            seen = payloads(*link);
            QVERIFY(seen.size() < 100);
            link->stream->breakOff();
            host.settle();
        }
        for (int i = 1000; i < 1500; ++i)
            (*source)->publish("t", std::to_string(i), 1, false, 1);
        host.settle();
        const Peer link = host.connect(0, "x", 1000);
        QVERIFY(host.settle());
        const auto rest = payloads(*link);
        seen.insert(seen.end(), rest.begin(), rest.end());
        QVERIFY(seen == numbers(0, 1500));
        QVERIFY(link->record->notices.empty());
    }

    // What a session that is kept is promised is written down from its subscription on, however
    // much of the history it has still to read.
    void whatFollowsIsOwedInWriting()
    {
        core::MemoryEngine engine;
        const sim::SimClock clock;
        {
            core::Store store(engine, clock, core::Store::Options());
            store.open();
            SimHost host(1, 1, keeping(10'000), &store);
            const auto settle = [&] {
                for (int i = 0; i < 50; ++i) {
                    host.settle();
                    QVERIFY(store.drain());
                }
            };
            const Peer source = host.connect(0, "p");
            for (int i = 0; i < 500; ++i)
                (*source)->publish("t", std::to_string(i), 2, false, 1, quint32(i + 1));
            const Peer link = host.connect(0, "x", 1000);
            settle();
            link->record->bytesPerMessage = kBytesPerMessage;
            link->stream->setRoom(0);
            subscribe(link, "$replay/0/t", {}, 2);
            settle();
            QVERIFY(link->record->got.size() < 100);
            for (int i = 500; i < 510; ++i)
                (*source)->publish("t", std::to_string(i), 1, false, 1);
            settle();
            const Peer other = host.connect(0, "y", 1000);
            settle();
            subscribe(other, "$replay/0/t", {}, 2);
            settle();
            QVERIFY(payloads(*other) == numbers(0, 510));
            QVERIFY(store.close());
        }
        core::Store store(engine, clock, core::Store::Options());
        const core::Recovered kept = store.open();
        const auto away
            = std::find_if(kept.sessions.begin(), kept.sessions.end(), [](const auto &session) {
                  return session.row.peerKey == "x";
              });
        QVERIFY(away != kept.sessions.end());
        std::vector<std::string> owed;
        for (const core::RecoveredDelivery &delivery : away->deliveries) {
            if (delivery.message.sequence() > 500)
                owed.emplace_back(delivery.message.payload());
        }
        QVERIFY(owed == numbers(500, 510));
    }

    void unsubscribingEndsHistoryToo_data()
    {
        QTest::addColumn<QByteArray>("filter");
        QTest::newRow("as subscribed") << QByteArray("$replay/0/t");
        QTest::newRow("from elsewhere") << QByteArray("$replay/-1/t");
        QTest::newRow("the filter alone") << QByteArray("t");
    }

    void unsubscribingEndsHistoryToo()
    {
        QFETCH(QByteArray, filter);
        SimHost host(1);
        const Peer source = host.connect(0, "p");
        publish(host, source, "t", 0, 500);
        const Peer link = host.connect(0, "x");
        link->record->bytesPerMessage = kBytesPerMessage;
        link->stream->setRoom(0);
        subscribe(link, "$replay/0/t");
        host.settle();
        const std::size_t before = link->record->got.size();
        (*link)->unsubscribe(filter.toStdString());
        publish(host, source, "t", 500, 600);
        link->stream->setRoom(-1);
        host.settle();
        QCOMPARE(link->record->unsubscribed.at(0), Outcome::Done);
        QCOMPARE(link->record->got.size(), before);
        (*link)->unsubscribe("t");
        host.settle();
        QCOMPARE(link->record->unsubscribed.at(1), Outcome::NoReceiver);
    }

    // [MQTT-3.8.4-3]: a subscription in the place of one with history loses nothing of it.
    void aPlainSubscriptionInItsPlaceKeepsTheHistory()
    {
        SimHost host(1);
        const Peer source = host.connect(0, "p");
        publish(host, source, "t", 0, 500);
        const Peer link = host.connect(0, "x");
        link->record->bytesPerMessage = kBytesPerMessage;
        link->stream->setRoom(0);
        subscribe(link, "$replay/0/t");
        host.settle();
        subscribe(link, "t");
        publish(host, source, "t", 500, 600);
        link->stream->setRoom(-1);
        host.settle();
        QVERIFY(payloads(*link) == numbers(0, 600));
    }

    // What a session publishes itself is a part of the history that it asks for.
    void ownMessagesAreReplayedUnlessNotWanted()
    {
        SimHost host(1);
        const Peer link = host.connect(0, "x");
        const Peer other = host.connect(0, "y");
        (*other)->publish("t", "of another");
        host.settle();
        (*link)->publish("t", "own");
        subscribe(link, "$replay/0/t");
        host.settle();
        QVERIFY((payloads(*link) == std::vector<std::string>{"of another", "own"}));
        SubscribeRequest request;
        request.filter = "$replay/0/t";
        request.noLocal = true;
        (*link)->lease()->subscribe(&request, 1, 2);
        host.settle();
        QCOMPARE(link->record->got.size(), std::size_t(3));
        QCOMPARE(link->record->got.back().payload, std::string("of another"));
    }

    // [MQTT-3.3.1-9]: beside history come those retained messages that it does not have.
    void retainedMessagesFromBeforeComeFirst()
    {
        SimHost host(1);
        const Peer source = host.connect(0, "p");
        (*source)->publish("t/a", "kept a", 0, true);
        (*source)->publish("t/b", "kept b", 0, true);
        (*source)->publish("t/a", "1");
        host.settle();
        const Peer byFilter = host.connect(0, "f");
        subscribe(byFilter, "$replay/0/t/#");
        const Peer byProperty = host.connect(0, "q");
        subscribe(byProperty, "t/#", "-2");
        const Peer live = host.connect(0, "l");
        subscribe(live, "t/#", "-0");
        host.settle();
        QVERIFY((payloads(*byFilter) == std::vector<std::string>{"kept a", "kept b", "1"}));
        QVERIFY(!byFilter->record->got.at(0).retain);
        QVERIFY((payloads(*byProperty) == std::vector<std::string>{"kept a", "kept b", "1"}));
        QVERIFY(byProperty->record->got.at(0).retain);
        QVERIFY(!byProperty->record->got.at(1).retain);
        QVERIFY((payloads(*live) == std::vector<std::string>{"kept a", "kept b"}));
    }
};

QTEST_GUILESS_MAIN(tst_History)
#include "tst_history.moc"
