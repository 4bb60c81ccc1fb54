// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "plan.h"

#include <string>
#include <vector>

namespace fairlead::bench {

// One line of JSON with the sums and quantiles over all threads.
std::string report(const Plan &plan, const std::vector<LoadResult> &results);
Tally totalTally(const std::vector<LoadResult> &results);

// Text as a JSON string, quotes included.
std::string quoted(const std::string &text);

} // namespace fairlead::bench
