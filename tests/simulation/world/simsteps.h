// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <cstdio>

namespace fairlead::sim {

/// Says how much was simulated in a line of its own, also where the test runs silently; ./dev
/// simulate adds these up.
inline void tellSteps(quint64 steps)
{
    (void)std::printf("%llu steps\n", static_cast<unsigned long long>(steps));
    (void)std::fflush(stdout);
}

} // namespace fairlead::sim
