// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "link/shiplink.h"

#include <fairlead/quiettarget.h>
#include <fairlead/transport.h>

#include <memory>
#include <utility>

namespace fairlead::ship {

/// An endpoint of either role.
template <typename RoleInterface>
class ShipTransport final : public RoleInterface
{
public:
    ShipTransport(const ShipOptions &options, std::shared_ptr<TrustDesk> desk)
        : m_endpoint(options, std::move(desk))
    { }

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override
    {
        if (m_operations.isQuiet())
            return nullptr;
        return std::make_unique<ShipLink>(context, m_endpoint);
    }

    OperationTarget *operations() override { return &m_operations; }

private:
    ShipEndpoint m_endpoint;
    QuietTarget m_operations;
};

using ShipListener = ShipTransport<Listener>;
using ShipDialler = ShipTransport<Dialler>;

} // namespace fairlead::ship
