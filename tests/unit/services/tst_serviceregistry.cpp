// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "serviceworld.h"

#include <QtTest/QTest>

using namespace fairlead;
using namespace fairlead::core;

class tst_ServiceRegistry : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void recordHoldsWhatWasRegistered();
    void duplicatesLeaveNoResidue_data();
    void duplicatesLeaveNoResidue();
    void interleavedDuplicatesHaveOneWinner();
    void unregisterLeavesNothingBehind();
    void offerChangesAtOnceOrNotAtAll();
    void ownersAreNeverReplaced();
    void buildsAreDifferentBackends();
    void instancesAreDifferentBackends();
    void badInfoIsRefused_data();
    void badInfoIsRefused();
    void capacityIsKept();
    void deadEntriesGiveWayAtTheLimit();
    void statusFollowsItsTable();
    void restartIsAnotherGeneration();
    void olderGenerationsAreCounted();
};

void tst_ServiceRegistry::recordHoldsWhatWasRegistered()
{
    ServiceWorld world;
    ServiceInfo info = service(QStringLiteral("a"));
    info.key = {QStringLiteral("pump"),
                QStringLiteral("1.2.0"),
                QStringLiteral("b1"),
                QStringLiteral("i1")};
    info.capabilities = names("quiesce read");
    info.owned = names("tool/run");
    info.transport = QStringLiteral("tcp");
    info.endpoint = QStringLiteral("pumps");
    const quint64 generation = world.add(info);
    QVERIFY(generation != 0);
    const auto record = world.registry.find(QStringLiteral("a"));
    QVERIFY(record);
    QCOMPARE(record->generation, generation);
    QCOMPARE(record->status, ServiceStatus::Starting);
    QCOMPARE(record->heartbeat, HeartbeatState::None);
    QCOMPARE(record->since, world.clock.now());
    QCOMPARE(record->info.capabilities, info.capabilities);
    QCOMPARE(world.registry.ownerOf(QStringLiteral("tool/run"))->info.id, QStringLiteral("a"));
    QVERIFY(!world.registry.ownerOf(QStringLiteral("quiesce")));
    QVERIFY(world.registry.findExact(info.key));
}

void tst_ServiceRegistry::duplicatesLeaveNoResidue_data()
{
    QTest::addColumn<QString>("field");
    QTest::newRow("RG-11 id") << QStringLiteral("id");
    QTest::newRow("RG-11 name") << QStringLiteral("name");
    QTest::newRow("RG-11 owned") << QStringLiteral("owned");
}

// RG-11
void tst_ServiceRegistry::duplicatesLeaveNoResidue()
{
    QFETCH(QString, field);
    ServiceWorld world;
    ServiceInfo first = service(QStringLiteral("a"));
    first.owned = names("t1 t2");
    first.capabilities = names("c1");
    const quint64 generation = world.add(first);
    const qsizetype entries = world.registry.indexEntryCount();

    ServiceInfo second = service(QStringLiteral("b"));
    second.owned = names("t3 t4");
    second.capabilities = names("c1 c2");
    if (field == QLatin1String("id"))
        second.id = first.id;
    else if (field == QLatin1String("name"))
        second.key = first.key;
    else
        second.owned = names("t3 t2"); // the last one only
    const Result<quint64> result = world.registry.add(second);
    QCOMPARE(result.error().code(), ErrorCode::AlreadyExists);
    QCOMPARE(result.error().details().value(QStringLiteral("field")).toString(), field);
    QCOMPARE(result.error().details().value(QStringLiteral("holder")).toString(),
             QStringLiteral("a"));
    QCOMPARE(world.registry.size(), 1);
    QCOMPARE(world.registry.indexEntryCount(), entries);
    QVERIFY(!world.registry.ownerOf(QStringLiteral("t3")));
    QVERIFY(!world.registry.ownerOf(QStringLiteral("t4")));
    ServiceFilter filter;
    filter.capabilities = names("c2");
    QVERIFY(world.registry.query(filter).empty());
    QCOMPARE(world.generationOf(QStringLiteral("a")), generation);
    QCOMPARE(world.registry.statistics().refusedDuplicate, quint64(1));
}

