// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/plugins/pluginfolders.h"
#include "core/plugins/pluginrecord.h"

#include <QtCore/QList>
#include <QtCore/QSet>
#include <QtCore/QString>
#include <QtCore/QStringList>

#include <fairlead/result.h>

namespace fairlead::core {

/// Every file in the plugin folders with its verdict, from metadata alone: no code of any plugin
/// runs. Folders are flat; below a folder one more level is searched for libraries, so that a
/// plugin may come with data. Thread: main.
class PluginCatalogue
{
public:
    /// @p disabled are ids that the configuration switches off.
    PluginCatalogue(const QList<PluginFolder> &folders, const QStringList &disabled);

    /// In the order in which the files were found.
    const QList<PluginRecord> &records() const noexcept { return m_records; }

    /// Folders that could not be searched.
    const QList<Error> &folderErrors() const noexcept { return m_folderErrors; }

    /// Indexes of the accepted ones, each after what it needs.
    const QList<qsizetype> &loadOrder() const noexcept { return m_loadOrder; }

    /// The schemes of the accepted plugins, in alphabetical order.
    QStringList schemes() const;
    /// The transport that serves @p scheme. Errors: UnknownScheme, with those there are (PL-01), and
    /// why a plugin that declares it was refused.
    Result<TransportDescription> describe(const QString &scheme) const;

    /// A later verdict on an accepted one, found by loading it; what needs it is rejected too.
    void reject(qsizetype index, Verdict verdict, const QString &text);

private:
    void scanFolder(const PluginFolder &folder);
    void scanBelow(const QString &path);
    void add(const QString &path);
    void rejectDisabled(const QStringList &disabled);
    void rejectShadowed();

    QList<PluginRecord> m_records;
    QList<Error> m_folderErrors;
    QList<qsizetype> m_loadOrder;
    QSet<QString> m_seen;
    QString m_insecureFolder;
};

} // namespace fairlead::core
