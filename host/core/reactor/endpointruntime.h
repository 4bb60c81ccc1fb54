// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <QString>

#include <fairlead/linkdriver.h>
#include <fairlead/logger.h>
#include <fairlead/security.h>

#include <atomic>
#include <functional>
#include <memory>

namespace fairlead::core {

/// What links of one endpoint share. Thread: constant after start, the counters any. Ownership:
/// shared by the links, so that it outlives the last of them.
struct EndpointRuntime
{
    QString name;
    int number = 0;
    std::function<std::unique_ptr<LinkDriver>(const LinkContext &)> createDriver;
    std::shared_ptr<Authenticator> authenticator;
    std::shared_ptr<const AccessControl> accessControl;
    std::shared_ptr<Logger> logger;
    qint64 handshakeTimeoutNs = 10'000'000'000;
    bool needsNoHandshake = false;
    std::atomic<qint64> links = 0;
};

using EndpointRuntimePtr = std::shared_ptr<EndpointRuntime>;

/// One connection of the endpoint, counted for as long as its stream is open.
class LinkPlace
{
public:
    explicit LinkPlace(EndpointRuntimePtr endpoint) noexcept
        : m_endpoint(std::move(endpoint))
    {
        m_endpoint->links.fetch_add(1, std::memory_order_relaxed);
    }

    LinkPlace(LinkPlace &&) noexcept = default;
    LinkPlace &operator=(LinkPlace &&) = delete;

    ~LinkPlace()
    {
        if (m_endpoint)
            m_endpoint->links.fetch_sub(1, std::memory_order_relaxed);
    }

    EndpointRuntime &endpoint() const noexcept { return *m_endpoint; }

private:
    EndpointRuntimePtr m_endpoint;
};

} // namespace fairlead::core