// RG-11: candidates that register each other from inside the signals of the first one.
void tst_ServiceRegistry::interleavedDuplicatesHaveOneWinner()
{
    ServiceWorld world;
    int won = 0;
    int refused = 0;
    int depth = 0;
    const auto attempt = [&](int number) {
        ServiceInfo info = service(QString::number(number));
        info.owned = {QStringLiteral("own %1").arg(number), QStringLiteral("the tool")};
        const Result<quint64> result = world.registry.add(info);
        if (result)
            ++won;
        else if (result.error().code() == ErrorCode::AlreadyExists)
            ++refused;
    };
    const auto compete = [&] {
        if (++depth > 10)
            return;
        for (int i = 0; i < 5; ++i)
            attempt(depth * 10 + i);
    };
    connect(&world.registry, &ServiceRegistry::registered, this, compete);
    connect(&world.registry, &ServiceRegistry::unregistered, this, compete);
    attempt(1);
    QCOMPARE(won, 1);
    QCOMPARE(refused, 5);
    QCOMPARE(world.registry.size(), 1);
    QVERIFY(world.registry.remove(QStringLiteral("1"), world.generationOf(QStringLiteral("1"))));
    QCOMPARE(won, 2); // the first of those who tried when it was gone
    QCOMPARE(world.registry.size(), 1);
}

// RG-11
void tst_ServiceRegistry::unregisterLeavesNothingBehind()
{
    ServiceWorld world;
    for (int i = 0; i < 50; ++i) {
        ServiceInfo info = service(QString::number(i));
        info.key.name = QStringLiteral("shared");
        info.key.instance = QString::number(i);
        info.capabilities = {QStringLiteral("all"), QStringLiteral("c%1").arg(i % 7)};
        info.owned = {QStringLiteral("t%1").arg(i)};
        QVERIFY(world.add(info) != 0);
    }
    for (int i = 0; i < 50; ++i) {
        const QString id = QString::number((i * 7) % 50);
        QVERIFY(world.registry.remove(id, world.generationOf(id)));
    }
    QCOMPARE(world.registry.size(), 0);
    QCOMPARE(world.registry.indexEntryCount(), 0);
    QCOMPARE(world.registry.remove(QStringLiteral("1"), 1).error().code(), ErrorCode::NotFound);
}

// RG-11
void tst_ServiceRegistry::offerChangesAtOnceOrNotAtAll()
{
    ServiceWorld world;
    ServiceInfo info = service(QStringLiteral("a"));
    info.owned = names("t1");
    info.capabilities = names("c1");
    const quint64 a = world.add(info);
    ServiceInfo other = service(QStringLiteral("b"));
    other.owned = names("t9");
    world.add(other);
    const QString id = info.id;

    QCOMPARE(world.registry.setOffer(id, a, names("c2"), names("t1 t2 t9")).error().code(),
             ErrorCode::AlreadyExists);
    QCOMPARE(world.registry.find(id)->info.owned, names("t1"));
    QCOMPARE(world.registry.find(id)->info.capabilities, names("c1"));
    QVERIFY(world.registry.ownerOf(QStringLiteral("t1")));
    QVERIFY(!world.registry.ownerOf(QStringLiteral("t2")));
    QCOMPARE(world.registry.setOffer(id, a, names("c c"), {}).error().code(),
             ErrorCode::InvalidArgument);
    QVERIFY(world.registry.ownerOf(QStringLiteral("t1")));

    QVERIFY(world.registry.setOffer(id, a, names("c2"), names("t1 t2")));
    QCOMPARE(world.registry.ownerOf(QStringLiteral("t2"))->info.id, id);
    ServiceFilter filter;
    filter.capabilities = names("c1");
    QVERIFY(world.registry.query(filter).empty());
    filter.capabilities = names("c2");
    QCOMPARE(idsOf(world.registry.query(filter)), names("a"));
    QVERIFY(world.registry.setOffer(id, a, {}, {}));
    QVERIFY(!world.registry.ownerOf(QStringLiteral("t1")));
    QVERIFY(world.registry.remove(id, a));
    QVERIFY(world.registry.remove(other.id, world.generationOf(other.id)));
    QCOMPARE(world.registry.indexEntryCount(), 0);
}

