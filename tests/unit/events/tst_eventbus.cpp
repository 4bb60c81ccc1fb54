// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventedges.h"
#include "eventworld.h"

#include <QtTest/QTest>

#include <random>

using namespace fairlead;
using namespace fairlead::core;

class tst_EventBus : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyFieldIsStamped();
    void keysStayInOrderAndStatesChain();
    void readersAreToldOnceInALaterTurn();
    void filterSelectsKindsAndKeys();
    void slowReaderLosesOnlyItsOwn();
    void closedIsTheLastEventOfEveryReader();
    void nothingComesAfterClosed();
    void closeFromInsideASlotTellsAll();
    void closedWaitsInReadersThatOutliveTheBus();
    void readerMayEndInItsOwnSlot();
    void readerMayEndAnotherInItsSlot();
    void readersThatJoinInASlotMissNothing();
    void busMayEndInASlot();
    void publishingInASlotKeepsTheOrder();
    void flushingInASlotEnds();
    void historyServesLateReaders();
    void subscriptionsAreBounded();
    void startAndStopReadAsOneStory();
    void edgesComeOnce();
    void waitersForTheFirstPeerAreReleased();
};

// OB-01
void tst_EventBus::everyFieldIsStamped()
{
    EventWorld world;
    const auto reader = world.read();
    world.clock.advance(5 * kNsPerMs);
    world.bus.publish(EventKind::EndpointState, [](Event &event) {
        event.key = "pump";
        event.endpoint = QStringLiteral("pump");
        event.generation = 7;
        event.attempt = 2;
        event.reason = Error(ErrorCode::ConnectionRefused, QStringLiteral("refused"));
    });
    const EventPtr event = reader->take();
    QVERIFY(event);
    QCOMPARE(event->kind, EventKind::EndpointState);
    QCOMPARE(event->number, quint64(1));
    QCOMPARE(event->key, QByteArray("pump"));
    QCOMPARE(event->endpoint, QStringLiteral("pump"));
    QCOMPARE(event->generation, quint64(7));
    QCOMPARE(event->attempt, 2U);
    QCOMPARE(event->monotonicNs, world.clock.now());
    QCOMPARE(event->utcMs, world.clock.utcMs());
    QCOMPARE(event->reason.code(), ErrorCode::ConnectionRefused);
}

// OB-01: random status changes of several keys, read by a slow and a quick reader.
void tst_EventBus::keysStayInOrderAndStatesChain()
{
    EventWorld world;
    const auto reader = world.read({.filter = {}, .capacity = 65536});
    std::mt19937 random(11);
    const QStringList states{QStringLiteral("Idle"),
                             QStringLiteral("Starting"),
                             QStringLiteral("Running"),
                             QStringLiteral("Reconnecting"),
                             QStringLiteral("Stopped")};
    QHash<QByteArray, QString> now;
    int published = 0;
    for (int i = 0; i < 20000; ++i) {
        const QByteArray key = QByteArray::number(random() % 7);
        const QString to = states.at(qsizetype(random() % unsigned(states.size())));
        QString &from = now[key];
        if (from == to)
            continue; // SV-01: no event
        ++published;
        world.bus.publish(EventKind::EndpointState, [&](Event &event) {
            event.key = key;
            event.from = from;
            event.to = to;
        });
        from = to;
    }
    QHash<QByteArray, QString> seen;
    quint64 number = 0;
    int got = 0;
    while (const EventPtr event = reader->take()) {
        ++got;
        QCOMPARE(event->number, ++number);
        QCOMPARE(event->from, seen[event->key]);
        seen[event->key] = event->to;
    }
    QCOMPARE(got, published);
    QCOMPARE(seen, now);
}

// OB-03
void tst_EventBus::readersAreToldOnceInALaterTurn()
{
    EventWorld world;
    const auto first = world.read();
    const auto second = world.read();
    int told = 0;
    connect(first.get(), &EventReader::ready, this, [&] { ++told; });
    connect(second.get(), &EventReader::ready, this, [&] { ++told; });
    for (int i = 0; i < 1000; ++i)
        world.say("a");
    QCOMPARE(told, 0); // never from inside publish()
    QCOMPARE(world.main.posted(), 1);
    world.main.turn();
    QCOMPARE(told, 2);
    world.main.turn();
    QCOMPARE(told, 2);
}

