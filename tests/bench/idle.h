// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "plan.h"

#include <cstdint>

namespace fairlead::bench {

struct IdlePlan
{
    std::uint32_t connections = 10'000;
    bool subscribes = false; // each to a topic of its own
    std::uint64_t holdNs = 600 * kNsPerSecond;
};

// Connects, says so in one line of JSON, keeps still until standard input closes or the time is up,
// says how many connections were lost, and disconnects. False when any was lost.
bool holdIdle(const Plan &plan, const IdlePlan &idle);

} // namespace fairlead::bench
