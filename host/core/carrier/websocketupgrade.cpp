// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/carrier/websocketupgrade.h"

#include <QtCore/QCryptographicHash>
#include <QtCore/QString>

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr char kGuid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr char kEndOfLine[] = "\r\n";
constexpr qsizetype kNonceSize = 16;

constexpr int kUnauthorized = 401;
constexpr int kForbidden = 403;
constexpr int kNotFound = 404;
constexpr int kMethodNotAllowed = 405;
constexpr int kUpgradeRequired = 426;
constexpr int kVersionNotSupported = 505;

bool isTokenChar(char c) noexcept
{
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
        || marks.find(c) != std::string_view::npos;
}

bool isToken(const QByteArray &text) noexcept
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), isTokenChar);
}

bool isFieldValue(const QByteArray &text) noexcept
{
    return std::none_of(text.begin(), text.end(), [](char c) {
        return (quint8(c) < 0x20 && c != '\t') || quint8(c) == 0x7F;
    });
}

QByteArray trimmedBlanks(const QByteArray &text)
{
    const auto isBlank = [](char c) { return c == ' ' || c == '\t'; };
    qsizetype from = 0;
    qsizetype to = text.size();
    while (from < to && isBlank(text[from]))
        ++from;
    while (to > from && isBlank(text[to - 1]))
        --to;
    return text.mid(from, to - from);
}

const char *reasonPhrase(int status) noexcept
{
    switch (status) {
    case kForbidden:
        return "Forbidden";
    case kNotFound:
        return "Not Found";
    case kMethodNotAllowed:
        return "Method Not Allowed";
    case kUpgradeRequired:
        return "Upgrade Required";
    case kHeadTooLarge:
        return "Request Header Fields Too Large";
    case kVersionNotSupported:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}

QByteArray acceptFor(const QByteArray &key)
{
    return QCryptographicHash::hash(key + kGuid, QCryptographicHash::Sha1).toBase64();
}

bool isNonce(const QByteArray &key)
{
    const auto decoded = QByteArray::fromBase64Encoding(
        key, QByteArray::Base64Encoding | QByteArray::AbortOnBase64DecodingErrors);
    return decoded && decoded.decoded.size() == kNonceSize;
}

QString quoted(const QByteArray &text)
{
    constexpr qsizetype shown = 64;
    return QLatin1Char('"') + QString::fromLatin1(text.left(shown))
        + (text.size() > shown ? QStringLiteral("...\"") : QStringLiteral("\""));
}

/// The path that a request asks for, without its query.
QByteArray pathOf(QByteArray target)
{
    // A proxy's form names the whole URL.
    const qsizetype scheme = target.indexOf("://");
    if (!target.startsWith('/') && scheme > 0) {
        const qsizetype slash = target.indexOf('/', scheme + 3);
        target = slash < 0 ? QByteArrayLiteral("/") : target.mid(slash);
    }
    const qsizetype query = target.indexOf('?');
    return query < 0 ? target : target.left(query);
}

} // namespace

std::optional<HttpHead> HttpHead::parse(const QByteArray &head)
{
    if (head.size() > kMaxSize || !head.endsWith("\r\n\r\n"))
        return std::nullopt;
    HttpHead parsed;
    qsizetype from = 0;
    while (from < head.size() - 2) {
        const qsizetype to = head.indexOf(kEndOfLine, from);
        const QByteArray line = head.mid(from, to - from);
        if (!isFieldValue(line))
            return std::nullopt;
        if (from == 0) {
            parsed.m_startLine = line;
        } else {
            const qsizetype colon = line.indexOf(':');
            const QByteArray name = line.left(colon);
            if (colon < 0 || !isToken(name))
                return std::nullopt;
            parsed.m_fields.append({name.toLower(), trimmedBlanks(line.mid(colon + 1))});
        }
        from = to + 2;
    }
    return parsed;
}

