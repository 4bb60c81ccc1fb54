// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "controlworld.h"
#include "simsteps.h"

#include <QtTest/QTest>

using namespace fairlead;
using sim::ControlWorld;

namespace {

constexpr int kSeeds = 200;
constexpr int kSteps = 5000;

} // namespace

class tst_SimulationControl : public QObject
{
    Q_OBJECT

private Q_SLOTS:

    // TS-01 for the control plane: LC-01..LC-07, LC-09, LC-10, RG-01..RG-05, RG-08, RG-09,
    // RG-11..RG-14, OB-01..OB-03, SV-01, SV-02, SV-05, SV-06, SV-11, SV-14, HB-02..HB-05,
    // BC-02..BC-05, SH-01..SH-05, SH-07, TS-02 (timers).
    void everyPromiseHoldsAfterEveryStep()
    {
        bool one = false;
        const int only = qEnvironmentVariableIntValue("FAIRLEAD_SIM_SEED", &one);
        const int wanted = qEnvironmentVariableIntValue("FAIRLEAD_SIM_SEEDS");
        const int last = one ? only : (wanted > 0 ? wanted : kSeeds);
        quint64 steps = 0;
        for (int seed = one ? only : 1; seed <= last; ++seed) {
            const sim::Finding finding = sim::explore(ControlWorld::make, quint64(seed), kSteps);
            if (finding)
                QFAIL(qPrintable(finding.toString(quint64(seed))));
            steps += finding.stepsTaken;
        }
        sim::tellSteps(steps);
    }
};

QTEST_GUILESS_MAIN(tst_SimulationControl)
#include "tst_simulationcontrol.moc"
