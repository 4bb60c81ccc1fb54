// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "procstat.h"

#include "benchtypes.h"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace fairlead::bench {

std::uint64_t processCpuNs(int pid)
{
    const std::string folder = "/proc/" + std::to_string(pid) + "/task";
    std::uint64_t total = 0;
    bool read = false;
    std::error_code error;
    for (const auto &task : std::filesystem::directory_iterator(folder, error)) {
        std::ifstream file(task.path() / "schedstat");
        std::uint64_t onCpu = 0;
        if (file >> onCpu) {
            total += onCpu;
            read = true;
        }
    }
    if (!read) {
        throw BenchError("server-cpu", "cannot read the CPU time of process " + folder);
    }
    return total;
}

std::uint64_t threadCpuNs()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * kNsPerSecond
        + static_cast<std::uint64_t>(time.tv_nsec);
}

} // namespace fairlead::bench
