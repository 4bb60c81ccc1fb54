// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "crash/crashworld.h"
#include "simsteps.h"

#include <QTest>

using namespace fairlead;
using core::Durability;
using sim::CrashWorld;

namespace {

constexpr int kSeeds = 500;
/// Enough to see a promise that is not kept.
constexpr int kLosingSeeds = 30;

struct Seeds
{
    int first = 1;
    int last = 0;
};

Seeds seeds()
{
    bool one = false;
    const int only = qEnvironmentVariableIntValue("FAIRLEAD_SIM_SEED", &one);
    if (one)
        return {only, only};
    const int wanted = qEnvironmentVariableIntValue("FAIRLEAD_SIM_SEEDS");
    return {1, wanted > 0 ? wanted : kSeeds};
}

/// How many of the first seeds break a promise.
int broken(Durability level, bool losesPower)
{
    int found = 0;
    for (quint64 seed = 1; seed <= kLosingSeeds; ++seed) {
        CrashWorld world({seed, level, losesPower});
        found += world.run().empty() ? 0 : 1;
    }
    return found;
}

} // namespace

class tst_SimulationCrash : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void cleanupTestCase() { sim::tellSteps(sim::SimHost::stepsTaken()); }

    // Promise 1 and TS-01: what was acknowledged outlives the end of power, or of the process.
    void acknowledgedMeansStored_data()
    {
        QTest::addColumn<int>("level");
        QTest::addColumn<bool>("losesPower");
        QTest::newRow("disk, power fails") << int(Durability::Disk) << true;
        QTest::newRow("written, killed") << int(Durability::Written) << false;
    }

    void acknowledgedMeansStored()
    {
        QFETCH(const int, level);
        QFETCH(const bool, losesPower);
        const Seeds run = seeds();
        for (int seed = run.first; seed <= run.last; ++seed) {
            CrashWorld world({quint64(seed), Durability(level), losesPower});
            const std::string wrong = world.run();
            if (!wrong.empty()) {
                const std::string text = "FAIRLEAD_SIM_SEED=" + std::to_string(seed) + ": " + wrong
                    + world.lastSteps();
                QFAIL(text.c_str());
            }
        }
    }

    // What a level does not promise is lost here, so what it promises would be missed.
    void lessThanPromisedIsSeen_data()
    {
        QTest::addColumn<int>("level");
        QTest::addColumn<bool>("losesPower");
        QTest::newRow("written, power fails") << int(Durability::Written) << true;
        QTest::newRow("memory, killed") << int(Durability::Memory) << false;
    }

    void lessThanPromisedIsSeen()
    {
        QFETCH(const int, level);
        QFETCH(const bool, losesPower);
        QVERIFY(broken(Durability(level), losesPower) > kLosingSeeds / 3);
    }

    void sameSeedIsTheSameRun()
    {
        for (const quint64 seed : {1, 2, 3}) {
            CrashWorld first({seed});
            CrashWorld second({seed});
            CrashWorld other({seed + 100});
            QCOMPARE(first.run(), std::string());
            QCOMPARE(second.run(), std::string());
            QCOMPARE(other.run(), std::string());
            QCOMPARE(first.digest(), second.digest());
            QVERIFY(first.digest() != other.digest());
        }
    }
};

QTEST_GUILESS_MAIN(tst_SimulationCrash)
#include "tst_simulationcrash.moc"
