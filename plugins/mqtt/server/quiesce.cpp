// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/quiesce.h"

#include <fairlead/clock.h>

#include <algorithm>

namespace fairlead::mqtt {

namespace {

/// Timers are a little late; who is later than this does not catch up.
constexpr qint64 kLateness = 50 * kNsPerMs;

} // namespace

Quiesce::Quiesce(quint32 linksPerSecond)
    : m_interval(kNsPerSecond / std::max(linksPerSecond, 1U))
{ }

void Quiesce::begin(QuiesceReason reason)
{
    m_reason.store(reason, std::memory_order_release);
    Q_EMIT changed();
}

void Quiesce::end()
{
    m_reason.store(QuiesceReason::None, std::memory_order_release);
    Q_EMIT changed();
}

bool Quiesce::asksToLeave() const noexcept
{
    const QuiesceReason why = reason();
    return why == QuiesceReason::Maintenance || why == QuiesceReason::HostShutdown;
}

qint64 Quiesce::claim(qint64 now) noexcept
{
    qint64 next = m_next.load(std::memory_order_relaxed);
    qint64 place = 0;
    do {
        place = next < now - kLateness ? now : next;
    } while (!m_next.compare_exchange_weak(next, place + m_interval, std::memory_order_relaxed));
    return place;
}

} // namespace fairlead::mqtt
