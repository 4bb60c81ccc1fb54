// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "server/counters.h"

#include <fairlead/clock.h>

namespace fairlead::mqtt {

namespace {

constexpr qint64 kQuiet = 10 * kNsPerSecond;

} // namespace

bool Counters::mayLog(Counter &counter, qint64 now) noexcept
{
    qint64 until = counter.quietUntil.load(std::memory_order_relaxed);
    return (until == 0 || now >= until)
        && counter.quietUntil.compare_exchange_strong(
            until, now + kQuiet, std::memory_order_relaxed);
}

const char *toText(Event event) noexcept
{
    switch (event) {
    case Event::ReservedTopic:
        return "reserved-topic";
    case Event::ReceiveMaximumExceeded:
        return "receive-maximum-exceeded";
    case Event::PayloadFormatInvalid:
        return "payload-format-invalid";
    case Event::PublishRefused:
        return "publish-refused";
    case Event::DeliveryTooLarge:
        return "delivery-too-large";
    case Event::UnknownAck:
        return "unknown-ack";
    case Event::PacketIdShifted:
        return "packet-id-shifted";
    case Event::KeepAliveExpired:
        return "keep-alive-expired";
    case Event::FilterRefused:
        return "filter-refused";
    case Event::QuiesceRefused:
        return "quiesce-refused";
    case Event::AskedToLeave:
        return "asked-to-leave";
    }
    return "unknown";
}

} // namespace fairlead::mqtt
