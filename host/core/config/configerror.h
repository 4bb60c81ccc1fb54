// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/confignode.h"

#include <QtCore/QList>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/error.h>

namespace fairlead::core {

/// Everything that was wrong, in the order it was found.
using ConfigErrors = QList<Error>;

/// What one error of the configuration says. Its text is
/// "<origin>: <key path>: <text>", and every part is in the details too: "file", "line", "column",
/// "key", "expected", "found", "nearest" (those that apply).
struct ConfigProblem
{
    ErrorCode code = ErrorCode::ConfigRange;
    ConfigOrigin origin;
    QString key;
    QString text;
    QString expected;
    QString found;
    QString nearest;

    Error toError() const;
};

/// The entry of @p known that @p word was most likely meant to be; empty when none is near.
QString nearestWord(const QString &word, const QStringList &known);

} // namespace fairlead::core
