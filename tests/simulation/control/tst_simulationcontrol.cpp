// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "controlworld.h"

#include <QtTest/QTest>

#include <cstdio>

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

    // TS-01 for the control plane: LC-01..LC-07, LC-09, LC-10, RG-01..RG-05, RG-08, RG-09, RG-13,
    // RG-14, OB-01, SV-01, SV-02, SV-05, SV-06, SV-11, BC-02..BC-05, SH-01..SH-05, TS-02 (timers).
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
        // Said even where the test runs silently.
        (void)std::printf("%llu steps with every promise kept\n",
                          static_cast<unsigned long long>(steps));
    }
};

QTEST_GUILESS_MAIN(tst_SimulationControl)
#include "tst_simulationcontrol.moc"
