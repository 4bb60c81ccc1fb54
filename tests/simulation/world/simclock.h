// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/reactor.h"
#include "simrandom.h"

namespace fairlead::sim {

/// Time that stands until it is told to go on.
class SimClock final : public core::TurnClock
{
public:
    void refresh() noexcept override { }

    qint64 now() const noexcept override { return m_now; }

    qint64 utcMs() const noexcept override { return kStartUtcMs + m_now / kNsPerMs; }

    void advance(qint64 ns) noexcept { m_now += ns; }

private:
    static constexpr qint64 kStartUtcMs = 1'700'000'000'000;
    qint64 m_now = kNsPerSecond;
};

} // namespace fairlead::sim
