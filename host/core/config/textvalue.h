// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/confignode.h"

#include <optional>

namespace fairlead::core {

/// Gives text from the environment or the command line the type that a schema asks for. Texts are
/// taken as they are; an array is written as in TOML or as items with commas between them; a table
/// as TOML's inline table. Nothing when the text is no such value.
std::optional<ConfigNode> typedFromText(const ConfigNode &text, const QString &type);

} // namespace fairlead::core
