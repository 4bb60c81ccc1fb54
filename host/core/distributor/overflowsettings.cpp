// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/distributor/overflowsettings.h"

#include <algorithm>
#include <array>

namespace fairlead::core {

namespace {

constexpr std::array kNames = {
    "disconnect",
    "drop-oldest",
    "drop-newest",
    "latest-per-topic",
    "reject",
    "block-up-to",
    "fault-source",
};

} // namespace

const char *overflowPolicyName(OverflowPolicy policy) noexcept
{
    return kNames[std::size_t(policy)];
}

std::optional<OverflowPolicy> overflowPolicyNamed(const QString &name) noexcept
{
    const auto *const found = std::find_if(
        kNames.begin(), kNames.end(), [&](const char *one) { return name == QLatin1String(one); });
    if (found == kNames.end())
        return std::nullopt;
    return OverflowPolicy(found - kNames.begin());
}

} // namespace fairlead::core
