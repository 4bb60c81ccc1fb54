// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/mqttlistener.h"

#include "server/serverlink.h"

namespace fairlead::mqtt {

MqttListener::MqttListener(const ListenerOptions &options)
    : m_endpoint{options, {}}
{ }

MqttListener::~MqttListener() = default;

std::unique_ptr<LinkDriver> MqttListener::createDriver(const LinkContext &context) noexcept
{
    return std::make_unique<ServerLink>(context, m_endpoint);
}

} // namespace fairlead::mqtt
