// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QByteArray>

#include <ctime>

namespace fairlead::cli {

/// A time of day for people: the wall clock, in the local zone.
struct Moment
{
    std::time_t seconds = 0;
    long nanoseconds = 0;
    std::tm local{};

    [[nodiscard]] static Moment now();
    [[nodiscard]] static Moment at(std::time_t seconds, long nanoseconds);

    /// What strftime makes of @p format; empty when it is longer than any sensible time.
    [[nodiscard]] QByteArray formatted(const char *format) const;
    /// "2026-02-03T04:05:06.123456+0100"
    [[nodiscard]] QByteArray iso8601() const;
};

} // namespace fairlead::cli
