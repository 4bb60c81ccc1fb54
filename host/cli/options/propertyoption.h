// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient/failure.h"
#include "options/options.h"

#include <span>

namespace fairlead::cli {

/// How many arguments follow -D, its packet and property name included: a user property has a name
/// and a value.
[[nodiscard]] qsizetype propertyArgumentCount(std::span<const QByteArray> arguments) noexcept;

/// Adds what "-D packet name value" says, given without the -D.
[[nodiscard]] Failure addProperty(std::span<const QByteArray> arguments, Options &options);

} // namespace fairlead::cli
