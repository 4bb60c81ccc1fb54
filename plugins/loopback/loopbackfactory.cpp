// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "loopbackfactory.h"

#include "listenerlink.h"
#include "peerlink.h"

namespace fairlead::loopback {

QStringList LoopbackFactory::types() const
{
    return {QStringLiteral("loopback")};
}

Result<std::unique_ptr<Listener>> LoopbackFactory::createListener(const EndpointConfig &config,
                                                                  HostServices &)
{
    if (const Result<> good = checkListenerConfig(config); !good)
        return good.error();
    return std::unique_ptr<Listener>(std::make_unique<LoopbackListener>());
}

Result<std::unique_ptr<Dialler>> LoopbackFactory::createDialler(const EndpointConfig &config,
                                                                HostServices &)
{
    const Result<PeerOptions> options = parsePeerOptions(config);
    if (!options)
        return options.error();
    return std::unique_ptr<Dialler>(std::make_unique<LoopbackDialler>(*options));
}

} // namespace fairlead::loopback
