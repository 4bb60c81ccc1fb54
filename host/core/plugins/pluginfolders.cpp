// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/pluginfolders.h"

#include <QtCore/QDir>

#include <algorithm>

namespace fairlead::core {

namespace {

void add(const QStringList &paths, bool isNamed, QList<PluginFolder> *folders)
{
    for (const QString &path : paths) {
        const QString clean = QDir::cleanPath(path);
        const bool known = std::any_of(folders->cbegin(),
                                       folders->cend(),
                                       [&](const PluginFolder &one) { return one.path == clean; });
        if (!known)
            folders->append({clean, isNamed});
    }
}

} // namespace

QList<PluginFolder> pluginFolders(const QStringList &named,
                                  const QStringList &configured,
                                  const Environment &environment,
                                  const QString &executableFolder)
{
    const auto listed = [&](const QString &variable) {
        return environment.value(variable).split(QLatin1Char(':'), Qt::SkipEmptyParts);
    };
    QList<PluginFolder> folders;
    add(named, true, &folders);
    const QString only = QStringLiteral("FAIRLEAD_PLUGIN_PATH_ONLY");
    if (environment.contains(only)) {
        add(listed(only), true, &folders);
        return folders;
    }
    add(listed(QStringLiteral("FAIRLEAD_PLUGIN_PATH")), true, &folders);
    add(configured, true, &folders);
    add(standardPluginFolders(executableFolder), false, &folders);
    return folders;
}

} // namespace fairlead::core
