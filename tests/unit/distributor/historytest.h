// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "received.h"
#include "simhost.h"

#include <QJsonDocument>
#include <QJsonObject>

#include <memory>
#include <string>
#include <vector>

/// What every test of history asks of a simulated host.
namespace fairlead::history {

inline constexpr qint64 kBytesPerMessage = 32 * 1024; // eight fill a stream

using sim::numbers;
using Peer = std::unique_ptr<sim::SimLink>;

inline void subscribe(const Peer &link,
                      const std::string &filter,
                      const std::string &from = {},
                      int qos = 0)
{
    SubscribeRequest request;
    request.filter = filter;
    request.replayFrom = from;
    request.qos = quint8(qos);
    (*link)->lease()->subscribe(&request, 1, 1);
}

inline void publish(
    sim::SimHost &host, const Peer &link, const std::string &topic, int from, int to)
{
    for (int i = from; i < to; ++i) {
        (*link)->publish(topic, std::to_string(i));
        if (i % 100 == 0)
            host.settle();
    }
    host.settle();
}

inline QJsonObject notice(const sim::SimLink &link, std::size_t index)
{
    return QJsonDocument::fromJson(QByteArray::fromStdString(link.record->notices.at(index)))
        .object();
}

inline core::DistributorLimits keeping(quint64 count)
{
    core::DistributorLimits limits;
    core::StreamSpec spec;
    spec.name = core::kDefaultStream;
    spec.limits.count = count;
    limits.streams.push_back(spec);
    return limits;
}

inline core::DistributorLimits keepingNothing()
{
    core::DistributorLimits limits = keeping(0);
    limits.streams.front().limits.bytes = 0;
    return limits;
}

inline quint64 kept(sim::SimHost &host)
{
    return host.distributor().streams.ring(0).count();
}

} // namespace fairlead::history
