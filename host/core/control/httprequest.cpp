// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/httprequest.h"

#include <QtCore/QList>
#include <QtNetwork/QHostAddress>

#include <algorithm>
#include <cstring>

namespace fairlead::core {

namespace {

bool isMethod(const QByteArray &text)
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), [](char c) {
        const bool isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return isLetter || (c >= '0' && c <= '9')
            || (c != '\0' && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
    });
}

bool isVisible(const QByteArray &text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != '\x7f'; });
}

QByteArray withoutPort(const QByteArray &authority)
{
    const qsizetype bracket = authority.indexOf(']');
    const qsizetype colon = authority.indexOf(':', std::max<qsizetype>(0, bracket));
    return colon < 0 ? authority : authority.left(colon);
}

/// Splits a target in origin form, or in the absolute form that proxies get.
bool readTarget(QByteArray target, HttpRequest *request)
{
    if (!isVisible(target))
        return false;
    if (target.left(7).toLower() == "http://") {
        const qsizetype slash = target.indexOf('/', 7);
        target = slash < 0 ? QByteArray("/") : target.mid(slash);
    }
    if (!target.startsWith('/'))
        return false;
    const qsizetype question = target.indexOf('?');
    request->path = question < 0 ? target : target.left(question);
    request->query = question < 0 ? QByteArray() : target.mid(question + 1);
    return true;
}

} // namespace

qsizetype endOfHead(const QByteArray &input, qsizetype from)
{
    // An end of line is CR LF; that LF alone is understood costs nothing.
    for (qsizetype at = std::max<qsizetype>(0, from - 3); (at = input.indexOf('\n', at)) >= 0;
         ++at) {
        if (input.mid(at + 1, 1) == "\n")
            return at + 2;
        if (input.mid(at + 1, 2) == "\r\n")
            return at + 3;
    }
    return -1;
}

std::variant<HttpRequest, HttpProblem> parseHttp(const QByteArray &head)
{
    QList<QByteArray> lines = head.split('\n');
    for (QByteArray &line : lines) {
        if (line.endsWith('\r'))
            line.chop(1);
    }
    const QList<QByteArray> words = lines.takeFirst().split(' ');
    HttpRequest request;
    request.method = words.value(0);
    const QByteArray version = words.value(2);
    if (words.size() != 3 || !isMethod(request.method) || !version.startsWith("HTTP/"))
        return HttpProblem{400, "the request line is not one of HTTP/1.1"};
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return HttpProblem{505, "HTTP/1.1 is spoken here"};
    if (!readTarget(words.value(1), &request))
        return HttpProblem{400, "the target is not a path"};
    int hosts = 0;
    for (const QByteArray &line : std::as_const(lines)) {
        if (line.isEmpty())
            break;
        const qsizetype colon = line.indexOf(':');
        const QByteArray name = line.left(colon);
        if (colon < 1 || !isMethod(name))
            return HttpProblem{400, "a header is not \"name: value\""};
        if (name.toLower() == "host") {
            ++hosts;
            request.host = withoutPort(line.mid(colon + 1).trimmed());
        }
    }
    if (hosts > 1 || (hosts == 0 && version == "HTTP/1.1"))
        return HttpProblem{400, "a request has one Host header"};
    return request;
}

bool isLocalName(const QByteArray &host)
{
    QString name = QString::fromLatin1(host);
    if (name.isEmpty() || name.toLower() == QLatin1String("localhost"))
        return true;
    if (name.startsWith(QLatin1Char('[')) && name.endsWith(QLatin1Char(']')))
        name = name.mid(1, name.size() - 2);
    return !QHostAddress(name).isNull();
}

} // namespace fairlead::core
