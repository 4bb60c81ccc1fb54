// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/distributor/replayring.h"

#include <QList>

#include <string>
#include <vector>

/// What tests of the ring fill it with and read from it.
namespace fairlead::core {

inline Message made(quint64 sequence, const std::string &topic = "t", std::size_t payload = 0)
{
    const std::string body(payload, 'x');
    MessageFields fields;
    fields.topic = topic;
    fields.payload = body;
    Message message(fields);
    message.setPosition({1, sequence});
    return message;
}

inline Message expiring(quint64 sequence, qint64 deadline)
{
    MessageFields fields;
    fields.topic = "t";
    fields.expiryDeadline = deadline;
    Message message(fields);
    message.setPosition({1, sequence});
    return message;
}

inline ReplayCursor cursorAt(quint64 after, const char *filter = "#")
{
    return {*TopicFilter::parse(filter), after};
}

inline QList<quint64> readAll(ReplayRing &ring, ReplayCursor cursor, qint64 now = 0)
{
    QList<quint64> sequences;
    for (bool more = true; more;) {
        std::vector<Message> page;
        more = ring.read(&cursor, now, &page).more;
        for (const Message &message : page)
            sequences << message.sequence();
    }
    return sequences;
}

inline quint64 lastOf(ReplayRing &ring, quint64 count, const char *filter = "#", qint64 now = 0)
{
    ReplaySeek seek;
    seek.filter = *TopicFilter::parse(filter);
    seek.left = count;
    while (!ring.seekLast(&seek, now)) { }
    return seek.after;
}

inline ReplayLimits limits(quint64 count, qint64 age = 0, quint64 bytes = 0)
{
    return {count, age, bytes};
}

} // namespace fairlead::core
