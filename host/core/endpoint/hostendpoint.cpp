// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/hostendpoint.h"

#include "core/security/anonymousaccess.h"

#include <fairlead/hostservices.h>
#include <fairlead/transport.h>

namespace fairlead::core {

HostEndpoint::HostEndpoint(const EndpointSettings &settings, Parts parts)
    : m_settings(settings)
    , m_runtime(std::make_shared<EndpointRuntime>())
    , m_services(std::move(parts.services))
{
    m_runtime->name = settings.name;
    m_runtime->number = parts.number;
    m_runtime->logger = std::move(parts.logger);
    m_runtime->follower = parts.follower;
    m_runtime->authenticator = std::make_shared<AnonymousAuthenticator>(settings.allowAnonymous);
    m_runtime->accessControl = std::make_shared<UnrestrictedAccess>();
    m_runtime->handshakeTimeoutNs = settings.handshakeTimeout;
    m_runtime->durability = settings.durability;
}

HostEndpoint::~HostEndpoint() = default;

Result<std::unique_ptr<HostEndpoint>> HostEndpoint::create(const EndpointSettings &settings,
                                                           Parts parts)
{
    TransportFactory *factory = parts.factory;
    std::unique_ptr<HostEndpoint> endpoint(new HostEndpoint(settings, std::move(parts)));
    const EndpointConfig config = {settings.name, settings.url, settings.options};
    if (settings.role == EndpointRole::Listen) {
        auto made = factory->createListener(config, *endpoint->m_services);
        if (!made)
            return made.error();
        endpoint->m_listener = std::move(*made);
        endpoint->m_runtime->createDriver
            = [listener = endpoint->m_listener](const LinkContext &context) {
                  return listener->createDriver(context);
              };
    } else {
        auto made = factory->createDialler(config, *endpoint->m_services);
        if (!made)
            return made.error();
        endpoint->m_dialler = std::move(*made);
        endpoint->m_runtime->createDriver
            = [dialler = endpoint->m_dialler](const LinkContext &context) {
                  return dialler->createDriver(context);
              };
    }
    return endpoint;
}

std::shared_ptr<OperationTarget> HostEndpoint::operations() const
{
    // Shares the life of the object it belongs to.
    if (m_listener) {
        OperationTarget *target = m_listener->operations();
        return target ? std::shared_ptr<OperationTarget>(m_listener, target) : nullptr;
    }
    OperationTarget *target = m_dialler->operations();
    return target ? std::shared_ptr<OperationTarget>(m_dialler, target) : nullptr;
}

void HostEndpoint::setOpen(quint16 port) noexcept
{
    m_port = port;
    m_isOpen = true;
}

QString HostEndpoint::shownUrl() const
{
    QUrl url = m_settings.url;
    if (m_isOpen && m_port != 0)
        url.setPort(m_port);
    return url.toString(QUrl::RemoveUserInfo);
}

} // namespace fairlead::core
