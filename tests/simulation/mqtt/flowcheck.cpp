// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "flowcheck.h"

#include <algorithm>
#include <sstream>

namespace fairlead::sim {

namespace {

struct Arrived
{
    int first = 0; ///< how many arrived for the first time
    int last = -1; ///< number of the last one of those
    std::map<int, int> times; ///< by number
};

std::string textOf(const MqttClient &client, const MqttFlow &flow)
{
    const auto &[publisher, topic, qos] = flow;
    return client.setup().id + " of publisher " + std::to_string(publisher) + " to " + topic
        + " at QoS " + std::to_string(qos) + ": ";
}

} // namespace

void publishNext(MqttClient &client, const MqttFlow &flow, MqttFlows *flows, std::size_t filling)
{
    const auto &[publisher, topic, qos] = flow;
    client.publish(topic,
                   std::to_string(publisher) + ' ' + std::to_string(qos) + ' '
                       + std::to_string((*flows)[flow]++) + ' ' + std::string(filling, 'x'),
                   quint8(qos));
}

std::string checkFlows(const MqttClient &client, const MqttFlows &published, bool serverLasted)
{
    const int filterQos = client.setup().filterQos;
    std::map<MqttFlow, Arrived> arrived;
    for (const MqttClient::Received &one : client.received()) {
        int publisher = 0;
        int qos = 0;
        int number = 0;
        std::istringstream(one.payload) >> publisher >> qos >> number;
        const MqttFlow flow = {publisher, one.topic, qos};
        if (int(one.qos) != std::min(qos, filterQos))
            return textOf(client, flow) + "delivered at QoS " + std::to_string(one.qos);
        Arrived &got = arrived[flow];
        if (got.times[number]++ > 0)
            continue;
        ++got.first;
        // Whatever is repeated, each came first in the order of its flow; but at QoS 0 the first copy may
        // be lost, and a publisher at QoS 1 may send another one after what followed.
        const bool mayFollow = filterQos == 0 && qos == 1;
        if (number <= got.last && !mayFollow)
            return textOf(client, flow) + std::to_string(number) + " after "
                + std::to_string(got.last);
        got.last = std::max(got.last, number);
    }
    for (const auto &[flow, count] : published) {
        const int qos = std::get<2>(flow);
        const int promised = std::min(qos, filterQos);
        const Arrived &got = arrived[flow];
        if (promised == 0 ? got.first > count : got.first != count)
            return textOf(client, flow) + std::to_string(got.first) + " of "
                + std::to_string(count);
        const bool isOnce = promised == 2 || (promised == 0 && qos != 1 && serverLasted);
        const auto twice = std::find_if(
            got.times.begin(), got.times.end(), [](const auto &one) { return one.second > 1; });
        if (isOnce && twice != got.times.end())
            return textOf(client, flow) + std::to_string(twice->first) + " came "
                + std::to_string(twice->second) + " times";
    }
    return {};
}

} // namespace fairlead::sim
