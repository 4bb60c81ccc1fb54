// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "serviceworld.h"

#include <QtTest/QTest>

#include <algorithm>
#include <numeric>
#include <random>

using namespace fairlead;
using namespace fairlead::core;

namespace {

/// The answer to a query by looking at everything, written apart from the code that is tested.
bool isWanted(const ServiceRecord &record, const ServiceFilter &filter)
{
    if (!filter.statuses.isEmpty() && !filter.statuses.contains(record.status))
        return false;
    if (!filter.heartbeats.isEmpty() && !filter.heartbeats.contains(record.heartbeat))
        return false;
    for (const QString &capability : filter.capabilities) {
        if (!record.info.capabilities.contains(capability))
            return false;
    }
    if (filter.transport && record.info.transport != *filter.transport)
        return false;
    if (filter.endpoint && record.info.endpoint != *filter.endpoint)
        return false;
    if (filter.name && record.info.key.name != *filter.name)
        return false;
    if (filter.version && record.info.key.version != *filter.version)
        return false;
    if (filter.build && record.info.key.build != *filter.build)
        return false;
    if (filter.instance && record.info.key.instance != *filter.instance)
        return false;
    return !filter.owns || record.info.owned.contains(*filter.owns);
}

/// A random sequence of changes, and random queries.
class Dice
{
public:
    explicit Dice(quint32 seed)
        : m_random(seed)
    { }

    int below(int bound) { return int(m_random() % unsigned(bound)); }

    bool chance(int percent) { return below(100) < percent; }

    QString one(const char *prefix, int bound)
    {
        const int number = below(bound);
        return number == 0 ? QString() : QString::fromLatin1(prefix) + QString::number(number);
    }

    QStringList some(const char *prefix, int bound, int most)
    {
        QStringList list;
        for (int i = below(most + 1); i > 0; --i)
            list << QString::fromLatin1(prefix) + QString::number(below(bound));
        list.removeDuplicates();
        return list;
    }

    ServiceInfo info()
    {
        ServiceInfo info;
        info.id = QStringLiteral("id%1").arg(below(40));
        info.key.name = QStringLiteral("name%1").arg(below(6));
        info.key.version = one("v", 3);
        info.key.build = one("b", 3);
        info.key.instance = one("i", 4);
        info.capabilities = some("c", 6, 4);
        info.owned = some("t", 60, 2);
        info.transport = one("tr", 3);
        info.endpoint = one("e", 3);
        info.heartbeatTimeoutNs = chance(50) ? 1 + below(1000) : 0;
        info.permanent = chance(20);
        return info;
    }

    ServiceFilter filter()
    {
        ServiceFilter filter;
        if (chance(25)) {
            for (int i = 1 + below(3); i > 0; --i)
                filter.statuses << ServiceStatus(below(int(kServiceStatusCount)));
        }
        if (chance(12))
            filter.heartbeats << HeartbeatState(below(int(kHeartbeatStateCount)));
        if (chance(30))
            filter.capabilities = some("c", 7, 2); // one that nobody has, too
        if (chance(15))
            filter.transport = one("tr", 3);
        if (chance(15))
            filter.endpoint = one("e", 3);
        if (chance(20))
            filter.name = QStringLiteral("name%1").arg(below(7));
        if (chance(12))
            filter.version = one("v", 3);
        if (chance(12))
            filter.build = one("b", 3);
        if (chance(12))
            filter.instance = one("i", 4);
        if (chance(6))
            filter.owns = QStringLiteral("t%1").arg(below(60));
        return filter;
    }

private:
    std::mt19937 m_random;
};

void change(ServiceWorld &world, Dice &dice)
{
    ServiceRegistry &registry = world.registry;
    const std::vector<ServiceRecord> all = registry.snapshot();
    const int what = dice.below(100);
    world.clock.advance(dice.below(50));
    if (what < 40 || all.empty()) {
        static_cast<void>(
            registry.add(dice.info(), ServiceStatus(dice.below(int(kServiceStatusCount)))));
        return;
    }
    const ServiceRecord &one = all[std::size_t(dice.below(int(all.size())))];
    const QString &id = one.info.id;
    const quint64 generation = dice.chance(90) ? one.generation : one.generation - 1;
    if (what < 55)
        static_cast<void>(registry.remove(id, generation));
    else if (what < 70)
        static_cast<void>(registry.setStatus(
            id, generation, ServiceStatus(dice.below(int(kServiceStatusCount)))));
    else if (what < 80)
        static_cast<void>(registry.heartbeat(id, generation));
    else if (what < 85)
        static_cast<void>(registry.restart(id, generation));
    else if (what < 95)
        static_cast<void>(
            registry.setOffer(id, generation, dice.some("c", 6, 4), dice.some("t", 60, 2)));
    else if (what < 99)
        registry.checkHeartbeats(world.clock.now());
    else
        registry.prune(world.clock.now());
}

} // namespace

