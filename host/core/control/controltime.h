// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QString>

namespace fairlead::core {

/// Moments and spans as the control API tells them. Thread: main.
class ControlTime
{
public:
    ControlTime();

    /// RFC 3339 in UTC with milliseconds.
    QString timeOf(qint64 monotonicNs) const;
    /// Seconds since then.
    static double ageOf(qint64 monotonicNs);
    /// To the millisecond.
    static double seconds(qint64 ns);

private:
    /// What the time of day has ahead of the monotonic one; held, so that the same moment is always
    /// told alike, until somebody sets the clock.
    mutable qint64 m_utcOffsetNs;
};

} // namespace fairlead::core
