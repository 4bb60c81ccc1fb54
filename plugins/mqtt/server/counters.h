// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "codec/error.h"

#include <QtCore/QtGlobal>

#include <array>
#include <atomic>

namespace fairlead::mqtt {

/// What a listener counts besides rejected packets.
enum class Event : quint8 {
    ReservedTopic, ///< publish to $SYS, $notice, $replay or $share
    ReceiveMaximumExceeded,
    PayloadFormatInvalid,
    PublishRefused, ///< by the host: access, quota, storage
    DeliveryTooLarge, ///< larger than the peer accepts; never sent
    UnknownAck, ///< acknowledgement of an id that is not in flight
    PacketIdShifted, ///< the id of a delivery's position was in use
    KeepAliveExpired,
    FilterRefused,
    QuiesceRefused, ///< a client that came while none are taken
    AskedToLeave,
};

inline constexpr std::size_t kEventCount = 11;

/// The counters of one listener, shared by its links. Thread: any.
class Counters
{
public:
    void count(ErrorKind kind) noexcept { add(m_rejected[std::size_t(kind)].total); }

    void count(Event event) noexcept { add(m_events[std::size_t(event)].total); }

    quint64 total(ErrorKind kind) const noexcept
    {
        return m_rejected[std::size_t(kind)].total.load(std::memory_order_relaxed);
    }

    quint64 total(Event event) const noexcept
    {
        return m_events[std::size_t(event)].total.load(std::memory_order_relaxed);
    }

    /// Whether a line about it may be logged at @p now: at most one each 10 s, whatever the number
    /// of links and reactors.
    bool mayLog(ErrorKind kind, qint64 now) noexcept
    {
        return mayLog(m_rejected[std::size_t(kind)], now);
    }

    bool mayLog(Event event, qint64 now) noexcept
    {
        return mayLog(m_events[std::size_t(event)], now);
    }

private:
    struct Counter
    {
        std::atomic<quint64> total = 0;
        std::atomic<qint64> quietUntil = 0; ///< monotonic nanoseconds; 0: never logged
    };

    static void add(std::atomic<quint64> &total) noexcept
    {
        total.fetch_add(1, std::memory_order_relaxed);
    }

    static bool mayLog(Counter &counter, qint64 now) noexcept;

    std::array<Counter, kErrorKindCount> m_rejected;
    std::array<Counter, kEventCount> m_events;
};

/// Lower-case words with dashes: "reserved-topic".
const char *toText(Event event) noexcept;

} // namespace fairlead::mqtt
