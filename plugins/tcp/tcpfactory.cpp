// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "tcpfactory.h"

#include "framed/framedendpoints.h"

namespace fairlead::tcp {

QStringList TcpFactory::types() const
{
    return {QStringLiteral("tcp")};
}

Result<std::unique_ptr<Listener>> TcpFactory::createListener(const EndpointConfig &config,
                                                             HostServices &)
{
    const Result<FramedOptions> options = parseFramedOptions(config, Role::Listen);
    if (!options)
        return options.error();
    return std::unique_ptr<Listener>(std::make_unique<FramedListener>(*options));
}

Result<std::unique_ptr<Dialler>> TcpFactory::createDialler(const EndpointConfig &config,
                                                           HostServices &)
{
    const Result<FramedOptions> options = parseFramedOptions(config, Role::Dial);
    if (!options)
        return options.error();
    return std::unique_ptr<Dialler>(std::make_unique<FramedDialler>(*options));
}

} // namespace fairlead::tcp
