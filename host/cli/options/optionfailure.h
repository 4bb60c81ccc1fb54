// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"

namespace fairlead::cli {

/// A mistake in what the user wrote.
[[nodiscard]] inline Failure usageFailure(const char *name, const QString &text)
{
    return {exitcode::kUsage, QByteArray(name), text};
}

[[nodiscard]] inline Failure outOfRange(const QByteArray &option,
                                        const QByteArray &value,
                                        const char *wanted)
{
    return usageFailure(
        "value-out-of-range",
        QStringLiteral("%1 takes %2, not '%3'")
            .arg(QString::fromUtf8(option), QLatin1String(wanted), QString::fromUtf8(value)));
}

} // namespace fairlead::cli
