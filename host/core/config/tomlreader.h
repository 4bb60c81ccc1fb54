// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/configerror.h"
#include "core/config/confignode.h"

#include <QtCore/QByteArray>
#include <QtCore/QString>

#include <optional>

namespace fairlead::core {

/// The tree of a TOML document. A document that is not TOML adds one ConfigSyntax error and yields
/// nothing. Thread: any.
std::optional<ConfigNode> readToml(const QByteArray &document,
                                   const QString &source,
                                   ConfigErrors *errors);

} // namespace fairlead::core
