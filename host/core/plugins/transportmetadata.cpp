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
        static const QStringList known{QStringLiteral("tcp"),
                                       QStringLiteral("tls"),
                                       QStringLiteral("ws"),
                                       QStringLiteral("wss"),
                                       QStringLiteral("memory"),
                                       QStringLiteral("process")};
        if (!known.contains(carrier)) {
            problems->append(QStringLiteral("%1/carriers/%2: expected one of %3")
                                 .arg(where, scheme, known.join(QStringLiteral(", "))));
            continue;
        }
        Carrier bottom = Carrier::Tcp;
        if (carrier == QLatin1String("memory"))
            bottom = Carrier::Memory;
        else if (carrier == QLatin1String("process"))
            bottom = Carrier::Process;
        transport->carriers.insert(scheme, bottom);
        if (carrier == QLatin1String("tls") || carrier == QLatin1String("wss"))
            transport->tlsSchemes.append(scheme);
        if (carrier.startsWith(QLatin1String("ws")))
            transport->webSocketSchemes.append(scheme);
    }
}

void readWebSocket(const QJsonObject &json,
                   const QString &where,
                   TransportDescription *transport,
                   QStringList *problems)
{
    const QString place = where + QStringLiteral("/webSocket");
    const QJsonValue value = json.value(QLatin1String("webSocket"));
    if (value.isUndefined())
        return;
    if (transport->webSocketSchemes.isEmpty())
        problems->append(place + QStringLiteral(": no scheme has the carrier ws or wss"));
    const QJsonObject object = value.toObject();
    WebSocketDescription &webSocket = transport->webSocket;
    if (const QJsonValue path = object.value(QLatin1String("path")); !path.isUndefined()) {
        webSocket.path = path.toString();
        if (!webSocket.path.startsWith(QLatin1Char('/')))
            problems->append(place + QStringLiteral("/path: expected a path that begins with /"));
    }
    static const QRegularExpression tokenPattern(
        QStringLiteral("\\A[!#$%&'*+.^_`|~0-9A-Za-z-]+\\z"));
    const QStringList subProtocols = readTexts(object, "subProtocols", place, problems);
    for (const QString &name : subProtocols) {
        if (!tokenPattern.match(name).hasMatch())
            problems->append(place + QStringLiteral("/subProtocols: expected names of protocols"));
        webSocket.subProtocols.append(name.toLatin1());
    }
    const QJsonValue maxMessage = object.value(QLatin1String("maxMessage"));
    if (!maxMessage.isUndefined() && maxMessage.toInteger() < 1)
        problems->append(place + QStringLiteral("/maxMessage: expected a number of bytes"));
    webSocket.maxMessage = quint64(qMax<qint64>(0, maxMessage.toInteger()));
    webSocket.messages = object.value(QLatin1String("messages")).toBool();
    webSocket.hasRoot = object.value(QLatin1String("hasRoot")).toBool();
    if (webSocket.messages && webSocket.maxMessage == 0)
        problems->append(place
                         + QStringLiteral("/maxMessage: is missing; messages are kept whole"));
}

void readTls(const QJsonObject &json,
             const QString &where,
             TransportDescription *transport,
             QStringList *problems)
{
    constexpr qint64 kSmallestRecord = 512;
    constexpr qint64 kLargestRecord = 16384;
    const QString place = where + QStringLiteral("/tls");
    const QJsonValue value = json.value(QLatin1String("tls"));
    if (value.isUndefined())
        return;
    if (transport->tlsSchemes.isEmpty())
        problems->append(place + QStringLiteral(": no scheme has the carrier tls or wss"));
    const QJsonObject object = value.toObject();
    const QString identity
        = object.value(QLatin1String("identity")).toString(QStringLiteral("authority"));
    transport->tls.selfSigned = identity == QLatin1String("self-signed");
    if (!transport->tls.selfSigned && identity != QLatin1String("authority"))
        problems->append(place + QStringLiteral("/identity: expected authority or self-signed"));
    transport->tls.ciphers = object.value(QLatin1String("ciphers")).toString().toLatin1();
    const QJsonValue maxRecord = object.value(QLatin1String("maxRecord"));
    const qint64 bytes = maxRecord.toInteger();
    if (!maxRecord.isUndefined() && (bytes < kSmallestRecord || bytes > kLargestRecord))
        problems->append(place + QStringLiteral("/maxRecord: expected 512 to 16384 bytes"));
    else
        transport->tls.maxRecord = int(bytes);
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
                                   QStringLiteral("tls"),
                                   QStringLiteral("webSocket"),
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
    readTls(json, where, &transport, problems);
    readWebSocket(json, where, &transport, problems);
    readPorts(json, where, &transport, problems);
    readConfig(json, where, &transport, problems);
    return transport;
}

} // namespace fairlead::core