std::optional<QByteArray> HttpHead::field(const char *name) const
{
    std::optional<QByteArray> value;
    for (const auto &[known, text] : m_fields) {
        if (known == name)
            value = value ? *value + ',' + text : text;
    }
    return value;
}

int HttpHead::count(const char *name) const
{
    return int(std::count_if(
        m_fields.begin(), m_fields.end(), [&](const auto &field) { return field.first == name; }));
}

QByteArrayList HttpHead::list(const char *name) const
{
    QByteArrayList members;
    const QByteArrayList parts = field(name).value_or(QByteArray()).split(',');
    for (const QByteArray &part : parts) {
        const QByteArray member = trimmedBlanks(part);
        if (!member.isEmpty())
            members.append(member);
    }
    return members;
}

bool HttpHead::hasToken(const char *name, const char *token) const
{
    const QByteArrayList members = list(name);
    return std::any_of(members.begin(), members.end(), [&](const QByteArray &member) {
        return member.compare(token, Qt::CaseInsensitive) == 0;
    });
}

UpgradeAnswer refuseUpgrade(int status, const QString &text)
{
    const QByteArray body = text.toUtf8() + '\n';
    QByteArray extra;
    if (status == kUpgradeRequired)
        extra = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade, close\r\n";
    else
        extra = "Connection: close\r\n";
    if (status == kMethodNotAllowed)
        extra += "Allow: GET\r\n";
    UpgradeAnswer answer;
    answer.response = "HTTP/1.1 " + QByteArray::number(status) + ' ' + reasonPhrase(status)
        + kEndOfLine + extra
        + "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
          "Content-Length: "
        + QByteArray::number(body.size()) + "\r\n\r\n" + body;
    answer.error = Error(
        ErrorCode::ProtocolViolation,
        QStringLiteral("no WebSocket: answered with HTTP status %1: %2").arg(status).arg(text));
    answer.error.setDetail(QStringLiteral("status"), status);
    return answer;
}

UpgradeAnswer answerUpgrade(const QByteArray &head, const WebSocketSettings &settings)
{
    const auto request = HttpHead::parse(head);
    if (!request)
        return refuseUpgrade(kBadRequest, QStringLiteral("the request is not HTTP/1.1"));
    const QByteArrayList line = request->startLine().split(' ');
    if (line.size() != 3 || !isToken(line[0]) || line[1].isEmpty())
        return refuseUpgrade(kBadRequest, QStringLiteral("the request line is malformed"));
    if (!line[2].startsWith("HTTP/"))
        return refuseUpgrade(kBadRequest, QStringLiteral("the request is not HTTP/1.1"));
    if (line[2] != "HTTP/1.1")
        return refuseUpgrade(kVersionNotSupported, QStringLiteral("HTTP/1.1 is spoken here"));
    if (request->count("host") != 1)
        return refuseUpgrade(kBadRequest, QStringLiteral("there must be one Host field"));
    if (request->field("content-length").value_or("0") != "0"
        || request->field("transfer-encoding"))
        return refuseUpgrade(kBadRequest, QStringLiteral("an upgrade has no body"));
    if (const QByteArray path = pathOf(line[1]);
        path != settings.path && !(settings.hasRoot && path == "/"))
        return refuseUpgrade(kNotFound, QStringLiteral("nothing is served here"));
    if (line[0] != "GET")
        return refuseUpgrade(kMethodNotAllowed, QStringLiteral("an upgrade is asked for with GET"));
    if (!request->hasToken("upgrade", "websocket") || !request->hasToken("connection", "upgrade"))
        return refuseUpgrade(kUpgradeRequired, QStringLiteral("a WebSocket is served here"));
    if (request->field("sec-websocket-version") != "13")
        return refuseUpgrade(kUpgradeRequired, QStringLiteral("WebSocket version 13 is spoken"));
    const QByteArray key = request->field("sec-websocket-key").value_or(QByteArray());
    if (!isNonce(key)) {
        return refuseUpgrade(kBadRequest,
                             QStringLiteral("Sec-WebSocket-Key is not the base64 of 16 bytes"));
    }
    const QByteArray origin = request->field("origin").value_or(QByteArray());
    if (!origin.isEmpty() && !settings.origins.isEmpty() && !settings.origins.contains(origin)) {
        return refuseUpgrade(kForbidden,
                             QStringLiteral("pages of %1 may not connect").arg(quoted(origin)));
    }

    UpgradeAnswer answer;
    if (!settings.subProtocols.isEmpty()) {
        const QByteArrayList offered = request->list("sec-websocket-protocol");
        const auto chosen
            = std::find_if(settings.subProtocols.begin(),
                           settings.subProtocols.end(),
                           [&](const QByteArray &one) { return offered.contains(one); });
        if (chosen == settings.subProtocols.end()) {
            return refuseUpgrade(kBadRequest,
                                 QStringLiteral("Sec-WebSocket-Protocol must offer %1")
                                     .arg(QString::fromLatin1(settings.subProtocols.join(" or "))));
        }
        answer.subProtocol = *chosen;
    }
    answer.response = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Accept: "
        + acceptFor(key) + kEndOfLine;
    if (!answer.subProtocol.isEmpty())
        answer.response += "Sec-WebSocket-Protocol: " + answer.subProtocol + kEndOfLine;
    answer.response += kEndOfLine;
    return answer;
}

