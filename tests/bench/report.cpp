// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "report.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <sstream>

namespace fairlead::bench {

namespace {

double microseconds(std::uint64_t ns)
{
    return static_cast<double>(ns) / 1000.0;
}

} // namespace

std::string quoted(const std::string &text)
{
    std::string out = "\"";
    for (const char character : text) {
        if (character == '"' || character == '\\') {
            out += '\\';
            out += character;
        } else if (static_cast<unsigned char>(character) < 0x20) {
            char escape[8] = {};
            std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(character));
            out += escape;
        } else {
            out += character;
        }
    }
    return out + '"';
}

Tally totalTally(const std::vector<LoadResult> &results)
{
    Tally total;
    for (const LoadResult &result : results) {
        total += result.tally;
    }
    return total;
}

std::string report(const Plan &plan, const std::vector<LoadResult> &results)
{
    const Tally tally = totalTally(results);
    const auto latency = std::make_unique<Histogram>();
    std::uint64_t delivered = 0;
    std::uint64_t published = 0;
    std::uint64_t heldBack = 0;
    std::uint64_t mostBehind = 0;
    std::uint64_t serverCpu = 0;
    std::uint64_t generatorCpu = 0;
    std::uint64_t elapsed = 0;
    double perSecond = 0;
    std::string lossReason;
    for (const LoadResult &result : results) {
        latency->merge(result.latency);
        delivered += result.delivered;
        published += result.published;
        heldBack += result.heldBack;
        serverCpu += result.serverCpuNs;
        generatorCpu += result.generatorCpuNs;
        mostBehind = std::max(mostBehind, result.mostBehindNs);
        elapsed = std::max(elapsed, result.elapsedNs);
        if (result.elapsedNs > 0) {
            perSecond += static_cast<double>(result.delivered) * static_cast<double>(kNsPerSecond)
                / static_cast<double>(result.elapsedNs);
        }
        if (lossReason.empty()) {
            lossReason = result.lossReason;
        }
    }
    const auto perMessage = [delivered](std::uint64_t ns) {
        return delivered == 0 ? 0.0 : microseconds(ns) / static_cast<double>(delivered);
    };

    std::ostringstream out;
    out.precision(6);
    out << "{\"delivered\":" << delivered << ",\"published\":" << published
        << ",\"elapsed_s\":" << microseconds(elapsed) / 1e6
        << ",\"messages_per_s\":" << static_cast<std::uint64_t>(perSecond);
    if (plan.serverPid > 0) {
        out << ",\"server_cpu_us_per_message\":" << perMessage(serverCpu);
    }
    out << ",\"generator_cpu_us_per_message\":" << perMessage(generatorCpu)
        << ",\"latency_us\":{\"p50\":" << microseconds(latency->quantile(0.5))
        << ",\"p99\":" << microseconds(latency->quantile(0.99))
        << ",\"max\":" << microseconds(latency->maximum()) << '}';
    if (plan.rate > 0) {
        out << ",\"most_behind_us\":" << microseconds(mostBehind) << ",\"held_back\":" << heldBack;
    }
    out << ",\"tally\":{\"delivered\":" << tally.delivered << ",\"lost\":" << tally.lost
        << ",\"duplicated\":" << tally.duplicated << ",\"reordered\":" << tally.reordered
        << ",\"misrouted\":" << tally.misrouted << ",\"corrupted\":" << tally.corrupted
        << ",\"ack_errors\":" << tally.ackErrors
        << ",\"connections_lost\":" << tally.connectionsLost << '}';
    if (!lossReason.empty()) {
        out << ",\"loss_reason\":" << quoted(lossReason);
    }
    out << '}';
    return out.str();
}

} // namespace fairlead::bench
