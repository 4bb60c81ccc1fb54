// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "server/counters.h"
#include "server/linkgroup.h"
#include "server/listeneroptions.h"
#include "server/quiesce.h"

#include <fairlead/operations.h>
#include <fairlead/transport.h>

namespace fairlead::mqtt {

/// What all links of one listener share. Options do not change once links exist.
struct Endpoint
{
    explicit Endpoint(const ListenerOptions &listenerOptions)
        : options(listenerOptions)
        , quiesce(options.quiesceRate)
        , groups(quiesce)
    { }

    const ListenerOptions options;
    Counters counters;
    Quiesce quiesce;
    LinkGroups groups;
};

/// An endpoint that MQTT clients dial.
class MqttListener final : public Listener, public OperationTarget
{
public:
    explicit MqttListener(const ListenerOptions &options);
    ~MqttListener() override;

    std::unique_ptr<LinkDriver> createDriver(const LinkContext &context) override;

    OperationTarget *operations() override { return this; }

    void handleOperation(const Operation &operation, OperationReply reply) override;
    void handleResume() override;

    const Endpoint &endpoint() const noexcept { return m_endpoint; }

private:
    Endpoint m_endpoint;
};

} // namespace fairlead::mqtt