QByteArray upgradeRequest(const WebSocketSettings &settings, const QByteArray &nonce)
{
    QByteArray request = "GET " + settings.path + " HTTP/1.1\r\nHost: " + settings.host
        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + nonce.toBase64()
        + "\r\nSec-WebSocket-Version: 13\r\n";
    if (!settings.subProtocols.isEmpty())
        request += "Sec-WebSocket-Protocol: " + settings.subProtocols.join(", ") + kEndOfLine;
    return request + kEndOfLine;
}

UpgradeResult checkUpgradeResponse(const QByteArray &head,
                                   const WebSocketSettings &settings,
                                   const QByteArray &nonce)
{
    const auto fault = [](const QString &text) {
        UpgradeResult result;
        result.error = Error(ErrorCode::ProtocolViolation, text);
        // Another server, or a proxy, may stand there by the next attempt.
        result.error.setRetryable(true);
        return result;
    };
    const auto response = HttpHead::parse(head);
    if (!response || !response->startLine().startsWith("HTTP/1.1 "))
        return fault(QStringLiteral("the server does not answer in HTTP/1.1"));
    const QByteArray status = response->startLine().mid(9, 3);
    if (status != "101") {
        const int code = status.toInt();
        Error error(code == kUnauthorized || code == kForbidden ? ErrorCode::NotAuthorized
                        : code == kNotFound                     ? ErrorCode::NotFound
                                                                : ErrorCode::ProtocolViolation,
                    QStringLiteral("the server gives no WebSocket at %1: HTTP status %2")
                        .arg(QString::fromUtf8(settings.path),
                             QString::fromLatin1(response->startLine().mid(9, 64))));
        error.setDetail(QStringLiteral("status"), code).setRetryable(true);
        return {{}, error};
    }
    if (!response->hasToken("upgrade", "websocket") || !response->hasToken("connection", "upgrade"))
        return fault(QStringLiteral("the server switches to something else"));
    if (response->field("sec-websocket-accept") != acceptFor(nonce.toBase64()))
        return fault(QStringLiteral("the server's Sec-WebSocket-Accept is wrong"));
    if (response->field("sec-websocket-extensions"))
        return fault(QStringLiteral("the server uses an extension that was not asked for"));
    UpgradeResult result;
    result.subProtocol = response->field("sec-websocket-protocol").value_or(QByteArray());
    if (settings.subProtocols.isEmpty() ? !result.subProtocol.isEmpty()
                                        : !settings.subProtocols.contains(result.subProtocol)) {
        return fault(
            QStringLiteral("the server chose the sub-protocol %1").arg(quoted(result.subProtocol)));
    }
    return result;
}

} // namespace fairlead::core
