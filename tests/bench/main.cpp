// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "idle.h"
#include "load.h"
#include "nullbroker.h"
#include "options.h"
#include "report.h"
#include "retained.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <mutex>
#include <thread>

namespace fairlead::bench {

namespace {

void raiseFileLimit()
{
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// All threads begin together; the first reads the server's CPU time for all of them.
std::vector<LoadResult> runLoad(const Plan &plan)
{
    std::vector<LoadResult> results(plan.threads);
    std::barrier together(static_cast<std::ptrdiff_t>(plan.threads));
    std::mutex mutex;
    std::exception_ptr failure;
    const auto work = [&](std::uint32_t index) {
        Plan own = plan;
        own.run += index;
        own.rate = plan.rate > 0 ? std::max<std::uint64_t>(plan.rate / plan.threads, 1) : 0;
        own.serverPid = index == 0 ? plan.serverPid : 0;
        bool waited = false;
        const auto ready = [&] {
            waited = true;
            together.arrive_and_wait();
        };
        prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
        try {
            results[index] = own.shape == Shape::Retained ? RetainedLoad(own).run(ready)
                                                          : Load(own).run(ready);
        } catch (...) {
            const std::lock_guard lock(mutex);
            failure = failure ? failure : std::current_exception();
        }
        if (!waited) {
            together.arrive_and_drop();
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::uint32_t index = 1; index < plan.threads; ++index) {
            others.emplace_back(work, index);
        }
        work(0);
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    return results;
}

int execute(const Options &options)
{
    switch (options.command) {
    case Command::Help:
        std::cout << helpText();
        return EXIT_SUCCESS;
    case Command::Load: {
        const std::vector<LoadResult> results = runLoad(options.plan);
        std::cout << report(options.plan, results) << std::endl;
        return totalTally(results).clean() ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    case Command::Idle:
        return holdIdle(options.plan, options.idle) ? EXIT_SUCCESS : EXIT_FAILURE;
    case Command::NullBroker: {
        NullBroker broker(options.fault, options.faultEvery);
        std::cout << "{\"port\":" << broker.port() << '}' << std::endl;
        broker.serveUntil(STDIN_FILENO);
        return EXIT_SUCCESS;
    }
    }
    return EXIT_FAILURE;
}

} // namespace

} // namespace fairlead::bench

int main(int argc, char *argv[])
{
    fairlead::bench::raiseFileLimit();
    constexpr int kNoResult = 2;
    try {
        const std::vector<const char *> arguments(argv + 1, argv + argc);
        return fairlead::bench::execute(fairlead::bench::parseOptions(arguments));
    } catch (const fairlead::bench::BenchError &error) {
        std::cerr << "fairlead-bench: [" << error.code() << "] " << error.what() << '\n';
    } catch (const std::exception &error) {
        std::cerr << "fairlead-bench: [internal] " << error.what() << '\n';
    }
    return kNoResult;
}
