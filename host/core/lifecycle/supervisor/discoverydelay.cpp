// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/discoverydelay.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fairlead::core {

qint64 drawDiscoveryDelay(quint32 attempt, Random &random) noexcept
{
    struct Band
    {
        qint64 from;
        qint64 to;
    };

    static constexpr std::array<Band, 3> kBands = {{{0, 3 * kNsPerSecond},
                                                    {3 * kNsPerSecond, 10 * kNsPerSecond},
                                                    {10 * kNsPerSecond, 20 * kNsPerSecond}}};
    const Band &band = kBands[std::min<std::size_t>(attempt, kBands.size() - 1)];
    return band.from + qint64(random.next() % quint64(band.to - band.from + 1));
}

DiscoverySchedule::Pending::Pending(DiscoverySchedule &owner, const QString &keyOfPeer)
    : schedule(owner)
    , key(keyOfPeer)
    , timer(
          [](void *self) noexcept {
              auto *pending = static_cast<Pending *>(self);
              pending->schedule.fire(pending->key);
          },
          this)
{ }

DiscoverySchedule::DiscoverySchedule(const Clock &clock,
                                     Timers &timers,
                                     Random &random,
                                     std::function<void(const QString &key)> due,
                                     std::size_t limit)
    : m_clock(clock)
    , m_timers(timers)
    , m_random(random)
    , m_due(std::move(due))
    , m_limit(limit)
{ }

DiscoverySchedule::~DiscoverySchedule() = default;

DiscoverySchedule::Outcome DiscoverySchedule::trigger(const QString &key, quint32 attempt)
{
    if (m_pending.find(key) != m_pending.end())
        return Outcome::Pending;
    const qint64 delay = drawDiscoveryDelay(attempt, m_random);
    if (delay == 0) {
        m_due(key);
        return Outcome::Due;
    }
    if (m_pending.size() >= m_limit)
        return Outcome::Full;
    const auto placed = m_pending.try_emplace(key, *this, key).first;
    m_timers.arm(placed->second.timer, m_clock.now() + delay);
    return Outcome::Scheduled;
}

void DiscoverySchedule::fire(const QString &key)
{
    // The entry goes first, and with it the string that names it.
    const QString due = key;
    m_pending.erase(due);
    m_due(due);
}

bool DiscoverySchedule::cancel(const QString &key)
{
    return m_pending.erase(key) != 0;
}

void DiscoverySchedule::cancelAll()
{
    m_pending.clear();
}

} // namespace fairlead::core
