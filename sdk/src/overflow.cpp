// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/clock.h>
#include <fairlead/duration.h>
#include <fairlead/overflow.h>

#include <algorithm>
#include <array>
#include <limits>

namespace fairlead {

namespace {

constexpr std::array kPolicies = {
    Overflow::Default,
    Overflow::Disconnect,
    Overflow::DropOldest,
    Overflow::DropNewest,
    Overflow::LatestPerTopic,
    Overflow::Reject,
    Overflow::BlockUpTo,
};

/// Milliseconds, rounded up; 0: none.
quint32 patienceOf(ByteSpan text) noexcept
{
    const std::optional<qint64> ns = parseDuration(text);
    if (!ns)
        return 0;
    const qint64 ms = *ns / kNsPerMs + (*ns % kNsPerMs != 0 ? 1 : 0);
    return quint32(std::min<qint64>(ms, std::numeric_limits<quint32>::max()));
}

} // namespace

const char *overflowName(Overflow policy) noexcept
{
    switch (policy) {
    case Overflow::Default:
        return "default";
    case Overflow::Disconnect:
        return "disconnect";
    case Overflow::DropOldest:
        return "drop-oldest";
    case Overflow::DropNewest:
        return "drop-newest";
    case Overflow::LatestPerTopic:
        return "latest-per-topic";
    case Overflow::Reject:
        return "reject";
    case Overflow::BlockUpTo:
        return "block-up-to";
    }
    return "default";
}

std::optional<OverflowChoice> parseOverflow(ByteSpan text) noexcept
{
    const std::size_t equals = text.find('=');
    const ByteSpan name = text.substr(0, equals);
    const auto *const policy = std::find_if(kPolicies.begin(), kPolicies.end(), [&](Overflow one) {
        return name == overflowName(one);
    });
    if (policy == kPolicies.end())
        return std::nullopt;
    OverflowChoice choice;
    choice.policy = *policy;
    if (equals == ByteSpan::npos)
        return choice;
    choice.patienceMs = patienceOf(text.substr(equals + 1));
    if (choice.policy != Overflow::BlockUpTo || choice.patienceMs == 0)
        return std::nullopt;
    return choice;
}

} // namespace fairlead
