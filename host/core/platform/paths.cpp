// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/platform/paths.h"

#include "core/platform/buildinfo.h"
#include "core/platform/files.h"

#include <QtCore/QDir>
#include <QtCore/QFileInfo>
#include <QtCore/QProcessEnvironment>

namespace fairlead::core {

Environment processEnvironment()
{
    Environment environment;
    const QProcessEnvironment system = QProcessEnvironment::systemEnvironment();
    const QStringList keys = system.keys();
    for (const QString &key : keys)
        environment.insert(key, system.value(key));
    return environment;
}

QString executableFolder()
{
    const QString program = QFileInfo(QStringLiteral("/proc/self/exe")).symLinkTarget();
    return QFileInfo(program).path();
}

Result<QString> resolveStateFolder(const QString &configured, const Environment &environment)
{
    const auto absolute = [](const QString &path, const QString &source) -> Result<QString> {
        if (!QDir::isAbsolutePath(path)) {
            return Error(
                ErrorCode::ConfigRange,
                QStringLiteral("%1: expected an absolute path, found \"%2\"").arg(source, path));
        }
        return QDir::cleanPath(path);
    };
    if (!configured.isEmpty())
        return absolute(configured, QStringLiteral("host.state_dir"));
    // The service manager may list several folders; the first is the service's own.
    const QString given
        = environment.value(QStringLiteral("STATE_DIRECTORY")).section(QLatin1Char(':'), 0, 0);
    if (!given.isEmpty())
        return absolute(given, QStringLiteral("$STATE_DIRECTORY"));
    // The XDG specification has relative paths ignored.
    const QString xdg = environment.value(QStringLiteral("XDG_STATE_HOME"));
    if (QDir::isAbsolutePath(xdg))
        return QDir::cleanPath(xdg + QStringLiteral("/fairlead"));
    const QString home = environment.value(QStringLiteral("HOME"));
    if (QDir::isAbsolutePath(home))
        return QDir::cleanPath(home + QStringLiteral("/.local/state/fairlead"));
    return Error(ErrorCode::ConfigMissing,
                 QStringLiteral("host.state_dir: there is no $STATE_DIRECTORY, $XDG_STATE_HOME or "
                                "$HOME to choose a folder from; write state_dir in [host]"));
}

QStringList standardPluginFolders(const QString &executableFolder)
{
    const QString subfolder = QLatin1Char('/') + QLatin1String(kPluginSubdir);
    QStringList folders{QStringLiteral("/usr/local/lib") + subfolder};
    // A tree that was installed under another prefix than the build expected still has lib.
    const QStringList libraries{QLatin1String(kLibFromBin), QStringLiteral("../lib")};
    for (const QString &library : libraries) {
        const QString folder
            = QDir::cleanPath(executableFolder + QLatin1Char('/') + library + subfolder);
        if (!folders.contains(folder))
            folders.append(folder);
    }
    return folders;
}

QString defaultConfigFile(const QString &executableFolder)
{
    const QString own
        = QDir::cleanPath(executableFolder + QStringLiteral("/../etc/fairlead/fairlead.toml"));
    if (fileFacts(own).kind == FileFacts::Kind::File)
        return own;
    return QStringLiteral("/etc/fairlead/fairlead.toml");
}

} // namespace fairlead::core
