// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/httpserver.h"

#include "core/control/httpconnection.h"
#include "core/platform/socketio.h"

#include <QtCore/QDateTime>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QLocale>
#include <QtCore/QPointer>

#include <algorithm>

namespace fairlead::core {

namespace {

constexpr qsizetype kMaxResponse = 1024 * 1024;
constexpr Channel::Bounds kHttpBounds = {kMaxHttpHead, kMaxResponse + 1024, HttpServer::kStallNs};

const char *phrase(int status) noexcept
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 421:
        return "Misdirected Request";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

HttpResponse problemPage(int status, const char *text)
{
    const QJsonObject body{{QStringLiteral("error"), QString::fromLatin1(text)}};
    return {status,
            QByteArrayLiteral("application/json"),
            QJsonDocument(body).toJson(QJsonDocument::Compact) + '\n'};
}

} // namespace

HttpServer::HttpServer(const ControlLoop &loop, bool onlyLocalNames)
    : m_loop(loop)
    , m_onlyLocalNames(onlyLocalNames)
{ }

HttpServer::~HttpServer()
{
    m_connections.clear();
}

void HttpServer::admit(int fd)
{
    if (connectionCount() >= kMaxConnections && !makeRoom()) {
        closeSocket(fd);
        return;
    }
    auto *connection = new HttpConnection(m_loop, fd, *this);
    m_connections.push_back(connection);
    connect(connection, &HttpConnection::ended, this, [this, connection] {
        std::erase(m_connections, connection);
    });
}

bool HttpServer::makeRoom()
{
    const auto oldest = std::find_if(m_connections.begin(),
                                     m_connections.end(),
                                     [](HttpConnection *one) { return one->isWaiting(); });
    if (oldest == m_connections.end() || m_loop.clock.now() - (*oldest)->since() < kPatienceNs)
        return false;
    HttpConnection *connection = *oldest;
    m_connections.erase(oldest);
    delete connection; // NOLINT(cppcoreguidelines-owning-memory): a child, and nothing of it is running
    return true;
}

void HttpServer::handle(const HttpRequest &request, const Respond &respond)
{
    ++m_requests;
    if (m_onlyLocalNames && !isLocalName(request.host)) {
        respond(problemPage(421, "this server is known by its address or as localhost"));
        return;
    }
    const auto page = m_pages.constFind(request.path);
    if (page == m_pages.constEnd()) {
        respond(problemPage(404, "there is no such page"));
        return;
    }
    if (request.method != "GET" && !request.isHead()) {
        respond(problemPage(405, "only GET and HEAD"));
        return;
    }
    (*page)(request, respond);
}

HttpConnection::HttpConnection(const ControlLoop &loop, int fd, HttpServer &server)
    : QObject(&server)
    , m_loop(loop)
    , m_server(server)
    , m_channel(loop, fd, kHttpBounds, *this)
    , m_since(loop.clock.now())
    , m_deadline([](void *self) noexcept { static_cast<HttpConnection *>(self)->handleLate(); },
                 this)
{
    loop.timers.arm(m_deadline, m_since + HttpServer::kHeadNs);
}

HttpConnection::~HttpConnection() = default;

void HttpConnection::channelInput()
{
    if (m_answering)
        return;
    const QByteArray &input = m_channel.input();
    const qsizetype end = endOfHead(input, m_scanned);
    m_scanned = input.size();
    if (end < 0) {
        if (input.size() >= kMaxHttpHead)
            refuse({431, "request line and headers take at most 8192 bytes"});
        else if (m_channel.isInputEnded())
            refuse({400, "the request is not complete"});
        return;
    }
    m_answering = true;
    m_loop.timers.disarm(m_deadline);
    const auto parsed = parseHttp(input.left(end));
    if (const auto *problem = std::get_if<HttpProblem>(&parsed)) {
        refuse(*problem);
        return;
    }
    const auto &request = std::get<HttpRequest>(parsed);
    m_server.handle(
        request, [guard = QPointer<HttpConnection>(this), request](const HttpResponse &response) {
            if (HttpConnection *self = guard.data())
                self->respond(request, response);
        });
}

void HttpConnection::respond(const HttpRequest &request, const HttpResponse &response)
{
    if (response.body.size() > kMaxResponse)
        send(problemPage(500, "the page is too large"), !request.isHead());
    else
        send(response, !request.isHead());
}

void HttpConnection::refuse(const HttpProblem &problem)
{
    m_answering = true;
    m_loop.timers.disarm(m_deadline);
    send(problemPage(problem.status, problem.text), true);
}

void HttpConnection::send(const HttpResponse &response, bool withBody)
{
    const QDateTime now = QDateTime::fromMSecsSinceEpoch(m_loop.clock.utcMs(), Qt::UTC);
    QByteArray head = "HTTP/1.1 " + QByteArray::number(response.status) + ' '
        + phrase(response.status)
        + "\r\nDate: " + QLocale::c().toString(now, u"ddd, dd MMM yyyy HH:mm:ss 'GMT'").toLatin1()
        + "\r\nContent-Type: " + response.type
        + "\r\nContent-Length: " + QByteArray::number(response.body.size())
        + "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
    if (response.status == 405)
        head += "Allow: GET, HEAD\r\n";
    head += "Connection: close\r\n\r\n";
    (void)m_channel.write(withBody ? head + response.body : head);
    m_channel.finish();
}

void HttpConnection::handleLate() noexcept
{
    refuse({408, "the request took too long to arrive"});
}

void HttpConnection::channelClosed()
{
    if (std::exchange(m_ended, true))
        return;
    m_loop.timers.disarm(m_deadline);
    Q_EMIT ended();
    deleteLater();
}

} // namespace fairlead::core
