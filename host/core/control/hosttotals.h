// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/reactor/traffic.h"

#include <array>

namespace fairlead::core {

class Host;

/// What passed through all reactors. Thread: main.
struct HostTotals
{
    explicit HostTotals(const Host &host);

    quint64 bytesReceived = 0;
    quint64 bytesSent = 0;
    quint64 published = 0;
    quint64 publishedBytes = 0;
    quint64 delivered = 0;
    quint64 deliveredBytes = 0;
    quint64 framesReceived = 0;
    quint64 framesSent = 0;
    quint64 sessionsExpired = 0;
    quint64 linksAccepted = 0;
    quint64 linksClosed = 0;
    quint64 linksConnected = 0;
    quint64 linksDisconnected = 0;
    quint64 handshakesFailed = 0;
    quint64 fencedCalls = 0;
    quint64 subscribersRefused = 0;
    quint64 staleHandles = 0;
    HistogramTotals publishToAck;
    std::array<quint64, std::size_t(DropReason::Count)> drops = {};
};

/// "queue-full": stable, in the control API and in metrics.
const char *dropName(DropReason reason) noexcept;

} // namespace fairlead::core
