// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "service/servicelink.h"

#include <fairlead/quiettarget.h>
#include <fairlead/transport.h>

#include <memory>
#include <utility>

namespace fairlead::tcp {

/// An endpoint in service mode, of either role. While it is quiet new peers are told so.
template <typename RoleInterface>
class ServiceTransport final : public RoleInterface, public OperationTarget
{
public:
    ServiceTransport(const ServiceOptions &options, const QByteArray &hostVersion)
        : m_endpoint{options, hostVersion}
    { }

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        return std::make_unique<ServiceLink>(context, m_endpoint);
    }

    OperationTarget *operations() override { return this; }

    void handleOperation(const Operation &operation, OperationReply reply) override
    {
        m_operations.handleOperation(operation, std::move(reply));
        if (m_operations.isQuiet())
            m_endpoint.quiet.store(operation.reason, std::memory_order_release);
    }

    void handleResume() override
    {
        m_operations.handleResume();
        m_endpoint.quiet.store(QuiesceReason::None, std::memory_order_release);
    }

private:
    ServiceEndpoint m_endpoint;
    QuietTarget m_operations;
};

using ServiceListener = ServiceTransport<Listener>;
using ServiceDialler = ServiceTransport<Dialler>;

} // namespace fairlead::tcp