class tst_ServiceQuery : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void filterIsBruteForce_data();
    void filterIsBruteForce();
    void statisticsSumUp_data();
    void statisticsSumUp();
    void uniqueIndexesAgreeWithTheEntries_data();
    void uniqueIndexesAgreeWithTheEntries();
    void snapshotsAreValuesInOrder();
    void pruneTakesTheDeadAndTellsAfterwards();

private:
    static void addSeeds()
    {
        QTest::addColumn<quint32>("seed");
        for (quint32 seed = 1; seed <= 10; ++seed)
            QTest::addRow("RG-13 seed %u", seed) << seed;
    }
};

void tst_ServiceQuery::filterIsBruteForce_data()
{
    addSeeds();
}

// RG-13
void tst_ServiceQuery::filterIsBruteForce()
{
    QFETCH(quint32, seed);
    Dice dice(seed);
    ServiceWorld world;
    world.registry.setCapacity(30);
    std::size_t found = 0;
    for (int step = 0; step < 2000; ++step) {
        change(world, dice);
        const ServiceFilter filter = dice.filter();
        std::vector<ServiceRecord> expected = world.registry.snapshot();
        expected.erase(
            std::remove_if(expected.begin(),
                           expected.end(),
                           [&](const ServiceRecord &record) { return !isWanted(record, filter); }),
            expected.end());
        QCOMPARE(idsOf(world.registry.query(filter)), idsOf(expected));
        found += expected.size();
    }
    QVERIFY(found > 1000); // not all of them empty
}

void tst_ServiceQuery::statisticsSumUp_data()
{
    addSeeds();
}

// RG-13
void tst_ServiceQuery::statisticsSumUp()
{
    QFETCH(quint32, seed);
    Dice dice(seed);
    ServiceWorld world;
    world.registry.setCapacity(30);
    for (int step = 0; step < 2000; ++step) {
        change(world, dice);
        const ServiceStatistics statistics = world.registry.statistics();
        QCOMPARE(statistics.size, world.registry.size());
        QVERIFY(statistics.size <= 30);
        QCOMPARE(
            std::accumulate(statistics.byStatus.begin(), statistics.byStatus.end(), qsizetype(0)),
            statistics.size);
        QCOMPARE(std::accumulate(
                     statistics.byHeartbeat.begin(), statistics.byHeartbeat.end(), qsizetype(0)),
                 statistics.size);
        QCOMPARE(statistics.registered - statistics.unregistered - statistics.pruned,
                 quint64(statistics.size));
        for (std::size_t i = 0; i < kServiceStatusCount; ++i) {
            ServiceFilter filter;
            filter.statuses << ServiceStatus(i);
            QCOMPARE(qsizetype(world.registry.query(filter).size()), statistics.byStatus[i]);
        }
    }
    const ServiceStatistics end = world.registry.statistics();
    QVERIFY(end.refusedDuplicate > 0);
    QVERIFY(end.pruned > 0);
    QVERIFY(end.stale > 0);
}

