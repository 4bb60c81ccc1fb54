// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/systemclock.h"

#include <ctime>

namespace fairlead::core {

qint64 monotonicNs() noexcept
{
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return qint64(time.tv_sec) * kNsPerSecond + qint64(time.tv_nsec);
}

qint64 utcNowMs() noexcept
{
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    return qint64(time.tv_sec) * 1000 + qint64(time.tv_nsec) / kNsPerMs;
}

void SystemClock::refresh() noexcept
{
    m_now = monotonicNs();
}

// Asked for rarely, and never cached: the system may set it at any time.
qint64 SystemClock::utcMs() const noexcept
{
    return utcNowMs();
}

} // namespace fairlead::core
