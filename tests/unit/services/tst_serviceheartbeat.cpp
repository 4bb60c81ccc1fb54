// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/reactor/timerqueue.h"
#include "core/registry/servicewatch.h"
#include "serviceworld.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;

namespace {

struct WatchedWorld : ServiceWorld
{
    TimerQueue timers;
    ServiceWatch watch{registry, clock, timers};

    quint64 addBeating(const QString &id, qint64 timeoutNs)
    {
        ServiceInfo info = service(id);
        info.heartbeatTimeoutNs = timeoutNs;
        return add(info);
    }

    void advanceTo(qint64 end)
    {
        for (;;) {
            const qint64 next = timers.nextDeadline();
            if (next < 0 || next > end)
                break;
            clock.setNow(std::max(next, clock.now()));
            timers.fireDue(clock.now());
        }
        clock.setNow(end);
    }
};

} // namespace

class tst_ServiceHeartbeat : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void silenceExpiresExactlyAndOnce();
    void beatsKeepAServiceAlive();
    void strayBeatsChangeNothing_data();
    void strayBeatsChangeNothing();
    void expiryChangesNoStatus();
    void restartBeginsAFullTimeout();
    void shorterTimeoutsAreSeenFirst();
    void watchMayEndInASlot();
};

// HB-02, HB-03
void tst_ServiceHeartbeat::silenceExpiresExactlyAndOnce()
{
    WatchedWorld world;
    QStringList expired;
    connect(&world.registry,
            &ServiceRegistry::heartbeatExpired,
            this,
            [&](const ServiceRecord &record) { expired << record.info.id; });
    const qint64 start = world.clock.now();
    world.addBeating(QStringLiteral("a"), 1000);
    world.add(service(QStringLiteral("b")));
    QCOMPARE(world.registry.find(QStringLiteral("a"))->heartbeat, HeartbeatState::Waiting);
    world.advanceTo(start + 999);
    QVERIFY(expired.isEmpty());
    world.advanceTo(start + 1000);
    QCOMPARE(expired, names("a"));
    world.advanceTo(start + 100'000);
    QCOMPARE(expired, names("a"));
    QVERIFY(!world.watch.isArmed());
    QCOMPARE(world.registry.find(QStringLiteral("a"))->heartbeat, HeartbeatState::Expired);
    QCOMPARE(world.registry.find(QStringLiteral("b"))->heartbeat, HeartbeatState::None);
}

// HB-04
void tst_ServiceHeartbeat::beatsKeepAServiceAlive()
{
    WatchedWorld world;
    const quint64 generation = world.addBeating(QStringLiteral("a"), 1000);
    for (int i = 0; i < 50; ++i) {
        world.advanceTo(world.clock.now() + 999);
        QVERIFY(world.registry.heartbeat(QStringLiteral("a"), generation));
    }
    QCOMPARE(world.registry.find(QStringLiteral("a"))->heartbeat, HeartbeatState::Alive);
    QCOMPARE(world.registry.statistics().heartbeats, quint64(50));
    world.advanceTo(world.clock.now() + 1000);
    QCOMPARE(world.registry.find(QStringLiteral("a"))->heartbeat, HeartbeatState::Expired);
}

void tst_ServiceHeartbeat::strayBeatsChangeNothing_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("code");
    QTest::newRow("HB-05 unknown") << 0 << int(ErrorCode::NotFound);
    QTest::newRow("HB-05 older generation") << 1 << int(ErrorCode::Superseded);
    QTest::newRow("HB-05 stopped") << 2 << int(ErrorCode::InvalidTransition);
    QTest::newRow("HB-05 failed") << 3 << int(ErrorCode::InvalidTransition);
    QTest::newRow("HB-05 expired") << 4 << int(ErrorCode::InvalidTransition);
}

