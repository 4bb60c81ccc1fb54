// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>

namespace fairlead::bench {

// On-CPU time of all threads of a process so far. Throws BenchError when it cannot be read.
std::uint64_t processCpuNs(int pid);

// On-CPU time of the calling thread so far: what the generator itself costs.
std::uint64_t threadCpuNs();

} // namespace fairlead::bench
