// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "tcpfactory.h"

#include "framed/framedendpoints.h"
#include "service/serviceendpoints.h"

#include <fairlead/hostservices.h>
#include <fairlead/optionreader.h>

namespace fairlead::tcp {

namespace {

enum class Mode : quint8 {
    Framed,
    Service
};

template <typename RoleInterface, typename Framed, typename Service>
Result<std::unique_ptr<RoleInterface>> create(const EndpointConfig &config,
                                              HostServices &host,
                                              Role role)
{
    Mode mode = Mode::Framed;
    OptionReader in(config.options);
    in.read("mode", mode, {{"framed", Mode::Framed}, {"service", Mode::Service}});
    if (!in.error().isNull())
        return in.error();
    if (mode == Mode::Service) {
        const Result<ServiceOptions> options = parseServiceOptions(config);
        if (!options)
            return options.error();
        return std::unique_ptr<RoleInterface>(
            std::make_unique<Service>(*options, host.hostVersion().toUtf8()));
    }
    const Result<FramedOptions> options = parseFramedOptions(config, role);
    if (!options)
        return options.error();
    return std::unique_ptr<RoleInterface>(std::make_unique<Framed>(*options));
}

} // namespace

QStringList TcpFactory::types() const
{
    return {QStringLiteral("tcp")};
}

Result<std::unique_ptr<Listener>> TcpFactory::createListener(const EndpointConfig &config,
                                                             HostServices &host)
{
    return create<Listener, FramedListener, ServiceListener>(config, host, Role::Listen);
}

Result<std::unique_ptr<Dialler>> TcpFactory::createDialler(const EndpointConfig &config,
                                                           HostServices &host)
{
    return create<Dialler, FramedDialler, ServiceDialler>(config, host, Role::Dial);
}

} // namespace fairlead::tcp