// OB-03
void tst_EventBus::filterSelectsKindsAndKeys()
{
    EventWorld world;
    EventReaderOptions options;
    options.filter.kinds
        = EventKinds().add(EventKind::LinkConnected).add(EventKind::LinkDisconnected);
    options.filter.keyPrefix = "pump/";
    const auto reader = world.read(options);
    world.publish(EventKind::LinkConnected, "pump/1");
    world.publish(EventKind::LinkConnected, "valve/1");
    world.publish(EventKind::LinkRejected, "pump/1");
    world.publish(EventKind::LinkDisconnected, "pump/2");
    QCOMPARE(allOf(*reader),
             QStringList({QStringLiteral("link-connected:pump/1"),
                          QStringLiteral("link-disconnected:pump/2")}));
    world.bus.close();
    QCOMPARE(allOf(*reader), QStringList({QStringLiteral("closed:")}));
}

// OB-03
void tst_EventBus::slowReaderLosesOnlyItsOwn()
{
    EventWorld world;
    const auto slow = world.read({.filter = {}, .capacity = 2});
    const auto quick = world.read();
    world.publish(EventKind::EndpointState, "a", QStringLiteral("Failed"));
    for (int i = 0; i < 10; ++i)
        world.say(QByteArray::number(i));
    QCOMPARE(allOf(*slow),
             QStringList({QStringLiteral("endpoint-state:a"),
                          QStringLiteral("lag:8"),
                          QStringLiteral("endpoint-reconnected:8"),
                          QStringLiteral("endpoint-reconnected:9")}));
    QCOMPARE(slow->lostCount(), quint64(8));
    QCOMPARE(allOf(*quick).size(), 11);
    QCOMPARE(quick->lostCount(), quint64(0));
}

// OB-03, SH-07
void tst_EventBus::closedIsTheLastEventOfEveryReader()
{
    EventWorld world;
    EventReaderOptions narrow;
    narrow.filter.kinds = EventKinds().add(EventKind::DialStorm);
    narrow.capacity = 1;
    const auto reader = world.read();
    const auto full = world.read({.filter = {}, .capacity = 1});
    const auto filtered = world.read(narrow);
    int told = 0;
    for (const auto *each : {reader.get(), full.get(), filtered.get()})
        connect(each, &EventReader::ready, this, [&told] { ++told; });
    world.say("a");
    world.say("b");
    world.bus.feed().post(EventKind::LinkConnected, 1, [](Event &event) { event.key = "c"; });
    world.bus.close();
    QCOMPARE(told, 3); // before close() returned
    QCOMPARE(allOf(*reader),
             QStringList({QStringLiteral("endpoint-reconnected:a"),
                          QStringLiteral("endpoint-reconnected:b"),
                          QStringLiteral("link-connected:c"),
                          QStringLiteral("closed:")}));
    QCOMPARE(allOf(*full), QStringList({QStringLiteral("lag:3"), QStringLiteral("closed:")}));
    QCOMPARE(allOf(*filtered), QStringList({QStringLiteral("closed:")}));
    QVERIFY(reader->isFinished());
}

// SH-07
void tst_EventBus::nothingComesAfterClosed()
{
    EventWorld world;
    const auto reader = world.read();
    world.say("a");
    world.bus.close();
    QCOMPARE(allOf(*reader).last(), QStringLiteral("closed:"));
    int told = 0;
    connect(reader.get(), &EventReader::ready, this, [&] { ++told; });
    world.say("late");
    world.bus.feed().post(Event());
    world.bus.setHistory(10);
    world.bus.close();
    world.bus.flush();
    world.main.turn();
    QCOMPARE(told, 0);
    QVERIFY(!reader->take());
    QCOMPARE(world.bus.stats().refused, quint64(1));
    QCOMPARE(world.bus.subscribe({}).error().code(), ErrorCode::ShuttingDown);
}

// SH-07, SH-08
void tst_EventBus::closeFromInsideASlotTellsAll()
{
    EventWorld world;
    const auto first = world.read();
    const auto second = world.read();
    QStringList seen;
    connect(first.get(), &EventReader::ready, this, [&] {
        seen += allOf(*first);
        world.bus.close();
    });
    connect(second.get(), &EventReader::ready, this, [&] { seen += allOf(*second); });
    world.say("a");
    world.main.turn();
    QCOMPARE(seen,
             QStringList({QStringLiteral("endpoint-reconnected:a"),
                          QStringLiteral("endpoint-reconnected:a"),
                          QStringLiteral("closed:"),
                          QStringLiteral("closed:")}));
}

// OB-03, SH-08
void tst_EventBus::closedWaitsInReadersThatOutliveTheBus()
{
    std::unique_ptr<EventReader> reader;
    {
        EventWorld world;
        reader = world.read();
        world.say("a");
    }
    QCOMPARE(allOf(*reader),
             QStringList({QStringLiteral("endpoint-reconnected:a"), QStringLiteral("closed:")}));
    reader->requestReady();
}

