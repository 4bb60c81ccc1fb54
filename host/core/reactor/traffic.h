// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/observe/histogram.h"

#include <QtGlobal>

#include <fairlead/framecounter.h>

#include <array>
#include <atomic>

namespace fairlead::core {

/// Why a message did not reach a session that asked for it.
enum class DropReason : quint8 {
    QueueFull,
    Expired,
    TooLarge, ///< for the peer
    NoMember, ///< a shared group without a member that could take it
    RetainedFull, ///< delivered, not kept
    NotAuthorized,
    StoreRefused, ///< it could not be kept
    Rejected, ///< a subscriber without room wanted its publishers to be told
    Count,
};

/// What passed through one reactor. Thread: written by its reactor, read by any.
struct Traffic
{
    /// A counter with one writer: no read-modify-write instruction on the message path.
    class Counter
    {
    public:
        void add(quint64 amount = 1) noexcept
        {
            m_value.store(m_value.load(std::memory_order_relaxed) + amount,
                          std::memory_order_relaxed);
        }

        quint64 value() const noexcept { return m_value.load(std::memory_order_relaxed); }

    private:
        std::atomic<quint64> m_value = 0;
    };

    Counter bytesReceived;
    Counter bytesSent;
    Counter published; ///< messages that links handed in
    Counter publishedBytes; ///< their payloads
    Counter delivered; ///< messages that links took
    Counter deliveredBytes;
    FrameCounter frames;
    Counter sessionsExpired;
    Counter linksAccepted;
    Counter linksClosed;
    Counter linksConnected; ///< became Ready and got their session
    Counter linksDisconnected;
    Counter handshakesFailed;
    Counter fencedCalls; ///< on a lease that was void
    Counter subscribersRefused; ///< by streams that only so many may subscribe to
    Counter staleHandles; ///< settles and marks of what is not in flight
    Histogram publishToAck; ///< of what asks for an acknowledgement
    std::array<Counter, std::size_t(DropReason::Count)> drops;

    Counter &drop(DropReason reason) noexcept { return drops[std::size_t(reason)]; }
};

} // namespace fairlead::core
