// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/lifecycle/supervisor/failureclass.h"

#include <QtCore/QVariant>

#include <fairlead/clock.h>

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr qint64 kLongestRetryAfterMs = 24LL * 3600 * 1000;

QString retryAfterKey()
{
    return QStringLiteral("retryAfterMs");
}

} // namespace

bool mayReconnect(const ReconnectFacts &facts, EndCause cause) noexcept
{
    if (!facts.isOpenedByUs || !facts.isDesired || facts.isClosing || !facts.isEnabled)
        return false;
    switch (cause) {
    case EndCause::Lost:
        return facts.isRetryable;
    case EndCause::Crashed:
    case EndCause::GaveWay:
        // How often is the crash policy's to say; the error is whatever broke, or nothing did.
        return true;
    case EndCause::Deliberate:
    case EndCause::Refused:
        break;
    }
    return false;
}

bool isRetryableFailure(const Error &error) noexcept
{
    return error.isRetryable();
}

Error connectedElsewhere(qint64 lookAgainNs)
{
    Error error(ErrorCode::AlreadyExists, QStringLiteral("the peer is connected by another link"));
    error.setRetryable(true);
    setRetryAfter(error, lookAgainNs);
    return error;
}

bool isConnectedElsewhere(const Error &error) noexcept
{
    return error.code() == ErrorCode::AlreadyExists;
}

void setRetryAfter(Error &error, qint64 delayNs)
{
    // Rounded up: a lower bound must not shrink.
    error.setDetail(retryAfterKey(), (delayNs + kNsPerMs - 1) / kNsPerMs);
}

qint64 retryAfter(const Error &error)
{
    const qint64 ms = error.details().value(retryAfterKey()).toLongLong();
    return std::clamp<qint64>(ms, 0, kLongestRetryAfterMs) * kNsPerMs;
}

Error withStep(Error error, const char *step)
{
    const QString key = QStringLiteral("step");
    if (!error.details().contains(key))
        error.setDetail(key, QString::fromLatin1(step));
    return error;
}

} // namespace fairlead::core
