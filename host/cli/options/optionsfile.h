// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"
#include "options/options.h"

namespace fairlead::cli {

/// One line of an options file: an option and its arguments.
struct OptionsLine
{
    int number = 0;
    QList<QByteArray> arguments;
};

/// Where @p tool looks for its defaults; empty when neither XDG_CONFIG_HOME nor HOME is set.
[[nodiscard]] QString defaultOptionsFile(Tool tool);

/// Reads lines of "-option value". The value is the rest of the line, blanks included; lines that
/// begin with # and empty ones count for nothing. A file that is not @p required may be missing.
[[nodiscard]] Failure readOptionsFile(const QString &path,
                                      bool required,
                                      Tool tool,
                                      QList<OptionsLine> &lines);

} // namespace fairlead::cli
