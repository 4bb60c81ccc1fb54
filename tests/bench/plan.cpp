// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "plan.h"

#include <cstdio>

namespace fairlead::bench {

namespace {

std::string prefix(const Plan &plan)
{
    char text[24] = {};
    std::snprintf(text, sizeof text, "bench/%08x/", plan.run);
    return text;
}

} // namespace

NetworkSetup networkSetup(const Plan &plan, std::size_t largestFrame)
{
    NetworkSetup setup;
    setup.host = plan.host;
    setup.port = plan.port;
    setup.protocol = plan.protocol;
    setup.qos = plan.qos;
    setup.window = plan.rate > 0 ? kPacedInFlight : plan.window;
    setup.largestFrame = largestFrame;
    return setup;
}

std::string topicName(const Plan &plan, std::uint32_t publisher)
{
    return prefix(plan) + std::to_string(publisher);
}

std::string topicFilter(const Plan &plan, std::uint32_t subscriber)
{
    switch (plan.shape) {
    case Shape::PointToPoint:
        return prefix(plan) + std::to_string(subscriber);
    case Shape::FanOut:
        return prefix(plan) + (plan.publishers == 1 ? "0" : "+");
    case Shape::Shared:
        return "$share/bench/" + prefix(plan) + "+";
    case Shape::FanIn:
    case Shape::Retained:
        break;
    }
    return prefix(plan) + "+";
}

std::string clientName(const Plan &plan, char role, std::uint32_t index)
{
    char text[32] = {};
    std::snprintf(text, sizeof text, "fb%08x%c%u", plan.run, role, index);
    return text;
}

} // namespace fairlead::bench
