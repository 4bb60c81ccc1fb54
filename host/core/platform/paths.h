// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QtCore/QHash>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/result.h>

namespace fairlead::core {

using Environment = QHash<QString, QString>;

/// The environment of this process. Entries that are not UTF-8 keep what can be decoded.
Environment processEnvironment();

/// The folder of the running program, links followed.
QString executableFolder();

/// Where the state is kept: @p configured, else the service manager's $STATE_DIRECTORY, else the
/// user's XDG state folder. Nothing is made. Errors: ConfigMissing when none of them is known,
/// ConfigRange for a path that is not absolute.
Result<QString> resolveStateFolder(const QString &configured, const Environment &environment);

/// The plugin folders of the installed or built tree that @p executableFolder belongs to, and the
/// administrator's under /usr/local before it.
QStringList standardPluginFolders(const QString &executableFolder);

/// The configuration that is read when none is named: <prefix>/etc/fairlead/fairlead.toml if the
/// program's own tree has one, else the one under /etc.
QString defaultConfigFile(const QString &executableFolder);

} // namespace fairlead::core
