// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include <fairlead/events.h>

#include <algorithm>
#include <array>

namespace fairlead {

EventHandler::~EventHandler() = default;
Events::~Events() = default;
EventSubscription::~EventSubscription() = default;

namespace {

struct Named
{
    EventKind kind;
    const char *name;
};

constexpr std::array kCatalogue = {
    Named{EventKind::EndpointStarted, "endpoint-started"},
    Named{EventKind::EndpointStopped, "endpoint-stopped"},
    Named{EventKind::EndpointState, "endpoint-state"},
    Named{EventKind::EndpointReconnected, "endpoint-reconnected"},
    Named{EventKind::EndpointReconnectFailed, "endpoint-reconnect-failed"},
    Named{EventKind::DialStorm, "dial-storm"},
    Named{EventKind::LinkConnected, "link-connected"},
    Named{EventKind::LinkReplaced, "link-replaced"},
    Named{EventKind::LinkDisconnected, "link-disconnected"},
    Named{EventKind::LinkRejected, "link-rejected"},
    Named{EventKind::HandshakeFailed, "handshake-failed"},
    Named{EventKind::HeartbeatTimeout, "heartbeat-timeout"},
    Named{EventKind::FirstPeer, "first-peer"},
    Named{EventKind::AllPeersGone, "all-peers-gone"},
    Named{EventKind::ServiceRegistered, "service-registered"},
    Named{EventKind::ServiceUnregistered, "service-unregistered"},
    Named{EventKind::ServiceStatus, "service-status"},
    Named{EventKind::BroadcastStarted, "broadcast-started"},
    Named{EventKind::BroadcastTarget, "broadcast-target"},
    Named{EventKind::BroadcastFinished, "broadcast-finished"},
    Named{EventKind::HostState, "host-state"},
    Named{EventKind::ShutdownPhase, "shutdown-phase"},
    Named{EventKind::SessionOverflow, "session-overflow"},
    Named{EventKind::StoreDegraded, "store-degraded"},
    Named{EventKind::StoreRecovered, "store-recovered"},
    Named{EventKind::StoreQuarantined, "store-quarantined"},
    Named{EventKind::TrustRequested, "trust-requested"},
    Named{EventKind::TrustGranted, "trust-granted"},
    Named{EventKind::TrustRefused, "trust-refused"},
    Named{EventKind::TrustWithdrawn, "trust-withdrawn"},
    Named{EventKind::Lag, "lag"},
    Named{EventKind::Closed, "closed"},
};

bool isFinalState(const QString &state) noexcept
{
    return state.compare(QLatin1String("Stopped"), Qt::CaseInsensitive) == 0
        || state.compare(QLatin1String("Failed"), Qt::CaseInsensitive) == 0;
}

} // namespace

const char *eventName(EventKind kind) noexcept
{
    const auto *const found
        = std::find_if(kCatalogue.begin(), kCatalogue.end(), [kind](const Named &entry) {
              return entry.kind == kind;
          });
    return found == kCatalogue.end() ? "unknown" : found->name;
}

std::optional<EventKind> eventKindFromName(ByteSpan name) noexcept
{
    const auto *const found
        = std::find_if(kCatalogue.begin(), kCatalogue.end(), [name](const Named &entry) {
              return name == entry.name;
          });
    if (found == kCatalogue.end())
        return std::nullopt;
    return found->kind;
}

bool isTerminal(const Event &event) noexcept
{
    switch (event.kind) {
    case EventKind::EndpointStopped:
    case EventKind::EndpointReconnectFailed:
    case EventKind::ShutdownPhase:
    case EventKind::Closed:
        return true;
    case EventKind::EndpointState:
    case EventKind::ServiceStatus:
        return isFinalState(event.to);
    default:
        return false;
    }
}

} // namespace fairlead
