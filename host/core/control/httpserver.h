// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/channel.h"
#include "core/control/httprequest.h"

#include <QtCore/QHash>
#include <QtCore/QObject>

#include <functional>
#include <vector>

namespace fairlead::core {

class HttpConnection;

struct HttpResponse
{
    int status = 200;
    QByteArray type = "application/json";
    QByteArray body;
};

/// Answers GET and HEAD of a few pages: for probes and for Prometheus.
///
/// One request per connection. Heads are bounded in size and time, connections in number: when it
/// is full, the oldest whose request is not complete makes room.
///
/// Qt's HttpServer of this release has none of these bounds, and it makes its own sockets.
///
/// Thread: main.
class HttpServer final : public QObject
{
    Q_OBJECT

public:
    static constexpr int kMaxConnections = 64;
    static constexpr qint64 kHeadNs = 10 * kNsPerSecond;
    static constexpr qint64 kStallNs = 10 * kNsPerSecond;
    /// An incomplete request keeps its place for so long at least.
    static constexpr qint64 kPatienceNs = kNsPerSecond;

    using Respond = std::function<void(const HttpResponse &)>;
    using Page = std::function<void(const HttpRequest &, const Respond &)>;

    /// @p onlyLocalNames: a Host header that is neither an address nor localhost is refused, since
    /// it may be a web page that had its own name point here.
    HttpServer(const ControlLoop &loop, bool onlyLocalNames);
    ~HttpServer() override;

    void addPage(const QByteArray &path, const Page &page) { m_pages.insert(path, page); }

    /// Takes over a connected, non-blocking descriptor.
    void admit(int fd);

    int connectionCount() const noexcept { return int(m_connections.size()); }

    quint64 requests() const noexcept { return m_requests; }

private:
    friend class HttpConnection;

    void handle(const HttpRequest &request, const Respond &respond);
    bool makeRoom();

    const ControlLoop m_loop;
    const bool m_onlyLocalNames;
    QHash<QByteArray, Page> m_pages;
    std::vector<HttpConnection *> m_connections; ///< children, in the order of their coming
    quint64 m_requests = 0;
};

} // namespace fairlead::core
