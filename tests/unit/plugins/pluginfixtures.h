// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/plugins/plugincatalogue.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

namespace fixtures {

/// A plugin folder that a test fills from the built fixtures.
class Folder
{
public:
    QString path(const QString &name = {}) const
    {
        return name.isEmpty() ? m_folder.path() : m_folder.filePath(name);
    }

    /// Copies the fixture under @p as; returns where it is.
    QString add(const char *fixture, const QString &as = {}) const
    {
        const QString name = QLatin1String(fixture);
        const QString target = path(as.isEmpty() ? name + QStringLiteral(".so") : as);
        QDir().mkpath(QFileInfo(target).path());
        if (!QFile::copy(QStringLiteral(FIXTURE_FOLDER "/") + name + QStringLiteral(".so"), target))
            qFatal("no fixture %s", fixture);
        QFile::setPermissions(target, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
        return target;
    }

    QString write(const QString &name, const QByteArray &content) const
    {
        const QString target = path(name);
        QDir().mkpath(QFileInfo(target).path());
        QFile file(target);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write the fixture");
        return target;
    }

    fairlead::core::PluginFolder named() const { return {m_folder.path(), true}; }

private:
    QTemporaryDir m_folder;
};

inline QByteArray content(const char *fixture)
{
    QFile file(QStringLiteral(FIXTURE_FOLDER "/") + QLatin1String(fixture) + QStringLiteral(".so"));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("no fixture %s", fixture);
    return file.readAll();
}

/// Whether code of the fixture ran, be it only a static constructor.
inline bool ran(const char *fixture)
{
    return qEnvironmentVariableIsSet((QByteArray("FIXTURE_RAN_") + fixture).constData());
}

inline const fairlead::core::PluginRecord *find(const fairlead::core::PluginCatalogue &catalogue,
                                                const QString &path)
{
    for (const fairlead::core::PluginRecord &record : catalogue.records()) {
        if (record.path == path)
            return &record;
    }
    return nullptr;
}

} // namespace fixtures
