// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "idle.h"
#include "nullbroker.h"
#include "plan.h"

#include <span>
#include <string_view>

namespace fairlead::bench {

enum class Command {
    Help,
    Load,
    Idle,
    NullBroker
};

struct Options
{
    Command command = Command::Help;
    Plan plan;
    IdlePlan idle;
    Fault fault = Fault::None;
    std::uint64_t faultEvery = 1000;
};

// Throws BenchError "usage" that names what is wrong.
Options parseOptions(std::span<const char *const> arguments);

std::string_view helpText();

} // namespace fairlead::bench
