// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/clock.h>

namespace fairlead::core {

/// The system's monotonic time, read at the call. Thread: any.
qint64 monotonicNs() noexcept;
/// The system's time of day in milliseconds since 1970 UTC, read at the call. Thread: any.
qint64 utcNowMs() noexcept;

/// The clock of one reactor: stands still between two refresh() calls, so that one turn sees one
/// time and reading it costs nothing. Thread: that reactor.
class SystemClock final : public Clock
{
public:
    SystemClock() noexcept { refresh(); }

    /// Reads the system's time; called at the start of each turn.
    void refresh() noexcept;

    qint64 now() const noexcept override { return m_now; }

    qint64 utcMs() const noexcept override;

private:
    qint64 m_now = 0;
};

/// Reads the system's time at each call. Thread: any.
class LiveClock final : public Clock
{
public:
    qint64 now() const noexcept override { return monotonicNs(); }

    qint64 utcMs() const noexcept override { return utcNowMs(); }
};

} // namespace fairlead::core
