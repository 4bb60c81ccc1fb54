// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/tcpconnector.h"

#include "core/endpoint/hostendpoint.h"
#include "core/endpoint/linkplacer.h"

namespace fairlead::core {

TcpConnector::TcpConnector(MainLoop &loop, std::shared_ptr<HostEndpoint> endpoint, const Host &host)
    : DialConnector(std::move(endpoint), host)
    , m_loop(loop)
{ }

void TcpConnector::startDial(qint64 deadline)
{
    const EndpointSettings &settings = endpoint().settings();
    m_dial = std::make_unique<HostDial>(m_loop, [this](const Result<HostDial::Connection> &result) {
        const std::unique_ptr<HostDial> over = std::move(m_dial);
        if (!result) {
            failed(result.error());
            return;
        }
        adopted(placer().adoptSocket(endpoint().runtime(),
                                     result->fd,
                                     result->peerAddress,
                                     Link::Direction::Dialled,
                                     generation()));
    });
    m_dial->start(settings.url.host(), settings.port, deadline);
}

void TcpConnector::abortDial() noexcept
{
    m_dial.reset();
}

} // namespace fairlead::core
