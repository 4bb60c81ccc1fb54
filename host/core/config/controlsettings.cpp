// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/controlsettings.h"

#include <optional>
#include <utility>

namespace fairlead::core {

namespace {

/// "127.0.0.1:8089", "[::1]:8089" or "localhost:8089".
std::optional<std::pair<QHostAddress, quint16>> parseAddress(const QString &text)
{
    const qsizetype colon = text.lastIndexOf(QLatin1Char(':'));
    QString host = text.left(colon);
    bool isNumber = false;
    const quint16 port = text.mid(colon + 1).toUShort(&isNumber);
    if (colon < 1 || !isNumber)
        return std::nullopt;
    if (host == QLatin1String("localhost"))
        return std::pair(QHostAddress(QHostAddress::LocalHost), port);
    const bool isBracketed = host.startsWith(QLatin1Char('[')) && host.endsWith(QLatin1Char(']'));
    if (isBracketed)
        host = host.mid(1, host.size() - 2);
    QHostAddress address;
    if (!address.setAddress(host)
        || isBracketed != (address.protocol() == QAbstractSocket::IPv6Protocol)) {
        return std::nullopt;
    }
    return std::pair(address, port);
}

} // namespace

ControlSettings readControlSettings(const QJsonObject &values,
                                    const ConfigNode *node,
                                    ConfigErrors *errors)
{
    ControlSettings settings;
    settings.socket = values.value(QStringLiteral("socket")).toString();
    settings.eventBuffer = int(values.value(QStringLiteral("event_buffer")).toInteger());
    const ConfigNode *written = node ? node->find(QStringLiteral("http")) : nullptr;
    settings.httpIsNamed = written != nullptr;

    ConfigProblem problem;
    problem.origin = written ? written->origin : ConfigOrigin{QStringLiteral("default")};
    problem.key = QStringLiteral("control.http");
    const QString http = values.value(QStringLiteral("http")).toString();
    if (http == QLatin1String("off")) {
        settings.httpEnabled = false;
        return settings;
    }
    const auto place = parseAddress(http);
    if (!place) {
        settings.httpEnabled = false;
        problem.text = QStringLiteral("expected an address and a port like 127.0.0.1:8089 or "
                                      "[::1]:8089, or off, found \"%1\"")
                           .arg(http);
        errors->append(problem.toError());
        return settings;
    }
    settings.httpAddress = place->first;
    settings.httpPort = place->second;
    if (!settings.httpAddress.isLoopback()
        && !values.value(QStringLiteral("http_anywhere")).toBool()) {
        problem.code = ErrorCode::ConfigInsecure;
        problem.text = QStringLiteral("other machines can reach %1 and read health and metrics "
                                      "there; write http_anywhere = true in [control] if they "
                                      "may, or choose 127.0.0.1")
                           .arg(http);
        errors->append(problem.toError());
    }
    return settings;
}

} // namespace fairlead::core