// RG-11
void tst_ServiceRegistry::ownersAreNeverReplaced()
{
    ServiceWorld world;
    ServiceInfo info = service(QStringLiteral("a"));
    info.owned = names("t");
    world.add(info);
    // Not even when the owner is down: its place is its own until it is unregistered.
    QVERIFY(world.setStatus(QStringLiteral("a"), ServiceStatus::Failed).isNull());
    ServiceInfo thief = service(QStringLiteral("b"));
    thief.owned = names("t");
    QCOMPARE(world.add(thief), quint64(0));
    QCOMPARE(world.registry.ownerOf(QStringLiteral("t"))->info.id, QStringLiteral("a"));
}

// RG-12
void tst_ServiceRegistry::buildsAreDifferentBackends()
{
    ServiceWorld world;
    const auto build = [](const char *id, const char *hash) {
        ServiceInfo info = service(QString::fromLatin1(id));
        info.key = {
            QStringLiteral("pump"), QStringLiteral("1.0.0"), QString::fromLatin1(hash), QString()};
        return info;
    };
    QVERIFY(world.add(build("a", "h1")) != 0);
    QVERIFY(world.add(build("b", "h2")) != 0);
    QVERIFY(world.add(build("c", "")) != 0);
    QCOMPARE(world.add(build("d", "h2")), quint64(0));

    QCOMPARE(world.registry.findExact(build("", "h1").key)->info.id, QStringLiteral("a"));
    QCOMPARE(world.registry.findExact(build("", "h2").key)->info.id, QStringLiteral("b"));
    QCOMPARE(world.registry.findExact(build("", "").key)->info.id, QStringLiteral("c"));
    QVERIFY(!world.registry.findExact(build("", "h3").key)); // never another build instead
    const quint64 a = world.generationOf(QStringLiteral("a"));
    QVERIFY(world.registry.remove(QStringLiteral("a"), a));
    QVERIFY(!world.registry.findExact(build("", "h1").key));
    QCOMPARE(idsOf(world.registry.findAnyBuild(QStringLiteral("pump"))), names("b c"));
    QCOMPARE(idsOf(world.registry.findAnyBuild(QStringLiteral("pump"), QStringLiteral("1.0.0"))),
             names("b c"));
    QVERIFY(world.registry.findAnyBuild(QStringLiteral("pump"), QStringLiteral("2.0.0")).empty());
    QVERIFY(world.registry.findAnyBuild(QStringLiteral("valve")).empty());
}

// RG-12
void tst_ServiceRegistry::instancesAreDifferentBackends()
{
    ServiceWorld world;
    ServiceInfo info = service(QStringLiteral("a"));
    info.key.instance = QStringLiteral("1");
    QVERIFY(world.add(info) != 0);
    info.id = QStringLiteral("b");
    QCOMPARE(world.add(info), quint64(0));
    info.key.instance = QStringLiteral("2");
    QVERIFY(world.add(info) != 0);
    QCOMPARE(world.registry.findExact(info.key)->info.id, QStringLiteral("b"));
}

