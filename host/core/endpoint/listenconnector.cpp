// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/listenconnector.h"

#include "core/endpoint/hostendpoint.h"
#include "core/endpoint/linkend.h"

namespace fairlead::core {

ListenConnector::ListenConnector(MainLoop &loop,
                                 DescriptorReserve &reserve,
                                 std::shared_ptr<HostEndpoint> endpoint,
                                 Acceptor::Accepted accepted)
    : m_loop(loop)
    , m_reserve(reserve)
    , m_endpoint(std::move(endpoint))
    , m_accepted(std::move(accepted))
{ }

void ListenConnector::connect(quint64 generation, qint64)
{
    if (const auto prepared = m_endpoint->prepare(); !prepared) {
        receiver().attemptFailed(generation, prepared.error(), causeOf(prepared.error()));
        return;
    }
    const EndpointSettings &settings = m_endpoint->settings();
    auto acceptor = Acceptor::listen(
        m_loop, m_reserve, Acceptor::Use::Links, settings.address, settings.port, m_accepted);
    if (!acceptor) {
        receiver().attemptFailed(generation, acceptor.error());
        return;
    }
    m_acceptor = std::move(*acceptor);
    m_endpoint->setOpen(m_acceptor->port());
    if (!receiver().linkReady(generation, m_endpoint->shownUrl()))
        cancel(generation);
}

void ListenConnector::cancel(quint64)
{
    m_acceptor.reset();
    m_endpoint->setClosed();
}

void ListenConnector::close(quint64 generation, const Error &reason)
{
    cancel(generation);
    receiver().linkEnded(generation, reason, EndCause::Deliberate);
}

qint64 ListenConnector::acceptedLinks() const noexcept
{
    return m_endpoint->links();
}

MemoryListenConnector::~MemoryListenConnector()
{
    m_endpoint->setClosed();
}

void MemoryListenConnector::connect(quint64 generation, qint64)
{
    if (const auto prepared = m_endpoint->prepare(); !prepared) {
        receiver().attemptFailed(generation, prepared.error(), causeOf(prepared.error()));
        return;
    }
    m_endpoint->setOpen(0);
    if (!receiver().linkReady(generation, m_endpoint->shownUrl()))
        cancel(generation);
}

void MemoryListenConnector::cancel(quint64)
{
    m_endpoint->setClosed();
}

void MemoryListenConnector::close(quint64 generation, const Error &reason)
{
    cancel(generation);
    receiver().linkEnded(generation, reason, EndCause::Deliberate);
}

qint64 MemoryListenConnector::acceptedLinks() const noexcept
{
    return m_endpoint->links();
}

} // namespace fairlead::core
