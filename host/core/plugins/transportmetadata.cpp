// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/hostschema.h"
#include "core/config/schemavalidator.h"
#include "core/plugins/pluginmetadata.h"

#include <QtCore/QRegularExpression>

#include <utility>

namespace fairlead::core {

namespace {

void readCarriers(const QJsonObject &json,
                  const QString &where,
                  TransportDescription *transport,
                  QStringList *problems)
{
    const QJsonObject carriers = json.value(QLatin1String("carriers")).toObject();
    for (const QString &scheme : transport->schemes) {
        const QString carrier = carriers.value(scheme).toString();
        if (carrier == QLatin1String("tcp"))
            transport->carriers.insert(scheme, Carrier::Tcp);
        else if (carrier == QLatin1String("memory"))
            transport->carriers.insert(scheme, Carrier::Memory);
        else
            problems->append(
                QStringLiteral("%1/carriers/%2: expected tcp or memory").arg(where, scheme));
    }
}

void readPorts(const QJsonObject &json,
               const QString &where,
               TransportDescription *transport,
               QStringList *problems)
{
    constexpr qint64 kLastPort = 65535;
    const QJsonObject ports = json.value(QLatin1String("defaultPorts")).toObject();
    for (auto it = ports.begin(); it != ports.end(); ++it) {
        const qint64 port = it.value().toInteger();
        if (port < 1 || port > kLastPort || !transport->schemes.contains(it.key())) {
            problems->append(QStringLiteral("%1/defaultPorts/%2: expected a port of one of the "
                                            "schemes")
                                 .arg(where, it.key()));
            continue;
        }
        transport->defaultPorts.insert(it.key(), quint16(port));
    }
}

void readConfig(const QJsonObject &json,
                const QString &where,
                TransportDescription *transport,
                QStringList *problems)
{
    const QJsonValue config = json.value(QLatin1String("config"));
    if (config.isUndefined())
        return;
    const QString place = where + QStringLiteral("/config");
    transport->config = config.toObject();
    if (transport->config.value(QLatin1String("type")).toString() != QLatin1String("object")) {
        problems->append(place + QStringLiteral("/type: expected object"));
        return;
    }
    const QStringList found = SchemaValidator::schemaProblems(transport->config);
    for (const QString &problem : found)
        problems->append(place + problem);
    const QJsonObject properties = transport->config.value(QLatin1String("properties")).toObject();
    const QStringList reserved = endpointKeys();
    for (const QString &key : reserved) {
        if (properties.contains(key)) {
            problems->append(
                QStringLiteral("%1/properties/%2: the host has this key").arg(place, key));
        }
    }
}

} // namespace

TransportDescription readTransport(const QJsonObject &json,
                                   const QString &where,
                                   QStringList *problems,
                                   QStringList *warnings)
{
    static const QRegularExpression typePattern(QStringLiteral("\\A[a-z][a-z0-9-]*\\z"));
    static const QRegularExpression schemePattern(QStringLiteral("\\A[a-z][a-z0-9+.-]*\\z"));
    static const QStringList known{QStringLiteral("type"),
                                   QStringLiteral("roles"),
                                   QStringLiteral("schemes"),
                                   QStringLiteral("carriers"),
                                   QStringLiteral("defaultPorts"),
                                   QStringLiteral("endpoints"),
                                   QStringLiteral("capabilities"),
                                   QStringLiteral("reloadable"),
                                   QStringLiteral("config")};
    warnOfUnknown(json, known, where, warnings);

    TransportDescription transport;
    transport.type = json.value(QLatin1String("type")).toString();
    if (!typePattern.match(transport.type).hasMatch())
        problems->append(where + QStringLiteral("/type: expected a name in lower case"));
    transport.roles = readTexts(json, "roles", where, problems);
    if (transport.roles.isEmpty())
        problems->append(where + QStringLiteral("/roles: is missing"));
    for (const QString &role : std::as_const(transport.roles)) {
        if (role != QLatin1String("listen") && role != QLatin1String("dial"))
            problems->append(where + QStringLiteral("/roles: expected listen or dial"));
    }
    transport.schemes = readTexts(json, "schemes", where, problems);
    if (transport.schemes.isEmpty())
        problems->append(where + QStringLiteral("/schemes: is missing"));
    for (const QString &scheme : std::as_const(transport.schemes)) {
        if (!schemePattern.match(scheme).hasMatch())
            problems->append(where + QStringLiteral("/schemes: expected schemes in lower case"));
    }
    transport.capabilities = readTexts(json, "capabilities", where, problems);
    transport.reloadable = readTexts(json, "reloadable", where, problems);
    readCarriers(json, where, &transport, problems);
    readPorts(json, where, &transport, problems);
    readConfig(json, where, &transport, problems);
    return transport;
}

} // namespace fairlead::core
