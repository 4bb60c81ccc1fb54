// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "serviceworld.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;

class tst_ServiceSignals : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void signalsFollowTheCommit();
    void changesMadeInSlotsComeInTheirOrder();
    void slotMayEmptyTheRegistryWhilePruning();
    void registryMayBeDeletedInASlot();
    void statusChainHasNoHole();
};

// RG-10, RG-11
void tst_ServiceSignals::signalsFollowTheCommit()
{
    ServiceWorld world;
    int told = 0;
    connect(&world.registry, &ServiceRegistry::registered, this, [&](const ServiceRecord &record) {
        ++told;
        QCOMPARE(world.registry.find(record.info.id)->generation, record.generation);
        QCOMPARE(world.registry.ownerOf(QStringLiteral("t"))->info.id, record.info.id);
    });
    connect(
        &world.registry, &ServiceRegistry::unregistered, this, [&](const ServiceRecord &record) {
            ++told;
            QVERIFY(!world.registry.find(record.info.id));
            QCOMPARE(world.registry.indexEntryCount(), 0);
        });
    ServiceInfo info = service(QStringLiteral("a"));
    info.owned = names("t");
    const quint64 generation = world.add(info);
    QVERIFY(world.registry.remove(info.id, generation));
    QCOMPARE(told, 2);
}

// RG-10: a slot that changes the registry again does not make others hear things out of order.
void tst_ServiceSignals::changesMadeInSlotsComeInTheirOrder()
{
    ServiceWorld world;
    QStringList heard;
    connect(&world.registry, &ServiceRegistry::registered, this, [&](const ServiceRecord &record) {
        if (record.info.id == QLatin1String("a")) {
            world.setStatus(record.info.id, ServiceStatus::Running);
            world.add(service(QStringLiteral("b")));
            QVERIFY(world.registry.remove(record.info.id, record.generation));
            QCOMPARE(world.registry.size(), 1);
        }
    });
    connect(&world.registry, &ServiceRegistry::registered, this, [&](const ServiceRecord &record) {
        heard << QStringLiteral("+") + record.info.id;
    });
    connect(&world.registry,
            &ServiceRegistry::unregistered,
            this,
            [&](const ServiceRecord &record) { heard << QStringLiteral("-") + record.info.id; });
    connect(&world.registry,
            &ServiceRegistry::statusChanged,
            this,
            [&](const ServiceRecord &record) { heard << QStringLiteral("=") + record.info.id; });
    world.add(service(QStringLiteral("a")));
    QCOMPARE(heard, names("+a =a +b -a"));
}

// RG-10, RG-13
void tst_ServiceSignals::slotMayEmptyTheRegistryWhilePruning()
{
    ServiceWorld world;
    for (const char *id : {"a", "b", "c", "d"})
        world.add(service(QString::fromLatin1(id)));
    world.setStatus(QStringLiteral("b"), ServiceStatus::Failed);
    world.setStatus(QStringLiteral("c"), ServiceStatus::Stopped);
    QStringList heard;
    connect(
        &world.registry, &ServiceRegistry::unregistered, this, [&](const ServiceRecord &record) {
            heard << record.info.id;
            for (const ServiceRecord &other : world.registry.snapshot())
                QVERIFY(world.registry.remove(other.info.id, other.generation));
            QVERIFY(world.registry.prune(world.clock.now()).empty());
        });
    QCOMPARE(idsOf(world.registry.prune(world.clock.now())), names("b c"));
    QCOMPARE(heard, names("b c a d"));
    QCOMPARE(world.registry.indexEntryCount(), 0);
}

// SH-08
void tst_ServiceSignals::registryMayBeDeletedInASlot()
{
    const FakeClock clock;
    GenerationSource generations;
    auto registry = std::make_unique<ServiceRegistry>(clock, generations);
    int told = 0;
    connect(registry.get(), &ServiceRegistry::registered, this, [&] {
        ++told;
        registry->add(service(QStringLiteral("never heard of"))).has_value();
        registry.reset();
    });
    const Result<quint64> generation = registry->add(service(QStringLiteral("a")));
    QVERIFY(generation.has_value());
    QCOMPARE(told, 1);
    QVERIFY(!registry);
}

// OB-01
void tst_ServiceSignals::statusChainHasNoHole()
{
    ServiceWorld world;
    const QString id = QStringLiteral("a");
    world.add(service(id));
    ServiceStatus last = ServiceStatus::Starting;
    int changes = 0;
    connect(&world.registry,
            &ServiceRegistry::statusChanged,
            this,
            [&](const ServiceRecord &record, ServiceStatus from) {
                ++changes;
                QCOMPARE(from, last);
                QVERIFY(record.status != from);
                last = record.status;
            });
    quint32 state = 12345;
    for (int i = 0; i < 10'000; ++i) {
        state = state * 1664525U + 1013904223U;
        const auto to = ServiceStatus((state >> 16) % kServiceStatusCount);
        if (!world.setStatus(id, to).isNull() && world.registry.find(id)->isEnded())
            QVERIFY(world.registry.restart(id, world.generationOf(id)).has_value());
        QCOMPARE(world.registry.find(id)->status, last); // one truth
    }
    QVERIFY(changes > 3000);
}

QTEST_APPLESS_MAIN(tst_ServiceSignals)
#include "tst_servicesignals.moc"
