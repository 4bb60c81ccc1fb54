// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "mqttclient.h"

#include <map>
#include <string>
#include <tuple>

namespace fairlead::sim {

/// One way of a message: what it was published as.
using MqttFlow = std::tuple<int, std::string, int>; // publisher, topic, QoS
/// How many went each way.
using MqttFlows = std::map<MqttFlow, int>;

/// Publishes the next message of @p flow by @p client, with @p filling more bytes.
void publishNext(MqttClient &client, const MqttFlow &flow, MqttFlows *flows, std::size_t filling);

/// Whether @p client has what its subscription promised of @p published, all of which it matches:
/// each in order, QoS 1 at least once, QoS 2 once. A server that did not last may have been given the
/// message of a publisher twice, where no acknowledgement of it was promised to be exact.
/// Empty, or what is wrong.
std::string checkFlows(const MqttClient &client, const MqttFlows &published, bool serverLasted);

} // namespace fairlead::sim
