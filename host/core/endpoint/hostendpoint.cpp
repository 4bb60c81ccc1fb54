// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/endpoint/hostendpoint.h"

#include "core/carrier/carrierstack.h"
#include "core/plugins/plugincall.h"
#include "core/security/anonymousaccess.h"

#include <fairlead/executor.h>
#include <fairlead/hostservices.h>
#include <fairlead/transport.h>

#include <utility>

namespace fairlead::core {

struct HostEndpoint::Part
{
    std::shared_ptr<HostServices> services; ///< the plugin was given them for as long as it lives
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Dialler> dialler;
};

HostEndpoint::HostEndpoint(const EndpointSettings &settings, Parts parts)
    : m_settings(settings)
    , m_runtime(std::make_shared<EndpointRuntime>())
    , m_factory(parts.factory)
    , m_home(parts.home)
    , m_prepared(std::move(parts.prepared))
    , m_services(std::move(parts.services))
{
    m_runtime->name = settings.name;
    m_runtime->number = parts.number;
    m_runtime->logger = std::move(parts.logger);
    m_runtime->follower = parts.follower;
    m_runtime->gate = parts.gate;
    m_runtime->seats = parts.seats;
    m_runtime->maxLinks = settings.maxLinks;
    m_runtime->tracksUse = settings.idleTimeout > 0;
    m_runtime->authenticator = std::make_shared<AnonymousAuthenticator>(settings.allowAnonymous);
    m_runtime->accessControl = std::make_shared<UnrestrictedAccess>();
    m_runtime->handshakeTimeoutNs = settings.handshakeTimeout;
    m_runtime->durability = settings.durability;
    m_runtime->overflow = settings.overflow;
    m_runtime->notices = settings.notices;
    m_runtime->peerKind = settings.peerKind;
    if (const auto gate = VersionGate::create(settings.serviceFloor, settings.serviceVersions))
        m_runtime->serviceVersions = *gate;
}

HostEndpoint::~HostEndpoint() = default;

Result<std::unique_ptr<HostEndpoint>> HostEndpoint::withCarrier(const EndpointSettings &settings,
                                                                Parts parts)
{
    auto carrier = CarrierStack::create(
        settings.layers,
        settings.role == EndpointRole::Listen ? CarrierSide::Accepted : CarrierSide::Dialled,
        TlsSurroundings{parts.stateFolder, parts.logger});
    if (!carrier)
        return carrier.error();
    std::unique_ptr<HostEndpoint> endpoint(new HostEndpoint(settings, std::move(parts)));
    endpoint->m_runtime->carrier = std::move(*carrier);
    return endpoint;
}

Result<std::unique_ptr<HostEndpoint>> HostEndpoint::create(const EndpointSettings &settings,
                                                           Parts parts)
{
    auto endpoint = withCarrier(settings, std::move(parts));
    if (!endpoint)
        return endpoint;
    const Result<> made = (*endpoint)->make();
    if (!made && made.error().code() != ErrorCode::PluginFailed)
        return made.error();
    (*endpoint)->m_failure = made.error();
    return endpoint;
}

Result<std::unique_ptr<HostEndpoint>> HostEndpoint::createFound(const EndpointSettings &settings,
                                                                Parts parts,
                                                                const HostEndpoint &listener)
{
    auto endpoint = withCarrier(settings, std::move(parts));
    if (!endpoint)
        return endpoint;
    (*endpoint)->m_part = listener.m_part;
    (*endpoint)->m_runtime->createDriver = listener.m_runtime->createDriver;
    return endpoint;
}

Result<> HostEndpoint::prepare()
{
    if (m_part)
        return {};
    if (!m_failure.isNull())
        return std::exchange(m_failure, Error());
    Result<> made = make();
    if (made && m_prepared)
        m_prepared();
    return made;
}

// The plugin was promised the main thread, and its drivers end on others.
std::shared_ptr<HostEndpoint::Part> HostEndpoint::newPart() const
{
    return std::shared_ptr<Part>(
        new Part{m_services, nullptr, nullptr}, [home = m_home](Part *part) {
            std::unique_ptr<Part> last(part);
            if (!home || home->isCurrent())
                return;
            // Dropped unseen when the loop ends before its turn comes.
            home->post([kept = std::make_shared<std::unique_ptr<Part>>(std::move(last))] {
                kept->reset();
            });
        });
}

Result<> HostEndpoint::make()
{
    const EndpointConfig config
        = {m_settings.name,
           m_settings.url,
           m_settings.options,
           m_runtime->carrier->ownKeyId(),
           m_settings.layers.tls ? m_settings.layers.tls->peerKeyId : QByteArray()};
    const std::shared_ptr<Part> part = newPart();
    Error refusal;
    Result<> called = isListener()
        ? callPlugin("createListener",
                     [&] {
                         auto made = m_factory->createListener(config, *m_services);
                         if (made)
                             part->listener = std::move(*made);
                         else
                             refusal = made.error();
                     })
        : callPlugin("createDialler", [&] {
              auto made = m_factory->createDialler(config, *m_services);
              if (made)
                  part->dialler = std::move(*made);
              else
                  refusal = made.error();
          });
    if (!called) {
        m_runtime->pluginFailures.note(called.error());
        return called;
    }
    if (!refusal.isNull())
        return refusal;
    if (!part->listener && !part->dialler)
        return Error(ErrorCode::PluginFailed, QStringLiteral("the plugin made nothing"));
    m_part = part;
    m_runtime->createDriver = [part](const LinkContext &context) {
        return part->listener ? part->listener->createDriver(context)
                              : part->dialler->createDriver(context);
    };
    return {};
}

Result<> HostEndpoint::renewCertificates()
{
    return m_runtime->carrier->renew();
}

std::shared_ptr<OperationTarget> HostEndpoint::operations() const
{
    if (!m_part)
        return nullptr;
    OperationTarget *target = nullptr;
    const Result<> asked = callPlugin("operations", [&] {
        target = m_part->listener ? m_part->listener->operations() : m_part->dialler->operations();
    });
    if (!asked)
        m_runtime->pluginFailures.note(asked.error());
    // Shares the life of the object it belongs to.
    return target ? std::shared_ptr<OperationTarget>(m_part, target) : nullptr;
}

template <typename Call>
void HostEndpoint::tellListener(const char *name, Call &&call)
{
    if (!m_part || !m_part->listener)
        return;
    // The plugin may have the endpoint removed.
    const std::shared_ptr<Part> part = m_part;
    const EndpointRuntimePtr runtime = m_runtime;
    if (const Result<> told = callPlugin(name, [&] { call(*part->listener); }); !told)
        runtime->pluginFailures.note(told.error());
}

void HostEndpoint::setOpen(quint16 port)
{
    m_port = port;
    m_isOpen = true;
    tellListener("handleListening", [port](Listener &listener) { listener.handleListening(port); });
}

void HostEndpoint::setClosed()
{
    if (std::exchange(m_isOpen, false))
        tellListener("handleStopped", [](Listener &listener) { listener.handleStopped(); });
}

QString HostEndpoint::shownUrl() const
{
    QUrl url = m_settings.url;
    if (m_isOpen && m_port != 0)
        url.setPort(m_port);
    return url.toString(QUrl::RemoveUserInfo);
}

} // namespace fairlead::core
