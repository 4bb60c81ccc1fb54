// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <fairlead/timers.h>

#include <vector>

namespace fairlead::core {

/// A session whose queue fills faster than its peer reads, and the publishers it holds up.
///
/// Thread: the session's home reactor. A hold ends when the queue is below a quarter of its limit,
/// when the peer is gone, or when patience is over; then the session is stalled, holds nobody and
/// its policy acts at the limit.
struct Congestion
{
    /// How long a publisher waits for one reader.
    static constexpr qint64 kPatienceNs = 250'000'000;

    Congestion(Timer::Callback expired, void *session) noexcept
        : patience(expired, session)
    { }

    std::vector<quint64> held; ///< sessions of the publishers
    Timer patience;
    bool stalled = false;
};

} // namespace fairlead::core
