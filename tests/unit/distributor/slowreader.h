// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "received.h"
#include "simhost.h"

#include <QTest>

#include <memory>
#include <string>
#include <vector>

/// Readers that are slower than their publishers.
namespace fairlead::test {

using sim::numbers;
using sim::SimHost;

inline constexpr quint32 kQueue = 100;
inline constexpr qint64 kBytesPerMessage = 32 * 1024; // eight fill a stream
inline constexpr qint64 kPatienceNs = 250 * kNsPerMs;

using Links = std::vector<std::unique_ptr<sim::SimLink>>;

inline core::DistributorLimits smallQueues()
{
    core::DistributorLimits limits;
    limits.session.queueMessages = kQueue;
    return limits;
}

/// A reader whose carrier takes @p room bytes.
inline std::unique_ptr<sim::SimLink> reader(
    SimHost &host, int reactor, const std::string &name, qint64 room, quint32 expiry = 0)
{
    auto link = host.connect(reactor, name, expiry);
    link->record->bytesPerMessage = kBytesPerMessage;
    link->stream->setRoom(room);
    (*link)->subscribe("t");
    host.settle();
    return link;
}

/// Whether the host reads from @p link; what it is sent to find out is one byte.
inline bool isRead(SimHost &host, sim::SimLink &link)
{
    link.stream->arrive("x");
    host.settle();
    return link.stream->unread() == 0;
}

/// Publishes at QoS 0 until the publisher is held, at most @p most; how many it were.
inline int publishUntilHeld(SimHost &host, sim::SimLink &publisher, int first, int most)
{
    for (int i = 0; i < most; ++i) {
        const Flow flow = publisher->publish("t", std::to_string(first + i));
        host.settle();
        if (flow == Flow::Pause || publisher.stream->unread() > 0 || !isRead(host, publisher))
            return i + 1;
    }
    return most;
}

inline void reactors_data()
{
    QTest::addColumn<int>("reactors");
    QTest::newRow("one reactor") << 1;
    QTest::newRow("three reactors") << 3;
}

} // namespace fairlead::test
