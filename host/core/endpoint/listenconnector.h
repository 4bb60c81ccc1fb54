// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/lifecycle/supervisor/connector.h"
#include "core/reactor/acceptor.h"

#include <memory>

namespace fairlead::core {

class HostEndpoint;

/// Opens a listening endpoint: its "link" is the listening socket. Thread: main.
class ListenConnector final : public EndpointConnector
{
public:
    /// @p accepted takes the connections over. @p loop and @p reserve outlive
    /// it.
    ListenConnector(MainLoop &loop,
                    DescriptorReserve &reserve,
                    std::shared_ptr<HostEndpoint> endpoint,
                    Acceptor::Accepted accepted);

    void connect(quint64 generation, qint64 deadline) override;
    void cancel(quint64 generation) override;
    void close(quint64 generation, const Error &reason) override;
    qint64 acceptedLinks() const noexcept override;

private:
    MainLoop &m_loop;
    DescriptorReserve &m_reserve;
    const std::shared_ptr<HostEndpoint> m_endpoint;
    const Acceptor::Accepted m_accepted;
    std::unique_ptr<Acceptor> m_acceptor;
};

/// Opens a listening endpoint in memory: peers find it by name for as long as it is open.
class MemoryListenConnector final : public EndpointConnector
{
public:
    explicit MemoryListenConnector(std::shared_ptr<HostEndpoint> endpoint) noexcept
        : m_endpoint(std::move(endpoint))
    { }

    ~MemoryListenConnector() override;

    void connect(quint64 generation, qint64 deadline) override;
    void cancel(quint64 generation) override;
    void close(quint64 generation, const Error &reason) override;
    qint64 acceptedLinks() const noexcept override;

private:
    const std::shared_ptr<HostEndpoint> m_endpoint;
};

} // namespace fairlead::core
