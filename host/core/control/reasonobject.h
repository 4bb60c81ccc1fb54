// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QJsonObject>

#include <fairlead/error.h>

namespace fairlead::core {

/// Why something ended, for the control API: its stable name and plain words.
inline QJsonObject reasonObject(const Error &error)
{
    return {{QStringLiteral("code"), QString::fromLatin1(errorName(error.code()))},
            {QStringLiteral("text"), error.text()}};
}

} // namespace fairlead::core
