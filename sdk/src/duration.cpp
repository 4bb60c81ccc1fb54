// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/clock.h>
#include <fairlead/duration.h>

#include <algorithm>
#include <array>
#include <limits>

namespace fairlead {

namespace {

constexpr qint64 kMost = std::numeric_limits<qint64>::max();

struct Unit
{
    ByteSpan name;
    qint64 ns;
};

constexpr std::array kUnits = {
    Unit{"ms", 1'000'000},
    Unit{"s", kNsPerSecond},
    Unit{"sec", kNsPerSecond},
    Unit{"m", 60 * kNsPerSecond},
    Unit{"min", 60 * kNsPerSecond},
    Unit{"h", 3600 * kNsPerSecond},
    Unit{"d", 24 * 3600 * kNsPerSecond},
    Unit{"w", 7 * 24 * 3600 * kNsPerSecond},
};

bool isDigit(char letter) noexcept
{
    return letter >= '0' && letter <= '9';
}

char lowered(char letter) noexcept
{
    return letter >= 'A' && letter <= 'Z' ? char(letter - 'A' + 'a') : letter;
}

ByteSpan takeDigits(ByteSpan *rest) noexcept
{
    const auto *const end = std::find_if_not(rest->begin(), rest->end(), isDigit);
    const ByteSpan digits = rest->substr(0, std::size_t(end - rest->begin()));
    rest->remove_prefix(digits.size());
    return digits;
}

/// Zero when there is no such unit.
qint64 takeUnit(ByteSpan *rest) noexcept
{
    const auto *const end = std::find_if(rest->begin(), rest->end(), isDigit);
    const ByteSpan name = rest->substr(0, std::size_t(end - rest->begin()));
    rest->remove_prefix(name.size());
    for (const Unit &unit : kUnits) {
        const bool same = std::equal(
            name.begin(), name.end(), unit.name.begin(), unit.name.end(), [](char a, char b) {
                return lowered(a) == b;
            });
        if (same)
            return unit.ns;
    }
    return 0;
}

qint64 sum(qint64 a, qint64 b) noexcept
{
    return a > kMost - b ? kMost : a + b;
}

qint64 product(ByteSpan digits, qint64 unit) noexcept
{
    qint64 number = 0;
    for (const char digit : digits) {
        if (number > (kMost - 9) / 10)
            return kMost;
        number = number * 10 + (digit - '0');
    }
    return number > kMost / unit ? kMost : number * unit;
}

qint64 fraction(ByteSpan digits, qint64 unit) noexcept
{
    qint64 whole = 0;
    for (const char digit : digits) {
        unit /= 10;
        whole += (digit - '0') * unit;
    }
    return whole;
}

} // namespace

std::optional<qint64> parseDuration(ByteSpan text) noexcept
{
    if (text.empty())
        return std::nullopt;
    qint64 total = 0;
    while (!text.empty()) {
        const ByteSpan digits = takeDigits(&text);
        ByteSpan decimals;
        if (!text.empty() && text.front() == '.') {
            text.remove_prefix(1);
            decimals = takeDigits(&text);
            if (decimals.empty())
                return std::nullopt;
        }
        const qint64 unit = digits.empty() ? 0 : takeUnit(&text);
        if (unit == 0)
            return std::nullopt;
        total = sum(total, sum(product(digits, unit), fraction(decimals, unit)));
    }
    return total;
}

} // namespace fairlead
