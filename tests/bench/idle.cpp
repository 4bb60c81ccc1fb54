// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "idle.h"

#include "network.h"
#include "procstat.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace fairlead::bench {

bool holdIdle(const Plan &plan, const IdlePlan &idle)
{
    Network network(networkSetup(plan, 0));
    for (std::uint32_t i = 0; i < idle.connections; ++i) {
        network.add(clientName(plan, 'i', i),
                    i,
                    idle.subscribes ? topicName(plan, i) : std::string(),
                    plan.qos,
                    plan.session);
    }
    const std::uint64_t cpu = plan.serverPid > 0 ? processCpuNs(plan.serverPid) : 0;
    network.connectAll();
    std::cout << "{\"connected\":" << idle.connections;
    if (plan.serverPid > 0) {
        const std::uint64_t used = processCpuNs(plan.serverPid) - cpu;
        std::cout << ",\"server_cpu_us_per_connect\":"
                  << static_cast<double>(used) / 1000.0
                / static_cast<double>(std::max(idle.connections, 1U));
    }
    std::cout << '}' << std::endl;

    Sink sink;
    network.watch(STDIN_FILENO);
    const std::uint64_t end = nowNs() + idle.holdNs;
    while (!network.watchFired() && nowNs() < end) {
        network.turn(kNsPerSecond, sink);
    }
    std::cout << "{\"connections_lost\":" << network.connectionsLost() << '}' << std::endl;
    network.disconnectAll();
    return network.connectionsLost() == 0;
}

} // namespace fairlead::bench
