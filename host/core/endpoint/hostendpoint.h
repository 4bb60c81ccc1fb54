// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/config/hostconfig.h"
#include "core/reactor/endpointruntime.h"

#include <fairlead/result.h>

#include <functional>

namespace fairlead {
class Dialler;
class Executor;
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
        /// Where what the plugin made is destroyed; null: wherever its last user is.
        Executor *home = nullptr;
        /// Called when the plugin did its part later than in create().
        std::function<void()> prepared;
        PrincipalGate *gate = nullptr;
        SeatDesk *seats = nullptr;
        QString stateFolder; ///< of what the host keeps for its endpoints
    };

    /// Errors: the plugin's, when it cannot serve such an endpoint. When it throws instead, there is an
    /// endpoint, which is to be prepare()d (PL-05).
    static Result<std::unique_ptr<HostEndpoint>> create(const EndpointSettings &settings,
                                                        Parts parts);
    /// One that dials a peer which the plugin of @p listener found; that one's drivers are its own.
    static Result<std::unique_ptr<HostEndpoint>> createFound(const EndpointSettings &settings,
                                                             Parts parts,
                                                             const HostEndpoint &listener);
    ~HostEndpoint();
    HostEndpoint(const HostEndpoint &) = delete;
    HostEndpoint &operator=(const HostEndpoint &) = delete;

    /// Before each attempt: has the plugin do its part, unless it did. Errors: PluginFailed when it
    /// throws, the first time without asking it once more; else the plugin's.
    Result<> prepare();

    /// Reads certificates and keys again, for the links that come. Errors: TlsContext::create()'s;
    /// then those it has stay in use.
    Result<> renewCertificates();

    const EndpointSettings &settings() const noexcept { return m_settings; }

    const EndpointRuntimePtr &runtime() const noexcept { return m_runtime; }

    qint64 links() const noexcept { return m_runtime->links.load(std::memory_order_relaxed); }

    bool isListener() const noexcept { return m_settings.role == EndpointRole::Listen; }

    /// Null when the plugin takes no part in operations.
    std::shared_ptr<OperationTarget> operations() const;

    /// It listens, on @p port (0 in memory), and the plugin is told.
    void setOpen(quint16 port);
    /// It does not any more; again changes nothing.
    void setClosed();

    bool isOpen() const noexcept { return m_isOpen; }

    /// Its URL, with the real port while it listens.
    QString shownUrl() const;

    quint64 refused = 0; ///< connections that were not taken

private:
    /// What the plugin made, alive until no driver refers to it.
    struct Part;

    HostEndpoint(const EndpointSettings &settings, Parts parts);
    static Result<std::unique_ptr<HostEndpoint>> withCarrier(const EndpointSettings &settings,
                                                             Parts parts);
    Result<> make();
    template <typename Call>
    void tellListener(const char *name, Call &&call);
    std::shared_ptr<Part> newPart() const;

    const EndpointSettings m_settings;
    EndpointRuntimePtr m_runtime;
    TransportFactory *const m_factory;
    Executor *const m_home;
    const std::function<void()> m_prepared;
    std::shared_ptr<HostServices> m_services;
    std::shared_ptr<Part> m_part;
    Error m_failure; ///< what create() met with
    quint16 m_port = 0;
    bool m_isOpen = false;
};

} // namespace fairlead::core