void tst_ServiceQuery::uniqueIndexesAgreeWithTheEntries_data()
{
    addSeeds();
}

// RG-11
void tst_ServiceQuery::uniqueIndexesAgreeWithTheEntries()
{
    QFETCH(quint32, seed);
    Dice dice(seed);
    ServiceWorld world;
    for (int step = 0; step < 1000; ++step) {
        change(world, dice);
        QSet<QString> strings;
        qsizetype entries = 0;
        for (const ServiceRecord &record : world.registry.snapshot()) {
            const ServiceInfo &info = record.info;
            QCOMPARE(world.registry.find(info.id)->generation, record.generation);
            QCOMPARE(world.registry.findExact(info.key)->generation, record.generation);
            for (const QString &thing : info.owned)
                QCOMPARE(world.registry.ownerOf(thing)->generation, record.generation);
            entries += 2 + info.owned.size(); // id, key, owned
            strings.insert(QStringLiteral("name ") + info.key.name);
            for (const QString &capability : info.capabilities)
                strings.insert(QStringLiteral("capability ") + capability);
        }
        QCOMPARE(world.registry.indexEntryCount(), entries + strings.size()); // no empty bucket
    }
}

// RG-13
void tst_ServiceQuery::snapshotsAreValuesInOrder()
{
    ServiceWorld world;
    for (const char *id : {"c", "a", "b"})
        world.add(service(QString::fromLatin1(id)));
    const std::vector<ServiceRecord> before = world.registry.snapshot();
    for (const ServiceRecord &record : before) { // mutate while iterating
        QVERIFY(world.registry.remove(record.info.id, record.generation));
        world.add(service(record.info.id + QLatin1Char('2')));
    }
    QCOMPARE(idsOf(before), names("c a b"));
    QCOMPARE(idsOf(world.registry.snapshot()), names("c2 a2 b2"));
}

// RG-13
void tst_ServiceQuery::pruneTakesTheDeadAndTellsAfterwards()
{
    ServiceWorld world;
    for (const char *id : {"a", "b", "c", "d", "e"}) {
        ServiceInfo info = service(QString::fromLatin1(id));
        info.heartbeatTimeoutNs = 1000;
        info.owned = {info.id + QStringLiteral("'s tool")};
        world.add(info);
    }
    QVERIFY(world.setStatus(QStringLiteral("a"), ServiceStatus::Stopped).isNull());
    QVERIFY(world.setStatus(QStringLiteral("d"), ServiceStatus::Failed).isNull());
    world.clock.advance(999);
    const auto beat = [&](const QString &id) {
        return world.registry.heartbeat(id, world.generationOf(id)).has_value();
    };
    QVERIFY(beat(QStringLiteral("c")));
    QVERIFY(beat(QStringLiteral("e")));
    world.clock.advance(1);
    QStringList told;
    std::vector<ErrorCode> reasons;
    connect(&world.registry,
            &ServiceRegistry::unregistered,
            this,
            [&](const ServiceRecord &record, const Error &reason) {
                told << record.info.id;
                reasons.push_back(reason.code());
                QCOMPARE(idsOf(world.registry.snapshot()), names("c e"));
                QVERIFY(!world.registry.ownerOf(record.info.owned.first()));
            });
    QCOMPARE(idsOf(world.registry.prune(world.clock.now())), names("a b d"));
    QCOMPARE(told, names("a b d"));
    QCOMPARE(
        reasons,
        std::vector<ErrorCode>({ErrorCode::None, ErrorCode::HeartbeatTimeout, ErrorCode::None}));
    QVERIFY(world.registry.prune(world.clock.now()).empty());
    QCOMPARE(world.registry.statistics().pruned, quint64(3));
}

QTEST_APPLESS_MAIN(tst_ServiceQuery)
#include "tst_servicequery.moc"
