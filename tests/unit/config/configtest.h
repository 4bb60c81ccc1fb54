// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/configreader.h"

#include <QtCore/QDir>
#include <QtCore/QFile>
#include <QtCore/QJsonDocument>
#include <QtCore/QTemporaryDir>
#include <QtTest/QtTest>

namespace configtest {

/// A folder for configuration files that goes away with the test.
class Folder
{
public:
    QString write(const QString &name, const QByteArray &content) const
    {
        const QString path = m_folder.filePath(name);
        QDir().mkpath(QFileInfo(path).path());
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(content) != content.size())
            qFatal("cannot write the fixture");
        return path;
    }

    QString path(const QString &name) const { return m_folder.filePath(name); }

private:
    QTemporaryDir m_folder;
};

inline QJsonObject json(const char *text)
{
    QJsonParseError error;
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray(text), &error);
    if (!document.isObject())
        qFatal("the fixture is not JSON: %s", qPrintable(error.errorString()));
    return document.object();
}

/// Two transports over TCP, one that only listens and one that does both, and one in memory.
inline fairlead::Result<fairlead::core::TransportDescription> lookUp(const QString &scheme)
{
    using namespace fairlead::core;
    TransportDescription transport;
    transport.type = scheme;
    transport.schemes = QStringList{scheme};
    transport.roles = QStringList{QStringLiteral("listen")};
    transport.carriers.insert(scheme, Carrier::Tcp);
    if (scheme == QLatin1String("mqtt")) {
        transport.defaultPorts.insert(scheme, 1883);
        transport.config = json(R"({ "type": "object", "properties": {
            "receive_maximum": { "type": "integer", "minimum": 1, "maximum": 65535, "default": 1024 },
            "enforcement": { "type": "string", "enum": ["strict", "warn"], "default": "strict" },
            "names": { "type": "array", "items": { "type": "string" } } } })");
        return transport;
    }
    if (scheme == QLatin1String("tcp")) {
        transport.roles.append(QStringLiteral("dial"));
        return transport;
    }
    if (scheme == QLatin1String("loopback")) {
        transport.carriers.insert(scheme, Carrier::Memory);
        return transport;
    }
    return fairlead::Error(fairlead::ErrorCode::UnknownScheme,
                           QStringLiteral("no transport for ") + scheme);
}

inline QStringList texts(const fairlead::core::ConfigErrors &errors)
{
    QStringList list;
    for (const fairlead::Error &error : errors)
        list.append(error.toString());
    return list;
}

} // namespace configtest
