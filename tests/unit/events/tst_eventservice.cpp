// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/observe/eventservice.h"
#include "eventworld.h"

#include <QtTest/QTest>

#include <array>

using namespace fairlead;
using namespace fairlead::core;

namespace {

class Listener final : public EventHandler
{
public:
    void handleEvent(const Event &event) override
    {
        kinds.push_back(event.kind);
        keys.push_back(event.key);
        if (onEvent)
            onEvent();
    }

    std::vector<EventKind> kinds;
    std::vector<QByteArray> keys;
    std::function<void()> onEvent;
    std::unique_ptr<EventSubscription> subscription;
};

} // namespace

class tst_EventService : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aPluginTellsOfItsPeers();
    void pluginHearsWhatItAskedFor();
    void badRequestsAreRefused();
    void pluginMayEndItsSubscriptionInACall();
    void bigBacklogIsSpreadOverTurns();
    void closedIsTheLastCall();
    void aHandlerThatThrowsHearsNoMore();
    void subscriptionMayOutliveTheBus();
};

// PL-05
void tst_EventService::aHandlerThatThrowsHearsNoMore()
{
    EventWorld world;
    EventService service(world.bus);
    Listener broken;
    Listener whole;
    auto first = service.subscribe(EventRequest(), broken);
    auto second = service.subscribe(EventRequest(), whole);
    broken.onEvent = [] { throw 7; };
    world.say("pump/1");
    world.say("pump/2");
    QTest::ignoreMessage(QtCriticalMsg,
                         "fairlead: a subscription to events ends: plugin-failed: handleEvent "
                         "threw: something that is no std::exception");
    world.main.turn();
    world.say("pump/3");
    world.main.turn();
    QCOMPARE(broken.keys, std::vector<QByteArray>({"pump/1"}));
    QCOMPARE(whole.keys, std::vector<QByteArray>({"pump/1", "pump/2", "pump/3"}));
    QCOMPARE(first.value()->lostCount(), quint64(0));
}

void tst_EventService::aPluginTellsOfItsPeers()
{
    EventWorld world;
    EventService service(world.bus);
    EventReaderOptions options;
    auto reader = world.bus.subscribe(options);
    QVERIFY(reader);
    PeerEvent event;
    event.kind = EventKind::TrustRequested;
    event.key = "ski";
    event.endpoint = QStringLiteral("home");
    event.details = {{QStringLiteral("source"), QStringLiteral("verified")}};
    QVERIFY(service.tell(event));
    const EventPtr got = (*reader)->take();
    QVERIFY(got);
    QVERIFY(got->kind == EventKind::TrustRequested);
    QCOMPARE(got->key, QByteArray("ski"));
    QCOMPARE(got->endpoint, QStringLiteral("home"));
    QCOMPARE(got->details, event.details);
    // What the host tells is not a plugin's to say.
    event.kind = EventKind::HostState;
    QCOMPARE(service.tell(event).error().code(), ErrorCode::InvalidArgument);
    event = {};
    QCOMPARE(service.tell(event).error().code(), ErrorCode::InvalidArgument);
    world.bus.close();
    event.key = "ski";
    QCOMPARE(service.tell(event).error().code(), ErrorCode::ShuttingDown);
}

// OB-03
void tst_EventService::pluginHearsWhatItAskedFor()
{
    EventWorld world;
    EventService service(world.bus);
    world.bus.setHistory(5);
    world.say("pump/0");
    Listener listener;
    const std::array kinds = {EventKind::EndpointReconnected};
    EventRequest request;
    request.kinds = kinds.data();
    request.kindCount = int(kinds.size());
    request.keyPrefix = "pump/";
    request.history = true;
    auto subscription = service.subscribe(request, listener);
    QVERIFY(subscription.has_value());
    world.say("pump/1");
    world.say("valve/1");
    world.publish(EventKind::DialStorm, "pump/1");
    QVERIFY(listener.keys.empty()); // in a turn of its own
    world.main.turn();
    QCOMPARE(listener.keys, std::vector<QByteArray>({"pump/0", "pump/1"}));
    QCOMPARE(subscription.value()->lostCount(), quint64(0));
    subscription.value().reset();
    world.say("pump/2");
    world.main.turn();
    QCOMPARE(listener.keys.size(), std::size_t(2));
}

void tst_EventService::badRequestsAreRefused()
{
    EventWorld world;
    EventService service(world.bus);
    Listener listener;
    EventRequest request;
    for (const int capacity : {-1, 0, 65537}) {
        request.capacity = capacity;
        QCOMPARE(service.subscribe(request, listener).error().code(), ErrorCode::InvalidArgument);
    }
    request.capacity = 1;
    const std::array kinds = {EventKind(63)};
    request.kinds = kinds.data();
    request.kindCount = 1;
    QCOMPARE(service.subscribe(request, listener).error().code(), ErrorCode::InvalidArgument);
    world.bus.close();
    request.kinds = nullptr;
    QCOMPARE(service.subscribe(request, listener).error().code(), ErrorCode::ShuttingDown);
}

// SH-08
void tst_EventService::pluginMayEndItsSubscriptionInACall()
{
    EventWorld world;
    EventService service(world.bus);
    Listener listener;
    listener.subscription = std::move(service.subscribe({}, listener)).value();
    listener.onEvent = [&] { listener.subscription.reset(); };
    world.say("a");
    world.say("b");
    world.main.turn();
    QCOMPARE(listener.keys, std::vector<QByteArray>({"a"}));
    QCOMPARE(world.bus.stats().readers, 0);
}

// DS-11
void tst_EventService::bigBacklogIsSpreadOverTurns()
{
    EventWorld world;
    EventService service(world.bus);
    Listener listener;
    const auto subscription = service.subscribe({}, listener);
    for (int i = 0; i < 1000; ++i)
        world.say("a");
    world.main.turn();
    QCOMPARE(listener.keys.size(), std::size_t(256));
    for (int i = 0; i < 10; ++i)
        world.main.turn();
    QCOMPARE(listener.keys.size(), std::size_t(1000));
}

// OB-03, SH-07
void tst_EventService::closedIsTheLastCall()
{
    EventWorld world;
    EventService service(world.bus);
    Listener listener;
    EventRequest request;
    request.capacity = 600;
    const auto subscription = service.subscribe(request, listener);
    for (int i = 0; i < 1000; ++i)
        world.say("a");
    world.bus.close(); // delivers the backlog, several turns' worth
    QCOMPARE(listener.kinds.back(), EventKind::Closed);
    QCOMPARE(listener.kinds.front(), EventKind::Lag);
    QCOMPARE(listener.kinds.size(), std::size_t(601));
    QCOMPARE(subscription.value()->lostCount(), quint64(401));
    const std::size_t calls = listener.kinds.size();
    world.say("late");
    world.main.turn();
    QCOMPARE(listener.kinds.size(), calls);
}

// SH-08
void tst_EventService::subscriptionMayOutliveTheBus()
{
    Listener listener;
    {
        EventWorld world;
        EventService service(world.bus);
        listener.subscription = std::move(service.subscribe({}, listener)).value();
        world.say("a");
    }
    listener.subscription.reset();
    QVERIFY(listener.keys.empty());
}

QTEST_APPLESS_MAIN(tst_EventService)
#include "tst_eventservice.moc"