// SH-08
void tst_EventBus::readerMayEndInItsOwnSlot()
{
    EventWorld world;
    auto reader = world.read();
    const auto other = world.read();
    connect(reader.get(), &EventReader::ready, this, [&] { reader.reset(); });
    int told = 0;
    connect(other.get(), &EventReader::ready, this, [&] { ++told; });
    world.say("a");
    world.main.turn();
    QVERIFY(!reader);
    QCOMPARE(told, 1);
    QCOMPARE(world.bus.stats().readers, 1);
    world.say("b");
    world.main.turn();
    QCOMPARE(told, 2);
}

// SH-08
void tst_EventBus::readerMayEndAnotherInItsSlot()
{
    EventWorld world;
    auto first = world.read();
    auto second = world.read();
    int told = 0;
    connect(first.get(), &EventReader::ready, this, [&] {
        ++told;
        second.reset();
    });
    connect(second.get(), &EventReader::ready, this, [&] {
        ++told;
        first.reset();
    });
    world.say("a");
    world.main.turn();
    QCOMPARE(told, 1);
    QCOMPARE(world.bus.stats().readers, 1);
}

// SH-08
void tst_EventBus::readersThatJoinInASlotMissNothing()
{
    EventWorld world;
    const auto first = world.read();
    std::unique_ptr<EventReader> joined;
    QStringList seen;
    connect(first.get(), &EventReader::ready, this, [&] {
        if (joined)
            return;
        joined = world.read();
        connect(joined.get(), &EventReader::ready, this, [&] { seen += allOf(*joined); });
        world.say("b");
    });
    world.say("a");
    world.main.turn();
    world.main.turn();
    QCOMPARE(seen, QStringList({QStringLiteral("endpoint-reconnected:b")}));
}

// SH-08
void tst_EventBus::busMayEndInASlot()
{
    FakeClock clock;
    FakeMain main;
    auto bus = std::make_unique<EventBus>(clock, main);
    Result<std::unique_ptr<EventReader>> one = bus->subscribe({});
    Result<std::unique_ptr<EventReader>> two = bus->subscribe({});
    connect(one->get(), &EventReader::ready, this, [&] { bus.reset(); });
    connect(two->get(), &EventReader::ready, this, [&] { bus.reset(); });
    bus->publish(EventKind::FirstPeer, [](Event &) {});
    main.turn();
    QVERIFY(!bus);
    QCOMPARE(allOf(**two), QStringList({QStringLiteral("first-peer:"), QStringLiteral("closed:")}));
    main.turn();
}

// OB-01
void tst_EventBus::publishingInASlotKeepsTheOrder()
{
    EventWorld world;
    const auto first = world.read();
    const auto second = world.read();
    QStringList seen;
    connect(first.get(), &EventReader::ready, this, [&] {
        if (allOf(*first).contains(QStringLiteral("endpoint-reconnected:a")))
            world.say("b");
    });
    connect(second.get(), &EventReader::ready, this, [&] { seen += allOf(*second); });
    world.say("a");
    world.bus.publish(EventKind::FirstPeer, [&](Event &event) {
        world.say("inner"); // made while another is being made: it is complete first
        event.key = "outer";
    });
    world.bus.flush();
    QCOMPARE(seen,
             QStringList({QStringLiteral("endpoint-reconnected:a"),
                          QStringLiteral("endpoint-reconnected:inner"),
                          QStringLiteral("first-peer:outer"),
                          QStringLiteral("endpoint-reconnected:b")}));
}

// SH-08: a reader that takes nothing and asks for ever does not hang the bus.
void tst_EventBus::flushingInASlotEnds()
{
    EventWorld world;
    const auto reader = world.read();
    int told = 0;
    connect(reader.get(), &EventReader::ready, this, [&] {
        ++told;
        reader->requestReady();
        world.bus.flush();
    });
    world.say("a");
    world.bus.flush();
    QVERIFY(told > 1);
    QVERIFY(told <= 1024);
}

