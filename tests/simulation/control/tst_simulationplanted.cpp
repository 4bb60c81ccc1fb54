// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "controlworld.h"
#include "core/plantedbug.h"

#include <QtTest/QTest>

using namespace fairlead;
using core::PlantedBug;
using sim::ControlWorld;

namespace {

constexpr int kSeeds = 200;
constexpr int kSteps = 5000;

} // namespace

Q_DECLARE_METATYPE(fairlead::core::PlantedBug)

/// The net is tested too: a core with a mistake in it is caught.
class tst_SimulationPlanted : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    void cleanup() { core::plantedBug = PlantedBug::None; }

    // TS-01
    void everyPlantedBugIsFound_data()
    {
        QTest::addColumn<PlantedBug>("bug");
        QTest::newRow("RG-01") << PlantedBug::RG01;
        QTest::newRow("RG-03") << PlantedBug::RG03;
        QTest::newRow("RG-04") << PlantedBug::RG04;
        QTest::newRow("RG-08") << PlantedBug::RG08;
        QTest::newRow("RG-14") << PlantedBug::RG14;
        QTest::newRow("SV-05") << PlantedBug::SV05;
        QTest::newRow("SV-11") << PlantedBug::SV11;
        QTest::newRow("SH-03") << PlantedBug::SH03;
        QTest::newRow("SH-04") << PlantedBug::SH04;
        QTest::newRow("BC-04") << PlantedBug::BC04;
    }

    void everyPlantedBugIsFound()
    {
        QFETCH(const PlantedBug, bug);
        core::plantedBug = bug;
        for (quint64 seed = 1; seed <= kSeeds; ++seed) {
            const sim::Finding finding = sim::explore(ControlWorld::make, seed, kSteps);
            if (!finding)
                continue;
            qInfo("%s", qPrintable(finding.toString(seed)));
            QVERIFY2(finding.violation.startsWith(QLatin1String(QTest::currentDataTag())),
                     "it was taken for another one");
            return;
        }
        QFAIL("not found");
    }
};

QTEST_GUILESS_MAIN(tst_SimulationPlanted)
#include "tst_simulationplanted.moc"
