// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/hostconfig.h"
#include "core/reactor/endpointruntime.h"

#include <fairlead/result.h>

namespace fairlead {
class Dialler;
class HostServices;
class Listener;
class OperationTarget;
class TransportFactory;
} // namespace fairlead

namespace fairlead::core {

/// One configured endpoint of the running host: its plugin's listener or dialler, and what its links
/// share. How it is opened is its connector's business.
///
/// Thread: main. Ownership: the host's; links keep what they share alive.
class HostEndpoint
{
public:
    struct Parts
    {
        int number = 0; ///< unique in the host's life
        TransportFactory *factory = nullptr;
        std::shared_ptr<Logger> logger;
        std::unique_ptr<HostServices> services;
        LinkFollower *follower = nullptr;
    };

    /// Errors: the plugin's, when it cannot serve such an endpoint.
    static Result<std::unique_ptr<HostEndpoint>> create(const EndpointSettings &settings,
                                                        Parts parts);
    ~HostEndpoint();
    HostEndpoint(const HostEndpoint &) = delete;
    HostEndpoint &operator=(const HostEndpoint &) = delete;

    const EndpointSettings &settings() const noexcept { return m_settings; }

    const EndpointRuntimePtr &runtime() const noexcept { return m_runtime; }

    qint64 links() const noexcept { return m_runtime->links.load(std::memory_order_relaxed); }

    bool isListener() const noexcept { return m_listener != nullptr; }

    /// Null when the plugin takes no part in operations.
    std::shared_ptr<OperationTarget> operations() const;

    /// It listens, on @p port (0 in memory).
    void setOpen(quint16 port) noexcept;

    void setClosed() noexcept { m_isOpen = false; }

    bool isOpen() const noexcept { return m_isOpen; }

    /// Its URL, with the real port while it listens.
    QString shownUrl() const;

    quint64 refused = 0; ///< connections closed for lack of room

private:
    HostEndpoint(const EndpointSettings &settings, Parts parts);

    const EndpointSettings m_settings;
    EndpointRuntimePtr m_runtime;
    std::unique_ptr<HostServices> m_services;
    std::shared_ptr<Listener> m_listener;
    std::shared_ptr<Dialler> m_dialler;
    quint16 m_port = 0;
    bool m_isOpen = false;
};

} // namespace fairlead::core
