// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/control/channel.h"
#include "core/control/httpserver.h"

namespace fairlead::core {

/// One request and its response. Thread: main. Ownership: the server's; deletes itself later, after
/// ended().
class HttpConnection final : public QObject, private ChannelOwner
{
    Q_OBJECT

public:
    HttpConnection(const ControlLoop &loop, int fd, HttpServer &server);
    ~HttpConnection() override;

    bool isWaiting() const noexcept { return !m_answering; }

    qint64 since() const noexcept { return m_since; }

Q_SIGNALS:
    void ended();

private:
    void channelInput() override;

    void channelSent() override { }

    void channelClosed() override;

    void respond(const HttpRequest &request, const HttpResponse &response);
    void refuse(const HttpProblem &problem);
    void send(const HttpResponse &response, bool withBody);
    void handleLate() noexcept;

    const ControlLoop m_loop;
    HttpServer &m_server;
    Channel m_channel;
    const qint64 m_since;
    Timer m_deadline;
    qsizetype m_scanned = 0;
    bool m_answering = false;
    bool m_ended = false;
};

} // namespace fairlead::core