// HB-05
void tst_ServiceHeartbeat::strayBeatsChangeNothing()
{
    QFETCH(int, kind);
    QFETCH(int, code);
    WatchedWorld world;
    const QString id = QStringLiteral("a");
    quint64 generation = world.addBeating(id, 1000);
    if (kind == 0)
        QVERIFY(world.registry.remove(id, generation));
    else if (kind == 1)
        --generation;
    else if (kind == 2)
        QVERIFY(world.setStatus(id, ServiceStatus::Stopped).isNull());
    else if (kind == 3)
        QVERIFY(world.setStatus(id, ServiceStatus::Failed).isNull());
    else
        world.advanceTo(world.clock.now() + 1000);
    const auto before = world.registry.find(id);
    int told = 0;
    connect(&world.registry, &ServiceRegistry::statusChanged, this, [&] { ++told; });
    world.clock.advance(1);
    QCOMPARE(int(world.registry.heartbeat(id, generation).error().code()), code);
    const auto after = world.registry.find(id);
    QCOMPARE(after.has_value(), before.has_value());
    if (before) {
        QCOMPARE(after->status, before->status);
        QCOMPARE(after->heartbeat, before->heartbeat);
        QCOMPARE(after->lastHeartbeat, before->lastHeartbeat);
    }
    QCOMPARE(told, 0);
    QCOMPARE(world.registry.statistics().strayHeartbeats, quint64(1));
    QCOMPARE(world.registry.statistics().heartbeats, quint64(0));
}

// HB-03: the heartbeat reports, others decide.
void tst_ServiceHeartbeat::expiryChangesNoStatus()
{
    WatchedWorld world;
    world.addBeating(QStringLiteral("a"), 1000);
    QVERIFY(world.setStatus(QStringLiteral("a"), ServiceStatus::Running).isNull());
    connect(&world.registry,
            &ServiceRegistry::heartbeatExpired,
            this,
            [&](const ServiceRecord &record) {
                QCOMPARE(record.status, ServiceStatus::Running);
                QVERIFY(world.setStatus(record.info.id, ServiceStatus::Unavailable).isNull());
            });
    world.advanceTo(world.clock.now() + 1000);
    QCOMPARE(world.registry.find(QStringLiteral("a"))->status, ServiceStatus::Unavailable);
}

// HB-02
void tst_ServiceHeartbeat::restartBeginsAFullTimeout()
{
    WatchedWorld world;
    const QString id = QStringLiteral("a");
    const quint64 first = world.addBeating(id, 1000);
    world.advanceTo(world.clock.now() + 5000);
    QVERIFY(world.setStatus(id, ServiceStatus::Unavailable).isNull());
    const Result<quint64> second = world.registry.restart(id, first);
    QVERIFY(second.has_value());
    QCOMPARE(world.registry.find(id)->heartbeat, HeartbeatState::Waiting);
    world.advanceTo(world.clock.now() + 999);
    QCOMPARE(world.registry.find(id)->heartbeat, HeartbeatState::Waiting);
    QVERIFY(!world.registry.heartbeat(id, first));
    world.advanceTo(world.clock.now() + 1);
    QCOMPARE(world.registry.find(id)->heartbeat, HeartbeatState::Expired);
}

// HB-02
void tst_ServiceHeartbeat::shorterTimeoutsAreSeenFirst()
{
    WatchedWorld world;
    std::vector<qint64> when;
    const qint64 start = world.clock.now();
    connect(&world.registry, &ServiceRegistry::heartbeatExpired, this, [&] {
        when.push_back(world.clock.now() - start);
    });
    world.addBeating(QStringLiteral("slow"), 5000);
    world.addBeating(QStringLiteral("quick"), 70);
    world.advanceTo(start + 10'000);
    QCOMPARE(when, std::vector<qint64>({70, 5000}));
}

// SH-08
void tst_ServiceHeartbeat::watchMayEndInASlot()
{
    ServiceWorld world;
    TimerQueue timers;
    auto watch = std::make_unique<ServiceWatch>(world.registry, world.clock, timers);
    connect(&world.registry, &ServiceRegistry::heartbeatExpired, this, [&] { watch.reset(); });
    for (const char *id : {"a", "b"}) {
        ServiceInfo info = service(QString::fromLatin1(id));
        info.heartbeatTimeoutNs = id[0] == 'a' ? 10 : 20;
        world.add(info);
    }
    world.clock.advance(10);
    timers.fireDue(world.clock.now());
    QVERIFY(!watch);
    QCOMPARE(timers.size(), std::size_t(0));
}

QTEST_APPLESS_MAIN(tst_ServiceHeartbeat)
#include "tst_serviceheartbeat.moc"
