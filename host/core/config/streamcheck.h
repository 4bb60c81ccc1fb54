// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/configerror.h"
#include "core/config/confignode.h"
#include "core/distributor/streamspec.h"

#include <QtCore/QJsonObject>

#include <vector>

namespace fairlead::core {

/// The good ones of the [[stream]] tables, in the order of their names. @p values are theirs by name, with defaults;
/// @p node is what was written, null if nothing was. Errors: ConfigMissing, ConfigRange.
std::vector<StreamSpec> readStreams(const QJsonObject &values,
                                    const ConfigNode *node,
                                    ConfigErrors *errors);

} // namespace fairlead::core