void tst_ServiceRegistry::badInfoIsRefused_data()
{
    QTest::addColumn<ServiceRecord>("record");
    const auto row = [](const char *name, auto &&change) {
        ServiceRecord record;
        record.info = service(QStringLiteral("a"));
        change(record.info);
        QTest::newRow(name) << record;
    };
    row("RG-11 no id", [](ServiceInfo &info) { info.id.clear(); });
    row("RG-11 no name", [](ServiceInfo &info) { info.key.name.clear(); });
    row("RG-11 long id", [](ServiceInfo &info) { info.id = QString(257, QLatin1Char('x')); });
    row("RG-11 control character",
        [](ServiceInfo &info) { info.key.build = QStringLiteral("a\nb"); });
    row("RG-11 empty capability", [](ServiceInfo &info) { info.capabilities << QString(); });
    row("RG-11 capability twice", [](ServiceInfo &info) { info.capabilities = names("a b a"); });
    row("RG-11 owned twice", [](ServiceInfo &info) { info.owned = names("a a"); });
    row("RG-11 too many owned", [](ServiceInfo &info) {
        for (int i = 0; i <= 1024; ++i)
            info.owned << QString::number(i);
    });
    row("RG-11 negative timeout", [](ServiceInfo &info) { info.heartbeatTimeoutNs = -1; });
}

void tst_ServiceRegistry::badInfoIsRefused()
{
    QFETCH(ServiceRecord, record);
    ServiceWorld world;
    const Error error = world.registry.add(record.info).error();
    QCOMPARE(error.code(), ErrorCode::InvalidArgument);
    QVERIFY(error.details().contains(QStringLiteral("field")));
    QCOMPARE(world.registry.size(), 0);
    QCOMPARE(world.registry.indexEntryCount(), 0);
    QCOMPARE(world.registry.statistics().refusedOther, quint64(1));
}

// RG-13
void tst_ServiceRegistry::capacityIsKept()
{
    ServiceWorld world;
    world.registry.setCapacity(2);
    QVERIFY(world.add(service(QStringLiteral("a"))) != 0);
    QVERIFY(world.add(service(QStringLiteral("b"))) != 0);
    const Error error = world.registry.add(service(QStringLiteral("c"))).error();
    QCOMPARE(error.code(), ErrorCode::LimitReached);
    QVERIFY(error.isRetryable());
    QCOMPARE(world.registry.statistics().refusedLimit, quint64(1));
    QVERIFY(world.registry.remove(QStringLiteral("a"), world.generationOf(QStringLiteral("a"))));
    QVERIFY(world.add(service(QStringLiteral("c"))) != 0);
}

// RG-13
void tst_ServiceRegistry::deadEntriesGiveWayAtTheLimit()
{
    ServiceWorld world;
    world.registry.setCapacity(2);
    ServiceInfo configured = service(QStringLiteral("a"));
    configured.permanent = true;
    world.add(configured);
    world.add(service(QStringLiteral("b")));
    QVERIFY(world.setStatus(QStringLiteral("a"), ServiceStatus::Failed).isNull());
    QCOMPARE(world.add(service(QStringLiteral("c"))), quint64(0));
    QVERIFY(world.setStatus(QStringLiteral("b"), ServiceStatus::Stopped).isNull());
    QStringList gone;
    connect(&world.registry,
            &ServiceRegistry::unregistered,
            this,
            [&](const ServiceRecord &record) { gone << record.info.id; });
    QVERIFY(world.add(service(QStringLiteral("c"))) != 0);
    QCOMPARE(gone, names("b"));
    QCOMPARE(idsOf(world.registry.snapshot()), names("a c"));
}

