// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "options/brokerurl.h"

#include "options/values.h"

namespace fairlead::cli {

namespace {

[[nodiscard]] Failure invalid(const char *text)
{
    return {exitcode::kUsage, QByteArrayLiteral("invalid-url"), QLatin1String(text)};
}

[[nodiscard]] QString unavailable(const QByteArray &scheme)
{
    if (scheme == "mqtts" || scheme == "wss") {
        return QStringLiteral("URL scheme '%1': TLS is not available in this version")
            .arg(QLatin1String(scheme));
    }
    return QStringLiteral("URL scheme '%1': MQTT over WebSocket is not available in this version")
        .arg(QLatin1String(scheme));
}

} // namespace

Failure parseBrokerUrl(const QByteArray &text, BrokerUrl &out)
{
    const qsizetype colon = text.indexOf("://");
    if (colon < 0) {
        return invalid("a URL begins with mqtt://");
    }
    const QByteArray scheme = text.left(colon).toLower();
    if (scheme == "mqtts" || scheme == "ws" || scheme == "wss") {
        return {exitcode::kNotSupported, QByteArrayLiteral("not-supported"), unavailable(scheme)};
    }
    if (scheme != "mqtt") {
        return {exitcode::kUsage,
                QByteArrayLiteral("unknown-scheme"),
                QStringLiteral("unknown URL scheme '%1', the one available is mqtt")
                    .arg(QString::fromUtf8(scheme))};
    }
    const qsizetype begin = colon + 3;
    const qsizetype slash = text.indexOf('/', begin);
    if (slash < 0 || slash + 1 == text.size()) {
        return invalid("the URL names no topic");
    }
    out = {};
    out.topic = text.mid(slash + 1);
    QByteArray authority = text.mid(begin, slash - begin);
    const qsizetype at = authority.lastIndexOf('@');
    if (at >= 0) {
        const QByteArray credentials = authority.left(at);
        authority = authority.mid(at + 1);
        const qsizetype separator = credentials.indexOf(':');
        const qsizetype userSize = separator < 0 ? credentials.size() : separator;
        out.userName = QByteArray::fromPercentEncoding(credentials.left(userSize));
        if (separator >= 0) {
            out.password = QByteArray::fromPercentEncoding(credentials.mid(separator + 1));
        }
    }
    // An IPv6 address stands in brackets, for its colons.
    const qsizetype bracket = authority.startsWith('[') ? authority.indexOf(']') : -1;
    if (authority.startsWith('[') && bracket < 0) {
        return invalid("the URL's address lacks its closing bracket");
    }
    const qsizetype portColon = authority.indexOf(':', bracket + 1);
    if (portColon >= 0) {
        const std::optional<qint64> port = parseInteger(authority.mid(portColon + 1), 1, 65'535);
        if (!port) {
            return invalid("the URL's port is not a number from 1 to 65535");
        }
        out.port = static_cast<quint16>(*port);
        authority.truncate(portColon);
    }
    out.host = bracket >= 0 ? authority.mid(1, bracket - 1) : authority;
    if (out.host.isEmpty()) {
        return invalid("the URL names no host");
    }
    return {};
}

} // namespace fairlead::cli
