// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "options/optiontable.h"

namespace fairlead::cli {

/// What the program as a whole offers.
[[nodiscard]] QByteArray generalHelp();

/// The usage of one tool, made from the table of options.
[[nodiscard]] QByteArray toolHelp(Tool tool);

/// "pub", "sub" or "rr".
[[nodiscard]] QByteArray toolName(Tool tool);
[[nodiscard]] std::optional<Tool> toolOf(const QByteArray &name) noexcept;

/// "fairlead 1.2.3"
[[nodiscard]] QByteArray versionText();

} // namespace fairlead::cli
