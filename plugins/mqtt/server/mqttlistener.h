// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "server/counters.h"
#include "server/listeneroptions.h"

#include <fairlead/transport.h>

namespace fairlead::mqtt {

/// What all links of one listener share. Options do not change once links exist.
struct Endpoint
{
    ListenerOptions options;
    Counters counters;
};

/// An endpoint that MQTT clients dial.
class MqttListener final : public Listener
{
public:
    explicit MqttListener(const ListenerOptions &options);
    ~MqttListener() override;

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) noexcept override;

    const Endpoint &endpoint() const noexcept { return m_endpoint; }

private:
    Endpoint m_endpoint;
};

} // namespace fairlead::mqtt
