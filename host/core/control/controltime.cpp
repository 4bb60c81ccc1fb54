// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/controltime.h"

#include "core/platform/systemclock.h"

#include <QtCore/QDateTime>

#include <fairlead/clock.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace fairlead::core {

namespace {

/// What two looks at the two clocks may differ by when nobody set either.
constexpr qint64 kClockSetNs = 5 * kNsPerMs;

/// What the time of day has ahead of the monotonic one, both read as close to each other as the
/// system lets us; nothing when others had the processor in between each time.
std::optional<qint64> utcOffset()
{
    constexpr int kTries = 5;
    for (int i = 0; i < kTries; ++i) {
        const qint64 before = monotonicNs();
        const qint64 utcMs = utcNowMs();
        if (monotonicNs() - before < kNsPerMs)
            return utcMs * kNsPerMs - before;
    }
    return std::nullopt;
}

} // namespace

ControlTime::ControlTime()
    : m_utcOffsetNs(utcOffset().value_or(utcNowMs() * kNsPerMs - monotonicNs()))
{ }

QString ControlTime::timeOf(qint64 monotonicNs) const
{
    const std::optional<qint64> offset = utcOffset();
    if (offset && std::abs(*offset - m_utcOffsetNs) > kClockSetNs)
        m_utcOffsetNs = *offset;
    const qint64 utcMs = (monotonicNs + m_utcOffsetNs) / kNsPerMs;
    return QDateTime::fromMSecsSinceEpoch(utcMs, Qt::UTC).toString(Qt::ISODateWithMs);
}

double ControlTime::ageOf(qint64 monotonicNs)
{
    return seconds(std::max<qint64>(0, core::monotonicNs() - monotonicNs));
}

double ControlTime::seconds(qint64 ns)
{
    const qint64 ms = ns / kNsPerMs;
    return double(ms) / 1000;
}

} // namespace fairlead::core
