// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/plugins/commanddescription.h"
#include "core/plugins/transportdescription.h"
#include "core/plugins/versionrange.h"

#include <QtCore/QJsonObject>
#include <QtCore/QList>
#include <QtCore/QString>
#include <QtCore/QStringList>
#include <QtCore/QVersionNumber>

namespace fairlead::core {

struct PluginDependency
{
    QString id;
    QString versionText;
    VersionRange version;
    bool isOptional = false;
};

/// What a plugin says of itself; see plugin-1.schema.json.
struct PluginMetadata
{
    QString id;
    QHash<QString, QString> name; ///< by language
    QString license;
    QString maturity;
    QVersionNumber version;
    int abi = 0;
    QVersionNumber minSdk;
    QString builtWith;
    QVersionNumber qt;
    QStringList platforms; ///< empty: any
    QStringList needs; ///< of the unit's confinement
    QList<PluginDependency> dependencies;
    QList<TransportDescription> transports;
    QList<CommandDescription> commands;
};

/// Reads metadata; what is wrong goes to @p problems with its place. Keys that this host does not
/// know are warnings only: a plugin may be younger than its host. Thread: any.
PluginMetadata readPluginMetadata(const QJsonObject &json,
                                  QStringList *problems,
                                  QStringList *warnings);

/// One entry of "transports"; @p where is its place for the problems.
TransportDescription readTransport(const QJsonObject &json,
                                   const QString &where,
                                   QStringList *problems,
                                   QStringList *warnings);

/// Warns of members that are neither @p known nor extensions ("x-…").
void warnOfUnknown(const QJsonObject &json,
                   const QStringList &known,
                   const QString &where,
                   QStringList *warnings);

/// The texts of an array; a member that is none is a problem.
QStringList readTexts(const QJsonObject &json,
                      const char *key,
                      const QString &where,
                      QStringList *problems);

} // namespace fairlead::core
