// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"
#include "options/options.h"

namespace fairlead::cli {

/// Looks at all the options together: what is missing, what contradicts, and what follows from them.
[[nodiscard]] Failure checkOptions(Options &options, bool versionGiven);

} // namespace fairlead::cli
