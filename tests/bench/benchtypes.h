// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <ctime>
#include <stdexcept>
#include <string>
#include <vector>

namespace fairlead::bench {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

inline std::uint64_t nowNs()
{
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<std::uint64_t>(time.tv_sec) * kNsPerSecond
        + static_cast<std::uint64_t>(time.tv_nsec);
}

// Anything that makes a measurement impossible; the code is stable and meant for scripts.
class BenchError : public std::runtime_error
{
public:
    BenchError(std::string code, const std::string &text)
        : std::runtime_error(text)
        , m_code(std::move(code))
    { }

    const std::string &code() const { return m_code; }

private:
    std::string m_code;
};

// Everything that may go wrong with a message; all must stay 0 but for delivered.
struct Tally
{
    std::uint64_t delivered = 0;
    std::uint64_t lost = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t reordered = 0;
    std::uint64_t misrouted = 0;
    std::uint64_t corrupted = 0;
    std::uint64_t ackErrors = 0;
    std::uint64_t connectionsLost = 0;

    bool clean() const
    {
        return lost + duplicated + reordered + misrouted + corrupted + ackErrors + connectionsLost
            == 0;
    }

    Tally &operator+=(const Tally &other)
    {
        delivered += other.delivered;
        lost += other.lost;
        duplicated += other.duplicated;
        reordered += other.reordered;
        misrouted += other.misrouted;
        corrupted += other.corrupted;
        ackErrors += other.ackErrors;
        connectionsLost += other.connectionsLost;
        return *this;
    }
};

} // namespace fairlead::bench
