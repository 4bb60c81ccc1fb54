// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/backoff.h"

#include <QtCore/QString>

#include <algorithm>
#include <cmath>

namespace fairlead::core {

namespace {

Error refuse(const QString &text)
{
    return {ErrorCode::ConfigRange, QStringLiteral("back-off: ") + text};
}

} // namespace

Result<BackOff> BackOff::create(const BackOffPolicy &policy)
{
    if (policy.baseNs < kShortestNs)
        return refuse(QStringLiteral("the first delay is under 1 ms"));
    if (policy.capNs < policy.baseNs)
        return refuse(QStringLiteral("the longest delay is shorter than the first"));
    if (policy.capNs > kLongestNs)
        return refuse(QStringLiteral("the longest delay is over 30 days"));
    // Negated, so that NaN is refused too.
    if (!(policy.multiplier >= 1.0) || std::isinf(policy.multiplier))
        return refuse(QStringLiteral("the multiplier %1 is not a number of at least 1")
                          .arg(policy.multiplier));
    if (!(policy.jitter >= 0.0 && policy.jitter <= 1.0))
        return refuse(QStringLiteral("the jitter %1 is not between 0 and 1").arg(policy.jitter));
    return BackOff(policy);
}

qint64 BackOff::ceiling(quint32 n) const noexcept
{
    // Infinity is a fine power here: it compares above the cap and is never converted.
    const double grown = double(m_policy.baseNs) * std::pow(m_policy.multiplier, double(n));
    return grown < double(m_policy.capNs) ? qint64(grown) : m_policy.capNs;
}

qint64 BackOff::delay(quint32 n, Random &random) const noexcept
{
    const qint64 high = ceiling(n);
    const qint64 low = std::max(kShortestNs, high - qint64(double(high) * m_policy.jitter));
    return low + qint64(random.next() % quint64(high - low + 1));
}

} // namespace fairlead::core
