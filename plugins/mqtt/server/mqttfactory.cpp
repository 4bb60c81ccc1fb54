// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/mqttfactory.h"

#include "server/mqttlistener.h"

namespace fairlead::mqtt {

QStringList MqttFactory::types() const
{
    return {QStringLiteral("mqtt")};
}

Result<std::unique_ptr<Listener>> MqttFactory::createListener(const EndpointConfig &config,
                                                              HostServices &)
{
    const Result<ListenerOptions> options = parseListenerOptions(config.options);
    if (!options)
        return options.error();
    return std::unique_ptr<Listener>(std::make_unique<MqttListener>(*options));
}

Result<std::unique_ptr<Dialler>> MqttFactory::createDialler(const EndpointConfig &, HostServices &)
{
    return Error(ErrorCode::NotSupported, QStringLiteral("the MQTT transport listens only"));
}

} // namespace fairlead::mqtt
