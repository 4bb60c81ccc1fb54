// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QtGlobal>

#include <fairlead/export.h>

namespace fairlead {

/// The host's time. Thread: the reactor that handed it out. @since 0.1
class FAIRLEAD_SDK_EXPORT Clock
{
public:
    virtual ~Clock();

    /// Monotonic nanoseconds, read once per turn of the reactor: for deadlines and intervals.
    virtual qint64 now() const noexcept = 0;
    /// Milliseconds since 1970 UTC: for people and for what is written to disk, never for deadlines.
    virtual qint64 utcMs() const noexcept = 0;
};

inline constexpr qint64 kNsPerMs = 1'000'000;
inline constexpr qint64 kNsPerSecond = 1'000'000'000;

} // namespace fairlead

#define FAIRLEAD_CLOCK_IID "org.fairlead.Clock/1"
