// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/control/hosttotals.h"

#include "core/host.h"
#include "core/reactor/reactorthread.h"

namespace fairlead::core {

HostTotals::HostTotals(const Host &host)
{
    for (const auto &thread : host.reactors()) {
        const Traffic &traffic = thread->reactor().traffic();
        bytesReceived += traffic.bytesReceived.value();
        bytesSent += traffic.bytesSent.value();
        published += traffic.published.value();
        publishedBytes += traffic.publishedBytes.value();
        delivered += traffic.delivered.value();
        deliveredBytes += traffic.deliveredBytes.value();
        framesReceived += traffic.frames.received();
        framesSent += traffic.frames.sent();
        sessionsExpired += traffic.sessionsExpired.value();
        linksAccepted += traffic.linksAccepted.value();
        linksClosed += traffic.linksClosed.value();
        linksConnected += traffic.linksConnected.value();
        linksDisconnected += traffic.linksDisconnected.value();
        handshakesFailed += traffic.handshakesFailed.value();
        fencedCalls += traffic.fencedCalls.value();
        subscribersRefused += traffic.subscribersRefused.value();
        publishToAck.add(traffic.publishToAck);
        staleHandles += traffic.staleHandles.value();
        for (std::size_t i = 0; i < drops.size(); ++i)
            drops[i] += traffic.drops[i].value();
    }
}

const char *dropName(DropReason reason) noexcept
{
    switch (reason) {
    case DropReason::QueueFull:
        return "queue-full";
    case DropReason::Expired:
        return "expired";
    case DropReason::TooLarge:
        return "too-large";
    case DropReason::NoMember:
        return "no-member";
    case DropReason::RetainedFull:
        return "retained-full";
    case DropReason::NotAuthorized:
        return "not-authorized";
    case DropReason::StoreRefused:
        return "store-refused";
    case DropReason::Rejected:
        return "rejected";
    case DropReason::Count:
        break;
    }
    return "other";
}

} // namespace fairlead::core
