// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/platform/paths.h"

#include <QtCore/QList>
#include <QtCore/QString>
#include <QtCore/QStringList>

namespace fairlead::core {

/// A folder to look for plugins in.
struct PluginFolder
{
    QString path;
    bool isNamed = false; ///< by the user: then its absence is told
};

/// The folders in the order in which they are searched: @p named on the command line, then
/// $FAIRLEAD_PLUGIN_PATH (with colons between), then @p configured in [host], then those of the
/// system and of the program's own tree. $FAIRLEAD_PLUGIN_PATH_ONLY stands for all but the first.
QList<PluginFolder> pluginFolders(const QStringList &named,
                                  const QStringList &configured,
                                  const Environment &environment,
                                  const QString &executableFolder);

} // namespace fairlead::core
