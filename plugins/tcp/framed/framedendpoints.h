// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "framed/framedlink.h"

#include <fairlead/quiettarget.h>
#include <fairlead/transport.h>

namespace fairlead::tcp {

/// An endpoint in framed mode, of either role.
template <typename RoleInterface>
class FramedTransport final : public RoleInterface
{
public:
    explicit FramedTransport(const FramedOptions &options)
        : m_endpoint(options)
    { }

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        if (m_operations.isQuiet())
            return nullptr;
        return std::make_unique<FramedLink>(context, m_endpoint);
    }

    OperationTarget *operations() override { return &m_operations; }

private:
    const FramedEndpoint m_endpoint;
    QuietTarget m_operations;
};

using FramedListener = FramedTransport<Listener>;
using FramedDialler = FramedTransport<Dialler>;

} // namespace fairlead::tcp
