// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/plugins/pluginrecord.h"

#include <QtCore/QList>

namespace fairlead::core {

/// Rejects the accepted plugins whose dependencies are not met, until all that stay accepted can be
/// had, and returns the indexes of those in an order in which each comes after what it needs.
QList<qsizetype> resolveDependencies(QList<PluginRecord> *records);

} // namespace fairlead::core
