// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "eventworld.h"

#include <QtTest/QTest>

#include <map>
#include <thread>

using namespace fairlead;
using namespace fairlead::core;

namespace {

Event make(EventKind kind, const QByteArray &key)
{
    Event event;
    event.kind = kind;
    event.key = key;
    return event;
}

} // namespace

class tst_EventFeed : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void manyPostsAreOneWakeUp();
    void floodIsBoundedAndMarked();
    void terminalEventsHaveRoomOfTheirOwn();
    void batchKeepsItsOrderAndTimes();
    void threadsNeverMixUpAKey();
    void lateWakeUpFindsNobody();
    void closedFeedRefuses();
    void lossReachesEveryReader();
};

// DS-11
void tst_EventFeed::manyPostsAreOneWakeUp()
{
    FakeMain main;
    std::size_t got = 0;
    EventFeed feed(main, [&](std::vector<EventFeed::Item> items, quint64) { got += items.size(); });
    for (int i = 0; i < 1000; ++i)
        feed.post(make(EventKind::LinkConnected, "a"));
    QCOMPARE(main.posted(), 1);
    QCOMPARE(got, std::size_t(0));
    main.turn();
    QCOMPARE(got, std::size_t(1000));
    feed.post(make(EventKind::LinkConnected, "a"));
    QCOMPARE(main.posted(), 2);
    main.turn();
    QCOMPARE(got, std::size_t(1001));
}

// OB-03
void tst_EventFeed::floodIsBoundedAndMarked()
{
    FakeMain main;
    QStringList got;
    EventFeed feed(
        main,
        [&](std::vector<EventFeed::Item> items, quint64 lostAfter) {
            for (const EventFeed::Item &item : items) {
                got << QStringLiteral("%1 %2")
                           .arg(item.lostBefore)
                           .arg(QString::fromUtf8(item.event.key));
            }
            got << QStringLiteral("after %1").arg(lostAfter);
        },
        2);
    for (const char *key : {"a", "b", "c", "d"})
        feed.post(make(EventKind::LinkConnected, key));
    feed.post(make(EventKind::EndpointStopped, "e"));
    feed.post(make(EventKind::LinkConnected, "f"));
    QCOMPARE(main.posted(), 1);
    main.turn();
    QCOMPARE(got,
             QStringList({QStringLiteral("0 a"),
                          QStringLiteral("0 b"),
                          QStringLiteral("2 e"),
                          QStringLiteral("after 1")}));
}

// OB-03
void tst_EventFeed::terminalEventsHaveRoomOfTheirOwn()
{
    FakeMain main;
    std::size_t got = 0;
    quint64 lost = 0;
    EventFeed feed(
        main,
        [&](std::vector<EventFeed::Item> items, quint64 lostAfter) {
            got += items.size();
            lost += lostAfter;
        },
        10);
    for (int i = 0; i < 100; ++i)
        feed.post(make(EventKind::LinkConnected, "a"));
    for (int i = 0; i < 10; ++i)
        feed.post(make(EventKind::EndpointStopped, "a"));
    for (int i = 0; i < 5; ++i)
        feed.post(make(EventKind::EndpointStopped, "a"));
    main.turn();
    QCOMPARE(got, std::size_t(20));
    QCOMPARE(lost, quint64(5));
}

// OB-01
void tst_EventFeed::batchKeepsItsOrderAndTimes()
{
    EventWorld world;
    const auto reader = world.read();
    std::vector<Event> batch;
    for (const char *key : {"a", "b"}) {
        batch.push_back(make(EventKind::LinkConnected, key));
        batch.back().monotonicNs = world.clock.now();
    }
    const qint64 happened = world.clock.utcMs();
    world.bus.feed().post(std::move(batch));
    world.clock.advance(7 * kNsPerSecond);
    world.say("c");
    world.main.turn();
    const EventPtr direct = reader->take();
    QCOMPARE(direct->key, QByteArray("c"));
    const EventPtr first = reader->take();
    QCOMPARE(first->key, QByteArray("a"));
    QCOMPARE(first->utcMs, happened); // when it happened, not when it came
    QCOMPARE(first->number, quint64(2));
    QCOMPARE(reader->take()->key, QByteArray("b"));
}

// OB-01: each thread's key stays in its order, nothing is lost or invented.
void tst_EventFeed::threadsNeverMixUpAKey()
{
    constexpr int kThreads = 4;
    constexpr quint64 kEach = 2000;
    EventWorld world;
    const auto reader = world.read({.filter = {}, .capacity = 65536});
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&feed = world.bus.feed(), t] {
            for (quint64 i = 1; i <= kEach; ++i) {
                feed.post(EventKind::LinkConnected, 1, [&](Event &event) {
                    event.key = QByteArray::number(t);
                    event.generation = i;
                });
            }
        });
    }
    std::map<QByteArray, quint64> last;
    quint64 got = 0;
    quint64 lost = 0;
    const auto takeAll = [&] {
        world.main.turn();
        while (const EventPtr event = reader->take()) {
            if (event->kind == EventKind::Lag) {
                lost += quint64(event->details.value(QLatin1String("count")).toInteger());
                continue;
            }
            ++got;
            QVERIFY(event->generation > last[event->key]);
            last[event->key] = event->generation;
        }
    };
    while (got + lost < kThreads * kEach / 2)
        takeAll();
    for (std::thread &thread : threads)
        thread.join();
    takeAll();
    QCOMPARE(got + lost, kThreads * kEach);
    QCOMPARE(world.bus.stats().lostInFeed, lost);
}

// SH-08
void tst_EventFeed::lateWakeUpFindsNobody()
{
    FakeMain main;
    int calls = 0;
    {
        EventFeed feed(main, [&](std::vector<EventFeed::Item>, quint64) { ++calls; });
        feed.post(make(EventKind::LinkConnected, "a"));
    }
    main.turn();
    QCOMPARE(calls, 0);
}

// SH-07
void tst_EventFeed::closedFeedRefuses()
{
    FakeMain main;
    std::size_t got = 0;
    EventFeed feed(main, [&](std::vector<EventFeed::Item> items, quint64) { got += items.size(); });
    feed.setWanted(EventKinds::all());
    feed.post(make(EventKind::LinkConnected, "a"));
    feed.close();
    QCOMPARE(got, std::size_t(1));
    feed.post(make(EventKind::LinkConnected, "b"));
    bool built = false;
    feed.post(EventKind::LinkConnected, 1, [&](Event &) { built = true; });
    main.turn();
    QCOMPARE(got, std::size_t(1));
    QVERIFY(!built);
    QCOMPARE(feed.refusedCount(), quint64(1));
}

// OB-03
void tst_EventFeed::lossReachesEveryReader()
{
    EventWorld world;
    const auto reader = world.read({.filter = {}, .capacity = 65536});
    for (std::size_t i = 0; i < EventFeed::kDefaultCapacity + 3; ++i)
        world.bus.feed().post(make(EventKind::LinkConnected, "a"));
    world.main.turn();
    world.say("b");
    const QStringList all = allOf(*reader);
    QCOMPARE(all.size(), qsizetype(EventFeed::kDefaultCapacity) + 2);
    QCOMPARE(all.at(all.size() - 2), QStringLiteral("lag:3"));
    QCOMPARE(all.last(), QStringLiteral("endpoint-reconnected:b"));
    QCOMPARE(reader->lostCount(), quint64(3));
}

QTEST_APPLESS_MAIN(tst_EventFeed)
#include "tst_eventfeed.moc"
