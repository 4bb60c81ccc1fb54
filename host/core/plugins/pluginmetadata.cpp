// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/plugins/pluginmetadata.h"

#include <QtCore/QJsonArray>
#include <QtCore/QRegularExpression>

#include <optional>
#include <utility>

namespace fairlead::core {

namespace {

QStringList words(const char *text)
{
    return QString::fromLatin1(text).split(QLatin1Char(' '));
}

QVersionNumber readVersion(const QJsonObject &json,
                           const char *key,
                           const QString &where,
                           QStringList *problems)
{
    std::optional<QVersionNumber> version
        = versionFromText(json.value(QLatin1String(key)).toString());
    if (!version) {
        problems->append(
            QStringLiteral("%1/%2: expected a version like 1.2.3").arg(where, QLatin1String(key)));
        return {};
    }
    return std::move(*version);
}

QHash<QString, QString> readTranslated(const QJsonObject &json,
                                       const char *key,
                                       QStringList *problems)
{
    QHash<QString, QString> texts;
    const QJsonObject object = json.value(QLatin1String(key)).toObject();
    for (auto it = object.begin(); it != object.end(); ++it)
        texts.insert(it.key(), it.value().toString());
    if (texts.value(QStringLiteral("en")).isEmpty())
        problems->append(QStringLiteral("/%1/en: is missing").arg(QLatin1String(key)));
    return texts;
}

void readSdk(const QJsonObject &json,
             PluginMetadata *metadata,
             QStringList *problems,
             QStringList *warnings)
{
    const QString where = QStringLiteral("/sdk");
    const QJsonObject sdk = json.value(QLatin1String("sdk")).toObject();
    warnOfUnknown(sdk, words("abi minVersion builtWith"), where, warnings);
    metadata->abi = int(sdk.value(QLatin1String("abi")).toInteger());
    if (metadata->abi <= 0)
        problems->append(where + QStringLiteral("/abi: expected a number from 1"));
    metadata->minSdk = readVersion(sdk, "minVersion", where, problems);
    metadata->builtWith = sdk.value(QLatin1String("builtWith")).toString();
}

void readDependencies(const QJsonObject &json,
                      PluginMetadata *metadata,
                      QStringList *problems,
                      QStringList *warnings)
{
    const QJsonArray array = json.value(QLatin1String("dependencies")).toArray();
    qsizetype index = 0;
    for (const auto &entry : array) {
        const QString where = QStringLiteral("/dependencies/%1").arg(index++);
        const QJsonObject object = entry.toObject();
        warnOfUnknown(object, words("id version kind"), where, warnings);
        PluginDependency dependency;
        dependency.id = object.value(QLatin1String("id")).toString();
        dependency.versionText = object.value(QLatin1String("version")).toString();
        const std::optional<VersionRange> range = VersionRange::fromText(dependency.versionText);
        if (dependency.id.isEmpty())
            problems->append(where + QStringLiteral("/id: is missing"));
        if (range)
            dependency.version = *range;
        else
            problems->append(where + QStringLiteral("/version: expected a range like >=1.0 <2.0"));
        const QString kind
            = object.value(QLatin1String("kind")).toString(QStringLiteral("required"));
        dependency.isOptional = kind == QLatin1String("optional");
        if (!dependency.isOptional && kind != QLatin1String("required"))
            problems->append(where + QStringLiteral("/kind: expected required or optional"));
        metadata->dependencies.append(dependency);
    }
}

} // namespace

void warnOfUnknown(const QJsonObject &json,
                   const QStringList &known,
                   const QString &where,
                   QStringList *warnings)
{
    for (auto it = json.begin(); it != json.end(); ++it) {
        if (!known.contains(it.key()) && !it.key().startsWith(QLatin1String("x-")))
            warnings->append(QStringLiteral("%1/%2: unknown key").arg(where, it.key()));
    }
}

QStringList readTexts(const QJsonObject &json,
                      const char *key,
                      const QString &where,
                      QStringList *problems)
{
    QStringList texts;
    const QJsonValue value = json.value(QLatin1String(key));
    if (!value.isUndefined() && !value.isArray()) {
        problems->append(QStringLiteral("%1/%2: expected an array").arg(where, QLatin1String(key)));
    }
    const QJsonArray array = value.toArray();
    for (const auto &entry : array) {
        if (entry.toString().isEmpty()) {
            problems->append(
                QStringLiteral("%1/%2: expected texts").arg(where, QLatin1String(key)));
        } else {
            texts.append(entry.toString());
        }
    }
    return texts;
}

PluginMetadata readPluginMetadata(const QJsonObject &json,
                                  QStringList *problems,
                                  QStringList *warnings)
{
    PluginMetadata metadata;
    warnOfUnknown(json,
                  words("$schema schemaVersion id name summary version vendor license maturity sdk "
                        "build platforms security threading dependencies transports commands ui"),
                  QString(),
                  warnings);
    if (json.value(QLatin1String("schemaVersion")).toInteger() != 1)
        problems->append(QStringLiteral("/schemaVersion: expected 1"));
    static const QRegularExpression idPattern(
        QStringLiteral("\\A[a-z][a-z0-9-]*(\\.[a-z0-9][a-z0-9-]*)+\\z"));
    metadata.id = json.value(QLatin1String("id")).toString();
    if (!idPattern.match(metadata.id).hasMatch())
        problems->append(QStringLiteral("/id: expected a name like org.example.thing"));
    metadata.name = readTranslated(json, "name", problems);
    metadata.license = json.value(QLatin1String("license")).toString();
    if (metadata.license.isEmpty())
        problems->append(QStringLiteral("/license: is missing"));
    metadata.maturity = json.value(QLatin1String("maturity")).toString(QStringLiteral("stable"));
    metadata.version = readVersion(json, "version", QString(), problems);
    readSdk(json, &metadata, problems, warnings);
    metadata.qt = readVersion(
        json.value(QLatin1String("build")).toObject(), "qt", QStringLiteral("/build"), problems);
    metadata.platforms = readTexts(json, "platforms", QString(), problems);
    metadata.needs = readTexts(json.value(QLatin1String("security")).toObject(),
                               "needs",
                               QStringLiteral("/security"),
                               problems);
    readDependencies(json, &metadata, problems, warnings);

    const bool single
        = json.value(QLatin1String("threading")).toString() == QLatin1String("single");
    const QJsonArray transports = json.value(QLatin1String("transports")).toArray();
    if (transports.isEmpty())
        problems->append(QStringLiteral("/transports: expected at least one"));
    qsizetype index = 0;
    for (const auto &entry : transports) {
        TransportDescription transport = readTransport(
            entry.toObject(), QStringLiteral("/transports/%1").arg(index++), problems, warnings);
        transport.pluginId = metadata.id;
        transport.single = single;
        metadata.transports.append(transport);
    }
    metadata.commands = readCommands(json, problems, warnings);
    return metadata;
}

} // namespace fairlead::core