// SV-01, OB-01
void tst_ServiceRegistry::statusFollowsItsTable()
{
    using S = ServiceStatus;
    const std::vector<S> all
        = {S::Starting, S::Running, S::Draining, S::Unavailable, S::Stopped, S::Failed};
    const auto allowed = [](S from, S to) {
        switch (from) {
        case S::Starting:
            return to != S::Draining;
        case S::Running:
            return to != S::Starting;
        case S::Draining:
        case S::Unavailable:
            return to != S::Starting && to != S::Draining;
        default:
            return false;
        }
    };
    for (const S from : all) {
        for (const S to : all) {
            ServiceWorld world;
            const Result<quint64> generation
                = world.registry.add(service(QStringLiteral("a")), from);
            int told = 0;
            connect(&world.registry,
                    &ServiceRegistry::statusChanged,
                    this,
                    [&](const ServiceRecord &record, S was) {
                        ++told;
                        QCOMPARE(was, from);
                        QCOMPARE(record.status, to);
                    });
            world.clock.advance(5);
            const Error error
                = world.registry.setStatus(QStringLiteral("a"), *generation, to).error();
            const auto record = world.registry.find(QStringLiteral("a"));
            if (from == to) {
                QVERIFY(error.isNull());
                QCOMPARE(told, 0);
            } else if (allowed(from, to)) {
                QVERIFY(error.isNull());
                QCOMPARE(told, 1);
                QCOMPARE(record->status, to);
                QCOMPARE(record->since, world.clock.now());
            } else {
                QCOMPARE(error.code(), ErrorCode::InvalidTransition);
                QVERIFY(error.text().contains(serviceStatusName(from)));
                QVERIFY(error.text().contains(serviceStatusName(to)));
                QCOMPARE(told, 0);
                QCOMPARE(record->status, from);
            }
        }
    }
}

// RG-14
void tst_ServiceRegistry::restartIsAnotherGeneration()
{
    ServiceWorld world;
    const QString id = QStringLiteral("a");
    const quint64 first = world.add(service(id));
    world.add(service(QStringLiteral("b")));
    QCOMPARE(world.registry.restart(id, first).error().code(), ErrorCode::InvalidTransition);
    QVERIFY(world.setStatus(id, ServiceStatus::Failed).isNull());
    std::vector<ServiceStatus> seen;
    connect(&world.registry,
            &ServiceRegistry::statusChanged,
            this,
            [&](const ServiceRecord &record, ServiceStatus from) {
                seen.push_back(from);
                seen.push_back(record.status);
            });
    const Result<quint64> second = world.registry.restart(id, first);
    QVERIFY(second.has_value());
    QVERIFY(*second > first);
    QCOMPARE(seen, std::vector<ServiceStatus>({ServiceStatus::Failed, ServiceStatus::Starting}));
    QCOMPARE(idsOf(world.registry.snapshot()), names("a b")); // in its old place
    QCOMPARE(world.registry.setStatus(id, first, ServiceStatus::Failed).error().code(),
             ErrorCode::Superseded);
    QCOMPARE(world.registry.find(id)->status, ServiceStatus::Starting);
}

// RG-14
void tst_ServiceRegistry::olderGenerationsAreCounted()
{
    ServiceWorld world;
    const QString id = QStringLiteral("a");
    const quint64 first = world.add(service(id));
    QVERIFY(world.registry.remove(id, first));
    const quint64 second = world.add(service(id));
    QVERIFY(second > first);
    int told = 0;
    connect(&world.registry, &ServiceRegistry::unregistered, this, [&] { ++told; });
    connect(&world.registry, &ServiceRegistry::statusChanged, this, [&] { ++told; });
    QCOMPARE(world.registry.remove(id, first).error().code(), ErrorCode::Superseded);
    QCOMPARE(world.registry.setStatus(id, first, ServiceStatus::Stopped).error().code(),
             ErrorCode::Superseded);
    QCOMPARE(world.registry.restart(id, first).error().code(), ErrorCode::Superseded);
    QCOMPARE(world.registry.setOffer(id, first, {}, {}).error().code(), ErrorCode::Superseded);
    QCOMPARE(world.registry.statistics().stale, quint64(4));
    QCOMPARE(told, 0);
    QCOMPARE(world.generationOf(id), second);
}

QTEST_APPLESS_MAIN(tst_ServiceRegistry)
#include "tst_serviceregistry.moc"