// OB-03
void tst_EventBus::historyServesLateReaders()
{
    EventWorld world;
    world.say("unseen");
    world.bus.setHistory(3);
    for (const char *key : {"a", "b", "c", "d"})
        world.say(key);
    EventReaderOptions options;
    options.history = true;
    const auto reader = world.read(options);
    const auto fresh = world.read();
    int told = 0;
    connect(reader.get(), &EventReader::ready, this, [&] { ++told; });
    world.say("e");
    world.main.turn();
    QCOMPARE(told, 1);
    QCOMPARE(allOf(*reader),
             QStringList({QStringLiteral("endpoint-reconnected:b"),
                          QStringLiteral("endpoint-reconnected:c"),
                          QStringLiteral("endpoint-reconnected:d"),
                          QStringLiteral("endpoint-reconnected:e")}));
    QCOMPARE(allOf(*fresh), QStringList({QStringLiteral("endpoint-reconnected:e")}));
    QCOMPARE(world.bus.stats().history, 3);
    world.bus.setHistory(0);
    QCOMPARE(world.bus.stats().history, 0);
}

// OB-03
void tst_EventBus::subscriptionsAreBounded()
{
    EventWorld world;
    QCOMPARE(world.bus.subscribe({.filter = {}, .capacity = 0}).error().code(),
             ErrorCode::InvalidArgument);
    QCOMPARE(
        world.bus.subscribe({.filter = {}, .capacity = EventBus::kMaxCapacity + 1}).error().code(),
        ErrorCode::InvalidArgument);
    std::vector<std::unique_ptr<EventReader>> readers;
    for (std::size_t i = 0; i < EventBus::kMaxReaders; ++i)
        readers.push_back(world.read());
    QCOMPARE(world.bus.subscribe({}).error().code(), ErrorCode::LimitReached);
    readers.pop_back();
    QVERIFY(world.read());
}

// OB-02: the golden log of an endpoint that starts and stops.
void tst_EventBus::startAndStopReadAsOneStory()
{
    EventWorld world;
    const auto reader = world.read();
    const auto state = [&](const char *from, const char *to) {
        world.bus.publish(EventKind::EndpointState, [&](Event &event) {
            event.key = "pump";
            event.from = QString::fromLatin1(from);
            event.to = QString::fromLatin1(to);
        });
    };
    state("Idle", "Starting");
    world.publish(EventKind::EndpointStarted, "pump");
    state("Starting", "Running");
    state("Running", "Stopping");
    state("Stopping", "Stopped");
    world.publish(EventKind::EndpointStopped, "pump");
    world.bus.close();
    QStringList log;
    while (const EventPtr event = reader->take()) {
        log << QString::fromLatin1(eventName(event->kind)) + QLatin1Char(' ') + event->from
                + QLatin1Char('>') + event->to;
    }
    QCOMPARE(log,
             QStringList({QStringLiteral("endpoint-state Idle>Starting"),
                          QStringLiteral("endpoint-started >"),
                          QStringLiteral("endpoint-state Starting>Running"),
                          QStringLiteral("endpoint-state Running>Stopping"),
                          QStringLiteral("endpoint-state Stopping>Stopped"),
                          QStringLiteral("endpoint-stopped >"),
                          QStringLiteral("closed >")}));
}

// OB-02
void tst_EventBus::edgesComeOnce()
{
    PeerEdges edges;
    QCOMPARE(edges.note(0, "x"), PeerEdge::None); // nobody left, for nobody came
    QCOMPARE(edges.note(1, "a"), PeerEdge::First);
    QCOMPARE(edges.note(2, "b"), PeerEdge::None);
    QCOMPARE(edges.note(1, "a"), PeerEdge::None);
    QCOMPARE(edges.note(0, "b"), PeerEdge::AllGone);
    QCOMPARE(edges.note(0, "b"), PeerEdge::None);
    QCOMPARE(edges.note(1, "c"), PeerEdge::First);
    edges.close();
    QCOMPARE(edges.note(0, "c"), PeerEdge::AllGone);
    QCOMPARE(edges.note(1, "d"), PeerEdge::None);
}

// SH-07
void tst_EventBus::waitersForTheFirstPeerAreReleased()
{
    PeerEdges edges;
    QStringList got;
    const auto wait = [&](const char *name) {
        edges.whenFirst([&got, name](const QByteArray *key) {
            got << QString::fromLatin1(name) + QLatin1Char(':')
                    + (key ? QString::fromUtf8(*key) : QStringLiteral("none"));
        });
    };
    wait("one");
    QVERIFY(got.isEmpty());
    edges.note(1, "peer");
    wait("two");
    edges.note(0, "peer");
    wait("three");
    edges.close();
    edges.close();
    wait("four");
    QCOMPARE(got,
             QStringList({QStringLiteral("one:peer"),
                          QStringLiteral("two:peer"),
                          QStringLiteral("three:none"),
                          QStringLiteral("four:none")}));
}

QTEST_APPLESS_MAIN(tst_EventBus)
#include "tst_eventbus.moc"
